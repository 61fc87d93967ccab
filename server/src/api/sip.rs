//! `/sites/{slug}/sip`: how the phones of a site are reached by SIP.

use axum::Json;
use axum::extract::{Path, State};
use carillon_contract::api::{SipProfile, SipProfileInput};
use carillon_domain::role::Permission;
use carillon_domain::sip::{DEFAULT_RATE, NotifyWay, SipTransport, SipUse};
use carillon_engine::inventory::SipProfileInput as Input;
use carillon_engine::{Caller, EngineError};
use carillon_store::SipProfileRow;
use http::StatusCode;

use super::doc::{Content, Doc};
use super::json;
use super::paging::number;
use crate::app::App;
use crate::fields::Query;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

const VIEW: Access = Access::Needs(Permission::ViewInventory);
const MANAGE: Access = Access::Needs(Permission::ManageInventory);
const PATH: &str = "/api/v1/sites/{slug}/sip";

pub(super) fn routes() -> Table {
    Table::api()
        .get(PATH, VIEW, one)
        .on(Verb::Put, PATH, MANAGE, save)
        .on(Verb::Delete, PATH, MANAGE, delete)
}

pub(super) const DOCS: &[Doc] = &[
    Doc {
        verb: Verb::Get,
        path: PATH,
        summary: "How the phones of a site are reached by SIP; 404 where they are not",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::Json("SipProfile")),
    },
    Doc {
        verb: Verb::Put,
        path: PATH,
        summary: "Make or replace the SIP profile of a site",
        query: &[],
        body: Content::Json("SipProfileInput"),
        answer: (200, Content::Json("SipProfile")),
    },
    Doc {
        verb: Verb::Delete,
        path: PATH,
        summary: "Reach the phones of a site over HTTP only",
        query: &["version"],
        body: Content::Nothing,
        answer: (204, Content::Nothing),
    },
];

async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
) -> Result<Json<SipProfile>, Problem> {
    let row = app.engine().sip_profile(&caller, &slug).await?;
    Ok(Json(shown(row.ok_or(EngineError::NotFound)?)))
}

async fn save(
    state: State<App>,
    caller: Caller,
    path: Path<String>,
    json::Json(given): json::Json<SipProfileInput>,
) -> Result<Json<SipProfile>, Problem> {
    let version = given.version;
    let engine = state.engine();
    engine
        .save_sip_profile(&caller, &path, &input(given), version)
        .await?;
    one(state, caller, path).await
}

fn input(given: SipProfileInput) -> Input {
    let is_pbx = given.way.is_some_and(NotifyWay::is_pbx);
    let usual = if is_pbx {
        SipTransport::Tcp
    } else {
        SipTransport::Udp
    };
    Input {
        used: given.used.unwrap_or(SipUse::Second),
        way: given.way.unwrap_or(NotifyWay::Sip),
        proxy: given.proxy.unwrap_or_default(),
        port: given.port,
        transport: given.transport.unwrap_or(usual),
        tls_name: given.tls_name.unwrap_or_default(),
        ca_pem: given.ca_pem.unwrap_or_default(),
        from: given.from.unwrap_or_default(),
        credential: given.credential,
        realm: given.realm.unwrap_or_default(),
        rate: given.rate.unwrap_or(u32::from(DEFAULT_RATE)),
        after_forbidden: given.after_forbidden.unwrap_or(false),
        pbx_profile: given.pbx_profile.unwrap_or_default(),
        password_in_clear: given.password_in_clear.unwrap_or(false),
    }
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    Query(query): Query,
) -> Result<StatusCode, Problem> {
    let version = number(&query.only(&["version"])?, "version")?;
    app.engine()
        .delete_sip_profile(&caller, &slug, version)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(row: SipProfileRow) -> SipProfile {
    let profile = row.profile;
    SipProfile {
        used: profile.used,
        way: profile.way,
        proxy: profile.proxy.map(|address| address.to_string()),
        port: profile.port,
        transport: profile.transport,
        tls_name: profile.tls_name,
        from: profile.from.to_string(),
        credential: profile.credential,
        realm: profile.realm,
        rate: profile.rate,
        after_forbidden: profile.after_forbidden,
        pbx_profile: profile.pbx_profile,
        password_in_clear: profile.password_in_clear,
        version: row.version,
    }
}
