//! Until when a job may send.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::action::Verification;
use carillon_domain::job::{EffectiveOptions, JobRequest};

use super::preview::JobPreview;
use crate::Engine;
use crate::error::{EngineError, Result};

/// The longest that waiting for phones of one site to come back is reckoned with.
const MOST_AWAY: Duration = Duration::from_hours(12);

/// The longest that a job takes while everything goes as planned: what it is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlannedTime {
    /// Until the last phone has answered, when each uses its whole time.
    pub answers: Duration,
    /// Until those of the largest site are back, when each is away for as long as it is waited for.
    pub restarts: Duration,
    /// How long one phone is waited for to come back.
    pub away: Duration,
}

impl PlannedTime {
    /// All of it.
    pub fn longest(self) -> Duration {
        self.answers + self.restarts
    }
}

impl Engine {
    /// The longest that a job takes as it is planned.
    pub fn planned_time(&self, preview: &JobPreview) -> PlannedTime {
        let by_site = preview.plan.by_site();
        let largest = by_site.first().map_or(0, |(_, phones)| *phones);
        let away = self.dispatch.patience.away;
        let verification = preview.action.entry().verification;
        PlannedTime {
            answers: preview.options.planned_duration(preview.plan.run.len()),
            restarts: restarts(away, verification, &preview.options, largest),
            away,
        }
    }
}

/// How long the phones of the largest site take to restart, when only so many may be away at once and
/// each is away for so long.
pub(super) fn restarts(
    away: Duration,
    verification: Verification,
    options: &EffectiveOptions,
    phones: usize,
) -> Duration {
    if verification != Verification::ComesBack || !options.limits_sites() {
        return Duration::ZERO;
    }
    let by_share = (phones * options.site_max_down_percent as usize / 100).max(1);
    let by_number = match options.site_max_down as usize {
        0 => usize::MAX,
        most => most,
    };
    // The first phones go alone.
    let rounds = phones.div_ceil(by_share.min(by_number)) + 1;
    let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
    away.saturating_mul(rounds).min(MOST_AWAY)
}

/// Refuses an end that has passed: nothing would be sent at all.
pub(super) fn check(request: &JobRequest, now: Timestamp) -> Result<()> {
    let options = &request.options;
    let begins = options.start_at.map_or(now, |start| start.max(now));
    if options.not_after.is_none_or(|end| end > begins) {
        return Ok(());
    }
    let message = "nothing could be sent before this time: give a later one, or leave it out";
    Err(EngineError::invalid(
        "options.not_after",
        "out_of_range",
        message,
    ))
}

#[cfg(test)]
mod tests {
    use carillon_domain::action::Class;

    use super::*;

    #[test]
    fn phones_that_go_one_after_another_are_given_the_time() {
        let minute = Duration::from_mins(1);
        let took = |class, phones| {
            let options = EffectiveOptions::of_class(class);
            restarts(minute, Verification::ComesBack, &options, phones)
        };
        assert_eq!(took(Class::Disruptive, 9), minute * 10);
        assert_eq!(took(Class::Disruptive, 100), minute * 6);
        assert_eq!(took(Class::Destructive, 30), minute * 31);
        assert_eq!(took(Class::Destructive, 100_000), MOST_AWAY);
        assert_eq!(took(Class::Harmless, 9), Duration::ZERO);
    }
}
