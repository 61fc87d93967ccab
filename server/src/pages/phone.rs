//! `/phones/{mac}`: one phone, what to do with it, what it taught us.

use axum::extract::Path;
use carillon_contract::form::VERSION_FIELD;
use carillon_contract::groups::{ConfirmName, DeleteView};
use carillon_contract::list::Link;
use carillon_contract::phone::SecondPerson;
use carillon_domain::Mac;
use carillon_domain::job::{JobOptions, JobRequest, TargetSpec};
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_engine::changes::Made;
use carillon_engine::error::EngineError;
use carillon_engine::jobs::{RulesInForce, Submission};
use carillon_language::say;
use carillon_store::PhoneRow;

use self::keypad::Kept;
use super::changes::outcome;
use super::notice;
use super::phones_delete::beside;
use super::refused::{Refusal, refusal, version};
use super::visit::{PageResult, Visit, done};
use crate::fields::{Fields, Form, Query};
use crate::problem::{Code, Problem};
use crate::router::table::{Access, Table};

pub(in crate::pages) mod gone;
pub(in crate::pages) mod keypad;
mod pressed;
mod quick;
mod view;

/// The routes of this file.
pub fn routes(table: Table) -> Table {
    const SEE: Access = Access::Needs(Permission::ViewInventory);
    const RUN: Access = Access::Needs(Permission::RunJobs);
    const MANAGE: Access = Access::Needs(Permission::ManageInventory);
    keypad::routes(table)
        .get("/phones/{mac}", SEE, show)
        .post("/phones/{mac}/do", RUN, run)
        .post("/phones/{mac}/forget-sign-in", MANAGE, forget_sign_in)
        .post("/phones/{mac}/legacy-login", MANAGE, choose_legacy_login)
        .post("/phones/{mac}/forget-pin", MANAGE, forget_pin)
        .post("/phones/{mac}/confirm-pin", MANAGE, confirm_pin)
        .get("/phones/{mac}/delete", MANAGE, ask)
        .post_proved("/phones/{mac}/delete", MANAGE, delete)
}

/// The phone that an address names, in any notation.
///
/// # Errors
/// Not found when the text is no MAC.
pub fn mac_of(text: &str) -> Result<Mac, Problem> {
    text.parse()
        .map_err(|_| Problem::from(EngineError::NotFound))
}

async fn show(
    mut visit: Visit,
    caller: Caller,
    Path(mac): Path<String>,
    Query(query): Query,
) -> PageResult {
    let known = [&keypad::KEPT[..], &[keypad::SAID]].concat();
    notice::unknown(&mut visit, &query, &known);
    let (engine, mac) = (visit.app.engine(), mac_of(&mac)?);
    let mut view = match view::view(engine, &caller, mac).await {
        Ok(view) => view,
        Err(problem) if problem.code == Code::NotFound => {
            let view = gone::view(engine, &caller, mac).await?;
            let html = carillon_ui::gone_phone(&visit.frame, &view);
            return Ok(visit.page(html));
        }
        Err(problem) => return Err(problem),
    };
    if let Some(pad) = &mut view.keypad {
        pad.second_person = second_person(&visit);
        let kept = Kept::of(&query);
        kept.put(pad, (engine, &caller), mac).await?;
        if query.filled(keypad::SAID) == Some(keypad::OF_KEYS) {
            pad.said = visit.frame.flash.take();
        }
    }
    let html = carillon_ui::phone(&visit.frame, &view);
    Ok(visit.page(html))
}

/// Whether what disturbs somebody on this phone waits, as far as the rules tell without a look at the
/// last hour.
fn second_person(visit: &Visit) -> SecondPerson {
    let asks = visit.rules.filter(RulesInForce::asks_second_person);
    let Some(RulesInForce { rules, .. }) = asks else {
        return SecondPerson::Never;
    };
    match (
        rules.approve_disruptive_above,
        rules.approve_disruptive_percent,
    ) {
        (Some(0), _) => SecondPerson::Always,
        (None, None) => SecondPerson::Never,
        _ => SecondPerson::AfterMany,
    }
}

/// The page again, with what was wrong.
async fn again(visit: Visit, caller: &Caller, mac: Mac, refused: Refusal) -> PageResult {
    again_with(visit, caller, mac, refused, &Fields::default()).await
}

/// The same, with the screen and the reason of what was pressed.
async fn again_with(
    visit: Visit,
    caller: &Caller,
    mac: Mac,
    refused: Refusal,
    fields: &Fields,
) -> PageResult {
    let engine = visit.app.engine();
    let mut view = view::view(engine, caller, mac).await?;
    if let Some(pad) = &mut view.keypad {
        pad.second_person = second_person(&visit);
        Kept::of(fields).put(pad, (engine, caller), mac).await?;
    }
    view.errors = refused.errors;
    let html = carillon_ui::phone(&visit.frame, &view);
    Ok(visit.html(refused.status, html))
}

