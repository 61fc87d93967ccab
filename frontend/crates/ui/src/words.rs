//! Numbers, spans of time and names of states as people read them.
//!
//! Owns every word that stands for a closed list. Pure: the same input, the same words.
#![cfg_attr(
    feature = "hydrate",
    expect(dead_code, reason = "only islands reach the browser")
)]

pub(crate) mod browser;
mod live;
mod outcome;

use carillon_contract::frame::Tone;
use carillon_contract::phones::{PhoneColumn, Readiness};
use carillon_contract::run::ActionClass;
use carillon_domain::event::EventResult;
use carillon_domain::phone::{AuthScheme, DialForm, Reachability, TransportSecurity, UrlForm};
use carillon_domain::role::Role;
use carillon_domain::sip::{NotifyWay, SipUse};
use carillon_domain::{Cause, Timestamp};
pub(crate) use carillon_language::number;
use carillon_language::{decimal, say};
pub use live::target_state_within;
pub(crate) use live::*;
pub(crate) use outcome::job_end;
pub use outcome::job_outcome;

/// `Reception, Lab and 3 more`: some names of so many.
pub fn names(shown: &[String], all: i64) -> String {
    let listed = shown.join(", ");
    match all - i64::try_from(shown.len()).unwrap_or(0) {
        more if more <= 0 => listed,
        more if shown.is_empty() => say!("{count} more", count = number(more)),
        more => say!("{listed} and {count} more", listed, count = number(more)),
    }
}

/// How long ago, or how far ahead: `just now`, `3 min ago`, `in 2 h`.
pub(crate) fn age(now: Timestamp, at: Timestamp) -> String {
    let (past, ahead) = (now.since(at), at.since(now));
    if past.as_secs() < 5 && ahead.as_secs() < 5 {
        say("just now").to_owned()
    } else if ahead.is_zero() {
        say!("{span} ago", span = span(past))
    } else {
        say!("in {span}", span = span(ahead))
    }
}

/// `37 ms`, `1.4 s`.
pub(crate) fn milliseconds(value: i64) -> String {
    if value < 1000 {
        format!("{value} ms")
    } else {
        format!("{} s", decimal(value as f64 / 1000.0))
    }
}

/// The word of a result in the audit log.
pub(crate) fn event_result(result: EventResult) -> &'static str {
    match result {
        EventResult::Ok => say("Done"),
        EventResult::Denied => say("Denied"),
        EventResult::Failed => say("Failed"),
        EventResult::Intent => say("Intended"),
        EventResult::Verified => say("Verified"),
        EventResult::Acknowledged => say("Acknowledged"),
        EventResult::Unknown => say("Unknown"),
        EventResult::Skipped => say("Skipped"),
        EventResult::Cancelled => say("Cancelled"),
        EventResult::Expired => say("Expired"),
    }
}

/// The word of a result in the audit log inside a sentence.
pub fn event_result_within(result: EventResult) -> String {
    event_result(result).to_lowercase()
}

/// Whether a command would get through, in two or three words.
pub(crate) fn readiness(ready: Readiness) -> &'static str {
    match ready {
        Readiness::Unchecked => say("Not checked"),
        Readiness::Ready => say("Ready"),
        Readiness::Gate(Cause::Forbidden) => say("Not allowed"),
        Readiness::Gate(Cause::PromptPending) => say("Needs OK on phone"),
        Readiness::Gate(cause) => cause_title(cause),
    }
}

/// That a phone is on its way back from a restart.
pub(crate) fn restarting() -> &'static str {
    say("Restarting")
}

/// What the last contact said.
pub(crate) fn reachability(state: Reachability) -> &'static str {
    match state {
        Reachability::Reachable => say("Reachable"),
        Reachability::Offline => say("Offline"),
        Reachability::Unknown => say("Not contacted"),
    }
}

/// How the phones of a site are reached.
pub(crate) fn security(mode: TransportSecurity) -> &'static str {
    match mode {
        TransportSecurity::Pinned => say("HTTPS, key pinned"),
        TransportSecurity::PrivateCa => say("HTTPS, own authority"),
        TransportSecurity::PlainHttp => say("Plain HTTP"),
    }
}

/// What a mode means, in one sentence.
pub(crate) fn security_meaning(mode: TransportSecurity) -> &'static str {
    match mode {
        TransportSecurity::Pinned => say(
            "The key that a phone shows first is remembered, and a different one is refused. Needs nothing on the phones.",
        ),
        TransportSecurity::PrivateCa => {
            say("Phones carry certificates of your own authority. Paste its certificate below.")
        }
        TransportSecurity::PlainHttp => say(
            "Commands and passwords cross the network in clear. Only for phones that know nothing better.",
        ),
    }
}

/// Who sends the NOTIFYs to the phones of a site.
pub(crate) fn notify_way(way: NotifyWay) -> &'static str {
    match way {
        NotifyWay::Sip => say("Carillon itself"),
        NotifyWay::Ami => say("Asterisk, over AMI"),
        NotifyWay::Esl => say("FreeSWITCH, over ESL"),
    }
}

