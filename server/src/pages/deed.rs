//! What a form that waits for a proof goes on to do, in a sentence.
//!
//! Told from the address of the form, by what is known here: nothing of the address itself is shown, and of
//! its fields only a number.

use carillon_engine::changes::MOST_DELETED;
use carillon_language::{say, say_many};

use crate::fields::Fields;

/// The sentence; empty where the address is none of those.
pub fn told(path: &str, fields: &Fields) -> String {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    if parts == ["phones", "delete"] {
        return phones(fields);
    }
    let known = account(&parts).or_else(|| administration(&parts));
    known
        .or_else(|| other(&parts))
        .unwrap_or_default()
        .to_owned()
}

/// How many phones would be deleted: a number is all that is taken of the form.
fn phones(fields: &Fields) -> String {
    let most = i64::try_from(MOST_DELETED).unwrap_or(i64::MAX);
    let count = fields.or_empty("count").parse::<i64>().ok();
    let Some(count) = count.filter(|count| (1..=most).contains(count)) else {
        return say("You are about to delete phones.").to_owned();
    };
    say_many!(
        count,
        "You are about to delete {count} phone.",
        "You are about to delete {count} phones."
    )
}

/// What is done to one's own account.
fn account(parts: &[&str]) -> Option<&'static str> {
    let (_, own) = parts
        .split_first()
        .filter(|(first, _)| **first == "account")?;
    Some(match own {
        ["password"] => say("You are about to change your password."),
        ["sessions", "end-others"] => say("You are about to end your other sessions."),
        ["sessions", _, "end"] => say("You are about to end one of your sessions."),
        ["tokens"] => say("You are about to make a token."),
        ["second-factor", "begin" | "confirm"] => say("You are about to set up a second factor."),
        ["second-factor", "codes"] => say("You are about to make new recovery codes."),
        ["second-factor", "remove"] => say("You are about to turn your second factor off."),
        _ => return None,
    })
}

/// What administrators do.
fn administration(parts: &[&str]) -> Option<&'static str> {
    let (_, what) = parts
        .split_first()
        .filter(|(first, _)| **first == "admin")?;
    Some(match what {
        ["users", "new"] => say("You are about to add an account."),
        ["users", _, "edit"] => say("You are about to change what an account may do."),
        ["users", _, "reset-link"] => say("You are about to make a link for a new password."),
        ["users", _, "reset-factor"] => {
            say("You are about to take the second factor of an account away.")
        }
        ["users", _, "disable"] => say("You are about to disable an account."),
        ["users", _, "enable"] => say("You are about to enable an account."),
        ["networks"] => say("You are about to change the networks of the phones."),
        ["settings"] => say("You are about to change the limits."),
        ["settings", "second-factor"] => say("You are about to change who needs a second factor."),
        ["streams", _, "secret"] => say("You are about to make a new secret for a stream."),
        _ => return None,
    })
}

/// All else.
fn other(parts: &[&str]) -> Option<&'static str> {
    Some(match parts {
        ["phones", _, "delete"] => say("You are about to delete a phone."),
        ["jobs", _, "approve"] => say("You are about to let the job of somebody else run."),
        ["changes", _, "approve"] => say("You are about to approve the change of somebody else."),
        ["audit", _, "number"] => say("You are about to read a dialled number."),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, form: &str) -> String {
        told(path, &Fields::parse(form.as_bytes()))
    }

    #[test]
    fn what_goes_on_is_named() {
        let about = "You are about to";
        for (path, form, what) in [
            ("/phones/delete", "count=21", "delete 21 phones."),
            ("/phones/delete", "count=1", "delete 1 phone."),
            ("/phones/00:15:65:00:00:01/delete", "", "delete a phone."),
            (
                "/account/sessions/end-others",
                "",
                "end your other sessions.",
            ),
            ("/admin/users/anna/disable", "", "disable an account."),
            (
                "/jobs/0192/approve",
                "",
                "let the job of somebody else run.",
            ),
        ] {
            assert_eq!(of(path, form), format!("{about} {what}"));
        }
    }

    #[test]
    fn nothing_that_was_typed_is_shown() {
        for form in ["count=<b>", "count=-3", "count=9999999", ""] {
            assert_eq!(
                of("/phones/delete", form),
                "You are about to delete phones."
            );
        }
        for path in ["/phones/<b>", "/admin/users", "/account", "/"] {
            assert_eq!(of(path, "count=21"), "");
        }
    }
}
