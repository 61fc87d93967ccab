//! Spans of time as filters write them: `90s`, `15m`, `6h`, `7d`, `2w`.

use std::time::Duration;

const UNITS: [(char, u64); 5] = [
    ('w', 7 * 86_400),
    ('d', 86_400),
    ('h', 3_600),
    ('m', 60),
    ('s', 1),
];
const LONGEST: u64 = 3_650 * 86_400;

/// Reads a span; `None` when it is none, or longer than ten years.
pub(super) fn read(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?.to_ascii_lowercase();
    let (_, seconds) = UNITS.iter().find(|(letter, _)| *letter == unit)?;
    let digits = text.get(..text.len() - 1)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let total = digits.parse::<u64>().ok()?.checked_mul(*seconds)?;
    (1..=LONGEST)
        .contains(&total)
        .then(|| Duration::from_secs(total))
}

/// Writes a span in days, hours, minutes or seconds: the largest of these without a rest.
pub(super) fn write(span: Duration) -> String {
    let seconds = span.as_secs();
    UNITS
        .iter()
        .skip(1)
        .find(|(_, size)| seconds.is_multiple_of(*size))
        .map_or_else(
            || format!("{seconds}s"),
            |(unit, size)| format!("{}{unit}", seconds / size),
        )
}
