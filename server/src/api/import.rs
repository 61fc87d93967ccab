//! `/phones/import`: a whole list at once.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use carillon_contract::api::{ImportError, ImportReport, NewSite};
use carillon_domain::phone_list::ListError;
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_engine::inventory::{self, ImportOnce, ImportReport as Report};
use http::StatusCode;

use super::doc::{Content, Doc};
use super::paging::parsed;
use crate::app::App;
use crate::fields::Fields;
use crate::middleware::gate::media_type;
use crate::problem::{Code, Problem};
use crate::router::table::{Access, Table, Verb};

pub(super) fn routes() -> Table {
    let manage = Access::Needs(Permission::ManageInventory);
    Table::api().post_file("/api/v1/phones/import", manage, import)
}

pub(super) const DOCS: &[Doc] = &[Doc {
    verb: Verb::Post,
    path: "/api/v1/phones/import",
    summary: "Import a phone list. With errors nothing is written and the answer is 422, unless \
              valid rows were asked for",
    query: &["dry_run", "valid_rows_only"],
    body: Content::Csv,
    answer: (200, Content::Json("ImportReport")),
}];

async fn import(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<(StatusCode, Json<ImportReport>), Problem> {
    let (parts, body) = request.into_parts();
    if media_type(&parts) != Some("text/csv") {
        let problem = Problem::new(Code::UnsupportedMediaType);
        return Err(problem.detail("Send the list as Content-Type: text/csv."));
    }
    let query = Fields::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let query = query.only(&["dry_run", "valid_rows_only"])?;
    let once = ImportOnce {
        dry_run: parsed(&query, "dry_run")?.unwrap_or(false),
        valid_rows_only: parsed(&query, "valid_rows_only")?.unwrap_or(false),
    };
    let bytes = Bytes::from_request(Request::from_parts(parts, body), &app)
        .await
        .map_err(|_| Problem::new(Code::BadRequest).detail("The list did not arrive whole."))?;
    let report = app
        .engine()
        .import_once(&caller, bytes.to_vec(), once)
        .await?;
    let status = if report.applied || once.dry_run || report.errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((status, Json(shown(report))))
}

fn shown(report: Report) -> ImportReport {
    ImportReport {
        created: report.created as i64,
        updated: report.updated as i64,
        unchanged: report.unchanged as i64,
        new_sites: report.new_sites.into_iter().map(new_site).collect(),
        errors: report.errors.into_iter().map(error).collect(),
        applied: report.applied,
    }
}

fn new_site(site: inventory::NewSite) -> NewSite {
    NewSite {
        slug: site.slug,
        name: site.name,
        transport_security: inventory::NEW_SITE_SECURITY,
        phones: site.phones as i64,
    }
}

fn error(error: ListError) -> ImportError {
    ImportError {
        line: error.line,
        column: error.column,
        value: error.value,
        problem: error.problem,
        fix: error.fix,
    }
}
