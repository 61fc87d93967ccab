//! Names of credentials.
//!
//! Owns what a name may look like, and how the credential that belongs to a single phone is
//! named, so that the two never meet. Holds no secret.

use crate::Mac;

/// The most characters of a name.
pub const MAX_NAME: usize = 64;
/// The most characters of a user name or a password that a phone takes.
pub const MAX_LOGIN: usize = 128;

const OWN: &str = "phone:";

/// Why a text is no name of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing there.
    #[error("a name is missing")]
    Empty,
    /// Too long.
    #[error("a name has at most {MAX_NAME} characters")]
    TooLong,
    /// A character that names do not have.
    #[error("{0:?} does not belong in a name: use letters, digits, spaces and - _ . @")]
    Character(char),
}

/// The one spelling of a credential's name: trimmed, otherwise as given.
///
/// # Errors
/// What is wrong with it.
pub fn name(text: &str) -> Result<String, InvalidName> {
    let name = text.trim();
    let bad = name
        .chars()
        .find(|c| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.' | '@' | ' '));
    match bad {
        Some(character) => Err(InvalidName::Character(character)),
        None if name.is_empty() => Err(InvalidName::Empty),
        None if name.chars().count() > MAX_NAME => Err(InvalidName::TooLong),
        None => Ok(name.to_owned()),
    }
}

/// The name of the credential that one phone has for itself.
pub fn own_name(mac: Mac) -> String {
    format!("{OWN}{}", mac.digits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phones_own_name_can_be_given_to_no_other() {
        let own = own_name(Mac::from_bytes([0, 0x15, 0x65, 1, 2, 3]));
        assert_eq!(own, "phone:001565010203");
        assert_eq!(name(&own), Err(InvalidName::Character(':')));
        assert_eq!(name(" Filiale Süd "), Ok("Filiale Süd".to_owned()));
        assert_eq!(name(" "), Err(InvalidName::Empty));
        assert_eq!(name(&"x".repeat(65)), Err(InvalidName::TooLong));
    }
}
