//! `/phones`: the inventory.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use carillon_contract::api::{Page, Phone, PhoneChange, PhoneInput};
use carillon_domain::phone_list::Column;
use carillon_domain::role::Permission;
use carillon_domain::{Filter, Mac};
use carillon_engine::inventory::{PhoneEdit, PhoneQuery};
use carillon_engine::{Caller, EngineError};
use carillon_store::{Direction, PhoneRow, PhoneSort};
use http::StatusCode;
use http::header::LOCATION;

use super::doc::{Content, Doc};
use super::json;
use super::paging::{Paging, number, page};
use crate::app::App;
use crate::fields::{Fields, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

const VIEW: Access = Access::Needs(Permission::ViewInventory);
const MANAGE: Access = Access::Needs(Permission::ManageInventory);

pub(super) fn routes() -> Table {
    Table::api()
        .get("/api/v1/phones", VIEW, list)
        .post("/api/v1/phones", MANAGE, create)
        .get("/api/v1/phones/{mac}", VIEW, one)
        .on(Verb::Patch, "/api/v1/phones/{mac}", MANAGE, change)
        .on(Verb::Delete, "/api/v1/phones/{mac}", MANAGE, delete)
}

pub(super) const DOCS: &[Doc] = &[
    Doc {
        verb: Verb::Get,
        path: "/api/v1/phones",
        summary: "Phones",
        query: &["filter", "sort", "limit", "after"],
        body: Content::Nothing,
        answer: (200, Content::Page("Phone")),
    },
    Doc {
        verb: Verb::Post,
        path: "/api/v1/phones",
        summary: "Add a phone",
        query: &[],
        body: Content::Json("PhoneInput"),
        answer: (201, Content::Json("Phone")),
    },
    Doc {
        verb: Verb::Get,
        path: "/api/v1/phones/{mac}",
        summary: "One phone",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::Json("Phone")),
    },
    Doc {
        verb: Verb::Patch,
        path: "/api/v1/phones/{mac}",
        summary: "Change a phone: an absent field stays, null clears",
        query: &[],
        body: Content::Json("PhoneChange"),
        answer: (200, Content::Json("Phone")),
    },
    Doc {
        verb: Verb::Delete,
        path: "/api/v1/phones/{mac}",
        summary: "Delete a phone; its history stays in the audit log. Where two people decide about deletions: ten within an hour by one account",
        query: &["version"],
        body: Content::Nothing,
        answer: (204, Content::Nothing),
    },
];

async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query,
) -> Result<Json<Page<Phone>>, Problem> {
    let query = query.only(&["filter", "sort", "limit", "after"])?;
    let paging = Paging::of(&query)?;
    let filter = filter(&query)?;
    let (sort, direction) = sort(&query)?;
    let query = PhoneQuery {
        filter: &filter,
        sort,
        direction,
        seek: paging.seek(),
        limit: paging.limit,
    };
    let rows = app.engine().phone_page(&caller, query).await?;
    Ok(page(rows, shown))
}

/// The parameter `filter`.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn filter(query: &Fields) -> Result<Filter, Problem> {
    let text = query.text("filter").unwrap_or_default();
    text.parse()
        .map_err(|error| Problem::field("filter", "invalid", format!("{error}")))
}

fn sort(query: &Fields) -> Result<(PhoneSort, Direction), Problem> {
    let word = query.filled("sort").unwrap_or("label");
    let (word, direction) = match word.strip_prefix('-') {
        Some(word) => (word, Direction::Descending),
        None => (word, Direction::Ascending),
    };
    let sort = word.parse::<PhoneSort>();
    let sort = sort.map_err(|error| Problem::field("sort", "invalid", format!("{error}")))?;
    Ok((sort, direction))
}

