//! Numbers, spans of time and names of states as people read them.
//!
//! Owns every word that stands for a closed list. Pure: the same input, the same words.
#![cfg_attr(
    feature = "hydrate",
    expect(dead_code, reason = "only islands reach the browser")
)]

use std::time::Duration;

use carillon_contract::frame::Tone;
use carillon_contract::phones::{PhoneColumn, Readiness};
use carillon_contract::run::ActionClass;
use carillon_domain::event::EventResult;
use carillon_domain::phone::{AuthScheme, DialForm, Reachability, TransportSecurity, UrlForm};
use carillon_domain::role::Role;
use carillon_domain::{Cause, JobState, TargetState, Timestamp};

/// `12,345`.
pub(crate) fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        text.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 phone`, `221 phones`.
pub(crate) fn counted(value: i64, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// `221 phones`.
pub(crate) fn phones(value: i64) -> String {
    counted(value, "phone", "phones")
}

/// `Reception, Lab and 3 more`: some names of so many.
pub(crate) fn names(shown: &[String], all: i64) -> String {
    let listed = shown.join(", ");
    match all - i64::try_from(shown.len()).unwrap_or(0) {
        more if more <= 0 => listed,
        more if shown.is_empty() => format!("{} more", number(more)),
        more => format!("{listed} and {} more", number(more)),
    }
}

/// A span in one unit that people would use: `8 s`, `3 min`, `2 h`, `5 d`.
pub(crate) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A length in two units, for jobs: `8 s`, `3 min 5 s`, `2 h 4 min`.
pub(crate) fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// How long ago, or how far ahead: `just now`, `3 min ago`, `in 2 h`.
pub(crate) fn age(now: Timestamp, at: Timestamp) -> String {
    let (past, ahead) = (now.since(at), at.since(now));
    if past.as_secs() < 5 && ahead.as_secs() < 5 {
        "just now".to_owned()
    } else if ahead.is_zero() {
        format!("{} ago", span(past))
    } else {
        format!("in {}", span(ahead))
    }
}

/// `37 ms`, `1.4 s`.
pub(crate) fn milliseconds(value: i64) -> String {
    if value < 1000 {
        format!("{value} ms")
    } else {
        format!("{:.1} s", value as f64 / 1000.0)
    }
}

/// The word of a target state, first letter large.
pub(crate) const fn target_state(state: TargetState) -> &'static str {
    match state {
        TargetState::Waiting => "Waiting",
        TargetState::Sending => "Sending",
        TargetState::Verifying => "Verifying",
        TargetState::Verified => "Verified",
        TargetState::Acknowledged => "Acknowledged",
        TargetState::Failed => "Failed",
        TargetState::Unknown => "Unknown",
        TargetState::Skipped => "Skipped",
        TargetState::Cancelled => "Cancelled",
        TargetState::Expired => "Expired",
    }
}

/// What a target state means, in one sentence.
pub(crate) const fn target_state_meaning(state: TargetState) -> &'static str {
    match state {
        TargetState::Waiting => "Not tried yet.",
        TargetState::Sending => "The request may be under way.",
        TargetState::Verifying => "The phone took the request; its effect is being read back.",
        TargetState::Verified => "The effect was seen.",
        TargetState::Acknowledged => "The phone took the request; the effect was not checked.",
        TargetState::Failed => "The phone or the network said no.",
        TargetState::Unknown => "It may have been carried out; nobody can say.",
        TargetState::Skipped => "Not tried, for a reason.",
        TargetState::Cancelled => "Stopped before its turn.",
        TargetState::Expired => "Its turn came too late.",
    }
}

/// The word of a job state.
pub(crate) const fn job_state(state: JobState) -> &'static str {
    match state {
        JobState::AwaitingApproval => "Awaits approval",
        JobState::Scheduled => "Scheduled",
        JobState::Running => "Running",
        JobState::Paused => "Paused",
        JobState::Stopping => "Stopping",
        JobState::Interrupted => "Interrupted",
        JobState::Finished => "Finished",
        JobState::Cancelled => "Stopped",
        JobState::Denied => "Denied",
        JobState::Expired => "Expired",
    }
}

/// The word of a result in the audit log.
pub(crate) const fn event_result(result: EventResult) -> &'static str {
    match result {
        EventResult::Ok => "Done",
        EventResult::Denied => "Denied",
        EventResult::Failed => "Failed",
        EventResult::Intent => "Intended",
        EventResult::Verified => "Verified",
        EventResult::Acknowledged => "Acknowledged",
        EventResult::Unknown => "Unknown",
        EventResult::Skipped => "Skipped",
        EventResult::Cancelled => "Cancelled",
        EventResult::Expired => "Expired",
    }
}

/// Whether a command would get through, in two or three words.
pub(crate) const fn readiness(ready: Readiness) -> &'static str {
    match ready {
        Readiness::Unchecked => "Not checked",
        Readiness::Ready => "Ready",
        Readiness::Gate(Cause::Forbidden) => "Not allowed",
        Readiness::Gate(Cause::PromptPending) => "Needs OK on phone",
        Readiness::Gate(cause) => cause.title(),
    }
}

/// What the last contact said.
pub(crate) const fn reachability(state: Reachability) -> &'static str {
    match state {
        Reachability::Reachable => "Reachable",
        Reachability::Offline => "Offline",
        Reachability::Unknown => "Not contacted",
    }
}

/// How the phones of a site are reached.
pub(crate) const fn security(mode: TransportSecurity) -> &'static str {
    match mode {
        TransportSecurity::Pinned => "HTTPS, key pinned",
        TransportSecurity::PrivateCa => "HTTPS, own authority",
        TransportSecurity::PlainHttp => "Plain HTTP",
    }
}

/// What a mode means, in one sentence.
pub(crate) const fn security_meaning(mode: TransportSecurity) -> &'static str {
    match mode {
        TransportSecurity::Pinned => {
            "The key that a phone shows first is remembered, and a different one is refused. Needs nothing on the phones."
        }
        TransportSecurity::PrivateCa => {
            "Phones carry certificates of your own authority. Paste its certificate below."
        }
        TransportSecurity::PlainHttp => {
            "Commands and passwords cross the network in clear. Only for phones that know nothing better."
        }
    }
}

/// How a phone asks for its password.
pub(crate) const fn auth_scheme(scheme: AuthScheme) -> &'static str {
    match scheme {
        AuthScheme::Unknown => "Not learned yet",
        AuthScheme::None => "Asks for none",
        AuthScheme::Basic => "Basic",
        AuthScheme::DigestMd5 => "Digest (MD5)",
        AuthScheme::DigestSha256 => "Digest (SHA-256)",
        AuthScheme::LegacyLogin => "Old login form",
    }
}

/// Which URL form a phone understands.
pub(crate) const fn url_form(form: UrlForm) -> &'static str {
    match form {
        UrlForm::Servlet => "/servlet (current firmware)",
        UrlForm::ConfigManApp => "/cgi-bin/ConfigManApp.com (old T2x)",
        UrlForm::CgiServer => "/cgi-bin/cgiServer.exx (oldest)",
    }
}

/// How a phone takes a number to dial.
pub(crate) const fn dial_form(form: DialForm) -> &'static str {
    match form {
        DialForm::Key => "key=number=… (the manual's form)",
        DialForm::Bare => "number=… (some sites need it)",
    }
}

/// The word of a role.
pub(crate) const fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Operator => "Operator",
        Role::Admin => "Administrator",
        Role::Auditor => "Auditor",
    }
}

/// What a role may, in one sentence.
pub(crate) const fn role_meaning(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Sees phones, jobs and the audit log.",
        Role::Operator => "Sends commands, edits tags and fixed groups, and can stop everything.",
        Role::Admin => "Does everything, phones, sites, credentials and accounts included.",
        Role::Auditor => "Reads the whole audit log and commands nothing.",
    }
}

/// The word of a class of actions.
pub(crate) const fn class(class: ActionClass) -> &'static str {
    match class {
        ActionClass::Harmless => "Harmless",
        ActionClass::Disruptive => "Disruptive",
        ActionClass::Destructive => "Destructive",
    }
}

/// The heading of a column of the list of phones.
pub(crate) const fn phone_column(column: PhoneColumn) -> &'static str {
    match column {
        PhoneColumn::Extension => "Ext.",
        PhoneColumn::Model => "Model",
        PhoneColumn::Site => "Site",
        PhoneColumn::Address => "Address",
        PhoneColumn::State => "State",
        PhoneColumn::Ready => "Readiness",
        PhoneColumn::Firmware => "Firmware",
        PhoneColumn::Result => "Last result",
        PhoneColumn::Tags => "Tags",
        PhoneColumn::Mac => "MAC",
        PhoneColumn::Groups => "Groups",
        PhoneColumn::Account => "SIP account",
        PhoneColumn::Seen => "Last answer",
        PhoneColumn::Credential => "Credential",
        PhoneColumn::Protected => "Protected",
        PhoneColumn::Notes => "Notes",
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
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(-1000), "−1,000");
        assert_eq!(phones(1), "1 phone");
    }

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

    #[test]
    fn lengths_have_two_units() {
        assert_eq!(length(Duration::from_secs(42)), "42 s");
        assert_eq!(length(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(length(Duration::from_mins(122)), "2 h 2 min");
    }
}
