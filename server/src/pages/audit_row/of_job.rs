//! A line of the log that stands for a whole job.
//!
//! Owns what such a line tells: who started it, its command, how many phones, and how it ended or how far it
//! is. *Invariant:* where somebody looks for what a person did, it names that person and no other.

use carillon_contract::list::Link;
use carillon_domain::event::ActorKind;
use carillon_domain::{Counts, JobState, TargetState};
use carillon_language::{number, say, say_many};
use carillon_store::{AuditQuery, AuditRow, JobRow, LonePhone};
use carillon_ui::target_state_within;

use super::Line;
use crate::pages::{action_words, actor_words};

/// Lets the line of a job's newest record tell of the job: what the record says of one phone, or that
/// Carillon noted the end, would look like all of it.
pub(in crate::pages) fn tell(
    line: &mut Line,
    (record, query): (&AuditRow, &AuditQuery),
    (job, lone): (&JobRow, Option<&LonePhone>),
) {
    line.job_stands = Some((job.state, job.counts.problems()));
    line.detail = how_far(job);
    if is_meant(record, query, job) {
        by_whom(line, record, job);
    }
    if let Some((mac, name)) = lone {
        line.phone = Some((*mac, name.clone()));
    } else {
        let phones = say_many!(job.total, "{count} phone", "{count} phones");
        line.phone = None;
        line.object = Some(Link::new(phones, format!("/jobs/{}", job.id)));
    }
}

/// Whether who started the job may be named in place of whoever the record tells of.
fn is_meant(record: &AuditRow, query: &AuditQuery, job: &JobRow) -> bool {
    let event = &record.event;
    let is_starter = is_starter(record, job);
    let of_nobody = event.phone.is_some() || event.actor.kind == ActorKind::System;
    let narrowed = !query.actions.is_empty() || !query.not_actions.is_empty();
    match &query.actor {
        Some(_) => is_starter,
        None => !narrowed || is_starter || of_nobody,
    }
}

fn is_starter(record: &AuditRow, job: &JobRow) -> bool {
    let actor = &record.event.actor;
    (actor.kind, &actor.id) == (job.actor.kind, &job.actor.id)
}

fn by_whom(line: &mut Line, record: &AuditRow, job: &JobRow) {
    line.actor = actor_words::shown(&job.actor.name);
    line.actor_kind = job.actor.kind;
    line.words = words(job);
    line.reason.clone_from(&job.reason);
    // Where somebody else asked from says nothing of who started it.
    if !is_starter(record, job) {
        line.ip = None;
        line.ip_removed = false;
    }
}

fn words(job: &JobRow) -> String {
    let command = action_words::short_title(&job.action);
    match job.state {
        JobState::AwaitingApproval | JobState::Scheduled | JobState::Denied | JobState::Expired => {
            say!("asked for a job: {command}", command)
        }
        state if state.is_terminal() => say!("ran a job: {command}", command),
        _ => say!("runs a job: {command}", command),
    }
}

fn how_far(job: &JobRow) -> String {
    if job.state.is_terminal() {
        return came_to(&job.counts);
    }
    say!(
        "so far {done} of {total} finished",
        done = number(job.counts.done()),
        total = number(job.total)
    )
}

/// `36 verified, 4 failed`.
fn came_to(counts: &Counts) -> String {
    let some = TargetState::ALL
        .iter()
        .map(|state| (*state, counts.get(*state)));
    let some = some.filter(|(_, phones)| *phones > 0);
    let told =
        some.map(|(state, phones)| format!("{} {}", number(phones), target_state_within(state)));
    told.collect::<Vec<_>>().join(", ")
}
