//! Who did something, as people call them.
//!
//! Owns the words for those who have no account; an account is called by its name.

use carillon_language::say;

/// How records call who works on the machine itself, before the number of their account there.
const LOCAL: &str = "local:";
const ROOT: &str = "0";

/// The name of an actor as pages show it.
pub(super) fn shown(name: &str) -> String {
    match name.strip_prefix(LOCAL) {
        Some(ROOT) => say("root on the server itself").to_owned(),
        Some(number) => say!("user {number} on the server itself", number),
        None => name.to_owned(),
    }
}

/// The name in the records of whom somebody typed as pages show them.
pub(super) fn meant(typed: &str) -> String {
    let numbers = typed
        .split(|c: char| !c.is_ascii_digit())
        .filter(|number| !number.is_empty());
    let local = numbers
        .chain([ROOT])
        .map(|number| format!("{LOCAL}{number}"));
    let mut local = local.filter(|name| shown(name) == typed);
    local.next().unwrap_or_else(|| typed.to_owned())
}

#[cfg(test)]
mod tests {
    use carillon_domain::Language;
    use carillon_language::during;

    use super::*;

    #[test]
    fn who_works_on_the_machine_itself_is_told_in_words_and_found_by_them() {
        assert_eq!(shown("local:0"), "root on the server itself");
        assert_eq!(shown("local:1000"), "user 1000 on the server itself");
        assert_eq!(shown("a.meyer"), "a.meyer");
        for language in [Language::En, Language::De] {
            during(language, || {
                for name in ["local:0", "local:1000", "a.meyer", "user2000"] {
                    assert_eq!(meant(&shown(name)), name);
                }
            });
        }
    }
}
