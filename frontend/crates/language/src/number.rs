//! Numbers, moments and quotes as each language writes them. The clock is always UTC.

use carillon_domain::Timestamp;

use crate::{Language, current};

/// `12,345`; `12.345` in German.
pub fn number(value: i64) -> String {
    let separator = match current() {
        Language::En => ',',
        Language::De => '.',
    };
    let digits = value.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        text.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// `1.4`; `1,4` in German.
pub fn decimal(value: f64) -> String {
    let text = format!("{value:.1}");
    match current() {
        Language::En => text,
        Language::De => text.replace('.', ","),
    }
}

/// `“fw hangs”`; `„fw hangs“` in German: what somebody typed, standing alone. Within a sentence its
/// marks are part of the sentence.
pub fn quoted(text: &str) -> String {
    match current() {
        Language::En => format!("“{text}”"),
        Language::De => format!("„{text}“"),
    }
}

/// `2026-11-24`; `24.11.2026` in German.
pub fn day(at: Timestamp) -> String {
    let text = moment(at);
    text.split_once(' ')
        .map_or_else(String::new, |(day, _)| day.to_owned())
}

/// `2026-11-24 14:02:07`; `24.11.2026 14:02:07` in German.
pub fn moment(at: Timestamp) -> String {
    let text = at.to_minute_text();
    match (current(), text.split_once(' ')) {
        (Language::De, Some((day, clock))) => format!("{} {clock}", german_day(day)),
        _ => text,
    }
}

fn german_day(day: &str) -> String {
    let mut parts: Vec<&str> = day.split('-').collect();
    parts.reverse();
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::during;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(-1000), "−1,000");
        assert_eq!(during(Language::De, || number(1_234_567)), "1.234.567");
        assert_eq!(during(Language::De, || decimal(1.44)), "1,4");
        assert_eq!(quoted("so"), "“so”");
        assert_eq!(during(Language::De, || quoted("so")), "„so“");
    }

    #[test]
    fn days_stand_first_in_german() {
        let at = Timestamp::from_micros(0);
        assert_eq!(moment(at), "1970-01-01 00:00:00");
        assert_eq!(during(Language::De, || moment(at)), "01.01.1970 00:00:00");
        assert_eq!(day(at), "1970-01-01");
        assert_eq!(during(Language::De, || day(at)), "01.01.1970");
    }
}
