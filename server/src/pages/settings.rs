//! `/admin/settings`: how much one person does alone.

use std::collections::BTreeSet;

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::approvals::SettingsView;
use carillon_contract::form::Choice;
use carillon_domain::role::{Permission, Role};
use carillon_engine::jobs::{Rules, RulesInForce};
use carillon_engine::{Caller, EngineError, FieldError};
use carillon_language::say;

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
        approve_disruptive_above: rules
            .approve_disruptive_above
            .map(|limit| limit.to_string())
            .unwrap_or_default(),
        second_factor: roles(&visit).await?,
        ..in_force(now)
    };
    let html = carillon_ui::settings(&visit.frame, &view);
    Ok(visit.page(html))
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
    };
    if errors.is_empty() {
        Ok(rules)
    } else {
        Err(errors)
    }
}
