//! What the review shows of a plan.
//!
//! Owns the words and the numbers beside it; what starts is the review's to decide.

use std::time::Duration;

use carillon_contract::Href;
use carillon_contract::run::{PlannedView, ReviewView, SkipView};
use carillon_domain::Cause;
use carillon_domain::job::not_after;
use carillon_domain::role::Role;
use carillon_engine::jobs::{JobPreview, PlannedTime, SIP_ANSWER};
use carillon_engine::{Caller, Engine};
use carillon_language::{say, say_many};

use super::super::action_words;
use super::super::run::pacing;
use super::super::run::ways::Ways;
use super::{Review, back, mark, names};

/// Everything but what the review adds: its warnings, and what is to be typed.
pub(super) fn of(
    engine: &Engine,
    caller: &Caller,
    review: Review<'_>,
    preview: &JobPreview,
) -> ReviewView {
    let (plan, action) = (&preview.plan, &preview.action);
    let entry = action.entry();
    let now = engine.clock.now();
    let time = engine.planned_time(preview);
    let asked = review.draft.request.options.not_after;
    let start = review.draft.request.options.start_at;
    let include_protected = review.typed.include_protected;
    let at_sites = plan.by_site().into_iter();
    ReviewView {
        id: review.id.to_owned(),
        action: action.label(),
        title: action_words::done_to_phones(entry.name),
        effect: say(entry.note).to_owned(),
        class: action_words::class(entry.class),
        params: action_words::shown(entry.name, &action.params_shown()),
        will_run: plan.run.len() as i64,
        will_skip: skipped(review.id, preview),
        by_site: counted(
            at_sites.map(|(site, n)| (site.unwrap_or_else(|| say("no site").to_owned()), n)),
        ),
        by_model: counted(
            plan.by_model()
                .into_iter()
                .map(|(model, n)| (known_or(model), n)),
        ),
        examples: names(plan.run.iter()),
        pacing_in_words: pacing_in_words(preview),
        planned: planned(time, preview),
        start_at: start,
        not_after: Some(asked.unwrap_or_else(|| not_after(start.unwrap_or(now), time.longest()))),
        request_example: preview.request_example.clone(),
        warnings: Vec::new(),
        needs_reason: preview.needs_reason,
        type_count: None,
        protected: protected(caller, preview),
        with_protected: plan.run.len() as i64 + left_out(preview),
        include_protected,
        digest: mark(preview),
        submission: review.id.to_owned(),
        reason: review.typed.reason,
        typed: review.typed.number,
        changed: None,
        asks: false,
        nobody: None,
        too_many: None,
        started: review
            .draft
            .started
            .as_ref()
            .map(|job| format!("/jobs/{job}")),
        back_href: back::href(review.id, &review.draft),
        errors: review.errors,
    }
}

/// What the longest time is made of.
fn planned(time: PlannedTime, preview: &JobPreview) -> PlannedView {
    let seconds = |length: Duration| i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    let ways = ways(preview);
    PlannedView {
        longest: seconds(time.longest()),
        answers: seconds(time.answers),
        each: ways.by_http.then(|| seconds(preview.options.timeout())),
        each_by_sip: ways.by_sip.map(seconds),
        window: i64::from(preview.options.window),
        restarts: seconds(time.restarts),
        away: seconds(time.away),
    }
}

fn pacing_in_words(preview: &JobPreview) -> Vec<String> {
    let mut lines = pacing::in_words_of(&preview.options, ways(preview));
    let by_sip = &preview.by_sip;
    if by_sip.first > 0 {
        lines.push(say_many!(
            by_sip.first,
            "{count} phone by SIP",
            "{count} phones by SIP"
        ));
    }
    if by_sip.second > 0 {
        lines.push(say_many!(
            by_sip.second,
            "{count} phone by SIP where HTTP does not reach it",
            "{count} phones by SIP where HTTP does not reach them"
        ));
    }
    lines
}

/// How its phones are sent to, and which of them nobody can look at afterwards.
fn ways(preview: &JobPreview) -> Ways {
    let (by_sip, run) = (&preview.by_sip, &preview.plan.run);
    let phones = run.len() as i64;
    let unseen = run.iter().filter(|phone| phone.address.is_none());
    Ways {
        by_http: by_sip.first < phones || by_sip.through_pbx > 0,
        by_sip: by_sip.is_waited_for().then_some(SIP_ANSWER),
        phones,
        unseen: by_sip.first.min(unseen.count() as i64),
    }
}

fn skipped(id: &str, preview: &JobPreview) -> Vec<SkipView> {
    let by_name = Href::new(format!("/run/review/{id}/phones"));
    let causes = preview.plan.skipped_by_cause().into_iter();
    causes
        .map(|(cause, count)| SkipView {
            cause,
            count: count as i64,
            href: Some(by_name.clone().add("cause", cause).to_string()),
        })
        .collect()
}

fn counted(pairs: impl Iterator<Item = (String, usize)>) -> Vec<(String, i64)> {
    pairs.map(|(name, count)| (name, count as i64)).collect()
}

fn known_or(model: String) -> String {
    if model.is_empty() {
        say("unknown model").to_owned()
    } else {
        model
    }
}

/// How many protected phones an administrator may include.
fn protected(caller: &Caller, preview: &JobPreview) -> Option<i64> {
    let run = preview.plan.run.iter().filter(|phone| phone.protected);
    let count = run.count() as i64 + left_out(preview);
    (caller.role == Role::Admin && count > 0).then_some(count)
}

/// Protected phones that would get it if they were included.
fn left_out(preview: &JobPreview) -> i64 {
    let skip = preview.plan.skip.iter();
    let able = skip.filter(|(phone, cause)| {
        *cause == Cause::Protected && preview.action.supports(&phone.model)
    });
    able.count() as i64
}
