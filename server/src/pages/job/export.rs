//! `/jobs/{id}/targets.csv` and `.json`: the result of a job, whole.
//!
//! *Invariant:* an export is recorded before its first row leaves, and no cell of it is a
//! formula.

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use carillon_domain::spreadsheet;
use carillon_engine::{Caller, Engine};
use carillon_store::{TargetQuery, TargetRow};
use futures_util::stream::{self, Stream};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::json;

use crate::pages::visit::{PageResult, Visit};
use crate::problem::Problem;

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Json,
}

const COLUMNS: [&str; 16] = [
    "mac",
    "name",
    "extension",
    "model",
    "site",
    "groups",
    "state",
    "cause",
    "http_status",
    "transport",
    "attempts",
    "sent_at",
    "finished_at",
    "duration_ms",
    "answer",
    "evidence",
];

/// `GET /jobs/{id}/targets.csv`.
pub(super) async fn csv(visit: Visit, caller: Caller, Path(id): Path<String>) -> PageResult {
    send(&visit, caller, id, Format::Csv).await
}

/// `GET /jobs/{id}/targets.json`.
pub(super) async fn json(visit: Visit, caller: Caller, Path(id): Path<String>) -> PageResult {
    send(&visit, caller, id, Format::Json).await
}

async fn send(
    visit: &Visit,
    caller: Caller,
    id: String,
    format: Format,
) -> Result<Response, Problem> {
    let (word, kind) = match format {
        Format::Csv => ("csv", "text/csv; charset=utf-8"),
        Format::Json => ("json", "application/json"),
    };
    let engine = visit.app.engine().clone();
    let job = engine.begin_job_export(&caller, &id, word).await?.job;
    let file = format!("attachment; filename=\"job-{}.{word}\"", job.id);
    let file = HeaderValue::from_str(&file).map_err(|_| Problem::internal("a job's id"))?;
    let rows = rows(engine, caller, job.id, format);
    let mut response = Body::from_stream(rows).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_DISPOSITION, file);
    Ok(response)
}

/// Where an export stands.
enum Place {
    Start,
    After(i64),
    End,
}

/// The file, a thousand rows at a time. An error ends the connection, so that a reader sees that
/// the file is not whole.
fn rows(
    engine: Engine,
    caller: Caller,
    id: String,
    format: Format,
) -> impl Stream<Item = Result<String, Problem>> {
    stream::try_unfold(Place::Start, move |place| {
        let (engine, caller, id) = (engine.clone(), caller.clone(), id.clone());
        async move {
            let (mut text, after) = match place {
                Place::Start => (format.head(), -1),
                Place::After(position) => (String::new(), position),
                Place::End => return Ok(None),
            };
            let batch = engine
                .target_batch(&caller, &id, &TargetQuery::default(), after)
                .await?;
            for row in &batch {
                format.row(&mut text, row);
            }
            let next = batch.last().map(|row| Place::After(row.position));
            if next.is_none() {
                text.push_str(format.foot());
            }
            Ok(Some((text, next.unwrap_or(Place::End))))
        }
    })
}

impl Format {
    fn head(self) -> String {
        match self {
            Self::Csv => format!("{}\r\n", COLUMNS.join(",")),
            Self::Json => "[".to_owned(),
        }
    }

    const fn foot(self) -> &'static str {
        match self {
            Self::Csv => "",
            Self::Json => "\n]\n",
        }
    }

    fn row(self, text: &mut String, row: &TargetRow) {
        match self {
            Self::Csv => {
                for (index, cell) in cells(row).iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    spreadsheet::field(text, cell);
                }
                text.push_str("\r\n");
            }
            Self::Json => {
                text.push_str(if row.position == 0 { "\n" } else { ",\n" });
                text.push_str(&object(row).to_string());
            }
        }
    }
}

fn cells(row: &TargetRow) -> [String; 16] {
    [
        row.mac.to_string(),
        row.name.clone(),
        row.extension.clone(),
        row.model.clone(),
        row.site.clone().unwrap_or_default(),
        row.groups.join(";"),
        row.state.to_string(),
        text(row.cause),
        text(row.http_status),
        text(row.transport),
        row.attempts.to_string(),
        text(row.sent_at),
        text(row.finished_at),
        text(row.duration_ms),
        row.excerpt.clone(),
        row.evidence.clone(),
    ]
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn object(row: &TargetRow) -> serde_json::Value {
    json!({
        "mac": row.mac,
        "name": row.name,
        "extension": row.extension,
        "model": row.model,
        "site": row.site,
        "groups": row.groups,
        "state": row.state,
        "cause": row.cause,
        "http_status": row.http_status,
        "transport": row.transport,
        "attempts": row.attempts,
        "sent_at": row.sent_at,
        "finished_at": row.finished_at,
        "duration_ms": row.duration_ms,
        "answer": row.excerpt,
        "evidence": row.evidence,
    })
}
