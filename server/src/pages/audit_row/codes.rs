//! What the codes of records mean, in words.
//!
//! Owns the list; what a record adds of its own is said beside it.

use carillon_language::{say, text};

/// Every code, but those of commands to one phone, whose words name the command.
pub(in crate::pages) const KNOWN: &[(&str, &str)] = &[
    ("access.denied", text!("tried what they are not allowed to")),
    ("account.proved", text!("confirmed who they are")),
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
    (
        "audit.export_ended",
        text!("ended an export of the audit log"),
    ),
    (
        "change.requested",
        text!("asked another administrator for a change"),
    ),
    ("change.approved", text!("approved a change")),
    ("change.denied", text!("refused a change")),
    ("change.cancelled", text!("withdrew a request for a change")),
    (
        "change.expired",
        text!("ended a request for a change that nobody answered in time"),
    ),
    (
        "change.voided",
        text!("dropped a request for a change that no longer fits"),
    ),
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
        text!("ended a job that nobody approved in time"),
    ),
    ("job.approved", text!("approved a job")),
    ("job.cancelled", text!("stopped a job")),
    ("job.denied", text!("refused a job")),
    ("job.exported", text!("exported the result of a job")),
    ("job.ended", text!("finished a job")),
    (
        "job.held",
        text!("made phones wait whose password was refused"),
    ),
    (
        "job.held_skipped",
        text!("left out phones whose password was refused"),
    ),
    ("job.interrupted", text!("was interrupted in a job")),
    ("job.paused", text!("paused a job")),
    (
        "job.released",
        text!("let phones go on whose password was refused"),
    ),
    ("job.resumed", text!("resumed a job")),
    ("job.started", text!("started a job at its planned time")),
    ("key.added", text!("added a key")),
    (
        "key.signer_named",
        text!("named the key that signs the audit log"),
    ),
    ("key.first_used", text!("used a key for the first time")),
    ("phone.created", text!("added the phone")),
    ("phone.changed", text!("changed the phone")),
    ("phone.deleted", text!("deleted the phone")),
    ("phones.deleted", text!("deleted several phones")),
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
    (
        "row.accepted",
        text!("accepted a database row that was changed outside Carillon"),
    ),
    ("request.failed", text!("ran into an error of this server")),
    ("request.refused", text!("sent a request that was refused")),
    (
        "row.forged",
        text!("found a database row that was changed outside Carillon"),
    ),
    (
        "rows.signed",
        text!("signed the database rows that security depends on"),
    ),
    (
        "rows.signed_anew",
        text!("signed database rows again with another key"),
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
    (
        "audit.checkpoints_restored",
        text!("put signed checkpoints back that the database lacked"),
    ),
    ("audit.verified", text!("checked the audit log")),
    ("server.started", text!("started the server")),
    ("server.stopped", text!("stopped the server")),
    ("session.ended", text!("ended a session")),
    (
        "session.expired",
        text!("ended sessions whose time was over"),
    ),
    ("session.others_ended", text!("ended all other sessions")),
    ("setup.code_issued", text!("issued a setup code")),
    ("setup.completed", text!("completed the setup")),
    ("site.created", text!("added a site")),
    ("site.changed", text!("changed a site")),
    ("site.deleted", text!("deleted a site")),
    (
        "site.sip_changed",
        text!("changed the SIP settings of a site"),
    ),
    (
        "site.sip_removed",
        text!("removed the SIP settings of a site"),
    ),
    ("stop_all.set", text!("stopped everything")),
    ("clock.jumped", text!("noticed that the clock was set")),
    (
        "stop_all.released",
        text!("released the stop of everything"),
    ),
    ("stream.resumed", text!("sent records to a receiver again")),
    ("stream.secret_made", text!("made the secret of a stream")),
    (
        "stream.stalled",
        text!("could not send records to a receiver for a long time"),
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
    (
        "user.password_rehashed",
        text!("stored a password more safely"),
    ),
    ("key.activated", text!("took a key into use")),
    (
        "key.rewrapped",
        text!("encrypted stored secrets with another key"),
    ),
    ("key.retired", text!("took a key out of use")),
];

/// Codes whose words in a record name what they are about: the words that one looks for them by.
pub(in crate::pages) const TOLD_WITH_MORE: [(&str, &str); 9] = [
    ("job.submitted", text!("started a job")),
    ("phones.tagged", text!("added a tag to phones")),
    ("phones.untagged", text!("removed a tag from phones")),
    ("target.answered", text!("phone took the request")),
    (
        "target.given_back",
        text!("command to a phone was not sent after all"),
    ),
    (
        "target.intent",
        text!("command to a phone is about to be sent"),
    ),
    ("target.result", text!("result of a command to a phone")),
    (
        "target.retrying",
        text!("command to a phone will be tried again"),
    ),
    ("target.unanswered", text!("phone gave no answer yet")),
];

/// Every code, with the words that one looks for it by.
pub(in crate::pages) fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    KNOWN.iter().chain(&TOLD_WITH_MORE)
}

