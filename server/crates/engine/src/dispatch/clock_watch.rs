//! Whether the clock can be believed.
//!
//! Owns the comparison of the clock with the time that really passed. A clock that was set by
//! more than a minute would start, expire or allow commands at the wrong time of day.
//! *Invariant:* after such a jump nothing is claimed until it is recorded, and, where jobs were
//! under way, until somebody lets them go on.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use carillon_domain::event::{Actor, Event};
use carillon_domain::{JobState, Timestamp};
use carillon_store::{JobQuery, Seek, StopAll};

use crate::error::Result;
use crate::{Clock, Engine};

/// How far a clock may be set without asking anybody.
const TOLERANCE: i64 = 60 * 1_000_000;

/// What the clock showed at the last look, and how much time had passed by then.
#[derive(Default)]
pub(super) struct ClockWatch {
    last: Mutex<Option<(Timestamp, Duration)>>,
    /// Held while a jump is recorded: several may see the same one at once.
    recording: tokio::sync::Mutex<()>,
}

impl ClockWatch {
    /// From now on this is what the clock should show.
    pub(super) fn believe(&self, clock: &Clock) {
        *self.lock() = Some((clock.now(), clock.passed()));
    }

    /// By how many microseconds the clock was set since the last look, if by too many. Small
    /// steps, as time services make them, are taken as they come.
    pub(super) fn jumped(&self, clock: &Clock) -> Option<i64> {
        let mut last = self.lock();
        let (now, passed) = (clock.now(), clock.passed());
        let (then, before) = last.unwrap_or((now, passed));
        let expected = then.plus(passed.saturating_sub(before));
        let by = now.micros().saturating_sub(expected.micros());
        if by.abs() > TOLERANCE {
            return Some(by);
        }
        *last = Some((now, passed));
        None
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Timestamp, Duration)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether phones may be claimed as far as the clock is concerned. Stops all sending after a
/// jump; until that is written down, the answer is no.
pub(super) async fn may_claim(engine: &Engine) -> bool {
    let watch = &engine.dispatch.clock_watch;
    if watch.jumped(&engine.clock).is_none() {
        return true;
    }
    let _recording = watch.recording.lock().await;
    let Some(by) = watch.jumped(&engine.clock) else {
        // Somebody else has recorded it meanwhile.
        return false;
    };
    let seconds = by / 1_000_000;
    match stop(engine, seconds).await {
        Ok(()) => watch.believe(&engine.clock),
        Err(error) => tracing::error!(%error, seconds, "the clock jumped; not recorded yet"),
    }
    false
}

/// Records the jump; stops all sending if a job could suffer from it.
async fn stop(engine: &Engine, seconds: i64) -> Result<()> {
    tracing::error!(seconds, "the clock was set while the server ran");
    let now = engine.clock.now();
    let stops = jobs_under_way(engine).await? && engine.store.stop_all().await?.is_none();
    let reason = reason(seconds);
    let mut unit = engine.store.begin().await?;
    let mut event = Event::new(now, Actor::system(), "clock.jumped");
    event.detail = serde_json::json!({ "seconds": seconds, "stopped_all": stops });
    event.reason.clone_from(&reason);
    if stops {
        let stop = StopAll {
            at: now,
            actor: event.actor.name.clone(),
            reason,
        };
        unit.set_stop_all(Some(&stop)).await?;
    }
    unit.record(&[event]).await?.commit().await?;
    Ok(())
}

fn reason(seconds: i64) -> String {
    let direction = if seconds < 0 { "back" } else { "forward" };
    format!(
        "the server's clock was set {direction} by {} s: check it, and which jobs should still \
         run, then release",
        seconds.abs()
    )
}

async fn jobs_under_way(engine: &Engine) -> Result<bool> {
    let query = JobQuery {
        states: vec![JobState::Running, JobState::Stopping, JobState::Scheduled],
        ..JobQuery::default()
    };
    let page = engine.store.job_page(&query, &Seek::Start, 1).await?;
    Ok(!page.items.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_more_than_a_minute_is_a_jump() {
        let clock = Clock::manual(Timestamp::from_micros(1_700_000_000_000_000));
        let watch = ClockWatch::default();
        watch.believe(&clock);
        for (seconds, jumps) in [(60, false), (-60, false), (61, true), (-86_400, true)] {
            clock.advance(Duration::from_hours(8));
            assert_eq!(watch.jumped(&clock), None, "time that passes is no jump");
            clock.set_by(seconds);
            assert_eq!(watch.jumped(&clock).is_some(), jumps, "{seconds} s");
            assert_eq!(
                watch.jumped(&clock).is_some(),
                jumps,
                "it stays one until believed"
            );
            watch.believe(&clock);
        }
    }
}
