//! When a job starts and when it ends, as people type it.
//!
//! Owns the forms in which a date and a time are taken: those of the field of a browser, of our pages in
//! both languages, and RFC 3339. *Invariant:* what names no zone is meant in the one that the page shows.

use std::time::Duration;

use carillon_contract::FormErrors;
use carillon_domain::Timestamp;
use carillon_language::{retell, say};

/// No zone is further from UTC, in minutes.
const FARTHEST: i64 = 14 * 60;

/// What the script of the page says instead of a zone of a time that its clocks leave out.
const NONE: &str = "none";

/// The instant of a field, which may be blank; what cannot be read goes to `errors`.
pub(super) fn typed(
    field: &str,
    (text, east): (&str, &str),
    errors: &mut FormErrors,
) -> Option<Timestamp> {
    if text.trim().is_empty() {
        return None;
    }
    if east == NONE {
        let message = say("There is no such time on that day: the clocks go forward over it.");
        errors.push(field, "invalid", named(field, message));
        return None;
    }
    let at = read(text, east);
    if at.is_none() {
        let message = match field {
            "start_at" => say("Start at: give a date and a time, such as 2026-11-28 20:00."),
            _ => say("Not after: give a date and a time, such as 2026-11-28 22:00."),
        };
        errors.push(field, "invalid", message);
    }
    at
}

/// A sentence under the name of its field: among other mistakes it would be nobody's.
pub(super) fn named(field: &str, message: &str) -> String {
    let field = match field {
        "start_at" => say("Start at"),
        _ => say("Not after"),
    };
    format!("{field}: {message}", message = retell(message))
}

/// The instant that was typed; `east` = how many minutes the zone of the page is east of UTC, as its
/// script says, and nothing where none runs.
fn read(text: &str, east: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let (day, clock) = text.split_once([' ', 'T'])?;
    let (day, clock) = (date(day)?, clock.trim());
    let seconds = if clock.matches(':').count() == 1 {
        ":00"
    } else {
        ""
    };
    let clock = format!("{clock}{seconds}");
    let at: Timestamp = format!("{day}T{clock:0>8}Z").parse().ok()?;
    let east: i64 = east.parse().unwrap_or(0);
    let shift = Duration::from_secs(east.clamp(-FARTHEST, FARTHEST).unsigned_abs() * 60);
    Some(if east > 0 {
        at.minus(shift)
    } else {
        at.plus(shift)
    })
}

/// `28.11.2026` as `2026-11-28`, which is taken as it is.
fn date(text: &str) -> Option<String> {
    if !text.contains('.') {
        return Some(text.to_owned());
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [day, month, year] = parts[..] else {
        return None;
    };
    Some(format!("{year}-{month:0>2}-{day:0>2}"))
}

#[cfg(test)]
mod tests {
    use carillon_contract::FormErrors;
    use carillon_contract::run::OptionsForm;

    use super::read;
    use crate::pages::run::pacing::Pace;

    #[test]
    fn a_later_start_goes_with_every_pace() {
        let mut pace = Pace {
            options: OptionsForm {
                start_at: "2026-11-28T21:00".to_owned(),
                start_zone: "60".to_owned(),
                ..OptionsForm::default()
            },
            ..Pace::default()
        };
        let mut errors = FormErrors::default();
        let options = pace.options("DNDOn", &mut errors);
        let at = options.start_at.map(|at| at.to_string());
        assert_eq!(at.as_deref(), Some("2026-11-28T20:00:00Z"));
        pace.options.start_at = "tonight".to_owned();
        assert_eq!(pace.options("DNDOn", &mut errors).start_at, None);
        assert!(
            errors
                .of("start_at")
                .is_some_and(|told| told.starts_with("Start at"))
        );
    }

    #[test]
    fn an_end_is_read_as_the_start_is_and_in_its_own_zone() {
        let mut pace = Pace {
            preset: "careful".to_owned(),
            options: OptionsForm {
                start_at: "2026-10-24T22:00".to_owned(),
                start_zone: "120".to_owned(),
                not_after: "2026-10-25T22:00".to_owned(),
                end_zone: "60".to_owned(),
                ..OptionsForm::default()
            },
        };
        let mut errors = FormErrors::default();
        let options = pace.options("DNDOn", &mut errors);
        let told = [options.start_at, options.not_after].map(|at| at.map(|at| at.to_string()));
        let told = told.each_ref().map(Option::as_deref);
        let expected = [Some("2026-10-24T20:00:00Z"), Some("2026-10-25T21:00:00Z")];
        assert_eq!(told, expected, "the clocks went back in between");
        pace.options.not_after = "late".to_owned();
        assert_eq!(pace.options("DNDOn", &mut errors).not_after, None);
        let told = errors.of("not_after");
        assert!(told.is_some_and(|told| told.starts_with("Not after")));
    }

    #[test]
    fn a_time_that_the_clocks_leave_out_is_refused() {
        let pace = Pace {
            options: OptionsForm {
                start_at: "2027-03-28T02:30".to_owned(),
                start_zone: "none".to_owned(),
                ..OptionsForm::default()
            },
            ..Pace::default()
        };
        let mut errors = FormErrors::default();
        assert_eq!(pace.options("DNDOn", &mut errors).start_at, None);
        let told = errors.of("start_at");
        assert!(told.is_some_and(|told| told.starts_with("Start at: There is no such time")));
    }

    #[test]
    fn the_usual_forms_are_taken() {
        let told = |text: &str, east: &str| read(text, east).map(|at| at.to_string());
        let evening = Some("2026-11-28T20:00:00Z".to_owned());
        for text in [
            "2026-11-28T20:00",
            "2026-11-28 20:00",
            " 28.11.2026 20:00 ",
            "2026-11-28T20:00:00Z",
            "2026-11-28 20:00:00",
        ] {
            assert_eq!(told(text, ""), evening, "{text}");
        }
        assert_eq!(told("28.11.2026 21:00", "60"), evening);
        assert_eq!(told("2026-11-28T15:00", "-300"), evening);
        assert_eq!(
            told("2026-11-28T20:00:00Z", "60"),
            evening,
            "it names its zone"
        );
        assert_eq!(
            told("1.2.2026 9:05", "").as_deref(),
            Some("2026-02-01T09:05:00Z")
        );
        for text in [
            "",
            "20:00",
            "tomorrow at 8",
            "28.11. 20:00",
            "31.02.2026 20:00",
        ] {
            assert_eq!(told(text, ""), None, "{text}");
        }
    }
}
