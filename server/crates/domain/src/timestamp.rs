//! Instants.
//!
//! Owns the one representation of time in storage and on the wire. Never asks a clock.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::calendar::{self, Moment};

/// An instant: microseconds since 1970-01-01T00:00:00Z.
///
/// Serialises as RFC 3339 in UTC (`2026-11-22T22:00:00.123456Z`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time such as 2026-11-22T22:00:00Z")]
pub struct InvalidTimestamp;

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This instant moved later, saturating.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// This instant moved earlier, saturating.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// Time from `earlier` to this instant; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `2026-11-22 22:00:00`, for people, in UTC.
    pub fn to_minute_text(self) -> String {
        let at = Moment::of(self.0);
        let date = format!("{:04}-{:02}-{:02}", at.year, at.month, at.day);
        format!("{date} {:02}:{:02}:{:02}", at.hour, at.minute, at.second)
    }
}

/// The text of an instant, without a box of its own: each record of a delivery has one.
struct Text {
    bytes: [u8; 27],
    length: usize,
}

impl Text {
    fn of(at: Moment) -> Self {
        let mut text = Self {
            bytes: *b"0000-00-00T00:00:00.000000Z",
            length: 27,
        };
        text.put(0..4, at.year);
        text.put(5..7, at.month);
        text.put(8..10, at.day);
        text.put(11..13, at.hour);
        text.put(14..16, at.minute);
        text.put(17..19, at.second);
        text.put(20..26, at.micro);
        let told = text.bytes[..26].iter().rposition(|digit| *digit != b'0');
        let end = match told.filter(|_| at.micro > 0) {
            Some(last) => last + 1,
            None => 19,
        };
        text.bytes[end] = b'Z';
        text.length = end + 1;
        text
    }

    /// The last digits of a number.
    fn put(&mut self, place: Range<usize>, mut number: i64) {
        for digit in self.bytes[place].iter_mut().rev() {
            *digit = b'0' + number.rem_euclid(10) as u8;
            number = number.div_euclid(10);
        }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Text::of(Moment::of(self.0)).as_str())
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        calendar::read(text).map(Self).ok_or(InvalidTimestamp)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Text::of(Moment::of(self.0)).as_str())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    #[test]
    fn text_and_back_is_the_same_instant() {
        let at = Timestamp::from_micros(1_763_848_800_123_456);
        assert_eq!(at.to_string().parse(), Ok(at));
    }

    #[test]
    fn the_text_is_the_shortest_of_its_instant() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (120_000, "1970-01-01T00:00:00.12Z"),
            (1, "1970-01-01T00:00:00.000001Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (i64::MAX, "1970-01-01T00:00:00Z"),
        ] {
            let at = Timestamp::from_micros(micros);
            assert_eq!(at.to_string(), text);
            let known = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000);
            let known = known.unwrap_or(OffsetDateTime::UNIX_EPOCH);
            assert_eq!(known.format(&Rfc3339).expect("a text"), text);
        }
    }

    #[test]
    fn zones_become_utc() {
        let a: Timestamp = "2026-11-22T22:00:00+02:00".parse().expect("valid");
        assert_eq!(a.to_string(), "2026-11-22T20:00:00Z");
    }
}
