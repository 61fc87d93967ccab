//! Pages that ask before a job, or everything, is stopped.

use carillon_contract::FrameView;
use carillon_contract::job::{StopAllView, StopJobView};
use leptos::prelude::*;

use crate::components::{Field, error_summary, icon, instant_and_age, note, post, submit};
use crate::shell::Page;
use crate::words;

/// `/jobs/{id}/cancel`.
pub fn stop_job(frame: &FrameView, view: &StopJobView) -> String {
    Page::new(format!("Stop: {}", view.title)).narrow().write(frame, |page| {
        let back = format!("/jobs/{}", view.id);
        page.up(&back, &view.title);
        let flying = view.counts.sending + view.counts.verifying;
        let form = post(
            format!("/jobs/{}/cancel", view.id),
            "stack",
            view! {
                {Field::text("reason", "Reason").value(&view.reason).errors(&view.errors).view()}
                <div class="form-end">
                    {submit("danger solid", "stop", format!("Stop sending to {}", words::phones(view.counts.waiting)))}
                    <a class="button" href=back>"Let it run"</a>
                </div>
            },
        );
        view! {
            {error_summary(&view.errors)}
            <ul class="consequences">
                <li>{icon("cancelled")}<span>{format!("{} will not get the command.", sentence_start(view.counts.waiting, "waiting"))}</span></li>
                <li>{icon("working")}<span>{format!("{} will still finish: a request that is under way cannot be called back.", sentence_start(flying, "in flight"))}</span></li>
                <li>{icon("check")}<span>{format!("{} stay as they are.", sentence_start(view.counts.done(), "with an outcome"))}</span></li>
            </ul>
            {form}
        }
        .into_any()
    })
}

fn sentence_start(count: i64, what: &str) -> String {
    format!("{} {what}", words::phones(count))
}

/// `/stop-all`.
pub fn stop_all(frame: &FrameView, view: &StopAllView) -> String {
    let title = if view.stopped.is_some() {
        "Everything is stopped"
    } else {
        "Stop everything"
    };
    Page::new(title).narrow().write(frame, |page| {
        page.up("/", "Overview");
        let may_release = frame.user.as_ref().is_some_and(|user| user.may.release_stop);
        let body = match &view.stopped {
            Some((by, at, reason)) => {
                let reason = (!reason.is_empty()).then(|| view! { <p class="quote">{format!("“{reason}”")}</p> });
                view! {
                    <p>"Stopped by "<strong>{by.clone()}</strong>", "{instant_and_age(*at)}". No request leaves for any phone."</p>
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
    let line = format!(
        "{} with {} waiting. {} in flight will still finish.",
        words::counted(view.running_jobs, "job is running", "jobs are running"),
        words::phones(view.waiting),
        words::phones(view.sending)
    );
    let form = post(
        "/stop-all",
        "stack",
        view! {
            {Field::text("reason", "Reason").value(&view.reason).errors(&view.errors).required().view()}
            <div class="form-end">
                {submit("danger solid", "stop", "Stop everything")}
                <a class="button" href="/">"Leave it"</a>
            </div>
        },
    );
    view! {
        <p>"From now on no request leaves for any phone, from any job, from any server, until an administrator lets it go on."</p>
        <p>{line}</p>
        {form}
    }
    .into_any()
}

fn release(view: &StopAllView, may_release: bool) -> AnyView {
    if !may_release {
        return note("neutral", "info", "An administrator can let it go on.");
    }
    post(
        "/stop-all/release",
        "stack",
        view! {
            {Field::text("reason", "Reason").value(&view.reason).errors(&view.errors).required().view()}
            <p class="muted">"Jobs that were running go on where they stopped."</p>
            <div class="form-end">
                {submit("primary", "run", "Let it go on")}
                <a class="button" href="/">"Leave it stopped"</a>
            </div>
        },
    )
}
