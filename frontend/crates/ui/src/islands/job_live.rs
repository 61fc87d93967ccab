//! The top of the job page: where it stands, how it ended, and why.
//!
//! Owns the feed of a job. *Invariant:* nothing is inserted above what somebody reads but
//! numbers in their places; the table below is never touched.

use carillon_contract::job::{CauseCount, JobSummary};
use carillon_domain::{Counts, JobState, Language};
use carillon_language::{moment, receive, say, say_many};
use leptos::prelude::*;

use crate::components::{
    BAR_ORDER, SCORE, bar_label, cause_item, job_outcome, percent, score_class, score_count,
    score_item, segments, symbol, target_colour,
};
use crate::surroundings::Surroundings;
use crate::words;

/// Where a job stands, kept up to date by its feed while the job runs.
#[island]
pub fn JobLive(
    /// Where it stood when the page was made.
    summary: JobSummary,
    /// Address of the icon sprite.
    icons: String,
    /// Provisioning lines, shown beside `forbidden`.
    snippet: Option<String>,
    /// The language of the page.
    language: Language,
    /// What it says in that language.
    texts: Vec<(String, String)>,
) -> impl IntoView {
    receive(language, &texts);
    Surroundings {
        now: summary.at,
        icons: icons.as_str().into(),
        csrf: "".into(),
    }
    .provide();
    let first = summary.clone();
    let now = RwSignal::new(summary);
    let paused = RwSignal::new(false);
    let listening = RwSignal::new(false);
    let spoken = RwSignal::new(String::new());
    follow(&first, now, paused, listening, spoken);

    let job_href = format!("/jobs/{}", first.id);
    let done_at_first = first.counts.done();
    let reload = job_href.clone();
    let was_running = !first.state.is_terminal();
    let ended = move || now.with(|summary| summary.state.is_terminal());
    let changed = move || now.with(|summary| summary.counts.done()) - done_at_first;
    view! {
        <section class="job-summary panel" aria-label=say("Where it stands") data-ended=move || ended().then_some("yes")>
            <p class="job-line">
                <span class=move || now.with(state_class)>{move || now.with(state_icon)}<span>{move || now.with(state_word)}</span></span>
                <span class="job-progress tnum">{move || now.with(progress_text)}</span>
            </p>
            {score(&job_href, now)}
            {live_bar(now)}
            {move || now.with(|summary| summary.note.clone()).map(|note| view! { <p class="job-note">{note}</p> })}
            <p class="job-foot muted">
                <span class="tnum">{move || now.with(updated_text)}</span>
                <a href=job_href.clone() hidden=move || listening.get() || ended()>{say("Refresh")}</a>
                <button
                    class="button small"
                    type="button"
                    hidden=move || !listening.get()
                    on:click=move |_| paused.update(|value| *value = !*value)
                >
                    {move || if paused.get() { say("Resume updates") } else { say("Pause updates") }}
                </button>
                <a
                    class="rows-changed"
                    href=reload
                    hidden=move || !(ended() && was_running) && changed() == 0
                >
                    {move || if ended() { say("It has ended: show the whole result").to_owned() } else { changed_text(changed()) }}
                </a>
            </p>
            <p class="visually-hidden" role="status">{move || spoken.get()}</p>
            {move || now.with(|summary| cause_list(&summary.causes, &job_href, snippet.as_deref()))}
        </section>
    }
}

fn score(job_href: &str, now: RwSignal<JobSummary>) -> impl IntoView + use<> {
    let items: Vec<_> = SCORE
        .iter()
        .map(|(word, states)| {
            let first = states[0];
            let of = move || now.with(|summary| score_count(&summary.counts, states));
            score_item(
                job_href,
                word,
                states,
                move || score_class(first, of()),
                move || words::number(of()),
            )
        })
        .collect();
    view! {
        <ul class="score">
            {items}
            <li class="score-item score-sum">
                <a href=job_href.to_owned() title=say("All phones of this job")>
                    <span class="score-number">{move || now.with(|summary| words::number(summary.total))}</span>
                    <span class="score-word"><span aria-hidden="true">"Σ"</span><span>{say("All phones")}</span></span>
                </a>
            </li>
        </ul>
    }
}

