//! When a job starts, as people type it.
//!
//! Owns the forms in which a date and a time are taken: those of the field of a browser, of our pages in
//! both languages, and RFC 3339. *Invariant:* what names no zone is meant in the one that the page shows.

use std::time::Duration;

use carillon_domain::Timestamp;

/// No zone is further from UTC, in minutes.
const FARTHEST: i64 = 14 * 60;

/// The instant that was typed; `east` = how many minutes the zone of the page is east of UTC, as its
/// script says, and nothing where none runs.
pub(super) fn read(text: &str, east: &str) -> Option<Timestamp> {
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
    use super::read;

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
