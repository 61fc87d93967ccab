//! `/jobs`: the list.

use carillon_contract::FrameView;
use carillon_contract::jobs::JobsView;
use carillon_language::say;
use leptos::prelude::*;

use crate::components::{
    Field, chips, empty, filter_errors, get, hidden, icon, job_table, link_button, paging,
    primary_link, select, submit, tabs,
};
use crate::shell::Page;

/// `/jobs`.
pub(super) fn jobs(frame: &FrameView, view: &JobsView) -> String {
    Page::new(say("Jobs")).write(frame, |page| {
        let may_run = frame.user.as_ref().is_some_and(|user| user.may.run_jobs);
        if may_run {
            page.action(primary_link("/run", "run", say("Run a command")));
        }
        view! {
            {filter_errors(&view.errors)}
            {tabs(say("Jobs by state"), &view.tabs)}
            {filters(view)}
            {chips(&view.chips, &view.clear_href)}
            {list(view)}
        }
        .into_any()
    })
}

fn filters(view: &JobsView) -> AnyView {
    let filter = &view.filter;
    let body = view! {
        {hidden("tab", view.tab.clone())}
        {select("action", say("Command"), &view.actions, None, &view.errors)}
        {Field::text("actor", say("By")).value(&filter.actor).errors(&view.errors).width("medium").view()}
        {Field::day("from", say("From")).value(&filter.from).errors(&view.errors).view()}
        {Field::day("to", say("To")).value(&filter.to).errors(&view.errors).view()}
        {submit("", "filter", say("Filter"))}
    };
    view! {
        <details class="facets" open=!view.chips.is_empty()>
            <summary>{icon("open")}<span>{say("Filters")}</span></summary>
            {get("/jobs", "filter-row", body)}
        </details>
    }
    .into_any()
}

fn list(view: &JobsView) -> AnyView {
    if !view.rows.is_empty() {
        return view! {
            {job_table(say("Jobs, newest first"), &view.rows)}
            {paging(&view.paging, view.rows.len(), say("Newer"), say("Older"))}
        }
        .into_any();
    }
    if !view.chips.is_empty() {
        let all = link_button(view.clear_href.clone(), "close", say("Clear filters"));
        return empty(
            "search",
            say("No job matches"),
            say("Take one of the filters away."),
            vec![all],
        );
    }
    let (heading, sentence) = match view.tab.as_str() {
        "running" => (
            say("Nothing is under way"),
            say("No command is on its way to a phone."),
        ),
        "scheduled" => (
            say("Nothing is scheduled"),
            say("A job that starts later waits here for its time."),
        ),
        "waiting" => (
            say("No job awaits approval"),
            say("A job for two waits here until somebody lets it run."),
        ),
        "finished" => (
            say("Nothing has finished yet"),
            say("A job comes here once each of its phones has an outcome."),
        ),
        _ => (
            say("No jobs yet"),
            say(
                "A job is one command for a list of phones. Each is kept with what every phone answered.",
            ),
        ),
    };
    empty("jobs", heading, sentence, vec![])
}