fn live_bar(now: RwSignal<JobSummary>) -> impl IntoView {
    let rects: Vec<_> = BAR_ORDER
        .iter()
        .enumerate()
        .map(|(index, state)| {
            let class = format!("seg seg-{}", target_colour(*state));
            let place = move || now.with(|summary| segments(&summary.counts)[index]);
            view! {
                <rect class=class x=move || percent(place().0) width=move || percent(place().1) height="100%"></rect>
            }
        })
        .collect();
    view! {
        <svg class="bar tall" role="img" aria-label=move || now.with(|summary| bar_label(&summary.counts))>
            {rects}
        </svg>
    }
}

fn cause_list(
    causes: &[CauseCount],
    job_href: &str,
    snippet: Option<&str>,
) -> Option<impl IntoView + use<>> {
    if causes.is_empty() {
        return None;
    }
    let items: Vec<_> = causes
        .iter()
        .map(|group| cause_item(*group, job_href, snippet))
        .collect();
    Some(view! {
        <div class="causes">
            <h2>{symbol("warning")}<span>{say("Needs a look")}</span></h2>
            <ul>{items}</ul>
        </div>
    })
}

fn state_class(summary: &JobSummary) -> String {
    let (meaning, _, _) = job_outcome(summary.state, summary.counts.problems());
    format!("badge big is-{meaning}")
}

fn state_icon(summary: &JobSummary) -> impl IntoView + use<> {
    let (_, name, _) = job_outcome(summary.state, summary.counts.problems());
    symbol(name)
}

fn state_word(summary: &JobSummary) -> String {
    job_outcome(summary.state, summary.counts.problems()).2
}

fn progress_text(summary: &JobSummary) -> String {
    let done = say!(
        "{done} of {total} finished",
        done = words::number(summary.counts.done()),
        total = words::number(summary.total)
    );
    let time = time_text(summary);
    if time.is_empty() {
        done
    } else {
        format!("{done} · {time}")
    }
}

fn time_text(summary: &JobSummary) -> String {
    match (summary.started_at, summary.finished_at, summary.eta_seconds) {
        (Some(start), Some(end), _) => {
            say!("took {length}", length = words::length(end.since(start)))
        }
        (_, None, Some(left)) if summary.state == JobState::Running => {
            let left = std::time::Duration::from_secs(u64::try_from(left).unwrap_or(0));
            say!("about {span} left", span = words::span(left))
        }
        // How long it has been would stand still between two changes.
        (Some(start), None, _) => say!("since {moment} UTC", moment = moment(start)),
        _ => String::new(),
    }
}

fn updated_text(summary: &JobSummary) -> String {
    say!("As of {moment} UTC", moment = moment(summary.at))
}

fn changed_text(changed: i64) -> String {
    say_many!(
        changed,
        "{count} phone changed since this list was made: show",
        "{count} phones changed since this list was made: show"
    )
}

/// What is read aloud: the counts in one sentence.
#[cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "spoken by the browser half")
)]
pub(super) fn sentence(state: JobState, counts: &Counts) -> String {
    format!("{}: {}", words::job_state(state), bar_label(counts))
}

/// On the server nothing follows.
#[cfg(not(feature = "hydrate"))]
fn follow(
    _first: &JobSummary,
    _now: RwSignal<JobSummary>,
    _paused: RwSignal<bool>,
    _listening: RwSignal<bool>,
    _spoken: RwSignal<String>,
) {
}

/// Listens to the job's feed until it ends.
#[cfg(feature = "hydrate")]
fn follow(
    first: &JobSummary,
    now: RwSignal<JobSummary>,
    paused: RwSignal<bool>,
    listening: RwSignal<bool>,
    spoken: RwSignal<String>,
) {
    if first.state.is_terminal() {
        return;
    }
    let feed = super::feed::Feed {
        now,
        paused,
        listening,
        spoken,
    };
    let address = format!("/jobs/{}/feed", first.id);
    Effect::new(move |_| feed.clone().open(&address));
}
