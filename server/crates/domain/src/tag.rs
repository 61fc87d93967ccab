//! Tags of phones.
//!
//! Owns what a tag may look like, so that filter, list and form agree on one spelling.

/// The most characters a tag has.
pub const MAX_CHARS: usize = 64;

/// Why a text is no tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTag {
    /// Nothing is left.
    #[error("a tag needs at least one letter or digit")]
    Empty,
    /// Too long.
    #[error("a tag has at most {MAX_CHARS} characters")]
    TooLong,
    /// A character that lists, filters or tables use themselves.
    #[error("{0:?} does not belong in a tag: use letters, digits, and - _ . / inside")]
    Character(char),
}

/// The one spelling of a tag: trimmed, lower case.
///
/// # Errors
/// What is wrong with it.
pub fn normalize(text: &str) -> Result<String, InvalidTag> {
    let tag = text.trim().to_lowercase();
    if let Some(bad) = tag
        .chars()
        .find(|c| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.' | '/' | ' '))
    {
        return Err(InvalidTag::Character(bad));
    }
    if tag.chars().count() > MAX_CHARS {
        return Err(InvalidTag::TooLong);
    }
    if tag.starts_with('-') {
        return Err(InvalidTag::Character('-'));
    }
    if tag.chars().any(char::is_alphanumeric) {
        Ok(tag)
    } else {
        Err(InvalidTag::Empty)
    }
}

/// Several tags, each in its one spelling, sorted, without duplicates.
///
/// # Errors
/// The first text that is no tag.
pub fn normalize_all<'a>(
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<String>, (String, InvalidTag)> {
    let mut tags = texts
        .into_iter()
        .filter(|text| !text.trim().is_empty())
        .map(|text| normalize(text).map_err(|problem| (text.trim().to_owned(), problem)))
        .collect::<Result<Vec<_>, _>>()?;
    tags.sort();
    tags.dedup();
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_one_spelling() {
        assert_eq!(normalize(" VIP "), Ok("vip".to_owned()));
        assert_eq!(normalize("Süd 2"), Ok("süd 2".to_owned()));
        assert_eq!(normalize("a;b"), Err(InvalidTag::Character(';')));
        assert_eq!(normalize("-x"), Err(InvalidTag::Character('-')));
        assert_eq!(normalize(" "), Err(InvalidTag::Empty));
        assert_eq!(normalize(&"x".repeat(65)), Err(InvalidTag::TooLong));
        assert_eq!(
            normalize_all(["b", "A", "", "a"]),
            Ok(vec!["a".to_owned(), "b".to_owned()])
        );
    }
}
