//! `/admin/settings`: how much one person does alone.

use std::collections::BTreeSet;

use axum::response::Response;
use carillon_contract::approvals::SettingsView;
use carillon_contract::changes::ChangeNotice;
use carillon_contract::form::Choice;
use carillon_domain::ChangeKind;
use carillon_domain::role::{Permission, Role};
use carillon_engine::changes::Made;
use carillon_engine::jobs::{Rules, RulesInForce, Started};
use carillon_engine::{Caller, EngineError, FieldError};
use carillon_language::{say, text};

use super::changes::{self, outcome};
use super::notice;
use super::refused::{Refusal, refusal};
use super::visit::{PageResult, Visit};
use crate::fields::{Fields, Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

const ADMINISTER: Access = Access::Needs(Permission::Administer);
const FIELDS: &[&str] = &[
    "phones_per_job",
    "phones_per_hour",
    "jobs_per_minute",
    "approve_destructive",
    "approve_disruptive_above",
    "approve_disruptive_percent",
    "approve_with_factor",
    "operators_start",
    "reason",
];
/// The value of a box that is ticked.
const TICKED: &str = "yes";
/// The classes of commands, as the form names them.
pub(super) const CLASSES: [(&str, &str); 4] = [
    ("harmless", text!("Harmless commands")),
    ("disruptive", text!("Disruptive commands")),
    ("destructive", text!("Destructive commands")),
    ("call_control", text!("Taking calls, dialling, transfers")),
];

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/admin/settings", ADMINISTER, show)
        .post_proved("/admin/settings", ADMINISTER, save)
        .post_proved("/admin/settings/second-factor", ADMINISTER, demand)
}

/// `GET /admin/settings`.
async fn show(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, &[]);
    let now = visit.app.engine().rules().await?;
    let rules = now.rules;
    let view = SettingsView {
        phones_per_job: rules.phones_per_job.to_string(),
        phones_per_hour: rules.phones_per_hour.to_string(),
        jobs_per_minute: rules.jobs_per_minute.to_string(),
        approve_destructive: rules.approve_destructive,
        approve_disruptive_above: or_blank(rules.approve_disruptive_above),
        approve_disruptive_percent: or_blank(rules.approve_disruptive_percent),
        approve_with_factor: rules.approve_with_factor,
        operators_start: classes(|class| starts(rules.operators_start, class)),
        second_factor: roles(&visit).await?,
        waiting: waiting(&visit, &caller).await?,
        ..in_force(now)
    };
    let html = carillon_ui::settings(&visit.frame, &view);
    Ok(visit.page(html))
}

fn or_blank(limit: Option<u32>) -> String {
    limit.map(|limit| limit.to_string()).unwrap_or_default()
}

fn classes(chosen: impl Fn(&str) -> bool) -> Vec<Choice> {
    let choice = |(class, label): &(&'static str, &'static str)| {
        Choice::new(*class, say(label), chosen(class))
    };
    CLASSES.iter().map(choice).collect()
}

fn starts(started: Started, class: &str) -> bool {
    match class {
        "harmless" => started.harmless,
        "disruptive" => started.disruptive,
        "destructive" => started.destructive,
        _ => started.call_control,
    }
}

/// Boxes say nothing where none is ticked: a hidden field beside them says that they were there.
/// What a form did not have stays as it is kept.
fn typed_classes(fields: &Fields, kept: Started) -> Started {
    if fields.text("operators_start").is_none() {
        return kept;
    }
    let chosen = |class: &str| fields.all("operators_start").any(|value| value == class);
    Started {
        harmless: chosen("harmless"),
        disruptive: chosen("disruptive"),
        destructive: chosen("destructive"),
        call_control: chosen("call_control"),
    }
}

/// The same of one box.
fn ticked(fields: &Fields, name: &str, kept: bool) -> bool {
    match fields.text(name) {
        Some(_) => fields.all(name).any(|value| value == TICKED),
        None => kept,
    }
}

/// A limit as it was typed, or as it is kept.
fn or_kept(fields: &Fields, name: &str, kept: impl ToString) -> String {
    fields
        .text(name)
        .map_or_else(|| kept.to_string(), str::to_owned)
}

/// For whom a second factor is demanded.
async fn roles(visit: &Visit) -> Result<Vec<Choice>, EngineError> {
    let demanded = visit.app.engine().second_factor_roles().await?;
    let choice = |role: &Role| Choice::new(role.as_str(), role.as_str(), demanded.contains(role));
    Ok(Role::ALL.iter().map(choice).collect())
}

/// Changes of this page that wait.
async fn waiting(visit: &Visit, caller: &Caller) -> Result<Vec<ChangeNotice>, EngineError> {
    let kinds = [ChangeKind::Rules, ChangeKind::SecondFactorRoles];
    changes::notices(visit, caller, &kinds, None).await
}

/// `POST /admin/settings/second-factor`.
async fn demand(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["role", "reason"])?;
    let engine = visit.app.engine();
    let mut made = Made::Unchanged;
    // One blank value comes with every form, also where no box is ticked.
    if fields.text("role").is_some() {
        let named = fields.all("role").filter(|role| !role.is_empty());
        let asked: Result<BTreeSet<Role>, _> = named.map(str::parse).collect();
        let unknown = |_| EngineError::invalid("role", "unknown", say("Choose roles."));
        let asked = asked.map_err(unknown)?;
        let reason = fields.or_empty("reason");
        let asking = engine.demand_second_factor(&caller, &asked, &reason);
        made = asking.await?;
    }
    let text = say("Who needs a second factor was saved.");
    Ok(visit.see_other_saying("/admin/settings", &outcome(&made, text)))
}

