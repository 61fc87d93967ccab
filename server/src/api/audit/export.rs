//! Handing out an export while it is being read.
//!
//! Owns the way from the log to whoever takes the file. *Invariant:* no more is read ahead than a
//! few thousand records, however slowly they are taken; an export that did not come to its end, or
//! whose end was not recorded, does not look whole.

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

/// The parts of a file, in order.
type Parts = mpsc::Receiver<Result<String, EngineError>>;

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
        let part = parts.recv().await?;
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
    let (parts, taken) = mpsc::channel(AHEAD);
    (taken, tokio::spawn(hand_out(export, format, parts)))
}

type Sender = mpsc::Sender<Result<String, EngineError>>;

async fn hand_out(mut export: Export, format: Format, parts: Sender) {
    let mut rows = 0;
    let handed = pass_on(&mut export, format, (&parts, &mut rows)).await;
    let whole = matches!(handed, Ok(true));
    let ended = export.end(rows, whole).await;
    if let Err(error) = handed.and(ended)
        && let Err(mpsc::error::SendError(Err(error))) = parts.send(Err(error)).await
    {
        let error = chain(&error);
        tracing::warn!(%error, "the end of an export was not recorded");
    }
}

/// Passes all parts on; `false` when somebody stopped taking them.
async fn pass_on(
    export: &mut Export,
    format: Format,
    (parts, rows): (&Sender, &mut u64),
) -> Result<bool, EngineError> {
    let mut next = Some((0, tokio::spawn(async move { Ok(format.head()) })));
    while let Some((records, part)) = next {
        // The next records are read while these are written and taken.
        let (read, taken) = tokio::join!(export.next(), pass(part, parts));
        if !taken? {
            return Ok(false);
        }
        *rows += records;
        next = read?.map(|lines| {
            let records = lines.records as u64;
            (
                records,
                tokio::task::spawn_blocking(move || format.lines(lines)),
            )
        });
    }
    Ok(true)
}

async fn pass(
    part: JoinHandle<carillon_store::Result<String>>,
    parts: &Sender,
) -> Result<bool, EngineError> {
    let lost = |_| EngineError::Internal("a part of an export was not written");
    let text = part.await.map_err(lost)?.map_err(EngineError::Store)?;
    Ok(text.is_empty() || parts.send(Ok(text)).await.is_ok())
}
