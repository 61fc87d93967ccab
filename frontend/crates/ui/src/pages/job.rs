//! `/jobs/{id}`: one job, how it ended on each phone, and why.

use carillon_contract::FrameView;
use carillon_contract::job::{CauseAdvice, HeldView, JobView, RetryCause, RetryForm, RetryState};
use carillon_domain::{Cause, TargetState};
use carillon_language::{quoted, say, say_many};
use leptos::prelude::*;

use super::approvals;
use super::job_controls::controls;
use super::job_go_on as go_on;
use super::job_targets::targets;
use crate::components::{
    Field, LINES, ago, checkbox, class_badge, fact, facts, hidden, instant_and_age, link_button,
    panel, place_of, post, said_with, section, site_of, submit, total_text, unsent_summary,
};
use crate::islands::{JobLive, for_browser};
use crate::shell::{Page, Scripts};
use crate::words;

/// `/jobs/{id}`.
pub(super) fn job(frame: &FrameView, view: &JobView) -> String {
    let title = format!("{} · {}", view.title, words::phones(view.summary.total));
    let scripts = Scripts {
        copy: view.snippet.is_some(),
        islands: !view.summary.state.is_terminal(),
        ..Scripts::default()
    };
    Page::new(title).scripts(scripts).write(frame, |page| {
        page.up("/jobs", say("Jobs"));
        page.lede(lede(view));
        for control in controls(frame, view) {
            page.action(control);
        }
        let retry = view.retry.as_ref().map(|retry| retry_form(view, retry));
        // What was wrong with it must not wait below a hundred phones.
        let wrong = view
            .retry
            .as_ref()
            .is_some_and(|retry| !retry.errors.is_empty());
        let (above, below) = if wrong { (retry, None) } else { (None, retry) };
        let texts = if view.summary.state.is_terminal() {
            Vec::new()
        } else {
            for_browser()
        };
        let live = view! {
            <JobLive
                summary=view.summary.clone()
                icons=frame.assets.icons.clone()
                beside=beside(view)
                states=view.states.clone()
                cause=view.cause
                language=frame.language
                texts=texts
            />
        };
        view! {
            {above}
            {view.approval.as_ref().map(|waits| approvals::on_job(frame, waits))}
            {live}
            {go_on::panel(view)}
            {(!view.held.is_empty()).then(|| held_panel(view))}
            {section("phones", say("Phones"), export(view), targets(view))}
            {below}
            {about(view)}
        }
        .into_any()
    })
}

/// What is known beside the causes, as the island is handed it.
fn beside(view: &JobView) -> Vec<(String, String)> {
    let lines = view.snippet.iter();
    let mut list: Vec<_> = lines
        .map(|lines| (LINES.to_owned(), lines.clone()))
        .collect();
    for told in &view.advice {
        let page = told.href.iter();
        list.extend(page.map(|href| (told.cause.to_string(), href.clone())));
        let site = told.site_href.iter();
        list.extend(site.map(|href| (site_of(told.cause), href.clone())));
        let place = place(told).map(|place| format!(" ({place})"));
        list.extend(place.map(|place| (place_of(told.cause, told.count), place)));
    }
    list
}

/// Where a cause struck: "site Kiel", or "Kiel 5, Ulm 3 and 3 more sites".
fn place(told: &CauseAdvice) -> Option<String> {
    if let ([(name, _)], 0) = (told.sites.as_slice(), told.more_sites) {
        return (!name.is_empty()).then(|| say!("site {name}", name));
    }
    let named = |(name, count): &(String, i64)| {
        let name = if name.is_empty() {
            say("no site")
        } else {
            name.as_str()
        };
        format!("{name} {}", words::number(*count))
    };
    let sites: Vec<String> = told.sites.iter().map(named).collect();
    let sites = sites.join(", ");
    let more = told.more_sites;
    if more == 0 {
        return (!sites.is_empty()).then_some(sites);
    }
    Some(say_many!(
        more,
        "{sites} and {count} more site",
        "{sites} and {count} more sites",
        sites
    ))
}

