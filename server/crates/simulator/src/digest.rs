//! Digest authentication from the phone's side.
//!
//! Owns the challenge, the nonce and the check of the answer, with MD5 as phones speak it and
//! with SHA-256. A nonce proves itself, so none is stored.

use std::time::Duration;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::auth::Check;

/// The two algorithms of the challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Md5,
    Sha256,
}

/// What makes a phone's nonces its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mint {
    pub(crate) seed: u64,
    pub(crate) phone: [u8; 6],
    /// Nonces from before this are stale.
    pub(crate) oldest: Duration,
}

/// What the answer is checked against.
pub(crate) struct Expected<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) realm: &'a str,
    pub(crate) username: &'a str,
    pub(crate) password: &'a str,
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
}

impl Algorithm {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn hash(self, parts: &[&str]) -> String {
        let text = parts.join(":");
        match self {
            Self::Md5 => hex::encode(Md5::digest(text)),
            Self::Sha256 => hex::encode(Sha256::digest(text)),
        }
    }
}

impl Mint {
    /// A nonce that carries its time and number, and a proof that this phone made it.
    pub(crate) fn nonce(&self, now: Duration, number: u64) -> String {
        let body = format!("{:012x}{:08x}", now.as_millis(), number as u32);
        let proof = self.proof(&body);
        body + &proof
    }

    fn proof(&self, body: &str) -> String {
        let digest = Sha256::new()
            .chain_update(self.seed.to_be_bytes())
            .chain_update(self.phone)
            .chain_update(body)
            .finalize();
        hex::encode(&digest[..8])
    }

    /// `None`: not ours. Else whether it is still good.
    fn is_fresh(&self, nonce: &str) -> Option<bool> {
        let (body, proof) = nonce.split_at_checked(20)?;
        if proof != self.proof(body) {
            return None;
        }
        let made = u64::from_str_radix(body.get(..12)?, 16).ok()?;
        Some(Duration::from_millis(made) >= self.oldest)
    }
}

/// The value of `WWW-Authenticate`.
pub(crate) fn challenge(algorithm: Algorithm, realm: &str, nonce: &str, stale: bool) -> String {
    let name = algorithm.name();
    let stale = if stale { ", stale=true" } else { "" };
    format!("Digest realm=\"{realm}\", qop=\"auth\", nonce=\"{nonce}\", algorithm={name}{stale}")
}

/// Whether a header answers with SHA-256.
pub(crate) fn is_sha256(header: &str) -> bool {
    parameter(header, "algorithm").is_some_and(|name| name.eq_ignore_ascii_case("SHA-256"))
}

/// Checks the value of `Authorization` behind `Digest `.
pub(crate) fn check(header: &str, expected: &Expected<'_>, mint: &Mint) -> Check {
    let Some(answer) = Answer::parse(header, expected.algorithm) else {
        return Check::Wrong;
    };
    let Some(fresh) = mint.is_fresh(answer.nonce) else {
        return Check::Stale;
    };
    let right = answer.username == expected.username
        && answer.realm == expected.realm
        && answer.uri == expected.target
        && answer
            .response
            .eq_ignore_ascii_case(&answer.right(expected));
    match (right, fresh) {
        (true, true) => Check::Right,
        (true, false) => Check::Stale,
        (false, _) => Check::Wrong,
    }
}

struct Answer<'a> {
    username: &'a str,
    realm: &'a str,
    nonce: &'a str,
    uri: &'a str,
    response: &'a str,
    /// Quality, count and client's nonce; absent in the oldest form.
    quality: Option<(&'a str, &'a str, &'a str)>,
}

impl<'a> Answer<'a> {
    fn parse(header: &'a str, algorithm: Algorithm) -> Option<Self> {
        let named = parameter(header, "algorithm").unwrap_or("MD5");
        if !named.eq_ignore_ascii_case(algorithm.name()) {
            return None;
        }
        let quality = match parameter(header, "qop") {
            Some("auth") => Some((
                "auth",
                parameter(header, "nc").filter(|count| count.len() == 8)?,
                parameter(header, "cnonce")?,
            )),
            Some(_) => return None,
            None => None,
        };
        Some(Self {
            username: parameter(header, "username")?,
            realm: parameter(header, "realm")?,
            nonce: parameter(header, "nonce")?,
            uri: parameter(header, "uri")?,
            response: parameter(header, "response")?,
            quality,
        })
    }

    fn right(&self, expected: &Expected<'_>) -> String {
        let hash = |parts: &[&str]| expected.algorithm.hash(parts);
        let who = hash(&[expected.username, expected.realm, expected.password]);
        let what = hash(&[expected.method, expected.target]);
        match self.quality {
            Some((quality, count, client)) => {
                hash(&[&who, self.nonce, count, client, quality, &what])
            }
            None => hash(&[&who, self.nonce, &what]),
        }
    }
}

/// One parameter of the header, quoted or not. Commas inside quotes do not end it.
fn parameter<'a>(header: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = header;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        if name.trim_matches([',', ' ']).eq_ignore_ascii_case(wanted) {
            return Some(value.trim());
        }
        rest = left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINT: Mint = Mint {
        seed: 1,
        phone: [0, 0x15, 0x65, 1, 2, 3],
        oldest: Duration::from_secs(5),
    };

    fn expected(algorithm: Algorithm) -> Expected<'static> {
        Expected {
            algorithm,
            realm: "http-auth@example.org",
            username: "Mufasa",
            password: "Circle of Life",
            method: "GET",
            target: "/dir/index.html",
        }
    }

    /// The worked example of RFC 7616 §3.9.1.
    #[test]
    fn the_standards_example_is_right() {
        let header = |algorithm, response| {
            format!(
                "username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
                 algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, \
                 response=\"{response}\""
            )
        };
        for (algorithm, response) in [
            (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (
                Algorithm::Sha256,
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let header = header(algorithm.name(), response);
            let answer = Answer::parse(&header, algorithm).expect("complete");
            assert_eq!(answer.right(&expected(algorithm)), answer.response);
        }
    }

    #[test]
    fn nonces_prove_themselves_and_age() {
        let nonce = MINT.nonce(Duration::from_secs(6), 1);
        assert_eq!(MINT.is_fresh(&nonce), Some(true));
        assert_eq!(
            MINT.is_fresh(&MINT.nonce(Duration::from_secs(4), 2)),
            Some(false)
        );
        let other = Mint { seed: 2, ..MINT };
        assert_eq!(other.is_fresh(&nonce), None);
        assert_eq!(MINT.is_fresh("short"), None);
    }
}
