//! `/sites`: places with phones.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use carillon_contract::api::{Page, Site, SiteInput};
use carillon_domain::phone::{TransportSecurity, USUAL_DOWN_PERCENT};
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_engine::inventory::SiteInput as Input;
use carillon_store::SiteRow;
use http::StatusCode;
use http::header::LOCATION;

use super::doc::{Content, Doc};
use super::json;
use super::paging::{number, whole};
use crate::app::App;
use crate::fields::Query;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

const VIEW: Access = Access::Needs(Permission::ViewInventory);
const MANAGE: Access = Access::Needs(Permission::ManageInventory);

pub(super) fn routes() -> Table {
    Table::api()
        .get("/api/v1/sites", VIEW, list)
        .post("/api/v1/sites", MANAGE, create)
        .get("/api/v1/sites/{slug}", VIEW, one)
        .on(Verb::Put, "/api/v1/sites/{slug}", MANAGE, replace)
        .on(Verb::Delete, "/api/v1/sites/{slug}", MANAGE, delete)
}

pub(super) const DOCS: &[Doc] = &[
    Doc {
        verb: Verb::Get,
        path: "/api/v1/sites",
        summary: "Sites",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::List("Site")),
    },
    Doc {
        verb: Verb::Post,
        path: "/api/v1/sites",
        summary: "Make a site",
        query: &[],
        body: Content::Json("SiteInput"),
        answer: (201, Content::Json("Site")),
    },
    Doc {
        verb: Verb::Get,
        path: "/api/v1/sites/{slug}",
        summary: "One site",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::Json("Site")),
    },
    Doc {
        verb: Verb::Put,
        path: "/api/v1/sites/{slug}",
        summary: "Replace a site",
        query: &[],
        body: Content::Json("SiteInput"),
        answer: (200, Content::Json("Site")),
    },
    Doc {
        verb: Verb::Delete,
        path: "/api/v1/sites/{slug}",
        summary: "Delete a site that has no phones",
        query: &["version"],
        body: Content::Nothing,
        answer: (204, Content::Nothing),
    },
];

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Page<Site>>, Problem> {
    let rows = app.engine().sites(&caller).await?;
    Ok(whole(rows.into_iter().map(shown).collect()))
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
) -> Result<Json<Site>, Problem> {
    Ok(Json(shown(app.engine().site(&caller, &slug).await?)))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    json::Json(given): json::Json<SiteInput>,
) -> Result<Response, Problem> {
    let site = shown(app.engine().create_site(&caller, &input(given)).await?);
    let at = format!("/api/v1/sites/{}", site.slug);
    Ok((StatusCode::CREATED, [(LOCATION, at)], Json(site)).into_response())
}

async fn replace(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    json::Json(given): json::Json<SiteInput>,
) -> Result<Json<Site>, Problem> {
    if given.slug.as_ref().is_some_and(|other| *other != slug) {
        return Err(Problem::field(
            "slug",
            "fixed",
            "The slug of a site never changes.",
        ));
    }
    let version = given.version;
    let row = app
        .engine()
        .update_site(&caller, &slug, &input(given), version)
        .await?;
    Ok(Json(shown(row)))
}

fn input(given: SiteInput) -> Input {
    Input {
        slug: given.slug.unwrap_or_default(),
        name: given.name,
        transport_security: given
            .transport_security
            .unwrap_or(TransportSecurity::Pinned),
        ca_pem: given.ca_pem,
        credential: given.credential,
        max_down_percent: u32::from(given.max_down_percent.unwrap_or(USUAL_DOWN_PERCENT)),
    }
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    Query(query): Query,
) -> Result<StatusCode, Problem> {
    let version = number(&query.only(&["version"])?, "version")?;
    app.engine().delete_site(&caller, &slug, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(row: SiteRow) -> Site {
    let SiteRow {
        site,
        phones,
        version,
        ..
    } = row;
    Site {
        slug: site.slug,
        name: site.name,
        transport_security: site.transport_security,
        credential: site.credential,
        max_down_percent: site.max_down_percent,
        count: phones,
        version,
    }
}