/// What can be looked for, in words and in their order.
pub(in crate::pages) fn offered() -> Vec<String> {
    let mut words: Vec<String> = all().map(|(_, words)| say(words).to_owned()).collect();
    words.sort_by_key(|words| words.to_lowercase());
    words
}

/// The words that one looks for a code by.
pub(in crate::pages) fn asked(code: &str) -> Option<&'static str> {
    let found = all().find(|(known, _)| *known == code);
    found.map(|(_, words)| say(words))
}

/// The words of a code, where it has words of its own.
pub(in crate::pages) fn known(code: &str) -> Option<&'static str> {
    let found = KNOWN.iter().find(|(known, _)| *known == code);
    found.map(|(_, words)| say(words))
}

/// The code of these words, in the language of whoever types them.
pub(in crate::pages) fn meant(typed: &str) -> Option<&'static str> {
    let typed = typed.to_lowercase();
    let found = all().find(|(_, words)| say(words).to_lowercase() == typed);
    found.map(|(code, _)| *code)
}

/// What was wrong with a request that was refused, or failed.
pub(super) fn refused_for(word: &str) -> &str {
    match word {
        "blocked_address" => say("an address that is never contacted"),
        "cross_origin" => say("from a page of another site"),
        "forbidden" => say("past the proxy, or before there was an account"),
        "stale_form" => say("a form that was made for another session"),
        "unsupported_media_type" => say("with a kind of content that is not accepted"),
        "wrong_host" => say("with the name of another server"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use carillon_domain::Language;
    use carillon_language::during;

    use super::*;

    /// Texts in quotes that look like a code of one of our kinds.
    fn codes_in(source: &str) -> Vec<&str> {
        let kind = |text: &str| text.split_once('.').map(|(kind, _)| kind.to_owned());
        let kinds: Vec<_> = KNOWN.iter().filter_map(|(code, _)| kind(code)).collect();
        let letters = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
        let all = source.split('"');
        all.filter(|text| text.chars().all(letters) && !text.ends_with('.'))
            .filter(|text| kind(text).is_some_and(|kind| kinds.contains(&kind)))
            .collect()
    }

    fn look(folder: &Path, missing: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                look(&path, missing);
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("a text");
            let unknown = codes_in(&source).into_iter().filter(|code| {
                let has_words = KNOWN.iter().any(|(known, _)| known == code);
                let has_more = TOLD_WITH_MORE.iter().any(|(known, _)| known == code);
                !has_words && !has_more && !NO_CODES.contains(code)
            });
            missing.extend(unknown.map(str::to_owned));
        }
    }

    /// What looks like a code and is none.
    const NO_CODES: [&str; 2] = ["audit.signer", "audit.records"];

    #[test]
    fn each_word_that_is_offered_stands_for_one_code() {
        for language in [Language::En, Language::De] {
            during(language, || {
                let offered = offered();
                assert_eq!(offered.len(), KNOWN.len() + TOLD_WITH_MORE.len());
                for (code, _) in all() {
                    assert_eq!(asked(code).and_then(meant), Some(*code));
                }
                assert!(offered.windows(2).all(|pair| pair[0] != pair[1]));
            });
        }
    }

    #[test]
    fn every_code_that_the_engine_writes_is_listed() {
        let mut missing = Vec::new();
        let engine = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/engine/src");
        look(&engine, &mut missing);
        assert_eq!(missing, Vec::<String>::new());
    }
}
