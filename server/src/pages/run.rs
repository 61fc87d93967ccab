//! `/run`: which phones, what, how fast.
//!
//! Owns step 1. What is chosen is kept sealed as a draft; only its id goes on in the address.

use std::collections::BTreeSet;

use axum::response::Response;
use carillon_contract::form::Choice;
use carillon_contract::run::{RunView, TargetsSummary, TargetsView};
use carillon_contract::{FormErrors, Href};
use carillon_domain::Mac;
use carillon_domain::job::{JobRequest, TargetSpec};
use carillon_domain::role::{Permission, Role};
use carillon_engine::inventory::Selection;
use carillon_engine::jobs::{JobPreview, TargetSurvey};
use carillon_engine::{Caller, Engine, EngineError};
use carillon_language::{say, say_many};

use super::notice;
use super::phone::gone;
use super::selection::list_href;
use super::visit::{PageResult, Visit};
use crate::fields::{Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

pub mod catalogue;
mod draft;
pub mod form;
pub(super) mod moved;
mod numbers;
mod order;
pub mod pacing;
pub mod ways;
mod when;

pub use draft::{Draft, Places, macs};
use form::RunForm;

const RUN: Access = Access::Needs(Permission::RunJobs);
const KNOWN: &[&str] = &["sel", "filter", "site", "group", "phone", "action", "draft"];
/// Names that are shown of phones that are gone.
const NAMES: usize = 10;
/// Phones that are gone and that the button which leaves them out carries: it fits into a form.
const CARRIED: usize = 2_000;

pub(super) fn routes(table: Table) -> Table {
    table.get("/run", RUN, show).post("/run", RUN, choose).post(
        "/run/without-missing",
        RUN,
        without_missing,
    )
}

/// `GET /run`.
async fn show(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, KNOWN);
    let mut form = RunForm::of_query(&query);
    if let Some(id) = query.filled("draft") {
        match Draft::open(visit.app.engine(), &caller, id).await {
            Ok(Draft {
                form: Some(typed), ..
            }) => form = typed,
            Ok(_) | Err(EngineError::NotFound) => {
                notice::warn(
                    &mut visit,
                    say("What you had chosen is no longer kept: choose again."),
                );
            }
            Err(error) => return Err(error.into()),
        }
    }
    let view = view(&visit, &caller, &form, FormErrors::default()).await?;
    let html = carillon_ui::run(&visit.frame, &view);
    Ok(visit.page(html))
}

