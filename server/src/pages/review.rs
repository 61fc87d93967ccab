//! `/run/review/{id}`: exactly what would happen, and the start.
//!
//! Owns step 2. *Invariant:* what starts is what was shown: another set of phones comes back as
//! 409 with the difference, and a form that is sent twice is one job.

use axum::extract::Path;
use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::run::ReviewView;
use carillon_domain::job::{Expect, JobRequest};
use carillon_domain::role::Permission;
use carillon_engine::jobs::{JobPreview, Submission};
use carillon_engine::{Caller, Engine, EngineError};
use carillon_language::{say, say_many, text};
use http::StatusCode;

use super::form;
use super::refused::sentence;
use super::run::{self, Draft};
use super::site_names;
use super::visit::{PageResult, Visit};
use crate::fields::{Fields, Form};
use crate::problem::{Problem, chain};
use crate::router::table::{Access, Table};

mod back;
mod besides;
mod confirm;
pub(super) mod decides;
mod phones;
mod shown;
mod view;

use back::BACK;
use confirm::to_type;
use shown::{change, is_shown, mark, names, seen, seen_places, seen_protected};

const RUN: Access = Access::Needs(Permission::RunJobs);
const FIELDS: &[&str] = &[
    "count",
    "digest",
    "reason",
    "typed",
    "include_protected",
    "submission",
    BACK,
];
/// Said before a job that one person does not start alone.
const WAITS: &str = text!(
    "This needs a second person: it waits up to 30 minutes under Approvals, and runs when somebody else lets it. Its time begins when it is approved."
);
/// Names shown of phones that get it, that came or that went.
const NAMES: usize = 10;

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/run/review/{id}", RUN, show)
        .post("/run/review/{id}", RUN, start)
        .get("/run/review/{id}/phones", RUN, phones::show)
}

/// What was typed on this page.
#[derive(Clone, Debug, Default)]
struct Typed {
    reason: String,
    number: String,
    include_protected: bool,
    expect: Option<Expect>,
    /// Which phones were protected on the page that was looked at.
    protected: Option<String>,
    /// At which sites they were on it.
    places: Option<String>,
}

impl Typed {
    fn of(fields: &Fields) -> Self {
        Self {
            reason: fields.or_empty("reason").trim().to_owned(),
            number: fields.or_empty("typed").trim().to_owned(),
            include_protected: fields.checked("include_protected"),
            expect: fields.text("digest").and_then(seen),
            protected: fields.text("digest").and_then(seen_protected),
            places: fields.text("digest").and_then(seen_places),
        }
    }

    fn apply(&self, request: &JobRequest) -> JobRequest {
        let mut request = request.clone();
        request.reason.clone_from(&self.reason);
        request.options.include_protected = self.include_protected;
        request
    }
}

/// One review: the draft with its id, and what was typed.
struct Review<'a> {
    id: &'a str,
    draft: Draft,
    typed: Typed,
    errors: FormErrors,
}

/// `GET /run/review/{id}`.
async fn show(visit: Visit, caller: Caller, Path(id): Path<String>) -> PageResult {
    let draft = open(visit.app.engine(), &caller, &id).await?;
    let typed = Typed {
        reason: draft.request.reason.clone(),
        ..Typed::default()
    };
    let review = Review {
        id: &id,
        draft,
        typed,
        errors: FormErrors::default(),
    };
    Box::pin(page(visit, caller, review, StatusCode::OK)).await
}

async fn open(engine: &Engine, caller: &Caller, id: &str) -> Result<Draft, Problem> {
    Draft::open(engine, caller, id)
        .await
        .map_err(|error| match error {
            EngineError::NotFound => Problem::from(EngineError::NotFound).detail(say(
                "This review is no longer kept: choose the phones and the command again.",
            )),
            other => other.into(),
        })
}

