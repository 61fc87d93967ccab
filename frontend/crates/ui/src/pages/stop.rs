//! Pages that ask before a job, or everything, is stopped.

use carillon_contract::FrameView;
use carillon_contract::job::{StopAllView, StopJobView};
use carillon_domain::{Counts, JobState};
use carillon_language::{quoted, say, say_many};
use leptos::prelude::*;

use crate::components::{
    Field, error_summary, icon, instant_and_age, note, post, said_with, submit,
};
use crate::shell::Page;
use crate::words;

/// `/jobs/{id}/cancel`.
pub(super) fn stop_job(frame: &FrameView, view: &StopJobView) -> String {
    Page::new(say!("Stop: {title}", title = view.title)).narrow().write(frame, |page| {
        let back = format!("/jobs/{}", view.id);
        page.up(&back, &view.title);
        let form = post(
            format!("/jobs/{}/cancel", view.id),
            "stack",
            view! {
                {Field::text("reason", say("Reason")).value(&view.reason).errors(&view.errors).view()}
                <div class="form-end">
                    {submit("danger solid", "stop", say!("Stop sending to {phones}", phones = words::phones(view.counts.waiting)))}
                    <a class="button" href=back>{leave(view.state)}</a>
                </div>
            },
        );
        view! {
            {error_summary(&view.errors)}
            {consequences(&view.counts)}
            {form}
        }
        .into_any()
    })
}

/// What stopping does and does not do; nothing of phones that there are none of.
fn consequences(counts: &Counts) -> AnyView {
    let flying = counts.sending + counts.verifying;
    let waiting = say_many!(
        counts.waiting,
        "{count} phone waiting will not get the command.",
        "{count} phones waiting will not get the command."
    );
    let finishes = say_many!(
        flying,
        "{count} phone in flight will still finish: a request that is under way cannot be called back.",
        "{count} phones in flight will still finish: a request that is under way cannot be called back."
    );
    let stays = say_many!(
        counts.done(),
        "{count} phone with an outcome stays as it is.",
        "{count} phones with an outcome stay as they are."
    );
    let lines = [
        (counts.waiting, "cancelled", waiting),
        (flying, "working", finishes),
        (counts.done(), "check", stays),
    ];
    let lines = lines.into_iter().filter(|(phones, ..)| *phones > 0);
    let lines: Vec<AnyView> = lines
        .map(|(_, symbol, text)| view! { <li>{icon(symbol)}<span>{text}</span></li> }.into_any())
        .collect();
    view! { <ul class="consequences">{lines}</ul> }.into_any()
}

/// The way out beside the button that stops. Of a job that does not run, none lets it run.
fn leave(state: JobState) -> &'static str {
    match state {
        JobState::AwaitingApproval => say("Keep asking"),
        JobState::Scheduled => say("Leave it scheduled"),
        JobState::Paused => say("Leave it paused"),
        JobState::Running => say("Let it run"),
        _ => say("Leave it as it is"),
    }
}

/// `/stop-all`.
pub(super) fn stop_all(frame: &FrameView, view: &StopAllView) -> String {
    let title = if view.stopped.is_some() {
        say("Everything is stopped")
    } else {
        say("Stop everything")
    };
    Page::new(title).narrow().write(frame, |page| {
        page.up("/", say("Overview"));
        let may_release = frame
            .user
            .as_ref()
            .is_some_and(|user| user.may.release_stop);
        let body = match &view.stopped {
            Some((by, at, reason)) => {
                let reason = (!reason.is_empty())
                    .then(|| view! { <p class="quote">{quoted(reason)}</p> });
                view! {
                    <p>{said_with(
                        say("Stopped by {actor}, {when}. No request leaves for any phone."),
                        vec![
                            ("actor", view! { <strong>{by.clone()}</strong> }.into_any()),
                            ("when", at.map_or_else(|| say("since an unknown time").into_any(), instant_and_age)),
                        ],
                    )}</p>
                    {reason}
                    {release(view, may_release)}
                }
                .into_any()
            }
            None => stop_form(view),
        };
        view! { {error_summary(&view.errors)}{body} }.into_any()
    })
}

fn stop_form(view: &StopAllView) -> AnyView {
    let jobs = say_many!(
        view.running_jobs,
        "{count} job is running",
        "{count} jobs are running"
    );
    let waiting = say_many!(view.waiting, "{count} phone waits", "{count} phones wait");
    let flying = say_many!(
        view.sending,
        "{count} in flight will still finish",
        "{count} in flight will still finish"
    );
    let line = format!("{jobs}. {waiting}. {flying}.");
    let form = post(
        "/stop-all",
        "stack",
        view! {
            {Field::text("reason", say("Reason")).value(&view.reason).errors(&view.errors).required().view()}
            <div class="form-end">
                {submit("danger solid", "stop", say("Stop everything"))}
                <a class="button" href="/">{say("Leave it")}</a>
            </div>
        },
    );
    view! {
        <p>{say("From now on no request leaves for any phone, from any job, from any server, until an administrator lets it go on.")}</p>
        {view.beyond_reach.then(|| note("warning", "warning", say("It is an emergency stop: it also holds jobs and phones that you do not see.")))}
        <p>{line}</p>
        {form}
    }
    .into_any()
}

fn release(view: &StopAllView, may_release: bool) -> AnyView {
    if !may_release {
        return note("neutral", "info", say("An administrator can let it go on."));
    }
    post(
        "/stop-all/release",
        "stack",
        view! {
            {Field::text("reason", say("Reason")).value(&view.reason).errors(&view.errors).required().view()}
            <p class="muted">{say("Jobs that were running go on where they stopped.")}</p>
            <div class="form-end">
                {submit("primary", "run", say("Let it go on"))}
                <a class="button" href="/">{say("Leave it stopped")}</a>
            </div>
        },
    )
}
