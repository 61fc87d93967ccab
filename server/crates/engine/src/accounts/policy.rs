//! What a new password must be.
//!
//! Owns the rules for new passwords and for account names. Never changes what was typed: a
//! password is not trimmed, folded or cut.

use secrecy::{ExposeSecret, SecretString};

use super::common::is_common;
use crate::error::FieldError;

/// Fewest characters of a new password.
pub const SHORTEST: usize = 15;
/// Most characters of a new password.
pub const LONGEST: usize = 128;
const FEWEST_DISTINCT: usize = 6;
const OBVIOUS: [&str; 3] = ["yealink", "carillon", "password"];
const LONGEST_NAME: usize = 64;

/// What is wrong with a new password for this account, in the field of this name.
///
/// # Errors
/// Every rule that it breaks.
pub fn check_password(
    field: &str,
    password: &SecretString,
    account: &str,
) -> Result<(), Vec<FieldError>> {
    let text = password.expose_secret();
    let rules = [
        wrong_length(text),
        too_plain(text),
        obvious(text, account),
        common(text),
    ];
    let found: Vec<_> = rules
        .into_iter()
        .flatten()
        .map(|(code, message)| FieldError::new(field, code, message))
        .collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn wrong_length(text: &str) -> Option<(&'static str, String)> {
    let length = text.chars().count();
    if length < SHORTEST {
        Some((
            "too_short",
            format!("Use at least {SHORTEST} characters: some words will do."),
        ))
    } else if length > LONGEST {
        Some(("too_long", format!("Use at most {LONGEST} characters.")))
    } else {
        None
    }
}

fn too_plain(text: &str) -> Option<(&'static str, String)> {
    let mut distinct: Vec<char> = text.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let plain = !text.is_empty() && distinct.len() < FEWEST_DISTINCT;
    plain.then(|| {
        (
            "too_plain",
            format!("Use at least {FEWEST_DISTINCT} different characters."),
        )
    })
}

fn obvious(text: &str, account: &str) -> Option<(&'static str, String)> {
    let text = text.to_lowercase();
    // A name of three letters stands in many good pass phrases by chance.
    let name = (account.chars().count() > 3).then_some(account);
    let word = OBVIOUS
        .into_iter()
        .chain(name)
        .find(|word| text.contains(&word.to_lowercase()))?;
    Some((
        "obvious",
        format!("Leave out \u{201c}{word}\u{201d}: it is tried first."),
    ))
}

/// Only where nothing plainer is wrong: two sentences about one fault help nobody.
fn common(text: &str) -> Option<(&'static str, String)> {
    let long_enough = text.chars().count() >= SHORTEST;
    (long_enough && too_plain(text).is_none() && is_common(text)).then(|| {
        let message = "This is made of what everybody chooses: words of passwords, runs of keys, years. Take a sentence of your own.";
        ("common", message.to_owned())
    })
}

/// An account name as it is stored: lower case letters, digits, `.`, `_`, `-`, `@`.
///
/// # Errors
/// What is wrong with it.
pub fn account_name(field: &str, typed: &str) -> Result<String, FieldError> {
    let name = typed.trim().to_lowercase();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-@".contains(c);
    if name.is_empty() {
        Err(FieldError::new(
            field,
            "required",
            "Give the account a name.",
        ))
    } else if name.len() > LONGEST_NAME {
        let message = format!("Use at most {LONGEST_NAME} characters.");
        Err(FieldError::new(field, "too_long", message))
    } else if !name.chars().all(allowed) || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        let message = "Use letters, digits and . _ - @, and begin with a letter or digit.";
        Err(FieldError::new(field, "invalid", message))
    } else {
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(password: &str, account: &str) -> Vec<String> {
        let found = check_password("password", &SecretString::from(password), account);
        found
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|error| error.code)
            .collect()
    }

    #[test]
    fn length_counts_characters_and_nothing_is_trimmed() {
        assert_eq!(codes("river walks up", "eve"), ["too_short"]);
        assert!(codes("river walks upp", "eve").is_empty());
        assert!(codes("  river walks  ", "eve").is_empty());
        assert!(codes("äöüßéèêñçžščřďť", "eve").is_empty());
        assert!(codes(&"riverwal".repeat(16), "eve").is_empty());
        assert_eq!(
            codes(&format!("{}x", "riverwal".repeat(16)), "eve"),
            ["too_long"]
        );
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        assert_eq!(codes("our YeaLink phones ring", "eve"), ["obvious"]);
        assert_eq!(codes("carillon-rings-daily", "eve"), ["obvious"]);
        assert_eq!(codes("a.meyer likes the bells", "a.meyer"), ["obvious"]);
        assert_eq!(codes("aaaaaaaaaaaaaaaaaaaa", "eve"), ["too_plain"]);
        assert_eq!(codes("Summer2024Winter2025", "eve"), ["common"]);
        assert!(codes("every evening at eleven", "eve").is_empty());
    }

    #[test]
    fn a_refusal_never_repeats_the_password() {
        let found = check_password("password", &SecretString::from("tr0ub4dor"), "eve");
        assert!(
            found
                .unwrap_err()
                .iter()
                .all(|error| !error.message.contains("tr0ub4dor"))
        );
    }

    #[test]
    fn names_are_folded_and_checked() {
        assert_eq!(account_name("name", " A.Meyer ").as_deref(), Ok("a.meyer"));
        for typed in ["", "  ", "-x", "a b", "a/b", "ä", &"a".repeat(65)] {
            assert!(account_name("name", typed).is_err(), "{typed}");
        }
    }
}