/// `POST /run/review/{id}`.
async fn start(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(FIELDS)?;
    let engine = visit.app.engine().clone();
    let draft = open(&engine, &caller, &id).await?;
    if fields.filled(BACK).is_some() {
        return back::leave(visit, &caller, (&id, draft), &fields).await;
    }
    let mut review = Review {
        id: &id,
        typed: Typed::of(&fields),
        draft,
        errors: FormErrors::default(),
    };
    if !check(&engine, &caller, &mut review).await? {
        return Box::pin(page(
            visit,
            caller,
            review,
            StatusCode::UNPROCESSABLE_ENTITY,
        ))
        .await;
    }
    let mut request = review.typed.apply(&review.draft.request);
    request.expect.clone_from(&review.typed.expect);
    let submission = Submission {
        // The draft's id is the key: sent twice, it is one job.
        idempotency_key: Some(id.clone()),
        retry_of: review.draft.retry_of.clone(),
        again: review.draft.again.clone(),
        picked_by: review.draft.picked_by.clone(),
        protected: review.typed.protected.clone(),
        places: review.typed.places.clone(),
    };
    match engine.submit_job(&caller, &request, submission).await {
        Ok(job) => {
            let started = (id.as_str(), job.id.as_str());
            if let Err(error) = review.draft.started(&engine, &caller, started).await {
                // The job is there: who is told of an error here would start it again.
                let error = chain(&error);
                tracing::error!(%error, job.id, "a review does not lead to its job");
            }
            Ok(visit.see_other(&format!("/jobs/{}", job.id)))
        }
        Err(EngineError::SetChanged { .. }) => {
            Box::pin(page(visit, caller, review, StatusCode::CONFLICT)).await
        }
        Err(EngineError::Invalid(found)) => {
            place(found, &mut review.errors);
            Box::pin(page(
                visit,
                caller,
                review,
                StatusCode::UNPROCESSABLE_ENTITY,
            ))
            .await
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the form may go to the engine, which has the last word.
async fn check(
    engine: &Engine,
    caller: &Caller,
    review: &mut Review<'_>,
) -> Result<bool, EngineError> {
    if review.typed.expect.is_none() {
        let message = say("Look at the numbers again, then start.");
        review.errors.push("", "missing", message);
        return Ok(false);
    }
    let request = review.typed.apply(&review.draft.request);
    let preview = match engine.preview_job(caller, &request).await {
        Ok(preview) => preview,
        Err(EngineError::Invalid(found)) => {
            place(found, &mut review.errors);
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    let is_shown = is_shown(engine, caller, (&request, &preview), &mut review.typed).await?;
    // Of a set that is not the one that was shown nothing can have been typed rightly.
    if is_shown && preview.needs_reason && review.typed.reason.is_empty() {
        let message = say("Say why: the audit log keeps it.");
        review.errors.push("reason", "required", message);
    }
    if is_shown && preview.plan.run.is_empty() {
        let message = say("No chosen phone can get this command; the table says why.");
        review.errors.push("", "nothing", message);
    }
    let sites = engine.sites(caller).await?;
    if let Some(count) = to_type(&sites, &preview).filter(|_| is_shown)
        && review.typed.number != count.to_string()
    {
        let ask = say!("Type {count} to confirm.", count);
        let message = form::another_number(&review.typed.number, ask);
        review.errors.push("typed", "different", message);
    }
    Ok(review.errors.is_empty())
}

fn place(found: Vec<carillon_engine::FieldError>, errors: &mut FormErrors) {
    for error in found {
        let field = if error.field == "reason" {
            "reason"
        } else {
            ""
        };
        errors.push(field, error.code, sentence(&error.message));
    }
}

/// The review as it is now.
async fn page(
    visit: Visit,
    caller: Caller,
    mut review: Review<'_>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let engine = visit.app.engine().clone();
    let mut request = review.typed.apply(&review.draft.request);
    if request.reason.is_empty() {
        // Without a reason the engine does not even plan for protected phones.
        request.options.include_protected = false;
    }
    let preview = match engine.preview_job(&caller, &request).await {
        Ok(preview) => preview,
        Err(EngineError::Invalid(found)) => {
            return choose_again(visit, &caller, review, found).await;
        }
        Err(error) => return Err(error.into()),
    };
    let protected = preview.plan.protected_digest();
    let seen = review.typed.protected.replace(protected.clone());
    if review.typed.include_protected && seen.is_some_and(|seen| seen != protected) {
        // It was ticked for others.
        review.typed.include_protected = false;
        return Box::pin(page(visit, caller, review, StatusCode::CONFLICT)).await;
    }
    let changed = change(&engine, &caller, &review, &preview).await?;
    if status == StatusCode::CONFLICT && changed.is_none() {
        let message = say("What would happen is no longer what this form showed: look again.");
        review.errors.push("", "changed", message);
    }
    if changed.is_some() {
        review.draft.remember(&review.typed.reason);
        review
            .draft
            .shown(&engine, &caller, (review.id, &preview))
            .await?;
    }
    let total = i64::try_from(preview.total()).unwrap_or(i64::MAX);
    let too_many = run::too_many(&visit, &caller, total);
    let why = match &visit.rules {
        Some(rules) if too_many.is_none() => {
            let asked = (&preview, review.draft.request.options.start_at);
            let alone = engine.for_two(&caller, asked, rules).await?;
            alone.map(|alone| decides::why(&rules.rules, &preview, alone))
        }
        _ => None,
    };
    let waits = why.is_some();
    let others = match &visit.rules {
        Some(found) if waits => Some(engine.job_prospect(&caller, &found.rules).await?),
        _ => None,
    };
    let own = review.draft.started.as_deref();
    let besides = besides::told(&visit, &caller, (&preview, own)).await?;
    let sites = engine.sites(&caller).await?;
    let ends = review.draft.request.options.not_after.is_some();
    let mut view = ReviewView {
        changed,
        asks: waits,
        nobody: others.as_ref().and_then(super::approvals::nobody),
        too_many,
        type_count: to_type(&sites, &preview),
        warnings: [
            waits.then(|| say(WAITS).to_owned()),
            why,
            others.as_ref().and_then(decides::told),
            besides,
            reaches_others(&preview),
            hands_over(&preview),
            outside(&preview, &engine),
        ]
        .into_iter()
        .flatten()
        .collect(),
        ..view::of(&engine, &caller, review, &preview)
    };
    if waits && !ends {
        // Its time begins when somebody lets it run.
        view.not_after = None;
    }
    let names = site_names::of_sites(&sites);
    for (site, _) in &mut view.by_site {
        site_names::put(&names, site);
    }
    let html = carillon_ui::review(&visit.frame, &view);
    Ok(visit.html(status, html))
}

/// Whom a command by SIP reaches besides, as far as the inventory knows.
fn reaches_others(preview: &JobPreview) -> Option<String> {
    let shared = preview.by_sip.shared;
    if shared == 0 {
        return None;
    }
    let mut text = say_many!(
        shared,
        "{count} phone has the SIP address of others: sent by SIP, the command runs on all of them.",
        "{count} phones have a SIP address that others have too: sent by SIP, the command runs on all of them."
    );
    let others = preview.by_sip.others.join(", ");
    if !others.is_empty() {
        text.push(' ');
        text.push_str(&say!(
            "Not chosen, and reached all the same: {others}.",
            others
        ));
    }
    Some(text)
}

/// What a result through a PBX will be, before somebody waits for another.
fn hands_over(preview: &JobPreview) -> Option<String> {
    let phones = preview.by_sip.through_pbx;
    (phones > 0).then(|| {
        say_many!(
            phones,
            "{count} phone is sent to through a PBX, or will be where HTTP does not reach it. A PBX says that it took the command, not what the phone did: the result stays Unknown until its effect is seen.",
            "{count} phones are sent to through a PBX, or will be where HTTP does not reach them. A PBX says that it took the command, not what the phone did: the result stays Unknown until its effect is seen."
        )
    })
}

/// Phones that nothing will be sent to, before somebody wonders.
fn outside(preview: &JobPreview, engine: &Engine) -> Option<String> {
    let phones = preview.outside_networks(&engine.guard()) as i64;
    (phones > 0).then(|| {
        say_many!(
            phones,
            "{count} phone is outside the networks that may be contacted: nothing is sent to it.",
            "{count} phones are outside the networks that may be contacted: nothing is sent to them."
        )
    })
}

/// Nothing can be planned any more: step 1 says why.
async fn choose_again(
    visit: Visit,
    caller: &Caller,
    mut review: Review<'_>,
    found: Vec<carillon_engine::FieldError>,
) -> Result<Response, Problem> {
    review.draft.remember(&review.typed.reason);
    let Some(mut form) = review.draft.form else {
        return Err(EngineError::Invalid(found).into());
    };
    // What this review showed is compared with the next one.
    review.id.clone_into(&mut form.before);
    let mut errors = FormErrors::default();
    form.place(found, &mut errors);
    run::again(visit, caller, &form, errors).await
}
