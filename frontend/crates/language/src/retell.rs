//! Sentences that were made in English, below the pages, told again.
//!
//! Use cases know no language: what they refuse they refuse in English, for pages, the API and
//! the command line alike. A page tells it again in its reader's language: the whole sentence if
//! the catalogue has it, or the text with names that it was made from.

use std::borrow::Cow;

use crate::fill::{Piece, pieces};
use crate::{Catalogue, current};

/// A sentence of ours in the language of the moment; as it is, when nobody knows it. Whether it
/// begins large and ends with a stop stays as it was.
pub fn retell(sentence: &str) -> Cow<'_, str> {
    let Some(catalogue) = Catalogue::of(current()) else {
        return Cow::Borrowed(sentence);
    };
    if let Some(said) = catalogue.text(sentence) {
        return Cow::Borrowed(said);
    }
    let bare = sentence.strip_suffix('.').unwrap_or(sentence);
    let small = with_first(bare, false);
    let said = both(catalogue, &small).or_else(|| told(catalogue, [bare, &small, sentence]));
    said.map_or(Cow::Borrowed(sentence), |said| {
        Cow::Owned(dressed(said, sentence))
    })
}

/// A mistake and what would be right, each told by itself: "this is no port: use a number".
fn both(catalogue: &Catalogue, sentence: &str) -> Option<String> {
    let (mistake, right) = sentence.split_once(": ")?;
    let tell = |part: &str| told(catalogue, [part; 3]);
    Some(format!("{}: {}", tell(mistake)?, tell(right)?))
}

/// What the catalogue says for one of the forms of a sentence, or for the text that it was made
/// from: the one with most in common. Of equal ones the first form counts, and its first text.
fn told(catalogue: &Catalogue, forms: [&str; 3]) -> Option<String> {
    if let Some(said) = forms.iter().find_map(|form| catalogue.text(form)) {
        return Some(said.to_owned());
    }
    let fitting = forms.into_iter().flat_map(|form| {
        let known = catalogue.templates().iter();
        known.filter_map(move |(key, said)| Some((weight(key), said, values(key, form)?)))
    });
    let (_, said, values) =
        fitting.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    Some(filled(said, &values))
}

/// Begins and ends as the English sentence did.
fn dressed(said: String, as_in: &str) -> String {
    let large = as_in.chars().next().is_some_and(char::is_uppercase);
    let said = if large { with_first(&said, true) } else { said };
    let stop = as_in.ends_with('.') && !said.ends_with(['.', '!', '?', '…']);
    if stop { format!("{said}.") } else { said }
}

/// The text with its first letter large or small.
fn with_first(text: &str, large: bool) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    let first: String = if large {
        first.to_uppercase().collect()
    } else {
        first.to_lowercase().collect()
    };
    first + chars.as_str()
}

/// How much of a text is fixed: the more, the surer it is the one.
fn weight(text: &str) -> usize {
    let fixed = pieces(text).into_iter().map(|piece| match piece {
        Piece::Text(text) => text.len(),
        Piece::Name(_) => 0,
    });
    fixed.sum()
}

/// The values that make the sentence from the text, if any do. At least one word must be fixed.
fn values<'a, 'b>(text: &'a str, sentence: &'b str) -> Option<Vec<(&'a str, &'b str)>> {
    let pieces = pieces(text);
    let mut found = Vec::new();
    let mut rest = sentence;
    let mut open = None;
    if weight(text) < 6 {
        return None;
    }
    for piece in &pieces {
        match piece {
            Piece::Name(name) => open = Some(plain(name)),
            Piece::Text(fixed) => {
                let at = rest.find(fixed)?;
                match open.take() {
                    Some(name) => found.push((name, &rest[..at])),
                    None if at > 0 => return None,
                    None => {}
                }
                rest = &rest[at + fixed.len()..];
            }
        }
    }
    match open {
        Some(name) => found.push((name, rest)),
        None if !rest.is_empty() => return None,
        None => {}
    }
    Some(found)
}

/// The name without how it is written: `{field:?}` is `field`.
fn plain(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

/// Names find their values; a place without a name takes the next one.
fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut nameless = values.iter().filter(|(name, _)| name.is_empty());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Name(name) if plain(name).is_empty() => {
                out.push_str(nameless.next().map_or("", |(_, value)| value));
            }
            Piece::Name(name) => {
                let value = values.iter().find(|(known, _)| *known == plain(name));
                out.push_str(value.map_or("", |(_, value)| value));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, during};

    #[test]
    fn values_are_found_between_what_is_fixed() {
        let text = "At most {} KiB are taken here, not {size}.";
        let sentence = "At most 64 KiB are taken here, not 65.";
        let found = values(text, sentence).expect("it fits");
        assert_eq!(found, [("", "64"), ("size", "65")]);
        assert_eq!(
            filled("Nicht {size}, höchstens {} KiB.", &found),
            "Nicht 65, höchstens 64 KiB."
        );
        assert_eq!(values(text, "At most 64 KiB are taken."), None);
    }

    #[test]
    fn the_text_with_most_in_common_is_the_one() {
        let german = |sentence| during(Language::De, || retell(sentence).into_owned());
        assert_eq!(
            german("There is no site \"x\"."),
            "Es gibt keinen Standort \"x\"."
        );
        assert_eq!(german("There is no \"x\"."), "\"x\" gibt es nicht.");
    }

    #[test]
    fn a_mistake_and_what_would_be_right_are_told_each_by_itself() {
        let german = |sentence| during(Language::De, || retell(sentence).into_owned());
        assert_eq!(
            german("This is no port: use a number from 1 to 65535."),
            "Das ist kein Port: nehmen Sie eine Zahl von 1 bis 65535."
        );
    }

    #[test]
    fn a_sentence_keeps_its_dress() {
        assert_eq!(
            dressed("gib eine Zahl".to_owned(), "Give a number."),
            "Gib eine Zahl."
        );
        assert_eq!(dressed("Telefon".to_owned(), "phone"), "Telefon");
    }

    #[test]
    fn a_text_that_is_all_names_fits_nothing() {
        assert_eq!(values("{a}: {b}", "x: y"), None);
    }
}
