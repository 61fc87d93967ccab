//! Numbers to dial.
//!
//! Owns which characters a number has and how it is masked. *Invariant:* it prints only masked;
//! the whole number leaves through [`Number::as_str`] alone.

use std::fmt;
use std::str::FromStr;

/// The most characters of a number.
const MAX_DIGITS: usize = 32;

/// A number to dial: 1 to 32 of `0-9 * # +`.
#[derive(Clone, PartialEq, Eq)]
pub struct Number(String);

/// Why a text is no number. Never says the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNumber {
    /// Nothing but separators.
    #[error("a number needs at least one digit")]
    Empty,
    /// Too long.
    #[error("a number has at most {MAX_DIGITS} characters")]
    TooLong,
    /// A letter or a sign.
    #[error("a number has only digits, *, # and +")]
    Character,
}

impl Number {
    /// The whole number: for the request to the phone and for sealing, nothing else.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last three characters behind dots; only dots for a number that short.
    pub fn masked(&self) -> String {
        let hidden = self.0.len().saturating_sub(3);
        if hidden == 0 {
            return "•••".to_owned();
        }
        format!("{}{}", "•".repeat(hidden), &self.0[hidden..])
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl FromStr for Number {
    type Err = InvalidNumber;

    /// Leaves out `tel:` or `callto:` before it, and spaces, hyphens, dots, slashes and brackets.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let bare = ["tel:", "callto:"]
            .iter()
            .find_map(|scheme| strip_ignoring_case(text, scheme))
            .unwrap_or(text);
        let digits: String = bare
            .chars()
            .filter(|c| !matches!(c, ' ' | '\u{a0}' | '-' | '(' | ')' | '[' | ']' | '.' | '/'))
            .collect();
        if !digits
            .bytes()
            .all(|b| b.is_ascii_digit() || b"*#+".contains(&b))
        {
            return Err(InvalidNumber::Character);
        }
        match digits.len() {
            0 => Err(InvalidNumber::Empty),
            1..=MAX_DIGITS => Ok(Self(digits)),
            _ => Err(InvalidNumber::TooLong),
        }
    }
}

fn strip_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_schemes_are_left_out() {
        for text in ["+49 (30) 123-4", "tel:+49301234", "CallTo:+49.30/1234"] {
            let number: Number = text.parse().expect(text);
            assert_eq!(number.as_str(), "+49301234");
        }
        assert_eq!("".parse::<Number>(), Err(InvalidNumber::Empty));
        assert_eq!("(-)".parse::<Number>(), Err(InvalidNumber::Empty));
        assert_eq!("12a".parse::<Number>(), Err(InvalidNumber::Character));
        assert_eq!(
            "1&key=Reset".parse::<Number>(),
            Err(InvalidNumber::Character)
        );
        assert_eq!(
            "1".repeat(33).parse::<Number>(),
            Err(InvalidNumber::TooLong)
        );
    }

    #[test]
    fn only_the_last_three_are_shown() {
        let number: Number = "+49301234".parse().expect("a number");
        assert_eq!(format!("{number:?}"), "••••••234");
        let short: Number = "112".parse().expect("a number");
        assert_eq!(short.masked(), "•••");
    }
}