fn lede(view: &JobView) -> AnyView {
    let reason = if view.reason.is_empty() {
        view! { <span class="muted">{say("no reason given")}</span> }.into_any()
    } else {
        view! { <span class="quote">{quoted(&view.reason)}</span> }.into_any()
    };
    let retry_of = view.retry_of.as_ref().map(|job| {
        view! { <span class="muted">{said_with(
            say("retries {job}"),
            vec![("job", view! { <a href=job.href.clone()>{job.text.clone()}</a> }.into_any())],
        )}</span> }
    });
    let decided = view.decided.as_ref().map(|said| {
        let text = match (said.let_run, said.reason.is_empty()) {
            (true, _) => say("approved by {name} {when}"),
            (false, true) => say("refused by {name} {when}"),
            (false, false) => say("refused by {name} {when}: {reason}"),
        };
        let name = view! { <strong>{said.by.clone()}</strong> };
        let why = view! { <span class="quote">{quoted(&said.reason)}</span> };
        let words = vec![
            ("name", name.into_any()),
            ("when", ago(said.at)),
            ("reason", why.into_any()),
        ];
        view! { <span>{said_with(text, words)}</span> }
    });
    view! {
        <span class="headline">
            <span>{view.targets.clone()}</span>
            {class_badge(view.class)}
            <span>{said_with(
                say("by {actor}"),
                vec![("actor", view! { <strong>{view.actor.clone()}</strong> }.into_any())],
            )}</span>
            {reason}
            <span class="muted">{ago(view.created_at)}</span>
            {decided}
            {retry_of}
        </span>
    }
    .into_any()
}

fn export(view: &JobView) -> Option<AnyView> {
    (!view.export_href.is_empty()).then(|| {
        // What is looked at, as the list below.
        let narrowed = view.cause.is_some() || !view.states.is_empty();
        let total = if narrowed {
            total_text(view.paging.total)
        } else {
            words::number(view.summary.total)
        };
        let word = say!("Export CSV ({total})", total);
        link_button(view.export_href.clone(), "download", word)
    })
}

/// Phones that wait for a corrected password, and the two ways on.
fn held_panel(view: &JobView) -> AnyView {
    let rows: Vec<AnyView> = view.held.iter().map(|held| held_row(view, held)).collect();
    let body = view! {
        <p>{say("Phones lock out who goes on trying a wrong password, so the phones that have it wait. Everything else of the job goes on.")}</p>
        {rows}
        <p>{said_with(
            say("{link}, then let them go on."),
            vec![("link", view! { <a href="/admin/credentials">{say("Correct the credential")}</a> }.into_any())],
        )}</p>
    };
    panel("held", say("A password was refused again and again"), body)
}

fn held_row(view: &JobView, held: &HeldView) -> AnyView {
    let path = format!("/jobs/{}/held", view.summary.id);
    let name = &held.credential;
    let way = |verb: &str, kind: &'static str, icon: &'static str, word: &'static str| {
        let body = view! {
            <input type="hidden" name="credential" value=name.clone() />
            {submit(kind, icon, word)}
        };
        post(format!("{path}/{verb}"), "job-control", body)
    };
    view! {
        <div class="row">
            <span><strong>{name.clone()}</strong>": "{say_many!(held.count, "{count} phone waiting", "{count} phones waiting")}</span>
            {way("release", "primary", "run", say("Let them go on"))}
            {way("skip", "", "stop", say("Leave them out"))}
        </div>
    }
    .into_any()
}

fn retry_form(view: &JobView, retry: &RetryForm) -> AnyView {
    let states: Vec<AnyView> = retry.states.iter().map(retry_state).collect();
    let acknowledged = view.summary.counts.get(TargetState::Acknowledged);
    let took_it = (acknowledged > 0).then(|| {
        let text = say("Acknowledged phones are not offered: they took the request. “Run again…” sends it to all phones of the job.");
        view! { <p class="hint">{text}</p> }
    });
    let body = view! {
        <fieldset class="retry-states">
            <legend>{say("Which phones")}</legend>
            {states}
        </fieldset>
        {took_it}
        {Field::text("reason", say("Reason")).value(&retry.reason).errors(&retry.errors).view()}
        <div class="row">{submit("", "retry", say("Review the retry"))}</div>
    };
    let form = post(
        format!("/jobs/{}/retry", view.summary.id),
        "retry-form",
        body,
    );
    // Above the form, whose parts stand beside each other.
    let body = view! { {unsent_summary(&retry.errors)}{form} };
    panel("retry", say("Try again"), body)
}

