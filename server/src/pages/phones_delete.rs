//! `/phones/delete`: asks before the phones of a selection are deleted, and deletes them.
//!
//! Owns what has to be typed for it. *Invariant:* nothing is deleted but what the page named.

use axum::response::Response;
use carillon_contract::phones::DeletePhonesView;
use carillon_contract::{FormErrors, Href};
use carillon_domain::Mac;
use carillon_domain::role::Permission;
use carillon_engine::{Caller, Engine};
use carillon_language::{say, say_many};

use super::visit::{PageResult, Visit, done};
use crate::fields::{Form, Query};
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
    let fields = fields.only(&["sel"])?;
    let view = question(visit.app.engine(), &caller, &fields.or_empty("sel")).await?;
    let html = carillon_ui::delete_phones(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn question(engine: &Engine, caller: &Caller, id: &str) -> Result<DeletePhonesView, Problem> {
    let selection = engine.selection(caller, id).await?;
    let some = &selection.phones[..selection.phones.len().min(EXAMPLES)];
    let rows = engine.phones_by_macs(caller, some).await?;
    let filter = selection
        .filter
        .map(|filter| filter.to_string())
        .unwrap_or_default();
    Ok(DeletePhonesView {
        sel: id.to_owned(),
        count: i64::try_from(selection.phones.len()).unwrap_or(i64::MAX),
        examples: rows.iter().map(|row| row.phone.display_name()).collect(),
        back_href: Href::new("/phones").add_some("q", &filter).into(),
        ..DeletePhonesView::default()
    })
}

async fn delete(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["sel", "count", "typed"])?;
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
        return not_deleted(visit, &caller, &id, typed).await;
    }
    let deleted = engine.delete_phones(&caller, &selection.phones).await?;
    let text = say_many!(
        i64::try_from(deleted).unwrap_or(i64::MAX),
        "{count} phone was deleted.",
        "{count} phones were deleted."
    );
    Ok(visit.see_other_saying("/phones", &done(text)))
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

async fn not_deleted(
    visit: Visit,
    caller: &Caller,
    id: &str,
    typed: String,
) -> Result<Response, Problem> {
    let mut view = question(visit.app.engine(), caller, id).await?;
    let mut errors = FormErrors::default();
    let message = match (&view.examples[..], view.count) {
        ([name], 1) => say!("Type {name} to delete this phone.", name),
        _ => say!("Type {count} to delete these phones.", count = view.count),
    };
    errors.push("typed", "different", message);
    (view.typed, view.errors) = (typed, errors);
    let html = carillon_ui::delete_phones(&visit.frame, &view);
    Ok(visit.refused(html))
}
