//! One audit record as a line that people read.
//!
//! Owns the words of every event; those of its code stand in `codes`, those of a whole job in `of_job`.
//! Shared by the log and by the timeline of a phone.

use carillon_contract::Href;
pub use carillon_contract::audit::AuditRow as Line;
use carillon_contract::list::Link;
use carillon_domain::event::Event;
use carillon_domain::{Cause, JobState, TargetState};
use carillon_store::AuditRow;
use carillon_ui::target_state_within;
use serde_json::Value;

pub(super) mod codes;
pub(super) mod of_job;

use super::audit::record::words as part;
use super::refused::sentence;
use super::{action_words, actor_words};
use carillon_language::{say, say_many};
use codes::{known, refused_for};

/// One line.
pub fn row_view(row: &AuditRow) -> Line {
    let event = &row.event;
    Line {
        seq: row.seq,
        at: event.at,
        actor: actor_words::shown(&event.actor.name),
        actor_kind: event.actor.kind,
        action: event.action.clone(),
        words: words(event),
        phone: event.phone.map(|mac| (mac, phone_name(event))),
        object: object(event),
        result: event.result,
        detail: detail(event),
        reason: event.reason.clone(),
        ip: event.ip.clone(),
        ip_removed: event.ip.is_none() && event.source.is_some(),
        job: event
            .job
            .as_ref()
            .map(|id| Link::new(command(event), format!("/jobs/{id}"))),
        job_records: None,
        job_stands: ended(event),
    }
}

/// How a job ended, as its own page says it.
fn ended(event: &Event) -> Option<(JobState, i64)> {
    if event.action != "job.ended" {
        return None;
    }
    let phones = event.detail["phones"].as_object()?;
    let problems = TargetState::ALL.iter().filter(|state| state.is_problem());
    let problems = problems.filter_map(|state| phones.get(state.as_str())?.as_i64());
    Some((text(event, "state").parse().ok()?, problems.sum()))
}

fn phone_name(event: &Event) -> String {
    match (&event.phone_name, event.phone) {
        (name, _) if !name.is_empty() => name.clone(),
        (_, Some(mac)) => mac.to_string(),
        _ => String::new(),
    }
}

/// What was sent, for people: `Restart the phone`, `Press a line key 3`.
fn command(event: &Event) -> String {
    let name = event.detail["action"].as_str().unwrap_or("job");
    let Some(entry) = action_words::entry_of(name) else {
        return name.to_owned();
    };
    let key = name.strip_prefix(entry.name).unwrap_or_default();
    format!("{} {key}", say(entry.title)).trim_end().to_owned()
}

fn text<'e>(event: &'e Event, name: &str) -> &'e str {
    event.detail[name].as_str().unwrap_or_default()
}

/// What happened, in words; a code without words of its own is shown as it is.
fn words(event: &Event) -> String {
    match event.action.as_str() {
        "target.intent" => say!("is about to send: {command}", command = command(event)),
        "target.answered" => say!(
            "phone took the request: {command}",
            command = command(event)
        ),
        "target.unanswered" => say!("got no answer yet: {command}", command = command(event)),
        "target.retrying" => say!("will try again: {command}", command = command(event)),
        "target.given_back" => say!(
            "did not send after all: {command}",
            command = command(event)
        ),
        "target.result" => command(event),
        "job.submitted" => say!("started a job: {command}", command = command(event)),
        "phones.tagged" => say!("added the tag {tag}", tag = text(event, "tag")),
        "phones.untagged" => say!("removed the tag {tag}", tag = text(event, "tag")),
        code => known(code).unwrap_or(code).to_owned(),
    }
}

/// What else it is about.
fn object(event: &Event) -> Option<Link> {
    let name = text(event, "name");
    let (kind, _) = event.action.split_once('.')?;
    match kind {
        "group" => {
            let slug = event.groups.first()?;
            Some(Link::new(or(name, slug), format!("/groups/{slug}")))
        }
        "site" => {
            let slug = event.site.as_ref()?;
            let href = Href::new("/phones").add("site", slug);
            Some(Link::new(or(name, slug), href))
        }
        "credential" => Some(Link::new(name, "/admin/credentials")),
        "user" => Some(Link::new(or(name, text(event, "user")), "/admin/users")),
        "token" => Some(Link::new(or(text(event, "label"), name), "/admin/tokens")),
        _ => None,
    }
    .filter(|link| !link.text.is_empty())
}

fn or<'t>(first: &'t str, second: &'t str) -> &'t str {
    if first.is_empty() { second } else { first }
}

/// Why it ended so, or what it changed; and the way that a command took, where it is not the usual
/// one.
fn detail(event: &Event) -> String {
    let why = why(event);
    let Some(way) = way(event) else { return why };
    if why.is_empty() {
        way.to_owned()
    } else {
        format!("{why}, {way}")
    }
}

