//! `/audit`: the log, one record, exports.

use std::fmt::Write as _;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use carillon_contract::api::{AuditCheckpoint, AuditRecord, Page};
use carillon_domain::role::Permission;
use carillon_engine::audit::Notary;
use carillon_engine::{Caller, Engine, EngineError};
use carillon_store::{AuditQuery, AuditRow, Cursor, Seek};
use futures_util::stream::{self, Stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};

use super::doc::{Content, Doc};
use super::paging::{Paging, all_parsed, page, parsed, period};
use crate::app::App;
use crate::fields::{Fields, Query};
use crate::pages::day::Period;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

const VIEW: Access = Access::Needs(Permission::ViewAudit);
/// Names of the filters, the same in pages, API and command line.
pub const FILTERS: &[&str] = &[
    "from", "to", "actor", "action", "phone", "site", "group", "job", "result", "ip", "q", "below",
];

pub(super) fn routes() -> Table {
    Table::api()
        .get("/api/v1/audit", VIEW, list)
        .get("/api/v1/audit/export", VIEW, export)
        .get("/api/v1/audit/checkpoint", VIEW, checkpoint)
        .get("/api/v1/audit/{seq}", VIEW, one)
}

pub(super) const DOCS: &[Doc] = &[
    Doc {
        verb: Verb::Get,
        path: "/api/v1/audit",
        summary: "Audit records, newest first",
        query: &[
            "from", "to", "actor", "action", "phone", "site", "group", "job", "result", "ip", "q",
            "below", "limit", "after",
        ],
        body: Content::Nothing,
        answer: (200, Content::Page("AuditRecord")),
    },
    Doc {
        verb: Verb::Get,
        path: "/api/v1/audit/export",
        summary: "The same records whole, streamed; the export is itself audited",
        query: &[
            "format", "from", "to", "actor", "action", "phone", "site", "group", "job", "result",
            "ip", "q", "below",
        ],
        body: Content::Nothing,
        answer: (200, Content::Export),
    },
    Doc {
        verb: Verb::Get,
        path: "/api/v1/audit/checkpoint",
        summary: "The last signed checkpoint; 404 while nothing is signed",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::Json("AuditCheckpoint")),
    },
    Doc {
        verb: Verb::Get,
        path: "/api/v1/audit/{seq}",
        summary: "One audit record",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::Json("AuditRecord")),
    },
];

async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query,
) -> Result<axum::Json<Page<AuditRecord>>, Problem> {
    let query = query.only(&[FILTERS, &["limit", "after"]].concat())?;
    let paging = Paging::of(&query)?;
    let filter = filter(&query)?;
    let rows = app
        .engine()
        .audit_page(&caller, &filter, &paging.seek(), paging.limit)
        .await?;
    Ok(page(rows, |row| record(&row)))
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(seq): Path<String>,
) -> Result<axum::Json<AuditRecord>, Problem> {
    let seq = seq
        .parse()
        .map_err(|_| Problem::from(EngineError::NotFound))?;
    let row = app.engine().audit_entry(&caller, seq).await?;
    Ok(axum::Json(record(&row)))
}

async fn checkpoint(
    State(app): State<App>,
    caller: Caller,
) -> Result<axum::Json<AuditCheckpoint>, Problem> {
    let row = app.engine().last_checkpoint(&caller).await?;
    let row = row.ok_or(EngineError::NotFound)?;
    Ok(axum::Json(AuditCheckpoint {
        size: row.size,
        at: row.at,
        note: row.note,
        key: app.notary().and_then(Notary::key).map(ToString::to_string),
    }))
}

fn record(row: &AuditRow) -> AuditRecord {
    AuditRecord {
        seq: row.seq,
        leaf_hash: hex::encode(&row.leaf_hash),
        entry: serde_json::from_str(&row.entry).unwrap_or_default(),
    }
}

