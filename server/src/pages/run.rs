//! `/run`: which phones, what, how fast.
//!
//! Owns step 1. What is chosen is kept sealed as a draft; only its id goes on in the address.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use axum::response::Response;
use carillon_contract::form::Choice;
use carillon_contract::run::{RunView, TargetsSummary, TargetsView};
use carillon_contract::{FormErrors, Href};
use carillon_domain::Mac;
use carillon_domain::job::{JobRequest, TargetSpec};
use carillon_domain::role::Permission;
use carillon_engine::inventory::Selection;
use carillon_engine::jobs::{JobPreview, TargetSurvey};
use carillon_engine::{Caller, Engine, EngineError};
use carillon_language::say;
use serde::{Deserialize, Serialize};

use super::notice;
use super::phone::gone;
use super::visit::{PageResult, Visit};
use crate::fields::{Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

pub mod catalogue;
pub mod form;
pub mod pacing;

use form::RunForm;

const RUN: Access = Access::Needs(Permission::RunJobs);
const KNOWN: &[&str] = &["sel", "filter", "group", "phone", "action", "draft"];
const KIND: &str = "run";
/// Names that are shown of phones that are gone.
const NAMES: usize = 10;
const REVIEW_LASTS: Duration = Duration::from_hours(2);

pub(super) fn routes(table: Table) -> Table {
    table.get("/run", RUN, show).post("/run", RUN, choose).post(
        "/run/without-missing",
        RUN,
        without_missing,
    )
}

/// A job that somebody has chosen and not started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// As typed; `None` when it repeats another job.
    pub form: Option<RunForm>,
    /// What it comes to.
    pub request: JobRequest,
    /// The job that it repeats.
    pub retry_of: Option<String>,
    /// The filter by which its phones were picked in the list.
    pub picked_by: Option<String>,
    /// The phones that would get it when it was last shown.
    pub seen: Vec<Mac>,
    /// Where these were then.
    #[serde(default)]
    pub places: Places,
    /// The protected phones among all that were chosen then.
    #[serde(default)]
    pub protected: Vec<Mac>,
    /// The job that it became.
    #[serde(default)]
    pub started: Option<String>,
}

impl Draft {
    /// Keeps it; says under which id.
    ///
    /// # Errors
    /// Sealed.
    pub async fn keep(&self, engine: &Engine, caller: &Caller) -> Result<String, EngineError> {
        engine.keep_draft(caller, KIND, self, REVIEW_LASTS).await
    }

    /// Opens one.
    ///
    /// # Errors
    /// Not found, also when its time is over or it is somebody else's.
    pub async fn open(engine: &Engine, caller: &Caller, id: &str) -> Result<Self, EngineError> {
        engine.draft(caller, KIND, id).await
    }

    /// Remembers the job that it became.
    ///
    /// # Errors
    /// Sealed.
    pub async fn started(
        &mut self,
        engine: &Engine,
        caller: &Caller,
        (id, job): (&str, &str),
    ) -> Result<(), EngineError> {
        self.started = Some(job.to_owned());
        engine
            .replace_draft(caller, KIND, id, self, REVIEW_LASTS)
            .await
    }

    /// The reason that was typed beside the review stays, whatever page comes next.
    pub fn remember(&mut self, reason: &str) {
        reason.clone_into(&mut self.request.reason);
        if let Some(form) = &mut self.form {
            reason.clone_into(&mut form.reason);
        }
    }

    /// Remembers the phones that were shown.
    ///
    /// # Errors
    /// Sealed.
    pub async fn shown(
        &mut self,
        engine: &Engine,
        caller: &Caller,
        (id, preview): (&str, &JobPreview),
    ) -> Result<(), EngineError> {
        self.seen = macs(preview);
        self.places = Places::of(preview);
        self.protected = preview.plan.protected();
        engine
            .replace_draft(caller, KIND, id, self, REVIEW_LASTS)
            .await
    }
}

/// The sites of phones, each named once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Places {
    sites: Vec<Option<String>>,
    /// For each phone which of them.
    at: Vec<usize>,
}

impl Places {
    /// Of the phones whose site matters: those of [`macs`], then the protected ones.
    pub fn of(preview: &JobPreview) -> Self {
        let mut places = Self::default();
        for phone in preview.plan.placed() {
            let known = places.sites.iter().position(|site| *site == phone.site);
            let at = known.unwrap_or_else(|| {
                places.sites.push(phone.site.clone());
                places.sites.len() - 1
            });
            places.at.push(at);
        }
        places
    }

    /// The site of each of these phones, which come in the order of [`Self::of`].
    pub fn by_phone(&self, macs: impl Iterator<Item = Mac>) -> HashMap<Mac, Option<&String>> {
        let at = self.at.iter().filter_map(|at| self.sites.get(*at));
        let pairs = macs.zip(at);
        pairs.map(|(mac, site)| (mac, site.as_ref())).collect()
    }
}

