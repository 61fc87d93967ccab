//! `/admin/credentials`: what phones ask for. Passwords go in and never come out.

use axum::extract::Path;
use carillon_contract::credentials::{CredentialFormView, CredentialRow, CredentialsView};
use carillon_contract::form::VERSION_FIELD;
use carillon_contract::groups::DeleteView;
use carillon_contract::list::Link;
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_engine::inventory::CredentialInput;
use carillon_language::{say, say_many};
use carillon_store::CredentialSummary;
use secrecy::SecretString;

use super::groups::first_message;
use super::refused::{refusal, version};
use super::visit::{PageResult, Visit, done};
use crate::fields::{Fields, Form};
use crate::router::table::{Access, Table};

const MANAGE: Access = Access::Needs(Permission::ManageInventory);
const FIELDS: [&str; 4] = ["name", "username", "password", VERSION_FIELD];

/// The routes of this file.
pub fn routes(table: Table) -> Table {
    table
        .get("/admin/credentials", MANAGE, list)
        .get("/admin/credentials/new", MANAGE, new)
        .post("/admin/credentials/new", MANAGE, create)
        .get("/admin/credentials/{name}/edit", MANAGE, edit)
        .post("/admin/credentials/{name}/edit", MANAGE, update)
        .get("/admin/credentials/{name}/delete", MANAGE, ask)
        .post("/admin/credentials/{name}/delete", MANAGE, delete)
}

async fn list(visit: Visit, caller: Caller) -> PageResult {
    let engine = visit.app.engine();
    let uses = engine.credential_uses(&caller).await?;
    let line = |row: CredentialSummary| {
        let used = uses.get(&row.name).copied().unwrap_or_default();
        CredentialRow {
            name: row.name,
            username: row.username,
            changed_at: row.changed_at,
            phones: used.phones,
            sites: row.sites,
            groups: row.groups,
            refused: used.refused,
        }
    };
    let view = CredentialsView {
        rows: engine
            .credentials(&caller)
            .await?
            .into_iter()
            .map(line)
            .collect(),
        own: engine.count_own_credentials(&caller).await?,
    };
    let html = carillon_ui::credentials(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn new(visit: Visit) -> PageResult {
    let html = carillon_ui::credential_form(&visit.frame, &CredentialFormView::default());
    Ok(visit.page(html))
}

async fn create(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&FIELDS)?;
    match visit
        .app
        .engine()
        .create_credential(&caller, &input(&fields))
        .await
    {
        Ok(row) => {
            let text = say!("The credential {name} was added.", name = row.name);
            Ok(visit.see_other_saying("/admin/credentials", &done(text)))
        }
        Err(error) => {
            let refused = refusal(error)?;
            let view = CredentialFormView {
                name: fields.or_empty("name"),
                username: fields.or_empty("username"),
                errors: refused.errors,
                ..CredentialFormView::default()
            };
            let html = carillon_ui::credential_form(&visit.frame, &view);
            Ok(visit.html(refused.status, html))
        }
    }
}

fn input(fields: &Fields) -> CredentialInput {
    let password = fields
        .text("password")
        .filter(|password| !password.is_empty());
    CredentialInput {
        name: fields.or_empty("name"),
        username: fields.or_empty("username"),
        password: password.map(SecretString::from),
    }
}

async fn edit(visit: Visit, caller: Caller, Path(name): Path<String>) -> PageResult {
    let engine = visit.app.engine();
    let row = engine.credential(&caller, &name).await?;
    let uses = engine.credential_uses(&caller).await?;
    let view = form(&row, uses.get(&name).map_or(0, |used| used.phones));
    let html = carillon_ui::credential_form(&visit.frame, &view);
    Ok(visit.page(html))
}

fn form(row: &CredentialSummary, phones: i64) -> CredentialFormView {
    CredentialFormView {
        existing: Some(row.name.clone()),
        name: row.name.clone(),
        username: row.username.clone(),
        phones,
        changed_at: Some(row.changed_at),
        version: row.version,
        ..CredentialFormView::default()
    }
}

async fn update(
    visit: Visit,
    caller: Caller,
    Path(name): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&FIELDS)?;
    let engine = visit.app.engine();
    let changed = engine
        .update_credential(&caller, &name, &input(&fields), version(&fields))
        .await;
    match changed {
        Ok(row) => {
            let text = say!("The credential {name} was saved.", name = row.name);
            Ok(visit.see_other_saying("/admin/credentials", &done(text)))
        }
        Err(error) => {
            let refused = refusal(error)?;
            let row = engine.credential(&caller, &name).await?;
            let uses = engine.credential_uses(&caller).await?;
            let view = CredentialFormView {
                username: fields.or_empty("username"),
                errors: refused.errors,
                ..form(&row, uses.get(&name).map_or(0, |used| used.phones))
            };
            let html = carillon_ui::credential_form(&visit.frame, &view);
            Ok(visit.html(refused.status, html))
        }
    }
}

async fn ask(visit: Visit, caller: Caller, Path(name): Path<String>) -> PageResult {
    let row = visit.app.engine().credential(&caller, &name).await?;
    let refused = (row.used_by() > 0).then(|| {
        say!(
            "It is named by {phones}, {groups} and {sites}. Give them another one first.",
            phones = say_many!(row.phones, "{count} phone", "{count} phones"),
            groups = say_many!(row.groups, "{count} group", "{count} groups"),
            sites = say_many!(row.sites, "{count} site", "{count} sites")
        )
    });
    let html = carillon_ui::delete(&visit.frame, &question(&row, refused));
    Ok(visit.page(html))
}

fn question(row: &CredentialSummary, refused: Option<String>) -> DeleteView {
    DeleteView {
        what: say!("credential {name}", name = row.name),
        consequences: vec![say("Its password is thrown away.").to_owned()],
        refused,
        action: format!("/admin/credentials/{}/delete", row.name),
        version: row.version,
        back: Link::new(say("Credentials"), "/admin/credentials"),
        confirm: None,
    }
}

async fn delete(
    visit: Visit,
    caller: Caller,
    Path(name): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&[VERSION_FIELD])?;
    let engine = visit.app.engine();
    let row = engine.credential(&caller, &name).await?;
    match engine
        .delete_credential(&caller, &name, version(&fields))
        .await
    {
        Ok(()) => {
            let text = say!("The credential {name} was deleted.", name);
            Ok(visit.see_other_saying("/admin/credentials", &done(text)))
        }
        Err(error) => {
            let refused = refusal(error)?;
            let html = carillon_ui::delete(&visit.frame, &question(&row, first_message(&refused)));
            Ok(visit.html(refused.status, html))
        }
    }
}
