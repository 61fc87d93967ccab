//! Until when a job may send.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::action::Verification;
use carillon_domain::job::{EffectiveOptions, JobRequest};

use super::by_sip::BySip;
use super::preview::JobPreview;
use crate::Engine;
use crate::error::{EngineError, FieldError, Result};

/// The longest that waiting for phones of one site to come back is reckoned with.
const MOST_AWAY: Duration = Duration::from_hours(12);

/// How long an answer by SIP is waited for, whatever the job says: its timers end then.
pub const SIP_ANSWER: Duration = Duration::from_secs(32);

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
            answers: answers(&preview.options, preview.plan.run.len(), &preview.by_sip),
            restarts: restarts(away, verification, &preview.options, largest),
            away,
        }
    }
}

/// Until the last phone has answered. By SIP each is waited for longer; as a second way that comes on top.
fn answers(options: &EffectiveOptions, phones: usize, by_sip: &BySip) -> Duration {
    if !by_sip.is_waited_for() {
        return options.planned_duration(phones);
    }
    let number = |count: i64| usize::try_from(count).unwrap_or(0);
    let slow = EffectiveOptions {
        timeout_ms: u32::try_from(SIP_ANSWER.as_millis()).unwrap_or(u32::MAX),
        ..*options
    };
    let by_http = phones.saturating_sub(number(by_sip.first));
    options.planned_duration(by_http) + slow.planned_duration(number(by_sip.first + by_sip.second))
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
    match problem(request, now) {
        Some(error) => Err(EngineError::Invalid(vec![error])),
        None => Ok(()),
    }
}

/// The same, for who tells it beside other mistakes.
pub(super) fn problem(request: &JobRequest, now: Timestamp) -> Option<FieldError> {
    let options = &request.options;
    let begins = options.start_at.map_or(now, |start| start.max(now));
    let end = options.not_after?;
    let message = "nothing could be sent before this time: give a later one, or leave it out";
    (end <= begins).then(|| FieldError::new("options.not_after", "out_of_range", message))
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

    #[test]
    fn by_sip_an_answer_is_given_more_time() {
        let options = EffectiveOptions {
            window: 10,
            timeout_ms: 8_000,
            ..EffectiveOptions::of_class(Class::Disruptive)
        };
        let took = |first, second, through_pbx| {
            let by_sip = BySip {
                first,
                second,
                through_pbx,
                ..BySip::default()
            };
            answers(&options, 12, &by_sip).as_secs()
        };
        assert_eq!(took(0, 0, 0), 16);
        assert_eq!(took(12, 0, 0), 64, "two rounds of half a minute");
        assert_eq!(took(4, 0, 0), 40, "eight over HTTP, then four by SIP");
        assert_eq!(took(0, 12, 0), 80, "over HTTP, then by SIP");
        assert_eq!(took(12, 0, 12), 16, "a PBX answers for them");
    }
}
