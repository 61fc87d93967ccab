//! Handing out an export while it is being read.
//!
//! Owns the way from the log to whoever takes the file. *Invariant:* no more is read ahead than a
//! few thousand records, however slowly they are taken; an export that did not come to its end, or
//! whose end was not recorded, does not look whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use carillon_engine::audit::Export;
use carillon_engine::{Caller, EngineError};
use futures_util::{StreamExt as _, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::format::Format;
use super::{FILTERS, filter};
use crate::app::App;
use crate::fields::Fields;
use crate::problem::{Problem, chain};

/// Parts of the file that wait to be taken.
const AHEAD: usize = 2;

/// A part of the file, with the number of its records.
type Part = Result<(u64, String), EngineError>;

/// The parts of a file, in order, as they are taken.
pub struct Parts {
    parts: mpsc::Receiver<Part>,
    /// Records of the parts that were taken.
    taken: Arc<AtomicU64>,
}

impl Parts {
    /// The next part; `None` behind the last.
    pub async fn next(&mut self) -> Option<Result<String, EngineError>> {
        let part = self.parts.recv().await?;
        Some(part.map(|(records, text)| {
            self.taken.fetch_add(records, Ordering::SeqCst);
            text
        }))
    }
}

/// Records that an export is taken, then streams it. Pages use this as well.
///
/// # Errors
/// Filters that cannot be read; a caller who may not.
pub async fn stream_export(app: &App, caller: Caller, query: &Fields) -> Result<Response, Problem> {
    let format = Format::of(query)?;
    let filter = filter(query)?;
    let words = query
        .pairs()
        .iter()
        .filter(|(name, _)| FILTERS.contains(&name.as_str()));
    let words = words
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>();
    let (name, kind, file) = format.facts();
    let told = (words.join(" "), name);
    let export = app
        .engine()
        .begin_audit_export(&caller, filter, (&told.0, told.1))
        .await?;
    let (parts, _) = taken(export, format);
    // An error ends the connection, so that a reader sees that the file is not whole. Whoever packs
    // the file asks once more behind its end.
    let body = stream::unfold(parts, async |mut parts| {
        let part = parts.next().await?;
        Some((part.map_err(Problem::from), parts))
    })
    .fuse();
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(file));
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

/// Reads and writes the file until its end, or until nobody takes it any more; then its end is
/// recorded, and the work is done.
pub fn taken(export: Export, format: Format) -> (Parts, JoinHandle<()>) {
    let (to, parts) = mpsc::channel(AHEAD);
    let taken = Arc::new(AtomicU64::new(0));
    let work = tokio::spawn(hand_out(export, format, (to, taken.clone())));
    (Parts { parts, taken }, work)
}

type Sender = mpsc::Sender<Part>;

async fn hand_out(mut export: Export, format: Format, (parts, taken): (Sender, Arc<AtomicU64>)) {
    let handed = match pass_on(&mut export, format, &parts).await {
        // What waits to be taken is not taken yet, and of a small file that is all of it.
        Ok(true) => Ok(parts.reserve_many(AHEAD).await.is_ok()),
        handed => handed,
    };
    let whole = matches!(handed, Ok(true));
    let ended = export.end(taken.load(Ordering::SeqCst), whole).await;
    if let Err(error) = handed.and(ended)
        && let Err(mpsc::error::SendError(Err(error))) = parts.send(Err(error)).await
    {
        let error = chain(&error);
        tracing::warn!(%error, "the end of an export was not recorded");
    }
}

/// Passes all parts on; `false` when somebody stopped taking them.
async fn pass_on(export: &mut Export, format: Format, parts: &Sender) -> Result<bool, EngineError> {
    let mut next = Some((0, tokio::spawn(async move { Ok(format.head()) })));
    let mut passed = 0;
    while let Some((records, part)) = next {
        // The next records are read while these are written and taken.
        let (read, taken) = tokio::join!(export.next(), pass(records, part, parts));
        if !taken? {
            return Ok(false);
        }
        next = read?.map(|lines| {
            let records = lines.records as u64;
            passed += records;
            (
                records,
                tokio::task::spawn_blocking(move || format.lines(lines)),
            )
        });
    }
    let tail = format.tail(&export.statement(passed));
    Ok(tail.is_empty() || parts.send(Ok((0, tail))).await.is_ok())
}

async fn pass(
    records: u64,
    part: JoinHandle<carillon_store::Result<String>>,
    parts: &Sender,
) -> Result<bool, EngineError> {
    let lost = |_| EngineError::Internal("a part of an export was not written");
    let text = part.await.map_err(lost)?.map_err(EngineError::Store)?;
    Ok(text.is_empty() || parts.send(Ok((records, text))).await.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_nobody_took_is_not_counted() {
        let (to, parts) = mpsc::channel(AHEAD);
        let taken = Arc::new(AtomicU64::new(0));
        let mut parts = Parts {
            parts,
            taken: taken.clone(),
        };
        for records in [3, 4] {
            to.send(Ok((records, "lines".to_owned())))
                .await
                .expect("room");
        }
        assert_eq!(
            parts.next().await.and_then(Result::ok).as_deref(),
            Some("lines")
        );
        drop(parts);
        assert!(to.reserve_many(AHEAD).await.is_err());
        assert_eq!(taken.load(Ordering::SeqCst), 3);
    }
}
