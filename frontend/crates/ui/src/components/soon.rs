//! Moments of today and tomorrow, said as people say them: "today at 20:00 UTC".
//!
//! Owns the words for the two days, and how a list tells the moments of today. *Invariant:* today is by the clock of the server, in the zone that
//! the page states: UTC here, and that of whoever reads where `time.js` runs, which is handed that
//! clock and the same words.

use carillon_domain::Timestamp;
use carillon_language::{day, fill, moment, say};
use leptos::prelude::*;

use crate::surroundings::Surroundings;
use crate::words;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Within a sentence: "tomorrow at 20:00 UTC", "at 2026-11-30 20:00:00 UTC".
pub(crate) fn soon(at: Timestamp) -> AnyView {
    near(at, say("at {time}"))
}

/// Standing alone, with its age: "tomorrow at 20:00 UTC (in 30 h)".
pub(crate) fn soon_and_age(at: Timestamp) -> AnyView {
    let age = format!("({})", words::age(Surroundings::of_page().now, at));
    view! { {near(at, "{time}")}" "<span class="muted">{age}</span> }.into_any()
}

/// In a list: the clock alone of what is of today, the day with it of all else; in full on hover.
pub(crate) fn at_a_glance(at: Timestamp) -> AnyView {
    let now = Surroundings::of_page().now;
    let title = format!("{} UTC · {}", moment(at), words::age(now, at));
    let text = glance(now, at);
    view! {
        <time class="tnum" datetime=at.to_string() title=title data-now=now.to_string()>
            {text}
        </time>
    }
    .into_any()
}

fn glance(now: Timestamp, at: Timestamp) -> String {
    let full = format!("{} UTC", moment(at));
    match full.split_once(' ') {
        Some((of, clock)) if of == day(now) => clock.to_owned(),
        _ => full,
    }
}

fn near(at: Timestamp, otherwise: &'static str) -> AnyView {
    let now = Surroundings::of_page().now;
    let days = [say("today at {time}"), say("tomorrow at {time}"), otherwise];
    let text = told(now, at, days);
    let full = format!("{} UTC", moment(at));
    let [today, tomorrow, otherwise] = days;
    view! {
        <time
            class="tnum"
            datetime=at.to_string()
            title=full
            data-now=now.to_string()
            data-today=today
            data-tomorrow=tomorrow
            data-otherwise=otherwise
        >
            {text}
        </time>
    }
    .into_any()
}

/// An instant in UTC, by the words for today, for tomorrow and for every other day.
fn told(now: Timestamp, at: Timestamp, [today, tomorrow, otherwise]: [&str; 3]) -> String {
    let day = |at: Timestamp| at.micros().div_euclid(DAY);
    let (text, time) = match day(at) - day(now) {
        0 => (today, clock(at)),
        1 => (tomorrow, clock(at)),
        _ => (otherwise, moment(at)),
    };
    let time = format!("{time} UTC");
    fill(text, &[("time", &time)])
}

/// `20:00`; with its seconds where it has some.
fn clock(at: Timestamp) -> String {
    let text = at.to_minute_text();
    let clock = text.split_once(' ').map_or("", |(_, clock)| clock);
    clock.strip_suffix(":00").unwrap_or(clock).to_owned()
}

#[cfg(test)]
mod tests {
    use carillon_language::{Language, during};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn says(now: &str, then: &str) -> String {
        let days = [
            say("today at {time}"),
            say("tomorrow at {time}"),
            say("at {time}"),
        ];
        told(at(now), at(then), days)
    }

    #[test]
    fn a_day_is_named_until_tomorrow() {
        let now = "2026-11-30T23:59:59Z";
        for (then, expected) in [
            ("2026-11-30T23:59:59Z", "today at 23:59:59 UTC"),
            ("2026-12-01T00:00:00Z", "tomorrow at 00:00 UTC"),
            ("2026-12-01T20:00:00Z", "tomorrow at 20:00 UTC"),
            ("2026-12-02T00:00:00Z", "at 2026-12-02 00:00:00 UTC"),
            ("2026-11-29T20:00:00Z", "at 2026-11-29 20:00:00 UTC"),
        ] {
            assert_eq!(says(now, then), expected);
        }
    }

    #[test]
    fn a_list_tells_the_day_of_another_day_alone() {
        let now = at("2026-11-30T23:59:59Z");
        for (then, en, de) in [
            ("2026-11-30T20:00:00Z", "20:00:00 UTC", "20:00:00 UTC"),
            (
                "2026-11-29T20:00:07Z",
                "2026-11-29 20:00:07 UTC",
                "29.11.2026 20:00:07 UTC",
            ),
        ] {
            assert_eq!(glance(now, at(then)), en);
            assert_eq!(during(Language::De, || glance(now, at(then))), de);
        }
    }

    #[test]
    fn a_day_is_named_in_german_too() {
        let (now, then) = ("2026-11-28T13:00:00Z", "2026-11-28T20:00:00Z");
        let german = |then| during(Language::De, || says(now, then));
        assert_eq!(german(then), "heute um 20:00 UTC");
        assert_eq!(german("2026-11-29T20:00:00Z"), "morgen um 20:00 UTC");
        let later = german("2026-12-03T20:00:00Z");
        assert_eq!(later, "am 03.12.2026 20:00:00 UTC");
    }
}
