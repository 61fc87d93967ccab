//! `/phones/delete`: asks before the phones of a selection are deleted, and deletes them.
//!
//! Owns what has to be typed for it. *Invariant:* nothing is deleted but what the page named, by somebody
//! who has just shown who they are. Whether another administrator has to agree is the engine's to decide.

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::frame::Flash;
use carillon_contract::phones::DeletePhonesView;
use carillon_domain::phone::Phone;
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_engine::changes::{MOST_DELETED, Made};
use carillon_engine::inventory::Selection;
use carillon_language::{say, say_many};
use carillon_store::PhoneRow;

use super::changes::outcome;
use super::form;
use super::phones::rows::address;
use super::phones_edit::list_before;
use super::refused::{Refusal, refusal};
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
        .post_proved("/phones/delete", MANAGE, delete)
}

async fn ask(visit: Visit, caller: Caller, Query(fields): Query) -> PageResult {
    let fields = fields.only(&["sel", "list"])?;
    let view = question(&visit, &caller, &fields).await?;
    let html = carillon_ui::delete_phones(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn question(
    visit: &Visit,
    caller: &Caller,
    fields: &Fields,
) -> Result<DeletePhonesView, Problem> {
    let (engine, id) = (visit.app.engine(), fields.or_empty("sel"));
    let selection = engine.selection(caller, &id).await?;
    let count = selection.phones.len();
    let some = &selection.phones[..count.min(EXAMPLES)];
    let rows = engine.phones_by_macs(caller, some).await?;
    let found = match visit.rules {
        Some(known) => known,
        None => engine.rules().await?,
    };
    Ok(DeletePhonesView {
        sel: id,
        list: fields.or_empty("list"),
        count: i64::try_from(count).unwrap_or(i64::MAX),
        examples: rows.iter().map(|row| called(&row.phone)).collect(),
        back_href: list_before(fields, &selection, None),
        typed: fields.or_empty("typed"),
        for_two: count > 1 && found.rules.approve_destructive,
        reason: fields.or_empty("reason"),
        refused: (count > MOST_DELETED).then(too_many),
        errors: FormErrors::default(),
    })
}

/// Why, and what to do.
fn too_many() -> String {
    say!(
        "At most {most} phones are deleted at once, so that one mistake does not empty the list. Choose fewer of them: those of one site or group, or one page of the list after the other.",
        most = MOST_DELETED
    )
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
    let fields = fields.only(&["sel", "list", "count", "typed", "reason"])?;
    let engine = visit.app.engine().clone();
    let selection = engine.selection(&caller, &fields.or_empty("sel")).await?;
    if selection.phones.len() > MOST_DELETED {
        let view = question(&visit, &caller, &fields).await?;
        let html = carillon_ui::delete_phones(&visit.frame, &view);
        return Ok(visit.refused(html));
    }
    let there = engine.phones_by_macs(&caller, &selection.phones).await?;
    if !is_agreed(&fields, &selection, &there) {
        return mistyped(visit, &caller, &fields).await;
    }
    let reason = fields.or_empty("reason");
    let made = engine.delete_phones(&caller, &selection.phones, &reason);
    match made.await {
        Err(error) => not_deleted(visit, &caller, &fields, refusal(error)?).await,
        Ok(made) => {
            let list = list_before(&fields, &selection, None);
            Ok(visit.see_other_saying(&list, &told(&made, there.len())))
        }
    }
}

/// Whether the number was typed and is still right, or the name of the only one. One that went meanwhile
/// needs no name.
fn is_agreed(fields: &Fields, selection: &Selection, there: &[PhoneRow]) -> bool {
    let (typed, count) = (fields.or_empty("typed"), selection.phones.len());
    let agreed = if count == 1 {
        let mut names = there.iter().map(|row| row.phone.display_name());
        names.all(|name| name == typed.trim())
    } else {
        typed.trim().parse() == Ok(count)
    };
    agreed && fields.filled("count") == Some(&count.to_string())
}

fn told(made: &Made, there: usize) -> Flash {
    let text = say_many!(
        i64::try_from(there).unwrap_or(i64::MAX),
        "{count} phone was deleted.",
        "{count} phones were deleted."
    );
    match made {
        Made::Asked(_) => outcome(made, text),
        Made::AtOnce | Made::Unchanged => done(text),
    }
}

async fn mistyped(visit: Visit, caller: &Caller, fields: &Fields) -> Result<Response, Problem> {
    let view = question(&visit, caller, fields).await?;
    let message = if let ([(name, _)], 1) = (&view.examples[..], view.count) {
        let ask = say!("Type {name} to delete this phone.", name);
        form::another_name(&view.typed, ask)
    } else {
        let ask = say!("Type {count} to delete these phones.", count = view.count);
        form::another_number(&view.typed, ask)
    };
    let refused = Refusal::field("typed", "different", message);
    Ok(shown(visit, view, refused))
}

async fn not_deleted(
    visit: Visit,
    caller: &Caller,
    fields: &Fields,
    refused: Refusal,
) -> Result<Response, Problem> {
    let view = question(&visit, caller, fields).await?;
    Ok(shown(visit, view, refused))
}

fn shown(visit: Visit, view: DeletePhonesView, refused: Refusal) -> Response {
    let errors = refused.errors;
    let view = DeletePhonesView { errors, ..view };
    let html = carillon_ui::delete_phones(&visit.frame, &view);
    visit.html(refused.status, html)
}
