//! Models of phones.
//!
//! Owns how a model's name is written and how many line keys a model has. Never refuses a model
//! that it does not know: vendors make new ones faster than lists.

/// The one way a model is written here: `T46S` for `SIP-T46S`, `Yealink T46S` and `t46s`.
///
/// An unknown name comes back in capitals, without brackets, with `_` where it had separators.
pub fn normalize(text: &str) -> String {
    let upper = text.trim().to_uppercase();
    let rest = strip_word(&upper, "YEALINK");
    let rest = strip_word(rest, "SIP");
    let rest = match strip_word(rest, "VP") {
        touch if touch.starts_with('T') => touch,
        _ => rest,
    };
    let mut name = String::with_capacity(rest.len());
    for character in rest.chars() {
        match character {
            '(' | ')' => {}
            ' ' | '_' | '-' | '\t' if name.ends_with('_') => {}
            ' ' | '_' | '-' | '\t' => name.push('_'),
            other => name.push(other),
        }
    }
    name.trim_matches('_').to_owned()
}

/// `text` without a leading `word`, where a separator follows it.
fn strip_word<'a>(text: &'a str, word: &str) -> &'a str {
    let Some(rest) = text.strip_prefix(word) else {
        return text;
    };
    let bare = rest.trim_start_matches([' ', '-', '_', '\t']);
    if bare.len() < rest.len() && !bare.is_empty() {
        bare
    } else {
        text
    }
}

/// Whether two names mean one model, however they are written.
pub fn same(one: &str, other: &str) -> bool {
    normalize(one) == normalize(other)
}

/// Families and their line keys `L1..`, longest prefix first where one begins another.
///
/// Source: the provisioning templates of an open telephony project for firmware 73 to 87, and the
/// vendor's V83 administrator guide, which agrees for the models of its time.
const LINE_KEYS: &[(&str, u8)] = &[
    ("T19", 0),
    ("T21", 2),
    ("T23", 3),
    ("T27", 21),
    ("T29", 27),
    ("T30", 0),
    ("T31", 2),
    ("T33", 12),
    ("T34", 12),
    ("T40", 3),
    ("T41", 15),
    ("T42", 15),
    ("T43", 15),
    ("T44", 24),
    ("T46", 27),
    ("T48", 29),
    ("T52", 21),
    ("T53", 21),
    ("T54", 27),
    ("T57", 29),
    ("T58", 27),
    ("T73", 48),
    ("T74", 60),
    ("T77", 95),
    ("T85", 72),
    ("T87", 95),
    ("T88", 95),
    ("CP", 0),
    ("AX", 0),
    ("W", 0),
];

/// The largest number that a line key of any known model has.
pub const MAX_LINE_KEYS: u8 = 95;

/// How many line keys a model has; `None` for a model that is not known.
pub fn line_keys(model: &str) -> Option<u8> {
    let name = normalize(model);
    LINE_KEYS
        .iter()
        .find(|(family, _)| name.starts_with(family))
        .map(|(_, keys)| *keys)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_model_has_one_name() {
        for text in [
            "T46S",
            "SIP-T46S",
            "Yealink T46S",
            "yealink SIP-T46S",
            " t46s ",
            "Yealink-T46S",
        ] {
            assert_eq!(normalize(text), "T46S", "{text}");
        }
        assert_eq!(normalize("SIP VP-T49G"), "T49G");
        assert_eq!(normalize("VP530P"), "VP530P");
        assert_eq!(normalize("SIP-T21P E2"), "T21P_E2");
        assert_eq!(normalize("SIP-T21(P)_E2"), "T21P_E2");
        assert_eq!(normalize("Yealink"), "YEALINK");
        assert!(same("Yealink SIP-T46S", "t46s"));
        assert!(!same("T46S", "T46G"));
    }

    #[test]
    fn line_keys_follow_the_family() {
        assert_eq!(line_keys("SIP-T46S"), Some(27));
        assert_eq!(line_keys("T21P_E2"), Some(2));
        assert_eq!(line_keys("CP920"), Some(0));
        assert_eq!(line_keys("W60B"), Some(0));
        assert_eq!(line_keys("X99"), None);
        assert!(LINE_KEYS.iter().all(|(_, keys)| *keys <= MAX_LINE_KEYS));
    }

    proptest! {
        #[test]
        fn a_normal_name_stays_as_it_is(text in "[a-zA-Z0-9 ()_-]{0,20}") {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once);
        }
    }
}
