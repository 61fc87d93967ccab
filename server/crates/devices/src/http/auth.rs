//! How a phone asks for its password, and how it is given.
//!
//! Owns the choice among challenges, Basic, Digest and the old login in the query. Decides
//! nothing about whether a password may be sent at all: that is the conversation's.

mod challenge;
mod digest;
mod legacy;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use carillon_domain::phone::AuthScheme;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::request::secret_value;
use crate::delivery::Credential;

pub(super) use self::digest::DigestChallenge;
pub(super) use self::legacy::login_path;

/// Challenges of one answer that are looked at.
const MAX_CHALLENGES: usize = 8;

/// The strongest challenge of an answer that we understand.
pub(super) enum Asked {
    Digest(DigestChallenge),
    Basic,
}

impl Asked {
    /// The scheme to remember.
    pub(super) const fn scheme(&self) -> AuthScheme {
        match self {
            Self::Digest(challenge) => challenge.scheme(),
            Self::Basic => AuthScheme::Basic,
        }
    }
}

/// Chooses among the challenges of a 401: Digest with SHA-256, then with MD5, then Basic.
pub(super) fn strongest(headers: &HeaderMap) -> Option<Asked> {
    headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| challenge::parse(value.as_bytes()))
        .flatten()
        .take(MAX_CHALLENGES)
        .filter_map(|challenge| {
            if challenge.is("basic") {
                return Some(Asked::Basic);
            }
            DigestChallenge::read(&challenge).map(Asked::Digest)
        })
        .max_by_key(rank)
}

const fn rank(asked: &Asked) -> u8 {
    match asked.scheme() {
        AuthScheme::DigestSha256 => 2,
        AuthScheme::DigestMd5 => 1,
        _ => 0,
    }
}

/// The value of `Authorization` for Basic.
pub(super) fn basic(credential: &Credential) -> Option<HeaderValue> {
    let pair = Zeroizing::new(format!(
        "{}:{}",
        credential.username,
        credential.password.expose_secret()
    ));
    let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    secret_value(Zeroizing::new(format!("Basic {}", encoded.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(values: &[&str]) -> Option<AuthScheme> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                WWW_AUTHENTICATE,
                HeaderValue::from_str(value).expect("value"),
            );
        }
        strongest(&headers).map(|asked| asked.scheme())
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

    #[test]
    fn basic_is_the_pair_in_base64() {
        let value = basic(&Credential::new("Aladdin", "open sesame")).expect("value");
        assert_eq!(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(value.is_sensitive());
    }
}
