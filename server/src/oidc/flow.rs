//! One sign-in on its way to a provider and back.
//!
//! Owns what binds the answer to this browser: a cookie, of which everything else is computed.
//! Nothing is stored. *Invariant:* an answer counts in the browser that asked, for a while.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carillon_domain::Timestamp;
use carillon_engine::Engine;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// How long somebody may stay at the provider, in seconds.
pub(crate) const LASTS: u32 = 600;
/// A longer way to go on to would not fit into a cookie.
const LONGEST_NEXT: usize = 1_024;

/// One sign-in on its way.
pub(super) struct Flow {
    cookie: String,
    /// Where to go afterwards: a path of ours.
    pub(super) next: String,
    /// Whether somebody is to sign in anew at the provider.
    pub(super) anew: bool,
    /// When it began.
    pub(super) began: Timestamp,
}

impl Flow {
    /// Begins one, in a browser that gets this secret.
    pub(super) fn begin(secret: [u8; 32], now: Timestamp, next: &str, anew: bool) -> Self {
        let next = if next.len() > LONGEST_NEXT { "/" } else { next };
        let cookie = format!(
            "{}.{}.{}.{}",
            URL_SAFE_NO_PAD.encode(secret),
            now.micros(),
            u8::from(anew),
            URL_SAFE_NO_PAD.encode(next),
        );
        Self {
            cookie,
            next: next.to_owned(),
            anew,
            began: now,
        }
    }

    /// The one that this browser began, while its time is not over.
    pub(super) fn of(cookie: &str, now: Timestamp) -> Option<Self> {
        let mut parts = cookie.splitn(4, '.');
        let (_, began, anew, next) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let began = Timestamp::from_micros(began.parse().ok()?);
        let next = String::from_utf8(URL_SAFE_NO_PAD.decode(next).ok()?).ok()?;
        let lasts = began <= now && now.since(began).as_secs() < u64::from(LASTS);
        lasts.then(|| Self {
            cookie: cookie.to_owned(),
            next,
            anew: anew == "1",
            began,
        })
    }

    pub(super) fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Comes back with the answer, and shows that it is one to this browser.
    pub(super) fn state(&self, engine: &Engine) -> Option<String> {
        self.word(engine, "state")
    }

    /// Comes back inside the token, and shows that it was made for this sign-in.
    pub(super) fn nonce(&self, engine: &Engine) -> Option<String> {
        self.word(engine, "nonce")
    }

    /// Shows the provider that whoever redeems the code began this (RFC 7636).
    pub(super) fn verifier(&self, engine: &Engine) -> Option<String> {
        self.word(engine, "verifier")
    }

    pub(super) fn is_answered_by(&self, engine: &Engine, state: &str) -> bool {
        let own = self.state(engine);
        own.is_some_and(|own| bool::from(own.as_bytes().ct_eq(state.as_bytes())))
    }

    fn word(&self, engine: &Engine, what: &str) -> Option<String> {
        let digest = engine.sign_on_digest(what, &self.cookie).ok()?;
        Some(URL_SAFE_NO_PAD.encode(digest))
    }
}

/// What of the verifier the provider is told beforehand.
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_known_by_its_cookie_for_ten_minutes() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let flow = Flow::begin([7; 32], at(1000), "/jobs?a=ü", true);
        let again = Flow::of(flow.cookie(), at(1599)).unwrap();
        assert_eq!((again.next.as_str(), again.anew), ("/jobs?a=ü", true));
        assert_eq!(again.began, at(1000));
        assert!(Flow::of(flow.cookie(), at(1600)).is_none());
        assert!(Flow::of(flow.cookie(), at(999)).is_none());
        for text in ["", "a.b.c", "a.1.1.%"] {
            assert!(Flow::of(text, at(1)).is_none(), "{text:?}");
        }
    }

    #[test]
    fn what_does_not_fit_into_a_cookie_is_left_out() {
        let at = Timestamp::from_micros(1);
        let next = |length: usize| {
            let next = format!("/{}", "j".repeat(length - 1));
            Flow::begin([7; 32], at, &next, false).next.len()
        };
        assert_eq!((next(LONGEST_NEXT), next(LONGEST_NEXT + 1)), (1_024, 1));
    }

    /// The example of RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_that_of_the_standard() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(
            challenge(verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
