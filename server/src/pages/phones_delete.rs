//! `/phones/delete`: asks before the phones of a selection are deleted, and deletes them.
//!
//! Owns what has to be typed for it. *Invariant:* nothing is deleted but what the page named.

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::phones::DeletePhonesView;
use carillon_domain::Mac;
use carillon_domain::phone::Phone;
use carillon_domain::role::Permission;
use carillon_engine::{Caller, Engine};
use carillon_language::{say, say_many};

use super::form;
use super::phones::rows::address;
use super::phones_edit::list_before;
use super::visit::{PageResult, Visit, done};
use crate::fields::{Fields, Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

const MANAGE: Access = Access::Needs(Permission::ManageInventory);
/// Names that are shown before phones are deleted.
const EXAMPLES: usize = 10;

/// The routes of this file.
pub(super) fn routes(table: Table) -> Table {
    table
        .get("/phones/delete", MANAGE, ask)
        .post("/phones/delete", MANAGE, delete)
}

async fn ask(visit: Visit, caller: Caller, Query(fields): Query) -> PageResult {
    let fields = fields.only(&["sel", "list"])?;
    let view = question(visit.app.engine(), &caller, &fields).await?;
    let html = carillon_ui::delete_phones(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn question(
    engine: &Engine,
    caller: &Caller,
    fields: &Fields,
) -> Result<DeletePhonesView, Problem> {
    let id = fields.or_empty("sel");
    let selection = engine.selection(caller, &id).await?;
    let some = &selection.phones[..selection.phones.len().min(EXAMPLES)];
    let rows = engine.phones_by_macs(caller, some).await?;
    Ok(DeletePhonesView {
        sel: id,
        list: fields.or_empty("list"),
        count: i64::try_from(selection.phones.len()).unwrap_or(i64::MAX),
        examples: rows.iter().map(|row| called(&row.phone)).collect(),
        back_href: list_before(fields, &selection, None),
        ..DeletePhonesView::default()
    })
}

/// Its name, and extension, MAC and address: two phones may have one label.
fn called(phone: &Phone) -> (String, String) {
    let name = phone.display_name();
    let parts = [
        phone.extension.clone(),
        phone.mac.to_string(),
        address(phone),
    ];
    let others = parts
        .into_iter()
        .filter(|part| !part.is_empty() && *part != name);
    (name.clone(), others.collect::<Vec<_>>().join(" · "))
}

async fn delete(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["sel", "list", "count", "typed"])?;
    let engine = visit.app.engine().clone();
    let id = fields.or_empty("sel");
    let selection = engine.selection(&caller, &id).await?;
    let count = selection.phones.len();
    let typed = fields.or_empty("typed");
    let agreed = match selection.phones[..] {
        [only] => is_called(&engine, &caller, only, &typed).await?,
        _ => typed.trim().parse() == Ok(count),
    };
    if !agreed || fields.filled("count") != Some(&count.to_string()) {
        return not_deleted(visit, &caller, &fields).await;
    }
    let deleted = engine.delete_phones(&caller, &selection.phones).await?;
    let text = say_many!(
        i64::try_from(deleted).unwrap_or(i64::MAX),
        "{count} phone was deleted.",
        "{count} phones were deleted."
    );
    let list = list_before(&fields, &selection, None);
    Ok(visit.see_other_saying(&list, &done(text)))
}

/// Whether this is the name of the phone. One that went meanwhile needs no name.
async fn is_called(
    engine: &Engine,
    caller: &Caller,
    mac: Mac,
    typed: &str,
) -> Result<bool, Problem> {
    let rows = engine.phones_by_macs(caller, &[mac]).await?;
    let mut names = rows.iter().map(|row| row.phone.display_name());
    Ok(names.all(|name| name == typed.trim()))
}

async fn not_deleted(visit: Visit, caller: &Caller, fields: &Fields) -> Result<Response, Problem> {
    let mut view = question(visit.app.engine(), caller, fields).await?;
    let mut errors = FormErrors::default();
    let message = match (&view.examples[..], view.count) {
        ([(name, _)], 1) => say!("Type {name} to delete this phone.", name),
        _ => say!("Type {count} to delete these phones.", count = view.count),
    };
    let message = form::another_number(&fields.or_empty("typed"), message);
    errors.push("typed", "different", message);
    (view.typed, view.errors) = (fields.or_empty("typed"), errors);
    let html = carillon_ui::delete_phones(&visit.frame, &view);
    Ok(visit.refused(html))
}
