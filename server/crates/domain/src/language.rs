//! The languages that pages can speak.
//!
//! Owns which there are. What they say stands in the catalogues of the pages.

use crate::closed_list;

closed_list! {
    /// A language that pages can speak.
    Language {
        /// English: the language of the code, the API, the records and the command line.
        En = "en",
        /// German.
        De = "de",
    }
}

impl Language {
    /// Its own name for itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
        }
    }

    /// The one that an `Accept-Language` header likes best; `None` when it names none of ours.
    pub fn preferred(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for range in header.split(',').take(32) {
            let (tag, weight) = weighed(range);
            let Some(language) = Self::of_tag(tag) else {
                continue;
            };
            if weight > 0.0 && best.is_none_or(|(_, so_far)| weight > so_far) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }

    /// The language of a tag such as `de-AT`.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or(tag).to_ascii_lowercase();
        primary.parse().ok()
    }
}

/// A range and its weight: `de;q=0.8`.
fn weighed(range: &str) -> (&str, f32) {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q="));
    (tag, weight.map_or(1.0, |q| q.parse().unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_of_ours_is_taken() {
        let preferred = Language::preferred;
        assert_eq!(preferred("de-AT,de;q=0.9,en;q=0.8"), Some(Language::De));
        assert_eq!(preferred("fr, en;q=0.5, de;q=0.7"), Some(Language::De));
        assert_eq!(preferred("en-GB, de"), Some(Language::En));
        assert_eq!(preferred("de;q=0, en;q=0.1"), Some(Language::En));
        for none in ["", "fr", "*", "de;q=x", ";;;,,,"] {
            assert_eq!(preferred(none), None, "{none:?}");
        }
    }
}