/// The phones that would get it, without those that only a tick includes.
pub fn macs(preview: &JobPreview) -> Vec<Mac> {
    let free = preview.plan.run.iter().filter(|phone| !phone.protected);
    free.map(|phone| phone.mac).collect()
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
    let view = view(visit.app.engine(), &caller, &form, FormErrors::default()).await?;
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
        return again(visit, &caller, &form, errors).await;
    }
    match engine.preview_job(&caller, &request).await {
        Ok(preview) => {
            let draft = Draft {
                seen: macs(&preview),
                places: Places::of(&preview),
                protected: preview.plan.protected(),
                picked_by: form.picked_by(engine, &caller).await?,
                form: Some(form),
                request,
                retry_of: None,
                started: None,
            };
            let id = draft.keep(engine, &caller).await?;
            Ok(visit.see_other(&format!("/run/review/{id}")))
        }
        Err(EngineError::Invalid(found)) => {
            form.place(found, &mut errors);
            again(visit, &caller, &form, errors).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes those phones out of a selection that are no longer in the inventory. Everything else that
/// was chosen and typed stays.
async fn without_missing(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let form = RunForm::of_post(fields)?;
    let engine = visit.app.engine();
    let selection = engine.selection(&caller, &form.sel).await?;
    let there = engine.phones_by_macs(&caller, &selection.phones).await?;
    let there = Selection::of(there.iter().map(|row| row.phone.mac));
    engine.replace_selection(&caller, &form.sel, &there).await?;
    // What is wrong with the rest is told when it is sent to its review.
    let mut later = FormErrors::default();
    let draft = Draft {
        request: form.request(engine, &caller, &mut later).await?,
        picked_by: form.picked_by(engine, &caller).await?,
        form: Some(form),
        retry_of: None,
        seen: Vec::new(),
        places: Places::default(),
        protected: Vec::new(),
        started: None,
    };
    let id = draft.keep(engine, &caller).await?;
    Ok(visit.see_other(&format!("/run?draft={id}")))
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
    let view = view(visit.app.engine(), caller, form, errors).await?;
    let html = carillon_ui::run(&visit.frame, &view);
    Ok(visit.refused(html))
}

async fn view(
    engine: &Engine,
    caller: &Caller,
    form: &RunForm,
    mut errors: FormErrors,
) -> Result<RunView, EngineError> {
    let first_sight = errors.is_empty();
    let mut found = FormErrors::default();
    let spec = form.targets(engine, caller, &mut found).await?;
    let survey = survey(engine, caller, (&spec, form), &mut found).await?;
    if first_sight {
        errors = found;
    }
    let missing = missing(engine, caller, (&spec, form, survey.as_ref())).await?;
    if missing.1 > 0 {
        // The note above the form tells it, with the way on.
        errors.0.retain(|error| error.field != "targets");
    }
    Ok(RunView {
        targets: TargetsView {
            missing,
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

/// The phones of a selection that the survey did not find.
async fn missing(
    engine: &Engine,
    caller: &Caller,
    (spec, form, survey): (&TargetSpec, &RunForm, Option<&TargetSurvey>),
) -> Result<(Vec<String>, i64), EngineError> {
    let Some(survey) = survey.filter(|_| !form.sel.is_empty()) else {
        return Ok((Vec::new(), 0));
    };
    let there: BTreeSet<Mac> = survey.named.iter().map(|(mac, _)| *mac).collect();
    let gone: BTreeSet<Mac> = spec.phones.iter().copied().collect();
    let gone: Vec<Mac> = gone.difference(&there).copied().collect();
    let some = gone.iter().take(NAMES).copied();
    let some = gone::names(engine, caller, some).await?;
    Ok((some, gone.len() as i64))
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
    let groups = if fixed {
        Vec::new()
    } else {
        engine.groups(caller).await?
    };
    let named = survey.iter().flat_map(|survey| &survey.named);
    let phones = named.filter(|_| form.sel.is_empty());
    Ok(TargetsView {
        sel: form.sel.clone(),
        filter: form.filter.clone(),
        groups: groups
            .into_iter()
            .map(|row| Choice {
                selected: form.groups.contains(&row.group.slug),
                value: row.group.slug,
                label: row.group.name,
                count: Some(row.phones),
            })
            .collect(),
        phones: phones
            .map(|(mac, name)| (mac.to_string(), name.clone()))
            .collect(),
        missing: (Vec::new(), 0),
        summary: survey.map(|survey| summary(form, &survey)),
    })
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

/// The same phones as a list, where a list can show them.
fn list_of(form: &RunForm, survey: &TargetSurvey) -> String {
    let list = Href::new("/phones");
    if !form.sel.is_empty() {
        return list.add("sel", &form.sel).to_string();
    }
    if let [(mac, _)] = survey.named.as_slice() {
        return format!("/phones/{mac}");
    }
    let list = list.add_some("q", form.filter.trim());
    let groups = form.groups.iter();
    groups
        .fold(list, |list, slug| list.add("group", slug))
        .to_string()
}
