//! One audit record as a line that people read.
//!
//! Owns the words of every event. Shared by the log and by the timeline of a phone.

use carillon_contract::Href;
pub use carillon_contract::audit::AuditRow as Line;
use carillon_contract::list::Link;
use carillon_domain::event::Event;
use carillon_domain::{Cause, TargetState, action};
use carillon_store::AuditRow;
use carillon_ui::target_state_within;
use serde_json::Value;

use super::refused::sentence;
use carillon_language::{say, say_many, text};

/// One line.
pub fn row_view(row: &AuditRow) -> Line {
    let event = &row.event;
    Line {
        seq: row.seq,
        at: event.at,
        actor: event.actor.name.clone(),
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
    }
}

fn phone_name(event: &Event) -> String {
    match (&event.phone_name, event.phone) {
        (name, _) if !name.is_empty() => name.clone(),
        (_, Some(mac)) => mac.to_string(),
        _ => String::new(),
    }
}

/// What was sent, for people: `Restart the phone`.
fn command(event: &Event) -> String {
    let name = event.detail["action"].as_str().unwrap_or("job");
    action::find(name).map_or_else(|| name.to_owned(), |entry| say(entry.title).to_owned())
}

fn text<'e>(event: &'e Event, name: &str) -> &'e str {
    event.detail[name].as_str().unwrap_or_default()
}

/// What happened, in words; a code without words of its own is shown as it is.
fn words(event: &Event) -> String {
    match event.action.as_str() {
        "target.intent" => say!("is about to send: {command}", command = command(event)),
        "target.answered" => say!("took the request: {command}", command = command(event)),
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

fn known(code: &str) -> Option<&'static str> {
    let words = [
        ("access.denied", text!("asked for what they may not")),
        ("account.proved", text!("showed who they are")),
        ("account.signed_in", text!("signed in")),
        ("account.signed_out", text!("signed out")),
        ("account.sign_in_failed", text!("failed to sign in")),
        ("account.language_chosen", text!("chose a language")),
        ("account.look_chosen", text!("chose how pages look")),
        ("audit.exported", text!("exported the audit log")),
        ("audit.number_read", text!("read a dialled number")),
        (
            "audit.addresses_removed",
            text!("removed source addresses whose time was over"),
        ),
        (
            "audit.numbers_removed",
            text!("removed numbers whose time was over"),
        ),
        ("audit.export_ended", text!("took an export to its end")),
        ("credential.created", text!("added a credential")),
        ("credential.changed", text!("changed a credential")),
        ("credential.deleted", text!("deleted a credential")),
        ("group.created", text!("added a group")),
        ("group.changed", text!("changed a group")),
        (
            "group.members_changed",
            text!("changed the members of a group"),
        ),
        ("group.deleted", text!("deleted a group")),
        ("inventory.exported", text!("exported the phone list")),
        ("inventory.imported", text!("imported a phone list")),
        ("inventory.import_undone", text!("took an import back")),
        (
            "job.approval_expired",
            text!("decided too late about a job"),
        ),
        ("job.approved", text!("let a job run")),
        ("job.cancelled", text!("stopped a job")),
        ("job.denied", text!("refused a job")),
        ("job.exported", text!("exported the result of a job")),
        ("job.ended", text!("finished a job")),
        ("job.held", text!("held the phones of a refused password")),
        (
            "job.held_skipped",
            text!("left the phones of a refused password out"),
        ),
        ("job.interrupted", text!("was interrupted in a job")),
        ("job.paused", text!("paused a job")),
        (
            "job.released",
            text!("let the phones of a refused password go on"),
        ),
        ("job.resumed", text!("resumed a job")),
        ("job.started", text!("started a job at its hour")),
        (
            "key.signer_named",
            text!("named the key that signs the audit log"),
        ),
        ("key.first_used", text!("used a key for the first time")),
        ("phone.created", text!("added the phone")),
        ("phone.changed", text!("changed the phone")),
        ("phone.deleted", text!("deleted the phone")),
        (
            "phone.pin_confirmed",
            text!("trusted another key of the phone"),
        ),
        ("phone.pin_forgotten", text!("forgot the phone's key")),
        (
            "phone.screen_looked_at",
            text!("looked at the screen of the phone"),
        ),
        (
            "phone.sign_in_forgotten",
            text!("forgot how the phone asks for its password"),
        ),
        (
            "phone.sign_in_chosen",
            text!("chose how the phone asks for its password"),
        ),
        ("row.accepted", text!("believed a changed row again")),
        (
            "row.forged",
            text!("found a row that was changed outside Carillon"),
        ),
        ("rows.signed", text!("signed the rows that decide security")),
        (
            "rows.signed_anew",
            text!("signed rows anew with another key"),
        ),
        (
            "networks.changed",
            text!("changed the networks of the phones"),
        ),
        ("rules.changed", text!("changed the limits of one person")),
        (
            "audit.alarm",
            text!("found another audit log than the one that was signed"),
        ),
        ("audit.verified", text!("checked the audit log")),
        ("server.started", text!("started the server")),
        ("server.stopped", text!("stopped the server")),
        ("session.ended", text!("ended a session")),
        ("session.others_ended", text!("ended all other sessions")),
        ("setup.code_issued", text!("issued a setup code")),
        ("setup.completed", text!("completed the setup")),
        ("site.created", text!("added a site")),
        ("site.changed", text!("changed a site")),
        ("site.deleted", text!("deleted a site")),
        (
            "site.sip_changed",
            text!("changed how a site is reached by SIP"),
        ),
        (
            "site.sip_removed",
            text!("ended that a site is reached by SIP"),
        ),
        ("stop_all.set", text!("stopped everything")),
        ("clock.jumped", text!("saw the clock being set")),
        (
            "stop_all.released",
            text!("released the stop of everything"),
        ),
        (
            "stream.resumed",
            text!("brought records to a receiver again"),
        ),
        ("stream.secret_made", text!("made the secret of a stream")),
        (
            "stream.stalled",
            text!("could not bring records to a receiver for long"),
        ),
        ("token.created", text!("made a token")),
        ("token.revoked", text!("revoked a token")),
        ("view.deleted", text!("deleted a kept list")),
        ("view.saved", text!("kept a list of phones")),
        ("user.created", text!("added an account")),
        ("user.disabled", text!("disabled an account")),
        ("user.enabled", text!("enabled an account")),
        ("user.password_changed", text!("changed their password")),
        ("user.password_set", text!("set a password")),
        ("user.role_changed", text!("changed what an account may")),
        (
            "second_factor.codes_renewed",
            text!("made new recovery codes"),
        ),
        (
            "second_factor.demanded",
            text!("changed who needs a second factor"),
        ),
        (
            "second_factor.removed",
            text!("turned their second factor off"),
        ),
        ("second_factor.reset", text!("took a second factor away")),
        ("second_factor.set_up", text!("set up a second factor")),
        (
            "user.reset_link_made",
            text!("made a link to a new password"),
        ),
        ("user.password_reset", text!("set a password by a link")),
    ];
    words
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, words)| say(words))
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
            let fields: Vec<&str> = changes.keys().map(String::as_str).collect();
            sentence(&fields.join(", ").replace('_', " "))
        }
        (_, "job.ended") => came_to(&event.detail["phones"]),
        (_, "inventory.imported") => imported(&event.detail),
        (_, "inventory.import_undone") => taken_back(&event.detail),
        (_, "phones.tagged" | "phones.untagged") => counted(&event.detail["count"]),
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
    use carillon_domain::Timestamp;
    use carillon_domain::event::Actor;
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
    }
}