/// What is to be done before phones of a cause are tried again, where that would only do harm else.
fn do_first(cause: Cause) -> Option<AnyView> {
    (cause == Cause::AuthFailed).then(|| hint(say("correct the credential first")))
}

fn hint(text: &'static str) -> AnyView {
    view! { <span class="hint">{text}</span> }.into_any()
}

/// A state to tick, or the heading of its causes where there are several.
fn retry_state(retry: &RetryState) -> AnyView {
    let happened = retry.state == TargetState::Unknown;
    let hint = happened.then(|| hint(say("may already have happened")));
    let state = words::target_state(retry.state);
    let count = view! { <span class="tnum muted">{words::number(retry.count)}</span> };
    if retry.causes.len() < 2 {
        let first = retry.causes.first().and_then(|row| do_first(row.cause));
        let label = view! { {state}" "{count}{hint}{first} };
        let tick = checkbox("states", retry.state.as_str(), label, retry.selected);
        return view! { <div>{tick}</div> }.into_any();
    }
    let causes: Vec<AnyView> = retry
        .causes
        .iter()
        .map(|row| retry_cause(retry, row))
        .collect();
    view! {
        <div>
            <p><strong>{state}</strong>" "{count}</p>
            {hint}
            <ul class="plain-list" aria-label=say!("{state}, by cause", state)>{causes}</ul>
        </div>
    }
    .into_any()
}

/// One cause of a state that has several: its tick alone decides. What was offered is sent as well: so a
/// form that knows of no causes leaves none out.
fn retry_cause(retry: &RetryState, row: &RetryCause) -> AnyView {
    let value = format!("{}.{}", retry.state, row.cause);
    let label = view! {
        {words::cause_title(row.cause)}" "<span class="tnum muted">{words::number(row.count)}</span>
        {do_first(row.cause)}
    };
    view! { <li>{hidden("offered", value.clone())}{checkbox("causes", value, label, row.selected)}</li> }
        .into_any()
}

fn about(view: &JobView) -> AnyView {
    let pace: Vec<AnyView> = view
        .pacing_in_words
        .iter()
        .map(|line| view! { <li>{line.clone()}</li> }.into_any())
        .collect();
    let mut items: Vec<AnyView> = view
        .params
        .iter()
        .map(|(label, value)| {
            view! { <div class="fact"><dt>{label.clone()}</dt><dd>{value.clone()}</dd></div> }
                .into_any()
        })
        .collect();
    let command = view! { {view.title.clone()}" "<code class="code">{view.action.clone()}</code> };
    items.push(fact(say("Command"), command));
    items.push(fact(say("Made"), instant_and_age(view.created_at)));
    if let Some(at) = view.summary.started_at {
        items.push(fact(say("First sent"), instant_and_age(at)));
    }
    if let Some(at) = view.summary.finished_at {
        items.push(fact(say("Ended"), instant_and_age(at)));
    }
    if let Some(at) = view.start_at {
        items.push(fact(say("Starts"), instant_and_age(at)));
    }
    if let Some(at) = view.not_after {
        items.push(fact(say("Not sent after"), instant_and_age(at)));
    }
    items.push(fact(
        say("Pace"),
        view! { <ul class="plain-list">{pace}</ul> },
    ));
    if !view.retries.is_empty() {
        items.push(fact(say("Retried by"), links(view)));
    }
    items.push(fact(
        say("Job"),
        view! { <span class="mono">{view.summary.id.clone()}</span> },
    ));
    let audit = link_button(view.audit_href.clone(), "audit", say("What was recorded"));
    panel(
        "about",
        say("About this job"),
        view! {
            {facts(items)}
            <p class="hint">{say("One request as it goes over the wire; secrets are masked.")}</p>
            <pre class="code-block" tabindex="0"><code>{view.request_example.clone()}</code></pre>
            <div class="row">{audit}</div>
        },
    )
}

fn links(view: &JobView) -> AnyView {
    let links: Vec<AnyView> = view
        .retries
        .iter()
        .map(|job| view! { <li><a href=job.href.clone()>{job.text.clone()}</a></li> }.into_any())
        .collect();
    view! { <ul class="inline-list">{links}</ul> }.into_any()
}
