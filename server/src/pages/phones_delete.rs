//! `/phones/delete`: asks before the phones of a selection are deleted, and deletes them.
//!
//! Owns what has to be typed for it. *Invariant:* nothing is deleted but what the page named, by somebody
//! who has just shown who they are. Whether another administrator has to agree is the engine's to decide.

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::changes::LeavingPhone;
use carillon_contract::frame::Flash;
use carillon_contract::phones::DeletePhonesView;
use carillon_domain::Timestamp;
use carillon_domain::phone::Phone;
use carillon_domain::role::Permission;
use carillon_engine::changes::{DELETED_ALONE, MOST_DELETED, Made, WAITS};
use carillon_engine::inventory::Selection;
use carillon_engine::jobs::{Prospect, Rules, RulesInForce};
use carillon_engine::{Caller, EngineError};
use carillon_language::{say, say_many};
use carillon_store::PhoneRow;

use super::changes::waits;
use super::phones::rows::{SiteNames, address};
use super::phones_edit::list_before;
use super::refused::{Refusal, refusal};
use super::review::decides;
use super::visit::{PageResult, Visit, done};
use super::{approvals, changed_phones, form, site_names};
use crate::fields::{Fields, Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

const MANAGE: Access = Access::Needs(Permission::ManageInventory);

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
    let first = &selection.phones[..count.min(MOST_DELETED)];
    let phones = leaving(visit, caller, engine.phones_by_macs(caller, first).await?).await?;
    let found = rules(visit).await?;
    let for_two = count > 1 && found.rules.approve_destructive;
    let refused = (count > MOST_DELETED).then(too_many);
    let others = if for_two && refused.is_none() {
        others(visit, caller, &found.rules).await?
    } else {
        None
    };
    let now = engine.clock.now();
    Ok(DeletePhonesView {
        sel: id,
        list: fields.or_empty("list"),
        count: i64::try_from(count).unwrap_or(i64::MAX),
        phones,
        back_href: list_before(fields, &selection, None),
        typed: fields.or_empty("typed"),
        asks: others.is_some(),
        nobody: others.as_ref().and_then(approvals::nobody),
        way_out: others.and_then(|others| way_out(&others, now)),
        for_two,
        reason: fields.or_empty("reason"),
        refused,
        errors: FormErrors::default(),
    })
}

async fn rules(visit: &Visit) -> Result<RulesInForce, EngineError> {
    match visit.rules {
        Some(known) => Ok(known),
        None => visit.app.engine().rules().await,
    }
}

/// Why, and what to do.
fn too_many() -> String {
    say!(
        "At most {most} phones are deleted at once, so that one mistake does not empty the list. Choose fewer of them: those of one site or group, or one page of the list after the other.",
        most = MOST_DELETED
    )
}

/// The phones as the page names them, in the order of the list of phones.
async fn leaving(
    visit: &Visit,
    caller: &Caller,
    rows: Vec<PhoneRow>,
) -> Result<Vec<LeavingPhone>, Problem> {
    let slugs = rows.iter().filter_map(|row| row.phone.site.as_deref());
    let sites = site_names::of(visit.app.engine(), caller, slugs).await?;
    let named = rows.iter().map(|row| called(&row.phone, &sites));
    let mut phones: Vec<LeavingPhone> = named.collect();
    changed_phones::by_name(&mut phones);
    Ok(phones)
}

/// What tells one phone from others of its name.
pub(super) async fn beside(
    visit: &Visit,
    caller: &Caller,
    phone: &Phone,
) -> Result<String, EngineError> {
    let site = phone.site.as_deref().into_iter();
    let sites = site_names::of(visit.app.engine(), caller, site).await?;
    Ok(called(phone, &sites).beside)
}

/// Its name, and site, extension, MAC and address: two phones may have one label.
fn called(phone: &Phone, sites: &SiteNames) -> LeavingPhone {
    let name = phone.display_name();
    let mut site = phone.site.clone().unwrap_or_default();
    site_names::put(sites, &mut site);
    let parts = [
        site,
        phone.extension.clone(),
        phone.mac.to_string(),
        address(phone),
    ];
    let beside = changed_phones::beside(&name, parts);
    LeavingPhone {
        mac: phone.mac,
        name,
        beside,
    }
}

/// Which other administrators could approve it. Where there is none, nobody is asked.
async fn others(
    visit: &Visit,
    caller: &Caller,
    rules: &Rules,
) -> Result<Option<Prospect>, EngineError> {
    let others = visit.app.engine().change_prospect(caller, rules).await?;
    let is_anybody = !others.able.is_empty() || !others.without_factor.is_empty();
    Ok(is_anybody.then_some(others))
}

/// What helps where the request would end before anybody could approve it.
fn way_out(others: &Prospect, now: Timestamp) -> Option<String> {
    let in_vain = others.from.is_some_and(|from| from >= now.plus(WAITS));
    in_vain.then(|| {
        say!(
            "The request would end after {minutes} minutes, before anybody can approve it. Delete these phones one by one instead, each on its own page: one person does that with up to {count} within an hour.",
            minutes = WAITS.as_secs() / 60,
            count = DELETED_ALONE
        )
    })
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
            let told = told(&visit, &caller, (&made, there.len())).await?;
            Ok(visit.see_other_saying(&list, &told))
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

async fn told(
    visit: &Visit,
    caller: &Caller,
    (made, there): (&Made, usize),
) -> Result<Flash, EngineError> {
    if matches!(made, Made::Asked(_)) {
        let found = rules(visit).await?;
        let others = visit.app.engine().change_prospect(caller, &found.rules);
        return Ok(waits(asked(&others.await?)));
    }
    let text = say_many!(
        i64::try_from(there).unwrap_or(i64::MAX),
        "{count} phone was deleted.",
        "{count} phones were deleted."
    );
    Ok(done(text))
}

/// That it waits, and for whom.
fn asked(others: &Prospect) -> String {
    let Some(who) = decides::told(others) else {
        return say("Nothing changed yet, and nobody can approve it so far.").to_owned();
    };
    let text = say("Nothing changed yet: another administrator has to approve it.");
    format!("{text} {who}")
}

async fn mistyped(visit: Visit, caller: &Caller, fields: &Fields) -> Result<Response, Problem> {
    let view = question(&visit, caller, fields).await?;
    let message = if let ([phone], 1) = (&view.phones[..], view.count) {
        let ask = say!("Type {name} to delete this phone.", name = phone.name);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_reads_for_whom_it_waits_and_what_helps_where_it_is_in_vain() {
        let now = Timestamp::from_micros(0);
        let from = |from| Prospect {
            able: vec!["berta".to_owned()],
            from,
            ..Prospect::default()
        };
        let (today, soon, late) = (None, Some(now), Some(now.plus(WAITS)));
        assert!(asked(&from(today)).ends_with("These people may approve: berta."));
        let nobody = "Nothing changed yet, and nobody can approve it so far.";
        assert_eq!(asked(&from(late)), nobody);
        let helps = |at| way_out(&from(at), now).is_some();
        assert_eq!([today, soon, late].map(helps), [false, false, true]);
    }
}
