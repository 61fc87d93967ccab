//! The top of the job page: where it stands, how it ended, and why.
//!
//! Owns what changes by itself while one watches a job. *Invariant:* nothing moves under whoever
//! aims: numbers, bar, causes and notes change in room that was there before, and the rows below
//! are exchanged only when somebody asks for it or the job ends (`static/job.js`).

use carillon_contract::job::JobSummary;
use carillon_domain::{Cause, Language, TargetState};
use carillon_language::{receive, say};
use leptos::prelude::*;

use super::job_causes::causes;
use super::job_words::{
    changed_text, progress_text, running_since, since_text, state_word, time_text, updated_text,
};
use super::watched::{Watched, rows_changed};
use crate::components::{
    BAR_ORDER, SCORE, bar_label, job_look, percent, score_class, score_count, score_item, segments,
    symbol, target_colour,
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
    /// What is known beside its causes, each text under its name: see `components::Beside`.
    beside: Vec<(String, String)>,
    /// States that the list below is narrowed to.
    states: Vec<TargetState>,
    /// Cause that it is narrowed to.
    cause: Option<Cause>,
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
    let watched = Watched::new(&summary);
    let job_href = format!("/jobs/{}", summary.id);
    follow(&summary, &job_href, watched);

    let live = !summary.state.is_terminal();
    let Watched { latest, shown, .. } = watched;
    view! {
        <section
            class=room(&summary)
            aria-label=say("Where it stands")
            data-state=move || shown.with(|shown| shown.state.as_str())
            data-ended=move || latest.with(|latest| latest.state.is_terminal().then(|| latest.state.as_str()))
            data-result=move || latest.with(|latest| latest.state.is_terminal().then(|| state_word(latest)))
        >
            {job_line(shown)}
            <div class="note-room">
                {move || shown.with(|shown| shown.note.clone()).map(|note| view! { <p class="job-note moment">{note}</p> })}
            </div>
            {score(&job_href, shown)}
            {live_bar(shown)}
            {foot(watched, &job_href, (live, states, cause))}
            <p class="visually-hidden" role="status">{move || watched.spoken.get()}</p>
            {causes(watched, live, (&job_href, &beside.into()))}
        </section>
    }
}

/// A job that one can watch reserves room for what may come: for one cause, or where it has more phones
/// for the lines of four; the others are scrolled to.
fn room(summary: &JobSummary) -> &'static str {
    match (summary.state.is_terminal(), summary.total) {
        (true, _) => "job-summary panel",
        (false, ..=1) => "job-summary panel is-live",
        (false, _) => "job-summary panel is-live for-many",
    }
}

fn job_line(shown: RwSignal<JobSummary>) -> impl IntoView {
    let untold = move || shown.with(|shown| running_since(shown).is_none());
    view! {
        <p class="job-line">
            <span class=move || shown.with(state_class)>{move || shown.with(state_icon)}<span>{move || shown.with(state_word)}</span></span>
            <span class="job-progress tnum">{move || shown.with(progress_text)}</span>
            <span class="job-progress tnum" hidden=move || !untold()>{move || shown.with(time_text)}</span>
            <span class="job-progress tnum moment" hidden=untold>{move || shown.with(since_text)}</span>
        </p>
    }
}

/// When it was so, the switch that makes it stand still, and the way to rows that changed. Each
/// has its room, whether it is seen or not.
fn foot(
    watched: Watched,
    job_href: &str,
    (live, states, cause): (bool, Vec<TargetState>, Option<Cause>),
) -> impl IntoView + use<> {
    let Watched {
        latest,
        shown,
        listed,
        paused,
        listening,
        ..
    } = watched;
    let ended = move || live && latest.with(|latest| latest.state.is_terminal());
    let changed =
        move || shown.with(|now| listed.with(|listed| rows_changed(listed, now, (&states, cause))));
    // A note may come with something to decide, below.
    let standing = |summary: &JobSummary| (summary.state, summary.note.is_some());
    let turned = move || shown.with(standing) != listed.with(standing);
    let text = changed.clone();
    view! {
        <p class="job-foot muted">
            <span class="tnum moment">{move || shown.with(updated_text)}</span>
            <span class="switch">
                <a href=job_href.to_owned() hidden=move || listening.get() || !live || ended()>{say("Refresh")}</a>
                <button
                    class="button small"
                    type="button"
                    hidden=move || !listening.get()
                    on:click=move |_| watched.pause_or_go_on()
                >
                    <span hidden=move || paused.get()>{say("Pause updates")}</span>
                    <span hidden=move || !paused.get()>{say("Resume updates")}</span>
                </button>
            </span>
            <a
                class="button small rows-changed"
                href=job_href.to_owned()
                hidden=move || !ended() && !turned() && changed() == 0
                on:click=move |_| watched.list_anew()
            >
                {move || changed_text(ended(), text())}
            </a>
        </p>
    }
}

fn score(job_href: &str, shown: RwSignal<JobSummary>) -> impl IntoView + use<> {
    let items: Vec<_> = SCORE
        .iter()
        .map(|(word, states)| {
            let first = states[0];
            let of = move || shown.with(|shown| score_count(&shown.counts, states));
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
                    <span class="score-number">{move || shown.with(|shown| words::number(shown.total))}</span>
                    <span class="score-word"><span aria-hidden="true">"Σ"</span><span>{say("All phones")}</span></span>
                </a>
            </li>
        </ul>
    }
}

fn live_bar(shown: RwSignal<JobSummary>) -> impl IntoView {
    let rects: Vec<_> = BAR_ORDER
        .iter()
        .enumerate()
        .map(|(index, state)| {
            let class = format!("seg seg-{}", target_colour(*state));
            let place = move || shown.with(|shown| segments(&shown.counts)[index]);
            view! {
                <rect class=class x=move || percent(place().0) width=move || percent(place().1) height="100%"></rect>
            }
        })
        .collect();
    view! {
        <svg class="bar tall" role="img" aria-label=move || shown.with(|shown| bar_label(&shown.counts))>
            {rects}
        </svg>
    }
}

fn state_class(summary: &JobSummary) -> String {
    let (meaning, _) = job_look(summary.state, summary.counts.problems());
    format!("badge big is-{meaning}")
}

fn state_icon(summary: &JobSummary) -> impl IntoView + use<> {
    let (_, name) = job_look(summary.state, summary.counts.problems());
    symbol(name)
}

/// On the server nothing follows.
#[cfg(not(feature = "hydrate"))]
fn follow(_first: &JobSummary, _job_href: &str, _watched: Watched) {}

/// Listens to the job's feed until it ends.
#[cfg(feature = "hydrate")]
fn follow(first: &JobSummary, job_href: &str, watched: Watched) {
    if first.state.is_terminal() {
        return;
    }
    let address = format!("{job_href}/feed");
    Effect::new(move |_| super::feed::open(watched, &address));
}