fn in_force(now: RulesInForce) -> SettingsView {
    SettingsView {
        approvers: now.approvers,
        off: !now.asks_second_person(),
        ..SettingsView::default()
    }
}

/// `POST /admin/settings`.
async fn save(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(FIELDS)?;
    let kept = visit.app.engine().rules().await?.rules;
    let reason = fields.or_empty("reason");
    let saved = match typed(&fields, &kept) {
        Ok(rules) => {
            visit
                .app
                .engine()
                .change_rules(&caller, &rules, &reason)
                .await
        }
        Err(errors) => Err(EngineError::Invalid(errors)),
    };
    match saved {
        Ok(made) => {
            let said = outcome(&made, say("The limits were saved."));
            Ok(visit.see_other_saying("/admin/settings", &said))
        }
        Err(error) => {
            let refused = refusal(error)?;
            again(visit, &caller, &fields, refused).await
        }
    }
}

async fn again(
    visit: Visit,
    caller: &Caller,
    fields: &Fields,
    refused: Refusal,
) -> Result<Response, Problem> {
    let now = visit.app.engine().rules().await?;
    let kept = now.rules;
    let started = typed_classes(fields, kept.operators_start);
    let (above, percent) = (
        or_blank(kept.approve_disruptive_above),
        or_blank(kept.approve_disruptive_percent),
    );
    let view = SettingsView {
        phones_per_job: or_kept(fields, "phones_per_job", kept.phones_per_job),
        phones_per_hour: or_kept(fields, "phones_per_hour", kept.phones_per_hour),
        jobs_per_minute: or_kept(fields, "jobs_per_minute", kept.jobs_per_minute),
        approve_destructive: ticked(fields, "approve_destructive", kept.approve_destructive),
        approve_disruptive_above: or_kept(fields, "approve_disruptive_above", above),
        approve_disruptive_percent: or_kept(fields, "approve_disruptive_percent", percent),
        approve_with_factor: ticked(fields, "approve_with_factor", kept.approve_with_factor),
        operators_start: classes(|class| starts(started, class)),
        reason: fields.or_empty("reason"),
        errors: refused.errors,
        waiting: waiting(&visit, caller).await?,
        second_factor: roles(&visit).await?,
        ..in_force(now)
    };
    let html = carillon_ui::settings(&visit.frame, &view);
    Ok(visit.html(refused.status, html))
}

/// The rules of a form. What it does not name stays as it is kept; a blank is no number, or *never*.
fn typed(fields: &Fields, kept: &Rules) -> Result<Rules, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut number = |field: &str, kept: u32| {
        let Some(text) = fields.text(field) else {
            return kept;
        };
        text.trim().parse().unwrap_or_else(|_| {
            let message = say("Give a whole number.");
            errors.push(FieldError::new(field, "invalid", message));
            0
        })
    };
    let mut or_never = |field: &str, kept: Option<u32>| match fields.text(field) {
        None => kept,
        Some(text) if text.trim().is_empty() => None,
        Some(_) => Some(number(field, 0)),
    };
    let (above, percent) = (
        or_never("approve_disruptive_above", kept.approve_disruptive_above),
        or_never(
            "approve_disruptive_percent",
            kept.approve_disruptive_percent,
        ),
    );
    let rules = Rules {
        phones_per_job: number("phones_per_job", kept.phones_per_job),
        phones_per_hour: number("phones_per_hour", kept.phones_per_hour),
        jobs_per_minute: number("jobs_per_minute", kept.jobs_per_minute),
        approve_destructive: ticked(fields, "approve_destructive", kept.approve_destructive),
        approve_disruptive_above: above,
        approve_disruptive_percent: percent,
        approve_with_factor: ticked(fields, "approve_with_factor", kept.approve_with_factor),
        operators_start: typed_classes(fields, kept.operators_start),
    };
    if errors.is_empty() {
        Ok(rules)
    } else {
        Err(errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other() -> Rules {
        Rules {
            phones_per_job: 7,
            approve_destructive: false,
            approve_disruptive_above: None,
            approve_with_factor: false,
            operators_start: Started {
                destructive: false,
                ..Started::default()
            },
            ..Rules::default()
        }
    }

    fn read(form: &str) -> Rules {
        typed(&Fields::parse(form.as_bytes()), &other()).expect("valid")
    }

    #[test]
    fn what_a_form_does_not_name_stays_as_it_is() {
        assert_eq!(read(""), other());
        let one = read("phones_per_hour=9");
        assert_eq!(
            one,
            Rules {
                phones_per_hour: 9,
                ..other()
            }
        );
    }

    #[test]
    fn blanks_and_boxes_without_a_tick_are_meant() {
        let kept = Rules::default();
        let form = "approve_destructive=no&approve_with_factor=no&approve_with_factor=yes\
                    &approve_disruptive_above=&operators_start=&operators_start=harmless";
        let read = typed(&Fields::parse(form.as_bytes()), &kept).expect("valid");
        assert!(!read.approve_destructive && read.approve_with_factor);
        assert_eq!(read.approve_disruptive_above, None);
        assert_eq!(read.approve_disruptive_percent, Some(10));
        let started = read.operators_start;
        assert!(started.harmless && !started.disruptive && !started.call_control);
        let blank = typed(&Fields::parse(b"phones_per_job="), &kept);
        assert_eq!(blank.expect_err("no number")[0].field, "phones_per_job");
    }
}
