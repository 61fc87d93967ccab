//! How a password is asked for, over HTTP and SIP alike, and the answer that does not show it.
//!
//! Owns the reading of challenges, the choice among them, and Digest. Decides nothing about
//! whether a password may be given: that is the transports'.

mod challenge;
mod digest;

use carillon_domain::phone::AuthScheme;

pub(crate) use self::digest::{DigestChallenge, Question};

/// Challenges of one answer that are looked at.
const MAX_CHALLENGES: usize = 8;

/// The strongest challenge of an answer that we understand.
pub(crate) enum Asked {
    Digest(DigestChallenge),
    Basic,
}

impl Asked {
    /// The scheme to remember.
    pub(crate) const fn scheme(&self) -> AuthScheme {
        match self {
            Self::Digest(challenge) => challenge.scheme(),
            Self::Basic => AuthScheme::Basic,
        }
    }
}

/// Chooses among the challenges of an answer: Digest with SHA-256, then with MD5, then Basic.
pub(crate) fn strongest<'a>(values: impl Iterator<Item = &'a [u8]>) -> Option<Asked> {
    values
        .filter_map(challenge::parse)
        .flatten()
        .take(MAX_CHALLENGES)
        .filter_map(|challenge| {
            if challenge.is("basic") {
                return Some(Asked::Basic);
            }
            DigestChallenge::read(&challenge).map(Asked::Digest)
        })
        .max_by_key(|asked| rank(asked.scheme()))
}

/// The strongest Digest challenge of an answer among those that `fits` takes.
pub(crate) fn strongest_digest<'a>(
    values: impl Iterator<Item = &'a [u8]>,
    fits: impl Fn(&DigestChallenge) -> bool,
) -> Option<DigestChallenge> {
    values
        .filter_map(challenge::parse)
        .flatten()
        .take(MAX_CHALLENGES)
        .filter_map(|challenge| DigestChallenge::read(&challenge))
        .filter(fits)
        .max_by_key(|challenge| rank(challenge.scheme()))
}

const fn rank(scheme: AuthScheme) -> u8 {
    match scheme {
        AuthScheme::DigestSha256 => 2,
        AuthScheme::DigestMd5 => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(values: &[&str]) -> Option<AuthScheme> {
        strongest(values.iter().map(|value| value.as_bytes())).map(|asked| asked.scheme())
    }

    #[test]
    fn the_strongest_understood_challenge_is_chosen() {
        const MD5: &str = r#"Digest realm="r", nonce="n", qop="auth""#;
        const SHA: &str = r#"Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256"#;
        const BASIC: &str = r#"Basic realm="r""#;
        assert_eq!(asked(&[BASIC]), Some(AuthScheme::Basic));
        assert_eq!(asked(&[BASIC, MD5]), Some(AuthScheme::DigestMd5));
        assert_eq!(asked(&[MD5, SHA, BASIC]), Some(AuthScheme::DigestSha256));
        let one_line = format!("{BASIC}, {SHA}, {MD5}");
        assert_eq!(asked(&[&one_line]), Some(AuthScheme::DigestSha256));
        assert_eq!(asked(&["Bearer", BASIC]), Some(AuthScheme::Basic));
        assert_eq!(asked(&["NTLM"]), None);
        assert_eq!(asked(&[]), None);
        assert_eq!(asked(&[r#"Digest realm="r""#]), None);
        assert_eq!(asked(&["garbage \"", BASIC]), Some(AuthScheme::Basic));
    }
}
