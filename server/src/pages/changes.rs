//! `/changes`: the answer to what waits for another administrator; shown on `/approvals`.
//!
//! Owns a request in words: what is, and what would be.

use axum::extract::Path;
use carillon_contract::changes::{ChangeLine, ChangeNotice, ChangeRow, OnePerson};
use carillon_contract::frame::{Flash, Tone};
use carillon_contract::list::Link;
use carillon_domain::ChangeKind;
use carillon_domain::role::Permission;
use carillon_engine::accounts::Hindrance;
use carillon_engine::changes::{Made, WaitingChange};
use carillon_engine::jobs::Rules;
use carillon_engine::{Caller, EngineError};
use carillon_language::say;
use carillon_store::ChangeRequestRow;
use serde_json::Value;

use super::actor_words;
use super::visit::{PageResult, Visit, done};
use super::{changed_phones, changed_rules};
use crate::fields::Form;
use crate::router::table::{Access, Table};

const ADMINISTER: Access = Access::Needs(Permission::Administer);
const APPROVALS: &str = "/approvals";

pub(super) fn routes(table: Table) -> Table {
    table
        .post_proved("/changes/{id}/approve", ADMINISTER, approve)
        .post("/changes/{id}/deny", ADMINISTER, deny)
        .post("/changes/{id}/cancel", ADMINISTER, cancel)
}

/// `POST /changes/{id}/approve`.
async fn approve(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let digest = fields.only(&["digest"])?.or_empty("digest");
    let engine = visit.app.engine();
    let waiting = engine.requests_that_wait(&caller).await?;
    let asked = waiting.iter().find(|request| request.id == id);
    let told = came_true(asked);
    engine.approve_change(&caller, &id, &digest).await?;
    Ok(visit.see_other_saying(APPROVALS, &done(told)))
}

/// What is said once a change came true.
fn came_true(asked: Option<&ChangeRequestRow>) -> String {
    match asked {
        Some(request) if request.kind == ChangeKind::PhonesDeletion => {
            changed_phones::deleted(&read(&request.base))
        }
        _ => say("The change holds from now on.").to_owned(),
    }
}

/// `POST /changes/{id}/deny`.
async fn deny(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let reason = fields.only(&["reason"])?.or_empty("reason");
    let engine = visit.app.engine();
    engine.deny_change(&caller, &id, &reason).await?;
    let text = say("The change was refused: all is as it was.");
    Ok(visit.see_other_saying(APPROVALS, &done(text)))
}

/// `POST /changes/{id}/cancel`.
async fn cancel(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    fields.only(&[])?;
    visit.app.engine().cancel_change(&caller, &id).await?;
    let text = say("You took it back: all is as it was.");
    Ok(visit.see_other_saying(APPROVALS, &done(text)))
}

/// What is said once somebody asked for a change: that it holds, or that it waits.
pub(super) fn outcome(made: &Made, done_text: impl Into<String>) -> Flash {
    match made {
        Made::AtOnce => done(done_text),
        Made::Unchanged => Flash {
            tone: Tone::Neutral,
            text: say("Nothing is different from what holds already.").to_owned(),
            link: None,
        },
        Made::Asked(_) => waits(say(
            "Nothing changed yet: another administrator has to approve it.",
        )),
    }
}

/// That what was asked for waits.
pub(super) fn waits(text: impl Into<String>) -> Flash {
    Flash {
        // Nothing to be glad of: what was asked for does not hold.
        tone: Tone::Neutral,
        text: text.into(),
        link: Some(Link::new(say("Approvals"), APPROVALS)),
    }
}

/// All that wait, as the page shows them; nothing to whom they do not concern.
pub(super) async fn rows(
    visit: &Visit,
    caller: &Caller,
    rules: &Rules,
) -> Result<Vec<ChangeRow>, EngineError> {
    if caller.require(Permission::Administer).is_err() {
        return Ok(Vec::new());
    }
    let waiting = visit.app.engine().change_requests(caller).await?;
    Ok(waiting.iter().map(|one| row(one, rules)).collect())
}