/// What that means.
pub(crate) fn notify_way_meaning(way: NotifyWay) -> &'static str {
    match way {
        NotifyWay::Sip => {
            say("Over SIP, through the SIP server or straight. The phone's own answer is known.")
        }
        NotifyWay::Ami => say(
            "Its manager interface is asked for each phone. The user of the phone's SIP address names the endpoint. The result is unknown, until the effect is seen.",
        ),
        NotifyWay::Esl => say(
            "Its event socket is asked for each phone. User and host are those of the phone's SIP address. The result is unknown, until the effect is seen.",
        ),
    }
}

/// When the phones of a site are sent to by SIP.
pub(crate) fn sip_use(used: SipUse) -> &'static str {
    match used {
        SipUse::Second => say("Where HTTP does not reach a phone"),
        SipUse::Only => say("Always"),
    }
}

/// What that means, in one sentence.
pub(crate) fn sip_use_meaning(used: SipUse) -> &'static str {
    match used {
        SipUse::Second => say(
            "HTTP first, where the inventory has an address. SIP after what surely did not reach the phone; never after an outcome that nobody knows.",
        ),
        SipUse::Only => {
            say("Every command that can go by SIP does. What wants an answer still goes over HTTP.")
        }
    }
}

/// How a phone asks for its password.
pub(crate) fn auth_scheme(scheme: AuthScheme) -> &'static str {
    match scheme {
        AuthScheme::Unknown => say("Not learned yet"),
        AuthScheme::None => say("Asks for none"),
        AuthScheme::Basic => say("Basic"),
        AuthScheme::DigestMd5 => say("Digest (MD5)"),
        AuthScheme::DigestSha256 => say("Digest (SHA-256)"),
        AuthScheme::LegacyLogin => say("Old login form"),
    }
}

/// Which URL form a phone understands.
pub(crate) fn url_form(form: UrlForm) -> &'static str {
    match form {
        UrlForm::Servlet => say("/servlet (current firmware)"),
        UrlForm::ConfigManApp => say("/cgi-bin/ConfigManApp.com (old T2x)"),
        UrlForm::CgiServer => say("/cgi-bin/cgiServer.exx (oldest)"),
    }
}

/// How a phone takes a number to dial.
pub(crate) fn dial_form(form: DialForm) -> &'static str {
    match form {
        DialForm::Key => say("key=number=… (the manual's form)"),
        DialForm::Bare => say("number=… (some sites need it)"),
    }
}

/// The word of a role.
pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => say("Viewer"),
        Role::Operator => say("Operator"),
        Role::Admin => say("Administrator"),
        Role::Auditor => say("Auditor"),
    }
}

/// What a role may, in one sentence.
pub(crate) fn role_meaning(role: Role) -> &'static str {
    match role {
        Role::Viewer => say("Sees phones, jobs and the audit log."),
        Role::Operator => {
            say("Sends commands, edits tags and fixed groups, and can stop everything.")
        }
        Role::Admin => say("Does everything, phones, sites, credentials and accounts included."),
        Role::Auditor => say("Reads the whole audit log and commands nothing."),
    }
}

/// How much of its account a token may, in words.
pub(crate) fn token_scope(scope: &str) -> &'static str {
    match scope {
        "read" => say("read"),
        "run" => say("read and run jobs"),
        _ => say("everything its account may"),
    }
}

/// The word of a class of actions.
pub(crate) fn class(class: ActionClass) -> &'static str {
    match class {
        ActionClass::Harmless => say("Harmless"),
        ActionClass::Disruptive => say("Disruptive"),
        ActionClass::Destructive => say("Destructive"),
    }
}

/// The heading of a column of the list of phones.
pub(crate) fn phone_column(column: PhoneColumn) -> &'static str {
    match column {
        PhoneColumn::Extension => say("Ext."),
        PhoneColumn::Model => say("Model"),
        PhoneColumn::Site => say("Site"),
        PhoneColumn::Address => say("Address"),
        PhoneColumn::State => say("State"),
        PhoneColumn::Ready => say("Readiness"),
        PhoneColumn::Firmware => say("Firmware"),
        PhoneColumn::Result => say("Last result"),
        PhoneColumn::Tags => say("Tags"),
        PhoneColumn::Mac => "MAC",
        PhoneColumn::Groups => say("Groups"),
        PhoneColumn::Account => say("SIP account"),
        PhoneColumn::Seen => say("Last answer"),
        PhoneColumn::Credential => say("Credential"),
        PhoneColumn::Protected => say("Protected"),
        PhoneColumn::Notes => say("Notes"),
    }
}

/// Icon and CSS name of a tone.
pub(crate) const fn tone(tone: Tone) -> (&'static str, &'static str) {
    match tone {
        Tone::Good => ("verified", "good"),
        Tone::Neutral => ("info", "neutral"),
        Tone::Warning => ("warning", "warning"),
        Tone::Bad => ("failed", "bad"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn names_end_with_how_many_more() {
        let shown = ["Lab".to_owned(), "Hall".to_owned()];
        assert_eq!(names(&shown, 2), "Lab, Hall");
        assert_eq!(names(&shown, 1_002), "Lab, Hall and 1,000 more");
    }

    #[test]
    fn ages_look_both_ways() {
        let now = Timestamp::from_micros(1_000_000_000_000);
        assert_eq!(age(now, now), "just now");
        assert_eq!(age(now, now.minus(Duration::from_secs(200))), "3 min ago");
        assert_eq!(age(now, now.plus(Duration::from_secs(7300))), "in 2 h");
    }
}
