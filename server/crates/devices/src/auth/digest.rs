//! Digest (RFC 7616, and the older forms that phones speak).
//!
//! Owns MD5 and SHA-256 with `qop=auth`, and without `qop` as in RFC 2069. Session variants and
//! `auth-int` are not understood, so that a phone asking only for those is left alone.

use carillon_domain::phone::AuthScheme;
use md5::Md5;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::challenge::Challenge;
use crate::delivery::Credential;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha256,
}

/// The request that a proof is for.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    /// Its method.
    pub(crate) method: &'a str,
    /// What it asks for, as it stands in the request line.
    pub(crate) uri: &'a str,
}

/// A challenge that can be answered.
pub(crate) struct DigestChallenge {
    algorithm: Algorithm,
    /// Whether the parameter was there: only then it is sent back.
    names_algorithm: bool,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    with_qop: bool,
    stale: bool,
}

impl DigestChallenge {
    /// Takes a challenge if it is a Digest that we can answer.
    pub(super) fn read(challenge: &Challenge) -> Option<Self> {
        if !challenge.is("digest") {
            return None;
        }
        let named = challenge.get("algorithm");
        let algorithm = match named.map(str::to_ascii_lowercase).as_deref() {
            None | Some("md5") => Algorithm::Md5,
            Some("sha-256") => Algorithm::Sha256,
            Some(_) => return None,
        };
        let offered = challenge.get("qop");
        let with_qop = offered.is_some();
        let has_auth = |list: &str| {
            list.split(',')
                .any(|q| q.trim().eq_ignore_ascii_case("auth"))
        };
        if !offered.is_none_or(has_auth) {
            return None;
        }
        Some(Self {
            algorithm,
            names_algorithm: named.is_some(),
            realm: challenge.get("realm")?.to_owned(),
            nonce: challenge.get("nonce")?.to_owned(),
            opaque: challenge.get("opaque").map(str::to_owned),
            with_qop,
            stale: challenge
                .get("stale")
                .is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    /// The scheme to remember.
    pub(crate) const fn scheme(&self) -> AuthScheme {
        match self.algorithm {
            Algorithm::Md5 => AuthScheme::DigestMd5,
            Algorithm::Sha256 => AuthScheme::DigestSha256,
        }
    }

    /// Who asks, as it says itself.
    pub(crate) fn realm(&self) -> &str {
        &self.realm
    }

    /// Whether only the nonce was too old.
    pub(crate) const fn is_stale(&self) -> bool {
        self.stale
    }

    /// The value of `Authorization` or `Proxy-Authorization`. `None` when the user name cannot
    /// stand in a header.
    pub(crate) fn answer(
        &self,
        credential: &Credential,
        question: Question<'_>,
        entropy: [u8; 16],
    ) -> Option<Zeroizing<String>> {
        if credential.username.contains(|c: char| c.is_control()) {
            return None;
        }
        let cnonce = hex::encode(entropy);
        let response = self.response(credential, question, &cnonce);
        let mut text = Zeroizing::new(format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{response}\"",
            quoted(&credential.username),
            quoted(&self.realm),
            quoted(&self.nonce),
            question.uri,
        ));
        if self.names_algorithm {
            text.extend([", algorithm=", self.algorithm.name()]);
        }
        if let Some(opaque) = &self.opaque {
            text.extend([", opaque=\"", &quoted(opaque), "\""]);
        }
        if self.with_qop {
            text.extend([", qop=auth, nc=00000001, cnonce=\"", &cnonce, "\""]);
        }
        Some(text)
    }

    fn response(&self, credential: &Credential, question: Question<'_>, cnonce: &str) -> String {
        let hash = |text: &str| self.algorithm.hash(text);
        let password = credential.password.expose_secret();
        let secret = Zeroizing::new(hash(&Zeroizing::new(format!(
            "{}:{}:{password}",
            credential.username, self.realm
        ))));
        let request = hash(&format!("{}:{}", question.method, question.uri));
        let nonce = &self.nonce;
        hash(&Zeroizing::new(if self.with_qop {
            format!(
                "{}:{nonce}:00000001:{cnonce}:auth:{request}",
                secret.as_str()
            )
        } else {
            format!("{}:{nonce}:{request}", secret.as_str())
        }))
    }
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hex::encode(Md5::digest(text.as_bytes())),
            Self::Sha256 => hex::encode(Sha256::digest(text.as_bytes())),
        }
    }
}

