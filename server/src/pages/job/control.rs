//! Pausing, resuming, stopping and repeating a job.

use axum::extract::Path;
use carillon_contract::FormErrors;
use carillon_contract::frame::{Flash, Tone};
use carillon_contract::job::StopJobView;
use carillon_domain::job::JobRequest;
use carillon_engine::jobs::Again;
use carillon_engine::{Caller, EngineError};
use carillon_language::{retell, say, say_many};
use carillon_store::JobRow;

use super::again;
use crate::fields::Form;
use crate::pages::action_words;
use crate::pages::refused::{refusal, sentence};
use crate::pages::run::{self, Draft};
use crate::pages::visit::{PageResult, Visit, done};
use crate::problem::Problem;

/// `POST /jobs/{id}/pause`.
pub(super) async fn pause(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    fields.only(&[])?;
    let paused = visit.app.engine().pause_job(&caller, &id).await;
    let text = paused.map(|()| say("Paused. What is under way still finishes.").to_owned());
    back(visit, &id, text)
}

/// Back to the job, which shows how it stands. Whoever came too late is told there why nothing was
/// done.
pub(in crate::pages) fn back(
    visit: Visit,
    id: &str,
    outcome: Result<String, EngineError>,
) -> PageResult {
    let flash = match outcome {
        Ok(text) => done(text),
        Err(EngineError::Conflict(why)) => Flash {
            tone: Tone::Neutral,
            text: say!("Nothing was changed: {why}.", why = retell(&why)),
            link: None,
        },
        Err(error) => return Err(error.into()),
    };
    Ok(visit.see_other_saying(&format!("/jobs/{id}"), &flash))
}

/// `POST /jobs/{id}/resume`.
pub(super) async fn resume(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    fields.only(&[])?;
    let resumed = visit.app.engine().resume_job(&caller, &id).await;
    back(visit, &id, resumed.map(|()| say("Going on.").to_owned()))
}

/// `GET /jobs/{id}/cancel`.
pub(super) async fn ask(visit: Visit, caller: Caller, Path(id): Path<String>) -> PageResult {
    let job = visit.app.engine().job(&caller, &id).await?.job;
    if job.state.is_terminal() {
        return Ok(visit.see_other(&format!("/jobs/{id}")));
    }
    let html = carillon_ui::stop_job(&visit.frame, &question(&job));
    Ok(visit.page(html))
}

fn question(job: &JobRow) -> StopJobView {
    let title = action_words::short_title(&job.action);
    let phones = say_many!(job.total, "{count} phone", "{count} phones");
    StopJobView {
        id: job.id.clone(),
        title: format!("{title} · {phones}"),
        state: job.state,
        counts: job.counts,
        reason: String::new(),
        errors: FormErrors::default(),
    }
}

/// `POST /jobs/{id}/cancel`.
pub(super) async fn cancel(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&["reason"])?;
    let reason = fields.or_empty("reason").trim().to_owned();
    let engine = visit.app.engine();
    let stopped = engine.cancel_job_because(&caller, &id, &reason).await;
    if let Err(error @ EngineError::Invalid(_)) = stopped {
        let view = StopJobView {
            reason,
            errors: refusal(error)?.errors,
            ..question(&engine.job(&caller, &id).await?.job)
        };
        let html = carillon_ui::stop_job(&visit.frame, &view);
        return Ok(visit.refused(html));
    }
    let text = stopped.map(|count| {
        say_many!(
            i64::try_from(count).unwrap_or(i64::MAX),
            "Stopped. {count} phone does not get the command.",
            "Stopped. {count} phones do not get the command."
        )
    });
    back(visit, &id, text)
}

/// `POST /jobs/{id}/held/release`: the credential was corrected.
pub(super) async fn release(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&["credential"])?;
    let credential = fields.or_empty("credential");
    let engine = visit.app.engine();
    let held = engine.release_held(&caller, &id, &credential).await;
    let text = held.map(|held| say_many!(held, "{count} phone goes on.", "{count} phones go on."));
    back(visit, &id, text)
}

/// `POST /jobs/{id}/held/skip`: the job goes on without them.
pub(super) async fn skip(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&["credential"])?;
    let credential = fields.or_empty("credential");
    let engine = visit.app.engine();
    let held = engine.skip_held(&caller, &id, &credential).await;
    let text = held.map(|held| {
        say_many!(
            i64::try_from(held).unwrap_or(i64::MAX),
            "{count} phone is left out.",
            "{count} phones are left out."
        )
    });
    back(visit, &id, text)
}

/// `POST /jobs/{id}/retry`: a review of the same command for the phones in these states, but for those of
/// some causes.
pub(super) async fn retry(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&["states", "offered", "causes", "reason"])?;
    let engine = visit.app.engine().clone();
    let reason = fields.or_empty("reason");
    let mut errors = FormErrors::default();
    let again = again::chosen(&fields, &mut errors);
    if again.states.is_empty() {
        errors.push("", "missing", say("Tick which phones to try again."));
    }
    if !errors.is_empty() {
        return again::refused(visit, &caller, &id, (&again, &reason, errors)).await;
    }
    let request = match engine.retry_request(&caller, &id, &again, &reason).await {
        Ok(request) => request,
        Err(EngineError::Invalid(found)) => {
            for error in found {
                errors.push("", error.code, sentence(&error.message));
            }
            return again::refused(visit, &caller, &id, (&again, &reason, errors)).await;
        }
        Err(error) => return Err(error.into()),
    };
    review(visit, &caller, (id, Some(again)), request).await
}

/// `POST /jobs/{id}/again`: a review of the same command for all phones of the job.
pub(super) async fn again(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    fields.only(&[])?;
    let engine = visit.app.engine().clone();
    let request = engine.again_request(&caller, &id, "").await?;
    review(visit, &caller, (id, None), request).await
}

/// Keeps a request that repeats a job, and leads to its review.
async fn review(
    visit: Visit,
    caller: &Caller,
    (id, again): (String, Option<Again>),
    request: JobRequest,
) -> PageResult {
    let engine = visit.app.engine().clone();
    let preview = engine
        .preview_job(caller, &request)
        .await
        .map_err(Problem::from)?;
    let draft = Draft {
        form: None,
        seen: run::macs(&preview),
        places: run::Places::of(&preview),
        protected: preview.plan.protected(),
        request,
        retry_of: Some(id),
        again,
        picked_by: None,
        started: None,
    };
    let draft = draft.keep(&engine, caller).await?;
    Ok(visit.see_other(&format!("/run/review/{draft}")))
}
