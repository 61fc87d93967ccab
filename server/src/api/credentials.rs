//! `/credentials`: passwords go in and never come out.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use carillon_contract::api::{Credential, CredentialChange, CredentialInput, Page};
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_engine::inventory::CredentialInput as Input;
use carillon_store::CredentialSummary;
use http::StatusCode;
use secrecy::SecretString;

use super::doc::{Content, Doc};
use super::json;
use super::paging::{number, whole};
use crate::app::App;
use crate::fields::Query;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

const MANAGE: Access = Access::Needs(Permission::ManageInventory);

pub(super) fn routes() -> Table {
    Table::api()
        .get("/api/v1/credentials", MANAGE, list)
        .post("/api/v1/credentials", MANAGE, create)
        .on(Verb::Put, "/api/v1/credentials/{name}", MANAGE, replace)
        .on(Verb::Delete, "/api/v1/credentials/{name}", MANAGE, delete)
}

pub(super) const DOCS: &[Doc] = &[
    Doc {
        verb: Verb::Get,
        path: "/api/v1/credentials",
        summary: "Stored credentials, without their passwords",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::List("Credential")),
    },
    Doc {
        verb: Verb::Post,
        path: "/api/v1/credentials",
        summary: "Store a credential",
        query: &[],
        body: Content::Json("CredentialInput"),
        answer: (201, Content::Json("Credential")),
    },
    Doc {
        verb: Verb::Put,
        path: "/api/v1/credentials/{name}",
        summary: "Another user and password",
        query: &[],
        body: Content::Json("CredentialChange"),
        answer: (200, Content::Json("Credential")),
    },
    Doc {
        verb: Verb::Delete,
        path: "/api/v1/credentials/{name}",
        summary: "Delete a credential that nothing names",
        query: &["version"],
        body: Content::Nothing,
        answer: (204, Content::Nothing),
    },
];

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Page<Credential>>, Problem> {
    let rows = app.engine().credentials(&caller).await?;
    Ok(whole(rows.into_iter().map(shown).collect()))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    json::Json(given): json::Json<CredentialInput>,
) -> Result<Response, Problem> {
    let input = Input {
        name: given.name,
        username: given.username,
        password: Some(SecretString::from(given.password)),
    };
    let row = app.engine().create_credential(&caller, &input).await?;
    Ok((StatusCode::CREATED, Json(shown(row))).into_response())
}

async fn replace(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    json::Json(given): json::Json<CredentialChange>,
) -> Result<Json<Credential>, Problem> {
    if given.name.as_ref().is_some_and(|other| *other != name) {
        return Err(Problem::field(
            "name",
            "fixed",
            "The name of a credential never changes.",
        ));
    }
    let input = Input {
        name: name.clone(),
        username: given.username,
        password: Some(SecretString::from(given.password)),
    };
    let row = app
        .engine()
        .update_credential(&caller, &name, &input, None)
        .await?;
    Ok(Json(shown(row)))
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Query(query): Query,
) -> Result<StatusCode, Problem> {
    let version = number(&query.only(&["version"])?, "version")?;
    app.engine()
        .delete_credential(&caller, &name, version)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(row: CredentialSummary) -> Credential {
    Credential {
        used_by: row.used_by(),
        name: row.name,
        username: row.username,
        changed_at: row.changed_at,
    }
}