/// The inside of a quoted string.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::super::challenge;
    use super::*;

    fn read(text: &str) -> Option<DigestChallenge> {
        let list = challenge::parse(text.as_bytes())?;
        DigestChallenge::read(list.first()?)
    }

    fn get(uri: &str) -> Question<'_> {
        Question { method: "GET", uri }
    }

    /// The example of RFC 7616 §3.9.1, whose client nonce is not hexadecimal.
    fn example(algorithm: &str) -> String {
        let challenge = read(&format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        ))
        .expect("a challenge");
        challenge.response(
            &Credential::new("Mufasa", "Circle of Life"),
            get("/dir/index.html"),
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        )
    }

    #[test]
    fn the_examples_of_rfc_7616_come_out() {
        assert_eq!(example("MD5"), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(
            example("SHA-256"),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    #[test]
    fn the_example_of_rfc_2069_comes_out() {
        let challenge = read(
            "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
             opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
        )
        .expect("a challenge");
        // The RFC's own figure is in its errata: this is the corrected one.
        assert_eq!(
            challenge.response(
                &Credential::new("Mufasa", "CircleOfLife"),
                get("/dir/index.html"),
                ""
            ),
            "1949323746fe6a43ef61f9606e7febea"
        );
    }

    /// RFC 3261 has no example with a result; this one was computed by hand with `md5sum`.
    #[test]
    fn another_method_and_uri_make_another_proof() {
        let challenge =
            read(r#"Digest realm="pbx.test", nonce="abc", algorithm=MD5"#).expect("a challenge");
        let notify = Question {
            method: "NOTIFY",
            uri: "sip:2041@pbx.test",
        };
        let response = challenge.response(&Credential::new("dash", "secret"), notify, "");
        assert_eq!(response, "0fe71501e621201955fc48649412143c");
    }

    #[test]
    fn the_answer_repeats_what_the_challenge_named_and_no_more() {
        let credential = Credential::new("ad\"min", "x");
        let full = read(r#"Digest realm="a\"b", nonce="n", algorithm=MD5, qop="auth", opaque="o""#)
            .and_then(|c| c.answer(&credential, get("/servlet?key=OK"), [0xab; 16]))
            .expect("a value");
        assert!(full.starts_with(
            r#"Digest username="ad\"min", realm="a\"b", nonce="n", uri="/servlet?key=OK", response=""#
        ));
        assert!(full.ends_with(&format!(
            r#", algorithm=MD5, opaque="o", qop=auth, nc=00000001, cnonce="{}""#,
            "ab".repeat(16)
        )));

        let bare = read(r#"Digest realm="r", nonce="n""#)
            .and_then(|c| c.answer(&credential, get("/x"), [0; 16]))
            .expect("a value");
        for absent in ["algorithm", "opaque", "qop", "nc=", "cnonce"] {
            assert!(!bare.contains(absent), "{absent}");
        }
    }

    #[test]
    fn what_cannot_be_answered_is_no_challenge() {
        for bad in [
            r#"Digest realm="r""#,
            r#"Digest nonce="n""#,
            r#"Digest realm="r", nonce="n", algorithm=MD5-sess"#,
            r#"Digest realm="r", nonce="n", algorithm=SHA-512-256"#,
            r#"Digest realm="r", nonce="n", qop="auth-int""#,
            r#"Digest realm="r", nonce="n", qop="""#,
            r#"Basic realm="r", nonce="n""#,
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_user_name_that_would_break_the_header_is_not_sent() {
        let challenge = read(r#"Digest realm="r", nonce="n""#).expect("a challenge");
        let credential = Credential::new("a\r\nX: y", "x");
        assert!(challenge.answer(&credential, get("/x"), [0; 16]).is_none());
    }
}
