//! Periods as people type them: days, or instants.
//!
//! Owns the parameters `from` and `to`. A day means its whole; both ends are included.
//! *Invariant:* what was read can be written: nothing lies behind the year 9999.

use carillon_language::say;
use std::time::Duration;

use carillon_contract::FormErrors;
use carillon_domain::Timestamp;

const DAY: Duration = Duration::from_hours(24);
/// The last instant that has a text, 9999-12-31T23:59:59.999999Z.
const LAST: Timestamp = Timestamp::from_micros(253_402_300_799_999_999);

/// From when to when; `None` = no end on that side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

impl Period {
    /// From two fields; what is no time is an error beside its field.
    pub fn of(from: &str, to: &str, errors: &mut FormErrors) -> Self {
        let period = Self {
            from: read("from", from, errors).map(|(at, _)| at.min(LAST)),
            to: read("to", to, errors)
                .map(|(at, is_day)| if is_day { at.plus(DAY) } else { at })
                .map(|at| at.min(LAST)),
        };
        if let (Some(start), Some(end)) = (period.from, period.to)
            && end <= start
        {
            errors.push(
                "to",
                "out_of_range",
                say("The end must be later than the beginning."),
            );
        }
        period
    }
}

/// An instant, and whether it is the beginning of a day that was meant whole.
fn read(field: &str, text: &str, errors: &mut FormErrors) -> Option<(Timestamp, bool)> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let day = format!("{text}T00:00:00Z").parse().map(|at| (at, true));
    let found = day.or_else(|_| text.parse().map(|at| (at, false)));
    if found.is_err() {
        let message =
            say("Write a day such as 2026-11-22, or a time such as 2026-11-22T14:00:00Z.");
        errors.push(field, "invalid", message);
    }
    found.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole() {
        let mut errors = FormErrors::default();
        let period = Period::of("2026-11-22", "2026-11-22", &mut errors);
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        assert_eq!(text(period.from), "2026-11-22T00:00:00Z");
        assert_eq!(text(period.to), "2026-11-23T00:00:00Z");
        assert!(errors.is_empty());
        for end in ["9999-12-31", "9999-12-31T23:59:59-10:00"] {
            let period = Period::of("", end, &mut errors);
            assert_eq!(text(period.to), "9999-12-31T23:59:59.999999Z", "{end}");
            assert!(errors.is_empty());
        }
        let late = Period::of("9999-12-31T23:59:59-10:00", "", &mut errors);
        assert_eq!(text(late.from), "9999-12-31T23:59:59.999999Z");
        Period::of("yesterday", "", &mut errors);
        assert!(errors.of("from").is_some());
        Period::of("2026-11-22", "2026-11-21", &mut errors);
        assert!(errors.of("to").is_some());
    }
}
