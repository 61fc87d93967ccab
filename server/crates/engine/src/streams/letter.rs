//! What a receiver gets: the records as they stand in the log, in its own language.
//!
//! Owns the form. *Invariant:* each record's text is exactly the bytes that the log hashed, so
//! that a receiver can recompute the tree from what it got.

use bytes::Bytes;
use carillon_domain::Timestamp;
use carillon_domain::event::EventResult;
use carillon_receivers::{Message, Request, Severity, Verb, signature};
use carillon_store::StreamEntry;

use super::secret::Secrets;

/// One record as a syslog message.
pub(super) fn message<'a>(entry: &'a StreamEntry, host: &'a str) -> Message<'a> {
    Message {
        severity: severity(entry.result),
        at: entry.at,
        host,
        id: &entry.action,
        number: entry.seq.unsigned_abs(),
        text: &entry.entry,
    }
}

const fn severity(result: EventResult) -> Severity {
    use EventResult as R;
    match result {
        R::Denied | R::Failed | R::Unknown => Severity::Warning,
        R::Skipped | R::Cancelled | R::Expired => Severity::Notice,
        R::Ok | R::Intent | R::Verified | R::Acknowledged => Severity::Informational,
    }
}

/// Records as one signed webhook (Standard Webhooks). The same records have the same id, so that
/// a receiver knows them again.
pub(super) fn webhook(entries: &[StreamEntry], secrets: &Secrets, now: Timestamp) -> Request {
    let body = body(entries, now);
    let first = entries.first().map_or(0, |entry| entry.seq);
    let last = entries.last().map_or(0, |entry| entry.seq);
    let id = format!("audit-{first}-{last}");
    let seconds = now.micros() / 1_000_000;
    let signed: Vec<_> = secrets
        .in_use(now)
        .map(|secret| signature(secret, &id, seconds, body.as_bytes()))
        .collect();
    Request {
        verb: Verb::Post,
        below: String::new(),
        content_type: "application/json",
        headers: vec![
            ("webhook-id", id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signed.join(" ")),
        ],
        body: Bytes::from(body),
    }
}

fn body(entries: &[StreamEntry], now: Timestamp) -> String {
    let length = entries
        .iter()
        .map(|entry| entry.entry.len() + 1)
        .sum::<usize>();
    let mut body = String::with_capacity(length + 128);
    body.push_str("{\"type\":\"audit.records\",\"timestamp\":\"");
    body.push_str(&now.to_string());
    body.push_str("\",\"data\":{\"records\":[");
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(&entry.entry);
    }
    body.push_str("]}}");
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_holds_the_records_as_they_are() {
        let entry = |seq| StreamEntry {
            seq,
            at: Timestamp::from_micros(0),
            action: "test.told".to_owned(),
            result: EventResult::Ok,
            entry: format!("{{\"seq\":{seq},\"reason\":\"\u{fc}\"}}"),
        };
        let entries = [entry(7), entry(8)];
        let now = Timestamp::from_micros(1_764_115_200_000_000);
        let request = webhook(&entries, &Secrets::test(9), now);
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["type"], "audit.records");
        assert_eq!(body["data"]["records"][1]["seq"], 8);
        assert!(
            std::str::from_utf8(&request.body)
                .unwrap()
                .contains(&entries[0].entry)
        );
        let signed = signature(&[9; 32], "audit-7-8", 1_764_115_200, &request.body);
        assert_eq!(
            request.headers,
            [
                ("webhook-id", "audit-7-8".to_owned()),
                ("webhook-timestamp", "1764115200".to_owned()),
                ("webhook-signature", signed),
            ]
        );
    }
}