fn way(event: &Event) -> Option<&'static str> {
    match text(event, "transport") {
        "sip" => Some(say("by SIP")),
        "ami" => Some(say("through Asterisk")),
        "esl" => Some(say("through FreeSWITCH")),
        _ => None,
    }
}

fn why(event: &Event) -> String {
    if let Some(cause) = event.detail["cause"].as_str() {
        let known = cause.parse::<Cause>();
        return known.map_or_else(|_| cause.to_owned(), |cause| say(cause.title()).to_owned());
    }
    match (&event.detail["changes"], event.action.as_str()) {
        (
            Value::Object(changes),
            "phone.changed" | "site.changed" | "site.sip_changed" | "group.changed",
        ) => {
            let fields: Vec<String> = changes.keys().map(|name| part(name)).collect();
            sentence(&fields.join(", "))
        }
        (_, "job.ended") => came_to(&event.detail["phones"]),
        (_, "inventory.imported") => imported(&event.detail),
        (_, "inventory.import_undone") => taken_back(&event.detail),
        (_, "phones.tagged" | "phones.untagged" | "phones.deleted") => {
            counted(&event.detail["count"])
        }
        (_, "request.refused" | "request.failed") => refused_for(text(event, "why")).to_owned(),
        (_, "inventory.exported") => counted(&event.detail["rows"]),
        _ => String::new(),
    }
}

/// `36 verified, 4 failed`.
fn came_to(phones: &Value) -> String {
    let told = TargetState::ALL.iter().filter_map(|state| {
        let phones = phones[state.as_str()].as_i64()?;
        Some(format!("{phones} {}", target_state_within(*state)))
    });
    told.collect::<Vec<_>>().join(", ")
}

fn counted(number: &Value) -> String {
    match number.as_i64() {
        Some(many) => say_many!(many, "{count} phone", "{count} phones"),
        None => String::new(),
    }
}

fn taken_back(detail: &Value) -> String {
    let number = |name: &str| detail[name].as_i64().unwrap_or_default();
    say!(
        "{deleted} deleted, {restored} as before, {left} left alone",
        deleted = number("deleted"),
        restored = number("restored"),
        left = number("left")
    )
}

fn imported(detail: &Value) -> String {
    let number = |name: &str| detail[name].as_i64().unwrap_or_default();
    say!(
        "{new} new, {changed} changed",
        new = number("created"),
        changed = number("updated")
    )
}

#[cfg(test)]
mod tests {
    use carillon_domain::event::Actor;
    use carillon_domain::{Language, Timestamp};
    use carillon_language::during;
    use serde_json::json;

    use super::*;

    fn line(action: &str, detail: Value) -> Line {
        let mut event = Event::new(Timestamp::from_micros(1), Actor::system(), action);
        event.detail = detail;
        row_view(&AuditRow {
            seq: 1,
            event,
            entry: String::new(),
            origin: None,
            leaf_hash: Vec::new(),
        })
    }

    #[test]
    fn records_read_as_sentences() {
        assert_eq!(
            line("job.submitted", json!({"action": "Reboot"})).words,
            "started a job: Restart the phone"
        );
        let pressed = line("target.answered", json!({"action": "L3"})).words;
        assert_eq!(pressed, "phone took the request: Press a line key 3");
        assert_eq!(line("odd.code", Value::Null).words, "odd.code");
        assert_eq!(
            line(
                "target.result",
                json!({"action": "Reboot", "cause": "forbidden"})
            )
            .detail,
            Cause::Forbidden.title()
        );
        assert_eq!(
            line(
                "target.result",
                json!({"cause": "sip_480", "transport": "sip"})
            )
            .detail,
            "Not registered, by SIP"
        );
        assert_eq!(
            line("target.result", json!({"transport": "ami"})).detail,
            "through Asterisk"
        );
        assert_eq!(
            line("phone.changed", json!({"changes": {"sip_uri": {}}})).detail,
            "Sip uri."
        );
        let changed = || {
            line(
                "phone.changed",
                json!({"changes": {"address": {}, "label": {}}}),
            )
            .detail
        };
        assert_eq!(during(Language::De, changed), "Adresse, Bezeichnung.");
    }

    #[test]
    fn the_end_of_a_job_is_told_as_on_its_page() {
        let ended = |state: &str, phones: Value| {
            line("job.ended", json!({"state": state, "phones": phones})).job_stands
        };
        let phones = json!({"verified": 30, "failed": 12, "unknown": 2});
        assert_eq!(ended("finished", phones), Some((JobState::Finished, 14)));
        assert_eq!(
            ended("cancelled", json!({"cancelled": 3})).map(|it| it.0),
            Some(JobState::Cancelled)
        );
        assert_eq!(
            line("job.ended", json!({"state": "finished"})).job_stands,
            None
        );
        assert_eq!(line("job.paused", Value::Null).job_stands, None);
    }
}