/// The filters of a query.
///
/// # Errors
/// The parameter that cannot be read.
pub fn filter(query: &Fields) -> Result<AuditQuery, Problem> {
    let text = |name: &str| query.filled(name).map(str::to_owned);
    let words = query.all("action").flat_map(|text| text.split(','));
    let (not_actions, actions): (Vec<&str>, Vec<&str>) = words
        .filter(|word| !word.is_empty())
        .partition(|word| word.starts_with('-'));
    let Period { from, to } = period(query)?;
    Ok(AuditQuery {
        below: parsed(query, "below")?,
        from,
        to,
        actor: text("actor"),
        actions: actions.into_iter().map(str::to_owned).collect(),
        not_actions: not_actions
            .into_iter()
            .map(|word| word[1..].to_owned())
            .collect(),
        phone: parsed(query, "phone")?,
        site: text("site"),
        group: text("group"),
        job: text("job"),
        results: all_parsed(query, "result")?,
        ip: text("ip"),
        text: query.or_empty("q"),
    })
}

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// From the parameter `format`.
    ///
    /// # Errors
    /// Any other word.
    pub fn of(query: &Fields) -> Result<Self, Problem> {
        match query.filled("format").unwrap_or("csv") {
            "csv" => Ok(Self::Csv),
            "jsonl" | "json" => Ok(Self::JsonLines),
            _ => Err(Problem::field("format", "invalid", "csv or jsonl.")),
        }
    }

    const fn facts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Csv => (
                "csv",
                "text/csv; charset=utf-8",
                "attachment; filename=\"audit.csv\"",
            ),
            Self::JsonLines => (
                "jsonl",
                "application/jsonl",
                "attachment; filename=\"audit.jsonl\"",
            ),
        }
    }

    /// The first line of the file.
    pub fn head(self) -> String {
        match self {
            Self::Csv => "seq,at,actor,action,result,phone,phone_name,site,groups,job,ip,reason,\
                          detail\r\n"
                .to_owned(),
            Self::JsonLines => String::new(),
        }
    }

    /// Adds the line of one record.
    pub fn line(self, out: &mut String, row: &AuditRow) {
        match self {
            // Writing to a string does not fail.
            Self::JsonLines => drop(writeln!(out, "{}", row.entry)),
            Self::Csv => csv_line(out, row),
        }
    }
}

async fn export(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query,
) -> Result<Response, Problem> {
    let query = query.only(&[FILTERS, &["format"]].concat())?;
    stream_export(&app, caller, &query).await
}

/// Records that an export is taken, then streams it. Pages use this as well.
///
/// # Errors
/// Filters that cannot be read; a caller who may not.
pub async fn stream_export(app: &App, caller: Caller, query: &Fields) -> Result<Response, Problem> {
    let format = Format::of(query)?;
    let mut filter = filter(query)?;
    let words = query
        .pairs()
        .iter()
        .filter(|(name, _)| FILTERS.contains(&name.as_str()));
    let words = words
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>();
    let (name, kind, file) = format.facts();
    let begun = app
        .engine()
        .begin_audit_export(&caller, &words.join(" "), name)
        .await?;
    filter.below = Some(filter.below.unwrap_or(begun).min(begun));
    let rows = rows(app.engine().clone(), caller, filter, format);
    let mut response = Body::from_stream(rows).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(file));
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

/// The file, a thousand records at a time. An error ends the connection, so that a reader sees
/// that the file is not whole.
fn rows(
    engine: Engine,
    caller: Caller,
    filter: AuditQuery,
    format: Format,
) -> impl Stream<Item = Result<String, Problem>> {
    let start = Some((Seek::Start, format.head()));
    stream::try_unfold(start, move |state| {
        let (engine, caller, filter) = (engine.clone(), caller.clone(), filter.clone());
        async move {
            let Some((seek, mut text)) = state else {
                return Ok(None);
            };
            let page = engine.audit_export_step(&caller, &filter, &seek).await?;
            page.items
                .iter()
                .for_each(|row| format.line(&mut text, row));
            let rest = page
                .next
                .map(|cursor: Cursor| (Seek::After(cursor), String::new()));
            Ok(Some((text, rest)))
        }
    })
}

fn csv_line(out: &mut String, row: &AuditRow) {
    let event = &row.event;
    let fields = [
        row.seq.to_string(),
        event.at.to_string(),
        event.actor.name.clone(),
        event.action.clone(),
        event.result.to_string(),
        event.phone.map(|mac| mac.to_string()).unwrap_or_default(),
        event.phone_name.clone(),
        event.site.clone().unwrap_or_default(),
        event.groups.join(";"),
        event.job.clone().unwrap_or_default(),
        event.ip.clone().unwrap_or_default(),
        event.reason.clone(),
        if event.detail.is_null() {
            String::new()
        } else {
            event.detail.to_string()
        },
    ];
    let quoted: Vec<String> = fields.iter().map(|field| csv_field(field)).collect();
    out.push_str(&quoted.join(","));
    out.push_str("\r\n");
}

/// One field, safe for spreadsheets: what they would take for a formula is made text.
pub fn csv_field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\r', '\n', ';']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_may_exclude() {
        let query = Fields::parse(b"action=Reboot&action=-account.*&result=failed,unknown&q=hang");
        let filter = filter(&query).expect("valid");
        assert_eq!(filter.actions, ["Reboot"]);
        assert_eq!(filter.not_actions, ["account.*"]);
        assert_eq!(filter.results.len(), 2);
        assert!(super::filter(&Fields::parse(b"result=odd")).is_err());
    }

    #[test]
    fn formulas_become_text() {
        assert_eq!(csv_field("=1+1"), "'=1+1");
        assert_eq!(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(csv_field("plain"), "plain");
    }
}
