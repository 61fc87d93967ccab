//! `/jobs/{id}/targets.csv` and `.json`: the result of a job, whole or that of a state or a cause.
//!
//! *Invariant:* an export is recorded before its first row leaves, and no cell of it is a
//! formula.

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use carillon_domain::{Cause, TargetState, spreadsheet};
use carillon_engine::{Caller, Engine, EngineError};
use carillon_store::{TargetQuery, TargetRow};
use futures_util::stream::{self, Stream};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::json;

use crate::fields::{Fields, Query};
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
pub(super) async fn csv(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query,
) -> PageResult {
    send(&visit, caller, (id, query), Format::Csv).await
}

/// `GET /jobs/{id}/targets.json`.
pub(super) async fn json(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query,
) -> PageResult {
    send(&visit, caller, (id, query), Format::Json).await
}

async fn send(
    visit: &Visit,
    caller: Caller,
    (id, query): (String, Fields),
    format: Format,
) -> Result<Response, Problem> {
    let (word, kind) = match format {
        Format::Csv => ("csv", "text/csv; charset=utf-8"),
        Format::Json => ("json", "application/json"),
    };
    let engine = visit.app.engine().clone();
    let wanted = wanted(query)?;
    let begun = engine
        .begin_job_export(&caller, &id, (word, &wanted))
        .await?;
    let job = begun.job;
    let file = format!(
        "attachment; filename=\"job-{}{}.{word}\"",
        job.id,
        part(&wanted)
    );
    let file = HeaderValue::from_str(&file).map_err(|_| Problem::internal("a job's id"))?;
    let rows = rows(engine, caller, (job.id, wanted), format);
    let mut response = Body::from_stream(rows).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_DISPOSITION, file);
    Ok(response)
}

/// Which targets: a word that nobody knows is refused, for a file says less easily what it left out.
fn wanted(query: Fields) -> Result<TargetQuery, Problem> {
    let query = query.only(&["state", "cause"])?;
    let wrong = |field: &str, error: String| EngineError::invalid(field, "unknown", error);
    let mut wanted = TargetQuery::default();
    for word in query.all("state").filter(|word| !word.is_empty()) {
        let state = word.parse();
        let state: TargetState = state.map_err(|error| wrong("state", format!("{error}")))?;
        wanted.states.push(state);
    }
    if let Some(word) = query.filled("cause") {
        let cause = word.parse();
        let cause: Cause = cause.map_err(|error| wrong("cause", format!("{error}")))?;
        wanted.cause = Some(cause);
    }
    Ok(wanted)
}

/// What the name of a file says of what is in it.
fn part(wanted: &TargetQuery) -> String {
    let states = wanted.states.iter().map(|state| format!("-{state}"));
    let cause = wanted.cause.map(|cause| format!("-{cause}"));
    states.chain(cause).collect()
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
    (id, wanted): (String, TargetQuery),
    format: Format,
) -> impl Stream<Item = Result<String, Problem>> {
    stream::try_unfold(Place::Start, move |place| {
        let (engine, caller) = (engine.clone(), caller.clone());
        let (id, wanted) = (id.clone(), wanted.clone());
        async move {
            let (mut text, after) = match place {
                Place::Start => (format.head(), -1),
                Place::After(position) => (String::new(), position),
                Place::End => return Ok(None),
            };
            let batch = engine.target_batch(&caller, &id, &wanted, after).await?;
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