async fn run(
    visit: Visit,
    caller: Caller,
    Path(mac): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let mac = mac_of(&mac)?;
    let request = request(mac, &fields);
    let submitted = visit
        .app
        .engine()
        .submit_job(&caller, &request, Submission::default())
        .await;
    match submitted {
        Ok(job) => Ok(visit.see_other(&format!("/jobs/{}", job.id))),
        Err(error) => {
            let mut refused = refusal(error)?;
            for error in &mut refused.errors.0 {
                if let Some(param) = error.field.strip_prefix("params.") {
                    error.field = quick::field(&request.action, param);
                }
            }
            again_with(visit, &caller, mac, refused, &fields).await
        }
    }
}

fn request(mac: Mac, fields: &Fields) -> JobRequest {
    let action = fields.or_empty("action");
    JobRequest {
        params: quick::params(&action, fields),
        targets: TargetSpec {
            phones: vec![mac],
            ..TargetSpec::default()
        },
        options: JobOptions::default(),
        reason: fields.or_empty("reason"),
        expect: None,
        action,
    }
}

async fn forget_sign_in(visit: Visit, caller: Caller, Path(mac): Path<String>) -> PageResult {
    let mac = mac_of(&mac)?;
    visit.app.engine().forget_sign_in(&caller, mac).await?;
    let text = say("Forgotten: the next request carries no password and learns it anew.");
    Ok(visit.see_other_saying(&format!("/phones/{mac}"), &done(text)))
}

async fn choose_legacy_login(visit: Visit, caller: Caller, Path(mac): Path<String>) -> PageResult {
    let mac = mac_of(&mac)?;
    visit.app.engine().choose_legacy_login(&caller, mac).await?;
    let text = say("From now on the old login form is used for this phone.");
    Ok(visit.see_other_saying(&format!("/phones/{mac}"), &done(text)))
}

async fn forget_pin(visit: Visit, caller: Caller, Path(mac): Path<String>) -> PageResult {
    let mac = mac_of(&mac)?;
    visit.app.engine().forget_pin(&caller, mac).await?;
    let text = say("Forgotten: the key that the phone shows next is remembered.");
    Ok(visit.see_other_saying(&format!("/phones/{mac}"), &done(text)))
}

async fn confirm_pin(
    visit: Visit,
    caller: Caller,
    Path(mac): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let mac = mac_of(&mac)?;
    let fields = fields.only(&["pin"])?;
    match visit
        .app
        .engine()
        .confirm_pin(&caller, mac, &fields.or_empty("pin"))
        .await
    {
        Ok(()) => {
            let text = say("This key is trusted from now on, and no other.");
            Ok(visit.see_other_saying(&format!("/phones/{mac}"), &done(text)))
        }
        Err(error) => again(visit, &caller, mac, refusal(error)?).await,
    }
}

async fn ask(visit: Visit, caller: Caller, Path(mac): Path<String>) -> PageResult {
    let mac = mac_of(&mac)?;
    let row = visit.app.engine().phone(&caller, mac).await?;
    let beside = beside(&visit, &caller, &row.phone).await?;
    let view = question(&row, beside, ConfirmName::default());
    let page = carillon_ui::delete(&visit.frame, &view);
    Ok(visit.page(page))
}

/// Its jobs and records stay, the phone does not: its name is typed first. What tells it from others of that
/// name is said before.
fn question(row: &PhoneRow, beside: String, asked: ConfirmName) -> DeleteView {
    let (name, mac) = (row.phone.display_name(), row.phone.mac);
    DeleteView {
        what: name.clone(),
        consequences: vec![
            beside,
            say("It leaves every group, and its own password is thrown away.").to_owned(),
            say("Its jobs and audit records stay.").to_owned(),
        ],
        refused: None,
        action: format!("/phones/{mac}/delete"),
        version: row.version,
        confirm: Some(ConfirmName {
            name: name.clone(),
            ..asked
        }),
        back: Link::new(name, format!("/phones/{mac}")),
    }
}

async fn delete(
    visit: Visit,
    caller: Caller,
    Path(mac): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let mac = mac_of(&mac)?;
    let fields = fields.only(&[VERSION_FIELD, "typed"])?;
    let engine = visit.app.engine();
    let row = engine.phone(&caller, mac).await?;
    let name = row.phone.display_name();
    let typed = fields.or_empty("typed");
    if typed.trim() != name {
        let mut asked = ConfirmName {
            typed,
            ..ConfirmName::default()
        };
        let message = say!("Type {name} to delete this phone.", name);
        asked.errors.push("typed", "different", message);
        let beside = beside(&visit, &caller, &row.phone).await?;
        let html = carillon_ui::delete(&visit.frame, &question(&row, beside, asked));
        return Ok(visit.refused(html));
    }
    let made = engine.delete_phone(&caller, mac, version(&fields)).await?;
    let there = format!("/phones/{mac}");
    let to = match &made {
        Made::Asked(_) => there.as_str(),
        _ => "/phones",
    };
    let gone = row.phone.distinct_name();
    let told = outcome(&made, say!("{name} was deleted.", name = gone));
    Ok(visit.see_other_saying(to, &told))
}
