//! The text of a record: what is stored, hashed and handed out.
//!
//! Owns its form: one object of JSON that begins with the record's number. *Invariant:* what was
//! written is read as the same number and event.

use carillon_domain::event::Event;

const BEGINNING: &str = "{\"seq\":";
const BOOT: &str = ",\"boot\":";
const SOURCE: &str = ",\"source\":";

/// What is stored and hashed: the number, the run that writes, the commitment to where it came from,
/// then the event's own fields.
pub(super) fn write(
    seq: i64,
    (boot, source, event): (&str, Option<&str>, &Event),
) -> Option<String> {
    let mut bytes = Vec::with_capacity(640);
    bytes.extend_from_slice(BEGINNING.as_bytes());
    bytes.extend_from_slice(seq.to_string().as_bytes());
    for (name, value) in [(BOOT, Some(boot)), (SOURCE, source)] {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            continue;
        };
        bytes.extend_from_slice(name.as_bytes());
        serde_json::to_writer(&mut bytes, value).ok()?;
    }
    let comma = bytes.len();
    serde_json::to_writer(&mut bytes, event).ok()?;
    // The brace that the event begins with: it always has fields.
    *bytes.get_mut(comma)? = b',';
    String::from_utf8(bytes).ok()
}

/// Number and event; `None` where the text is no record.
pub(super) fn read(entry: &str) -> Option<(i64, Event)> {
    Some((number(entry)?, serde_json::from_str(entry).ok()?))
}

/// The commitment that an entry holds behind its number and run.
pub(super) fn source(entry: &str) -> Option<&str> {
    let rest = entry.strip_prefix(BEGINNING)?;
    let rest = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let rest = match rest.strip_prefix(BOOT) {
        Some(boot) => boot.strip_prefix('"')?.split_once('"')?.1,
        None => rest,
    };
    rest.strip_prefix(SOURCE)?
        .strip_prefix('"')?
        .split('"')
        .next()
}

/// The number that an entry begins with.
pub(super) fn number(entry: &str) -> Option<i64> {
    entry
        .strip_prefix(BEGINNING)?
        .split(',')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use carillon_domain::Timestamp;
    use carillon_domain::event::Actor;

    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let event = Event::new(Timestamp::from_micros(1), Actor::system(), "test.told");
        let entry = write(17, ("", None, &event)).expect("written");
        assert_eq!(source(&entry), None);
        assert_eq!(read(&entry), Some((17, event.clone())));
        for wrong in [
            "",
            "{}",
            "{\"seq\":17}",
            "{\"seq\":x,",
            &entry[1..],
            &entry[..40],
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_is_never_written() {
        let mut event = Event::new(Timestamp::from_micros(1), Actor::system(), "test.told");
        event.ip = Some("10.0.0.1".to_owned());
        let entry = write(17, ("run-1", Some("abc-_9"), &event)).expect("written");
        assert!(!entry.contains("10.0.0.1"), "{entry}");
        assert_eq!(source(&entry), Some("abc-_9"));
        event.source = Some("abc-_9".to_owned());
        event.boot = "run-1".to_owned();
        event.ip = None;
        assert_eq!(read(&entry), Some((17, event)));
    }
}