/// Those of them that are of these kinds, and of this account where one is named.
pub(super) async fn notices(
    visit: &Visit,
    caller: &Caller,
    kinds: &[ChangeKind],
    account: Option<&str>,
) -> Result<Vec<ChangeNotice>, EngineError> {
    let waiting = visit.app.engine().requests_that_wait(caller).await?;
    let requests = waiting.into_iter().filter(|request| {
        kinds.contains(&request.kind) && account.is_none_or(|id| id == request.subject)
    });
    let notice = |request: ChangeRequestRow| ChangeNotice {
        asked_by: actor_words::shown(&request.actor),
        until: request.until,
    };
    Ok(requests.map(notice).collect())
}

fn row(waiting: &WaitingChange, rules: &Rules) -> ChangeRow {
    let request = &waiting.request;
    let (before, after) = (read(&request.base), read(&request.asked));
    let (title, lines) = in_words(request.kind, &before, &after);
    ChangeRow {
        id: request.id.clone(),
        title,
        lines,
        phones: match request.kind {
            ChangeKind::PhonesDeletion => changed_phones::named(&before),
            _ => Vec::new(),
        },
        asked_by: actor_words::shown(&request.actor),
        asked_at: request.asked_at,
        reason: request.reason.clone(),
        until: request.until,
        digest: request.digest.clone(),
        own: waiting.own,
        one_person: one_person(waiting.hindrance),
        lacking: if rules.approve_with_factor {
            waiting.lacking.clone()
        } else {
            Vec::new()
        },
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// What stands between a request and an answer, as pages show it.
pub(super) const fn one_person(hindrance: Hindrance) -> OnePerson {
    OnePerson {
        own_until: hindrance.own,
        all_until: hindrance.everybody,
    }
}

fn in_words(kind: ChangeKind, base: &Value, after: &Value) -> (String, Vec<ChangeLine>) {
    let before = &base["value"];
    match kind {
        ChangeKind::SecondFactorReset => {
            let name = after["user"].as_str().unwrap_or_default();
            let title = say!("Take the second factor of {name} away", name);
            let line = line(say("Second factor"), say("set up"), say("none"));
            (title, vec![line])
        }
        ChangeKind::Rules => {
            let lines = changed_rules::lines(before, after);
            (say("Other limits").to_owned(), lines)
        }
        ChangeKind::SecondFactorRoles => {
            let roles = |roles: &Value| listed(roles, say("nobody"), role);
            let label = say("Who needs a second factor");
            let line = line(label, roles(before), roles(after));
            (
                say("Another choice of who needs a second factor").to_owned(),
                vec![line],
            )
        }
        ChangeKind::Networks => {
            let all = say("all that the settings allow");
            let networks = |list: &Value| listed(list, all, str::to_owned);
            let line = line(
                say("Networks of the phones"),
                networks(before),
                networks(after),
            );
            (say("Other networks of the phones").to_owned(), vec![line])
        }
        ChangeKind::PhonesDeletion => changed_phones::in_words(base),
    }
}

/// One value before and after.
pub(super) fn line(
    label: impl Into<String>,
    before: impl Into<String>,
    after: impl Into<String>,
) -> ChangeLine {
    ChangeLine {
        label: label.into(),
        before: before.into(),
        after: after.into(),
    }
}

fn listed(list: &Value, none: &str, word: impl Fn(&str) -> String) -> String {
    let words = list.as_array().map_or(&[][..], Vec::as_slice).iter();
    let words: Vec<String> = words.filter_map(Value::as_str).map(word).collect();
    if words.is_empty() {
        none.to_owned()
    } else {
        words.join(", ")
    }
}

fn role(name: &str) -> String {
    let role = name.parse().map(carillon_ui::role_name);
    role.map_or_else(|_| name.to_owned(), str::to_owned)
}
