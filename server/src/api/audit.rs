//! `/audit`: the log, one record, exports.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use carillon_contract::api::{AuditCheckpoint, AuditNumber, AuditRecord, Page, Reason};
use carillon_domain::role::Permission;
use carillon_engine::audit::Notary;
use carillon_engine::{Caller, EngineError};
use carillon_store::AuditRow;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use secrecy::ExposeSecret as _;

use super::doc::{Content, Doc};
use super::json::Json;
use super::paging::{Paging, page};
use crate::app::App;
use crate::fields::Query;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

mod export;
mod filter;
mod format;

pub use export::{stream_export, taken};
pub use filter::{FILTERS, ONCE, filter, job, listed, source};
pub use format::Format;

const VIEW: Access = Access::Needs(Permission::ViewAudit);
const NUMBERS: Access = Access::Needs(Permission::ReadNumbers);

pub(super) fn routes() -> Table {
    Table::api()
        .get("/api/v1/audit", VIEW, list)
        .get_export("/api/v1/audit/export", VIEW, export)
        .get("/api/v1/audit/checkpoint", VIEW, checkpoint)
        .get("/api/v1/audit/{seq}", VIEW, one)
        .get("/api/v1/audit/{seq}/proof", VIEW, proof)
        .post("/api/v1/audit/{seq}/number", NUMBERS, number)
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
    Doc {
        verb: Verb::Get,
        path: "/api/v1/audit/{seq}/proof",
        summary: "Proof that the record stands in the signed log (C2SP tlog-proof); 409 while it \
                  is not signed",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::Text),
    },
    Doc {
        verb: Verb::Post,
        path: "/api/v1/audit/{seq}/number",
        summary: "The dialled number of one record in full, for auditors; the look and its reason \
                  are recorded first; 409 once the number was removed",
        query: &[],
        body: Content::Json("Reason"),
        answer: (200, Content::Json("AuditNumber")),
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

async fn proof(
    State(app): State<App>,
    caller: Caller,
    Path(seq): Path<String>,
) -> Result<Response, Problem> {
    proof_file(&app, &caller, &seq).await
}

/// The proof of one record as a file. Pages use this as well.
///
/// # Errors
/// No such record; one that is not signed yet.
pub async fn proof_file(app: &App, caller: &Caller, seq: &str) -> Result<Response, Problem> {
    let seq: i64 = seq.parse().map_err(|_| EngineError::NotFound)?;
    let proof = app.engine().audit_proof(caller, seq).await?;
    let file = format!("attachment; filename=\"record-{seq}.tlog-proof\"");
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, file),
    ];
    Ok((headers, proof.to_string()).into_response())
}

/// *Invariant:* recorded before it is answered, and kept by nobody on the way.
async fn number(
    State(app): State<App>,
    caller: Caller,
    Path(seq): Path<String>,
    Json(why): Json<Reason>,
) -> Result<Response, Problem> {
    let seq: i64 = seq.parse().map_err(|_| EngineError::NotFound)?;
    let disclosed = app.engine().read_number(&caller, seq, &why.reason).await?;
    let number = AuditNumber {
        seq,
        value: disclosed.value.expose_secret().to_owned(),
        salt: disclosed.salt,
        sha256: disclosed.commitment,
    };
    Ok(([(CACHE_CONTROL, "no-store")], axum::Json(number)).into_response())
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
        entry: serde_json::from_str(&row.shown()).unwrap_or_default(),
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
