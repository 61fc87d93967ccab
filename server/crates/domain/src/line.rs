//! One line of text, as people type it into a field.
//!
//! Owns which characters it may not hold: those that break the line or ring the bell, and those
//! that are not seen and turn the direction of what stands around them.

/// Whether a text can stand in one line and shows as it is.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || misleads(c))
}

/// Line separators, and what turns or overrides the direction of writing.
pub const fn misleads(character: char) -> bool {
    matches!(
        character,
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fff9}'..='\u{fffb}'
    )
}

/// What to say about a text that is not plain.
pub const NOT_PLAIN: &str =
    "there is a line break, a control character or one that turns the direction of writing";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_plain_and_tricks_are_not() {
        for plain in ["", "INC-4711: Müller's phone", "שלום", "日本", "👩‍👧"] {
            assert!(is_plain(plain), "{plain:?}");
        }
        for odd in [
            "a\0b",
            "a\u{7}",
            "a\nb",
            "a\tb",
            "\u{202e}cod.exe",
            "a\u{2066}b",
            "\u{85}",
        ] {
            assert!(!is_plain(odd), "{odd:?}");
        }
    }
}