/// The MAC in an address. What is none names no phone.
pub(super) fn mac(text: &str) -> Result<Mac, Problem> {
    text.parse().map_err(|_| EngineError::NotFound.into())
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<Json<Phone>, Problem> {
    Ok(Json(shown(app.engine().phone(&caller, mac(&text)?).await?)))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    json::Json(input): json::Json<PhoneInput>,
) -> Result<Response, Problem> {
    let mac: Mac = input
        .mac
        .parse()
        .map_err(|error| Problem::field("mac", "invalid", format!("{error}")))?;
    let row = app
        .engine()
        .create_phone(&caller, mac, &new_phone(input))
        .await?;
    let at = format!("/api/v1/phones/{mac}");
    Ok((StatusCode::CREATED, [(LOCATION, at)], Json(shown(row))).into_response())
}

fn new_phone(input: PhoneInput) -> PhoneEdit {
    let mut fields = BTreeMap::new();
    let mut put = |column: Column, value: Option<String>| {
        fields.extend(value.map(|value| (column, value)));
    };
    put(Column::Label, Some(input.label));
    put(Column::Extension, Some(input.extension));
    put(Column::Model, Some(input.model));
    put(Column::Site, input.site);
    put(Column::Tags, Some(input.tags.join(";")));
    put(Column::Address, input.address);
    put(Column::Port, input.port.map(|port| port.to_string()));
    put(
        Column::Scheme,
        input.scheme.map(|scheme| scheme.to_string()),
    );
    put(Column::SipUri, Some(input.sip_uri));
    put(Column::Credential, input.credential);
    put(Column::Protected, Some(input.protected.to_string()));
    put(Column::Notes, Some(input.notes));
    edit(fields)
}

async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
    json::Json(input): json::Json<PhoneChange>,
) -> Result<Json<Phone>, Problem> {
    let (mac, version) = (mac(&text)?, input.version);
    let row = app
        .engine()
        .update_phone(&caller, mac, &changed(input), version)
        .await?;
    Ok(Json(shown(row)))
}

/// `null` clears: that is a blank text in a phone list.
fn changed(input: PhoneChange) -> PhoneEdit {
    let mut fields = BTreeMap::new();
    let mut put = |column: Column, value: Option<String>| {
        fields.extend(value.map(|value| (column, value)));
    };
    put(Column::Label, input.label);
    put(Column::Extension, input.extension);
    put(Column::Model, input.model);
    put(Column::Site, cleared(input.site));
    put(Column::Tags, input.tags.map(|tags| tags.join(";")));
    put(Column::Address, cleared(input.address));
    put(Column::Port, cleared(input.port));
    put(Column::Scheme, cleared(input.scheme));
    put(Column::SipUri, input.sip_uri);
    put(Column::Credential, cleared(input.credential));
    put(
        Column::Protected,
        input.protected.map(|yes| yes.to_string()),
    );
    put(Column::Notes, input.notes);
    edit(fields)
}

#[expect(
    clippy::option_option,
    reason = "absent, null and a value are three things"
)]
fn cleared<T: ToString>(value: Option<Option<T>>) -> Option<String> {
    value.map(|value| value.map(|value| value.to_string()).unwrap_or_default())
}

const fn edit(fields: BTreeMap<Column, String>) -> PhoneEdit {
    PhoneEdit {
        fields,
        password: None,
        url_form: None,
        dial_form: None,
    }
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
    Query(query): Query,
) -> Result<StatusCode, Problem> {
    let query = query.only(&["version"])?;
    let version = number(&query, "version")?;
    app.engine()
        .delete_phone(&caller, mac(&text)?, version)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A phone as the API shows it.
pub(super) fn shown(row: PhoneRow) -> Phone {
    let PhoneRow {
        phone,
        contact,
        last,
        version,
        ..
    } = row;
    Phone {
        mac: phone.mac,
        label: phone.label,
        extension: phone.extension,
        model: phone.model,
        firmware: phone.firmware,
        site: phone.site,
        tags: phone.tags,
        address: phone.address,
        port: phone.port,
        scheme: phone.scheme,
        sip_uri: phone.sip_uri,
        credential: phone.credential,
        protected: phone.protected,
        notes: phone.notes,
        last_seen: contact.last_seen,
        last_result: last.map(|last| last.state),
        version,
    }
}
