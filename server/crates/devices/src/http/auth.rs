//! How a phone asks for its password, and how it is given.
//!
//! Owns Basic, the old login in the query, and how a Digest is put in a header. Decides
//! nothing about whether a password may be sent at all: that is the conversation's.

mod legacy;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::request::secret_value;
use crate::auth::{self, Question};
use crate::delivery::Credential;

pub(super) use self::legacy::login_path;
pub(super) use crate::auth::{Asked, DigestChallenge};

/// The strongest challenge of a 401 that we understand.
pub(super) fn strongest(headers: &HeaderMap) -> Option<Asked> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter();
    auth::strongest(values.map(HeaderValue::as_bytes))
}

/// The value of `Authorization` for Digest: a proof for a GET of `target`.
pub(super) fn digest(
    challenge: &DigestChallenge,
    credential: &Credential,
    target: &str,
    entropy: [u8; 16],
) -> Option<HeaderValue> {
    let question = Question {
        method: "GET",
        uri: target,
    };
    secret_value(challenge.answer(credential, question, entropy)?)
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

    #[test]
    fn basic_is_the_pair_in_base64() {
        let value = basic(&Credential::new("Aladdin", "open sesame")).expect("value");
        assert_eq!(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(value.is_sensitive());
    }

    #[test]
    fn a_proof_is_sensitive_and_breaks_no_header() {
        let headers = HeaderMap::from_iter([(
            WWW_AUTHENTICATE,
            HeaderValue::from_static(r#"Digest realm="r", nonce="n""#),
        )]);
        let Some(Asked::Digest(challenge)) = strongest(&headers) else {
            panic!("a digest");
        };
        let proof = |user| digest(&challenge, &Credential::new(user, "x"), "/x", [0; 16]);
        assert!(proof("admin").expect("a value").is_sensitive());
        assert!(proof("a\r\nX: y").is_none());
    }
}
