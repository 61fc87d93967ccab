//! What can be done with a job, beside its heading.
//!
//! Owns the buttons of its page. *Invariant:* none of them moves or goes while one watches: what
//! the job's state no longer allows is greyed where it is (`static/job.js`), and what comes with
//! the end has its room from the beginning, behind the bell that nobody needs then. What somebody
//! else's pause or resumption allows comes before the others; only the bell makes room for it.

use carillon_contract::FrameView;
use carillon_contract::job::JobView;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use crate::components::{icon, post, submit};

/// States in which a job can still be stopped.
const STOPPABLE: &str = "awaiting_approval scheduled running paused interrupted";

/// The buttons, in order.
pub(super) fn controls(frame: &FrameView, view: &JobView) -> Vec<AnyView> {
    if view.summary.state.is_terminal() {
        return at_the_end(view, view.retry.is_some());
    }
    let later = if view.controls.again {
        at_the_end(view, true)
    } else {
        Vec::new()
    };
    vec![
        view! { <div class="bell-or-later">{watch(frame, view)}<div class="later">{later}</div></div> }
            .into_any(),
        view! { <div class="controls">{while_it_runs(view)}</div> }.into_any(),
    ]
}

/// Asks to be told when it ends; it shows where scripts run. One's own job is told of anyway.
fn watch(frame: &FrameView, view: &JobView) -> AnyView {
    let own = frame
        .user
        .as_ref()
        .is_some_and(|user| user.name == view.actor);
    // The beginning of the sentence that says how it ended.
    let title = say_many!(
        view.summary.total,
        "{action} of {count} phone",
        "{action} of {count} phones",
        action = view.title
    );
    view! {
        <button
            class="button"
            type="button"
            hidden=true
            data-watch-job=view.summary.id.clone()
            data-title=title
            data-own=own.then_some("")
        >
            {icon("bell")}<span>{say("Tell me when it ends")}</span>
        </button>
    }
    .into_any()
}

fn while_it_runs(view: &JobView) -> Vec<AnyView> {
    let path = format!("/jobs/{}", view.summary.id);
    // Whoever may stop a job may pause and resume it.
    if !view.controls.stop {
        return Vec::new();
    }
    let pause = submit("", "pause", say("Pause"));
    let pause = post(format!("{path}/pause"), "", pause);
    let pause = control("running", view.controls.pause, pause);
    let resume = submit("primary", "run", say("Resume"));
    let resume = post(format!("{path}/resume"), "", resume);
    let resume = control("paused interrupted", view.controls.resume, resume);
    let href = format!("{path}/cancel");
    let stop =
        view! { <a class="button danger" href=href>{icon("stop")}<span>{say("Stop…")}</span></a> };
    let stop = control(STOPPABLE, true, stop.into_any());
    if view.controls.pause {
        vec![resume, pause, stop]
    } else {
        vec![pause, resume, stop]
    }
}

/// A button for some states of the job, hidden until it is in one of them.
fn control(states: &'static str, now: bool, button: AnyView) -> AnyView {
    let hidden = !now;
    view! { <div class="job-control" data-while=states hidden=hidden>{button}</div> }.into_any()
}

fn at_the_end(view: &JobView, retry: bool) -> Vec<AnyView> {
    let path = format!("/jobs/{}", view.summary.id);
    let mut list = Vec::new();
    if retry {
        // It leads somewhere once the form is there.
        let href = view.retry.is_some().then_some("#retry");
        list.push(
            view! { <a class="button to-retry" href=href>{icon("retry")}<span>{say("Try again…")}</span></a> }
                .into_any(),
        );
    }
    if view.controls.again {
        let again = submit("", "retry", say("Run again…"));
        list.push(post(format!("{path}/again"), "", again));
    }
    list
}
