//! `/admin/settings`: how much one person does alone.

use std::collections::BTreeSet;

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::approvals::SettingsView;
use carillon_contract::form::Choice;
use carillon_domain::role::{Permission, Role};
use carillon_engine::jobs::{Rules, RulesInForce, Started};
use carillon_engine::{Caller, EngineError, FieldError};
use carillon_language::{say, text};

use super::notice;
use super::refused::refusal;
use super::visit::{PageResult, Visit, done};
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
];
/// The classes of commands, as the form names them.
const CLASSES: [(&str, &str); 4] = [
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
async fn show(mut visit: Visit, Query(query): Query) -> PageResult {
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

fn typed_classes(fields: &Fields) -> Started {
    let chosen = |class: &str| fields.all("operators_start").any(|value| value == class);
    Started {
        harmless: chosen("harmless"),
        disruptive: chosen("disruptive"),
        destructive: chosen("destructive"),
        call_control: chosen("call_control"),
    }
}

/// For whom a second factor is demanded.
async fn roles(visit: &Visit) -> Result<Vec<Choice>, EngineError> {
    let demanded = visit.app.engine().second_factor_roles().await?;
    let choice = |role: &Role| Choice::new(role.as_str(), role.as_str(), demanded.contains(role));
    Ok(Role::ALL.iter().map(choice).collect())
}

/// `POST /admin/settings/second-factor`.
async fn demand(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["role"])?;
    let asked: Result<BTreeSet<Role>, _> = fields.all("role").map(str::parse).collect();
    let asked = asked.map_err(|_| EngineError::invalid("role", "unknown", say("Choose roles.")))?;
    let engine = visit.app.engine();
    engine.demand_second_factor(&caller, &asked).await?;
    let text = say("Who needs a second factor was saved.");
    Ok(visit.see_other_saying("/admin/settings", &done(text)))
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
    let saved = match typed(&fields) {
        Ok(rules) => visit.app.engine().change_rules(&caller, &rules).await,
        Err(errors) => Err(EngineError::Invalid(errors)),
    };
    match saved {
        Ok(()) => {
            Ok(visit.see_other_saying("/admin/settings", &done(say("The limits were saved."))))
        }
        Err(error) => {
            let refused = refusal(error)?;
            again(visit, &fields, refused.errors).await
        }
    }
}

async fn again(visit: Visit, fields: &Fields, errors: FormErrors) -> Result<Response, Problem> {
    let view = SettingsView {
        phones_per_job: fields.or_empty("phones_per_job"),
        phones_per_hour: fields.or_empty("phones_per_hour"),
        jobs_per_minute: fields.or_empty("jobs_per_minute"),
        approve_destructive: fields.checked("approve_destructive"),
        approve_disruptive_above: fields.or_empty("approve_disruptive_above"),
        approve_disruptive_percent: fields.or_empty("approve_disruptive_percent"),
        approve_with_factor: fields.checked("approve_with_factor"),
        operators_start: classes(|class| starts(typed_classes(fields), class)),
        errors,
        second_factor: roles(&visit).await?,
        ..in_force(visit.app.engine().rules().await?)
    };
    let html = carillon_ui::settings(&visit.frame, &view);
    Ok(visit.refused(html))
}

fn typed(fields: &Fields) -> Result<Rules, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut number = |field: &str| {
        let parsed = fields.or_empty(field).trim().parse();
        parsed.unwrap_or_else(|_| {
            errors.push(FieldError::new(
                field,
                "invalid",
                say("Give a whole number."),
            ));
            0
        })
    };
    let rules = Rules {
        phones_per_job: number("phones_per_job"),
        phones_per_hour: number("phones_per_hour"),
        jobs_per_minute: number("jobs_per_minute"),
        approve_destructive: fields.checked("approve_destructive"),
        approve_disruptive_above: fields
            .filled("approve_disruptive_above")
            .map(|_| number("approve_disruptive_above")),
        approve_disruptive_percent: fields
            .filled("approve_disruptive_percent")
            .map(|_| number("approve_disruptive_percent")),
        approve_with_factor: fields.checked("approve_with_factor"),
        operators_start: typed_classes(fields),
    };
    if errors.is_empty() {
        Ok(rules)
    } else {
        Err(errors)
    }
}