/// `POST /run`.
async fn choose(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let form = RunForm::of_post(fields)?;
    let engine = visit.app.engine();
    let mut errors = FormErrors::default();
    if form.action.is_empty() {
        errors.push("action", "missing", say("Choose a command."));
    }
    let request = form.request(engine, &caller, &mut errors).await?;
    if !errors.is_empty() {
        form.place(engine.mistakes_of_job(&request), &mut errors);
        return again(visit, &caller, &form, errors).await;
    }
    match engine.preview_job(&caller, &request).await {
        Ok(preview) => {
            let id = review(engine, &caller, (form, &[]), (request, &preview)).await?;
            Ok(visit.see_other(&format!("/run/review/{id}")))
        }
        Err(EngineError::Invalid(found)) => {
            form.place(found, &mut errors);
            again(visit, &caller, &form, errors).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Keeps what was chosen with what it comes to, for its review: by its id. The review tells of phones
/// that left too `late` for the page before it.
async fn review(
    engine: &Engine,
    caller: &Caller,
    (form, late): (RunForm, &[Mac]),
    (request, preview): (JobRequest, &JobPreview),
) -> Result<String, EngineError> {
    let before = moved::before(engine, caller, &form).await?;
    let mut draft = Draft {
        seen: macs(preview),
        places: Places::of(preview),
        protected: preview.plan.protected(),
        picked_by: form.picked_by(engine, caller).await?,
        form: Some(form),
        request,
        retry_of: None,
        again: None,
        started: None,
    };
    draft.promised(late);
    draft.compare_with(before);
    draft.keep(engine, caller).await
}

/// Takes those phones out of a selection that are no longer in the inventory. Everything else that
/// was chosen and typed stays; where nothing else is wrong, the review of the rest is next. Those that
/// left since the page was made, are told there.
async fn without_missing(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let told = RunForm::told_gone(&fields);
    let form = RunForm::of_post(fields)?;
    let engine = visit.app.engine();
    let selection = engine.selection(&caller, &form.sel).await?;
    let there = engine.phones_by_macs(&caller, &selection.phones).await?;
    let there = Selection::of(there.iter().map(|row| row.phone.mac));
    let late = late(&told, selection.phones, &there);
    engine.replace_selection(&caller, &form.sel, &there).await?;
    let mut errors = FormErrors::default();
    let request = form.request(engine, &caller, &mut errors).await?;
    if errors.is_empty() && !form.action.is_empty() {
        match engine.preview_job(&caller, &request).await {
            Ok(preview) => {
                let id = review(engine, &caller, (form, &late), (request, &preview)).await?;
                return Ok(visit.see_other(&format!("/run/review/{id}")));
            }
            Err(EngineError::Invalid(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if !late.is_empty() {
        // They are told on step 1 as those before them.
        let all = there.and(Selection::of(late));
        engine.replace_selection(&caller, &form.sel, &all).await?;
    }
    // What is wrong with the rest is told when it is sent to its review.
    let draft = Draft {
        request,
        picked_by: form.picked_by(engine, &caller).await?,
        form: Some(form),
        retry_of: None,
        again: None,
        seen: Vec::new(),
        places: Places::default(),
        protected: Vec::new(),
        started: None,
    };
    let id = draft.keep(engine, &caller).await?;
    Ok(visit.see_other(&format!("/run?draft={id}")))
}

/// The phones that left behind those of which the page told. One that told of none tells of none late.
fn late(told: &BTreeSet<Mac>, picked: Vec<Mac>, there: &Selection) -> Vec<Mac> {
    if told.is_empty() {
        return Vec::new();
    }
    let gone = picked.into_iter().filter(|mac| !there.has(*mac));
    gone.filter(|mac| !told.contains(mac)).collect()
}

/// Step 1 again, with what was wrong.
///
/// # Errors
/// The storage.
pub async fn again(
    visit: Visit,
    caller: &Caller,
    form: &RunForm,
    errors: FormErrors,
) -> Result<Response, Problem> {
    let view = view(&visit, caller, form, errors).await?;
    let html = carillon_ui::run(&visit.frame, &view);
    Ok(visit.refused(html))
}

async fn view(
    visit: &Visit,
    caller: &Caller,
    form: &RunForm,
    mut errors: FormErrors,
) -> Result<RunView, EngineError> {
    let engine = visit.app.engine();
    let first_sight = errors.is_empty();
    let mut found = FormErrors::default();
    let spec = form.targets(engine, caller, &mut found).await?;
    let survey = survey(engine, caller, (&spec, form), &mut found).await?;
    if first_sight {
        errors = found;
    }
    let lost = lost(&spec, form, survey.as_ref());
    let missing = missing(engine, caller, &lost).await?;
    if !lost.is_empty() {
        // The note above the form tells it, with the way on.
        errors.0.retain(|error| error.field != "targets");
    }
    order::as_on_page(&mut errors);
    Ok(RunView {
        before: form.before.clone(),
        moved: moved::since(engine, caller, form).await?,
        too_many: survey
            .as_ref()
            .and_then(|survey| too_many(visit, caller, survey.phones)),
        targets: TargetsView {
            missing,
            gone: carried(&lost),
            ..targets(engine, caller, form, survey).await?
        },
        actions: catalogue::groups(caller, form),
        action: form.action.clone(),
        pacing: form.pace.choices(),
        options: form.pace.options.clone(),
        reason: form.reason.clone(),
        errors,
    })
}

/// Said of more phones than one job of an operator takes, before anything else is typed.
pub(super) fn too_many(visit: &Visit, caller: &Caller, phones: i64) -> Option<String> {
    let most = i64::from(visit.rules.as_ref()?.rules.phones_per_job);
    let limited = caller.user_id.is_some() && caller.role == Role::Operator;
    (limited && phones > most).then(|| {
        say!(
            "{chosen} are chosen, and one job of an operator takes {most} at most; those that are left out count too. Choose fewer, by site or by group, or ask an administrator to start it.",
            chosen = say_many!(phones, "{count} phone", "{count} phones"),
            most
        )
    })
}

/// The phones of a selection that the survey did not find.
fn lost(spec: &TargetSpec, form: &RunForm, survey: Option<&TargetSurvey>) -> Vec<Mac> {
    let Some(survey) = survey.filter(|_| !form.sel.is_empty()) else {
        return Vec::new();
    };
    let there: BTreeSet<Mac> = survey.named.iter().map(|(mac, _)| *mac).collect();
    let picked: BTreeSet<Mac> = spec.phones.iter().copied().collect();
    picked.difference(&there).copied().collect()
}

/// Some of them by name, and how many they are.
async fn missing(
    engine: &Engine,
    caller: &Caller,
    lost: &[Mac],
) -> Result<(Vec<String>, i64), EngineError> {
    if lost.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let some = lost.iter().take(NAMES).copied();
    let some = gone::names(engine, caller, some).await?;
    Ok((some, lost.len() as i64))
}

/// As the button carries them that goes on without them.
fn carried(lost: &[Mac]) -> String {
    if lost.len() > CARRIED {
        return String::new();
    }
    let macs: Vec<String> = lost.iter().map(|mac| mac.digits()).collect();
    macs.join(" ")
}

async fn survey(
    engine: &Engine,
    caller: &Caller,
    (spec, form): (&TargetSpec, &RunForm),
    errors: &mut FormErrors,
) -> Result<Option<TargetSurvey>, EngineError> {
    if spec.is_empty() {
        return Ok(None);
    }
    match engine.survey_targets(caller, spec).await {
        Ok(survey) => Ok(Some(survey)),
        Err(EngineError::Invalid(found)) => {
            form.place(found, errors);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn targets(
    engine: &Engine,
    caller: &Caller,
    form: &RunForm,
    survey: Option<TargetSurvey>,
) -> Result<TargetsView, EngineError> {
    let fixed = !(form.sel.is_empty() && form.phones.is_empty());
    let (sites, groups) = if fixed {
        (Vec::new(), Vec::new())
    } else {
        (engine.sites(caller).await?, engine.groups(caller).await?)
    };
    let named = survey.iter().flat_map(|survey| &survey.named);
    let phones = named.filter(|_| form.sel.is_empty());
    Ok(TargetsView {
        sel: form.sel.clone(),
        filter: form.filter.clone(),
        sites: sites
            .into_iter()
            .map(|row| choice((row.site.slug, row.site.name, row.phones), &form.sites))
            .collect(),
        groups: groups
            .into_iter()
            .map(|row| choice((row.group.slug, row.group.name, row.phones), &form.groups))
            .collect(),
        phones: phones
            .map(|(mac, name)| (mac.to_string(), name.clone()))
            .collect(),
        missing: (Vec::new(), 0),
        gone: String::new(),
        summary: survey.map(|survey| summary(form, &survey)),
    })
}

/// A place to tick, with its number of phones.
fn choice((value, label, phones): (String, String, i64), chosen: &[String]) -> Choice {
    Choice {
        selected: chosen.contains(&value),
        value,
        label,
        count: Some(phones),
    }
}

fn summary(form: &RunForm, survey: &TargetSurvey) -> TargetsSummary {
    TargetsSummary {
        phones: survey.phones,
        sites: survey.sites,
        models: survey.models,
        offline: survey.offline,
        protected: survey.protected,
        no_address: survey.no_address,
        href: list_of(form, survey),
    }
}

/// The same phones as a list; empty where no list shows exactly these.
fn list_of(form: &RunForm, survey: &TargetSurvey) -> String {
    if !form.sel.is_empty() {
        return list_href(&form.sel, "");
    }
    match survey.named.as_slice() {
        [] => {}
        [(mac, _)] if survey.phones == 1 => return format!("/phones/{mac}"),
        _ => return String::new(),
    }
    let filter = form.whole_filter().unwrap_or_default();
    if !filter.is_empty() && form.groups.iter().any(|slug| !slug.is_empty()) {
        // A list shows who is in both; the command gets whoever is in one of them.
        return String::new();
    }
    let list = Href::new("/phones");
    let list = list.add_some("q", &filter);
    let groups = form.groups.iter();
    groups
        .fold(list, |list, slug| list.add("group", slug))
        .to_string()
}
