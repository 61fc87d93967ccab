//! Days since 1970 and their dates, and the text of an instant.
//!
//! Owns the Gregorian calendar in UTC, from the year 0 to 9999. Whole numbers only: this also
//! runs in a browser, where a library of time would weigh more than the page.

const SECOND: i64 = 1_000_000;
const DAY_SECONDS: i64 = 86_400;
/// Days from 1 March of the year 0 to 1 January 1970. Years that begin in March end with the day
/// that only some of them have.
const BEFORE_1970: i64 = 719_468;
const DAYS_OF_400_YEARS: i64 = 146_097;
/// The first and the last second that a year of four digits has.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;

/// A date and a clock in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    pub(crate) micro: i64,
}

impl Moment {
    /// The moment of an instant; 1970 for one whose year has no four digits.
    pub(crate) const fn of(micros: i64) -> Self {
        let seconds = micros.div_euclid(SECOND);
        if seconds < FIRST || seconds > LAST {
            return Self::of(0);
        }
        let (year, month, day) = date(seconds.div_euclid(DAY_SECONDS));
        let clock = seconds.rem_euclid(DAY_SECONDS);
        Self {
            year,
            month,
            day,
            hour: clock / 3600,
            minute: clock / 60 % 60,
            second: clock % 60,
            micro: micros.rem_euclid(SECOND),
        }
    }

    /// The instant, in microseconds; `None` when there is no such day or no such clock. A second
    /// that was put in (`:60`) is the one before it.
    fn micros(self) -> Option<i64> {
        let in_range = (1..=12).contains(&self.month)
            && (1..=days_of_month(self.year, self.month)).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second <= 60;
        let seconds = days(self.year, self.month, self.day) * DAY_SECONDS
            + self.hour * 3600
            + self.minute * 60
            + self.second.min(59);
        in_range.then_some(seconds * SECOND + self.micro)
    }
}

/// The date of a day since 1970.
const fn date(day: i64) -> (i64, i64, i64) {
    let day = day + BEFORE_1970;
    let era = day.div_euclid(DAYS_OF_400_YEARS);
    let of_era = day.rem_euclid(DAYS_OF_400_YEARS);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // Months from March: 31, 30, 31, 30, 31 days again and again make 153.
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

/// The day since 1970 of a date.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * DAYS_OF_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - BEFORE_1970
}

const fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Reads RFC 3339, with any offset and any fraction of a second; what is finer than a microsecond
/// is cut off.
pub(crate) fn read(text: &str) -> Option<i64> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    let month = then(&mut rest, b"-")?;
    let day = then(&mut rest, b"-")?;
    let hour = then(&mut rest, b"Tt ")?;
    let minute = then(&mut rest, b":")?;
    let second = then(&mut rest, b":")?;
    let moment = Moment {
        year,
        month,
        day,
        hour,
        minute,
        second,
        micro: fraction(&mut rest)?,
    };
    let away = offset(rest)?;
    moment.micros()?.checked_sub(away)
}

/// So many digits as a number.
fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (number, after) = rest.split_at_checked(count)?;
    *rest = after;
    number.iter().try_fold(0, |sum, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + i64::from(digit - b'0'))
    })
}

/// One of these signs and two digits.
fn then(rest: &mut &[u8], signs: &[u8]) -> Option<i64> {
    let (sign, after) = rest.split_first()?;
    *rest = after;
    signs.contains(sign).then_some(())?;
    digits(rest, 2)
}

/// Microseconds behind the second, where there are any.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let Some(after) = rest.strip_prefix(b".") else {
        return Some(0);
    };
    let length = after
        .iter()
        .take_while(|digit| digit.is_ascii_digit())
        .count();
    let (number, after) = after.split_at_checked(length)?;
    *rest = after;
    let mut micros = 0;
    for place in 0..6 {
        let digit = number.get(place).map_or(0, |digit| i64::from(digit - b'0'));
        micros = micros * 10 + digit;
    }
    (length > 0).then_some(micros)
}

/// How far the clock is ahead of UTC, in microseconds.
fn offset(mut rest: &[u8]) -> Option<i64> {
    let ahead = match rest.first()? {
        b'Z' | b'z' => return (rest.len() == 1).then_some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = then(&mut rest, b"+-")?;
    let minutes = then(&mut rest, b":")?;
    let valid = rest.is_empty() && hours < 24 && minutes < 60;
    valid.then_some(ahead * (hours * 3600 + minutes * 60) * SECOND)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    /// What a library of time makes of a text.
    fn known(text: &str) -> Option<i64> {
        let parsed = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(parsed.unix_timestamp_nanos().div_euclid(1000)).ok()
    }

    proptest! {
        #[test]
        fn every_moment_is_the_one_that_a_library_knows(seconds in FIRST..=LAST, micro in 0..SECOND) {
            let micros = seconds * SECOND + micro;
            let moment = Moment::of(micros);
            let known = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).expect("in range");
            let date = (i64::from(known.year()), i64::from(u8::from(known.month())), i64::from(known.day()));
            let clock = (i64::from(known.hour()), i64::from(known.minute()), i64::from(known.second()));
            prop_assert_eq!((moment.year, moment.month, moment.day), date);
            prop_assert_eq!((moment.hour, moment.minute, moment.second), clock);
            prop_assert_eq!(moment.micros(), Some(micros));
        }

        #[test]
        fn texts_are_read_as_a_library_reads_them(
            year in 0i64..10_000, month in 0i64..14, day in 0i64..33, hour in 0i64..25,
            minute in 0i64..61, second in 0i64..60, fraction in "(\\.[0-9]{1,9})?",
            offset in "Z|[+-](0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]",
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{offset}");
            prop_assert_eq!(read(&text), known(&text), "{}", text);
        }

        #[test]
        fn no_text_breaks_the_reading(text in ".{0,40}") {
            let _ = read(&text);
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "2026",
            "2026-11-22",
            "2026-11-22T22:00:00",
            "2026-11-22T22:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-22T22:00:00.Z",
            "2026-11-22T22:00:00Zx",
            "2026-11-22T22:00:00+2:00",
            "2026-11-22_22:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("2000-02-29T00:00:00Z"), known("2000-02-29T00:00:00Z"));
    }
}
