//! The little of an answer that is kept.
//!
//! Owns making hostile bytes fit to show, and striking out what we ourselves sent: a phone that
//! echoes its request must not carry a password or a dialled number into the record.
//!
//! *Invariant:* the result has no control and no bidi characters and at most 2 KiB.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::delivery::{Credential, Delivery};

/// Bytes of an excerpt.
const MAX_BYTES: usize = 2048;
/// Bytes of a body that an excerpt is made of.
const WINDOW: usize = 64 * 1024;
/// What stands in place of what was struck out.
const STRUCK: &str = "•••";
/// What stands before a Digest proof.
const PROOF: &str = "response=";
/// Digits of the shortest proof: MD5.
const PROOF_DIGITS: usize = 32;
/// Digits in a row from which a value of the query counts as a number.
const NUMBER_DIGITS: usize = 3;

/// Makes excerpts for one delivery.
pub(crate) struct Excerpt {
    /// Longest first, so that a secret that contains another is struck out whole.
    secrets: Vec<Zeroizing<String>>,
}

impl Excerpt {
    /// Knows the password, the numbers and the query of a delivery in the forms they are echoed.
    pub(crate) fn without_secrets_of(delivery: &Delivery) -> Self {
        let query = delivery.path_and_query.query();
        Self::without(delivery.credential.as_deref(), query)
    }

    /// Knows a password, and the numbers in a text that was sent, in the forms they are echoed.
    pub(crate) fn without(credential: Option<&Credential>, sent: &str) -> Self {
        let mut secrets = Vec::new();
        if let Some(credential) = credential {
            let password = credential.password.expose_secret();
            let pair = Zeroizing::new(format!("{}:{password}", credential.username));
            secrets.push(Zeroizing::new(STANDARD.encode(pair.as_bytes())));
            secrets.push(pair);
            add_forms(&mut secrets, password);
        }
        for value in sent.split(['=', '&', ';', ':']) {
            if value.bytes().filter(u8::is_ascii_digit).count() >= NUMBER_DIGITS {
                add_forms(&mut secrets, &percent_decode_str(value).decode_utf8_lossy());
                secrets.push(Zeroizing::new(value.to_owned()));
            }
        }
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    /// The excerpt of a body.
    pub(crate) fn of(&self, body: &[u8]) -> String {
        let mut text = String::from_utf8_lossy(&body[..body.len().min(WINDOW)]).into_owned();
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), STRUCK);
            }
        }
        made_safe(&without_proofs(&text))
    }
}

/// Strikes out Digest proofs: whoever reads one can try passwords against it for as long as it takes.
fn without_proofs(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(PROOF) {
        let (before, after) = rest.split_at(at + PROOF.len());
        let value = after.trim_start_matches(['"', '\'', ' ', '\\']);
        let quotes = ["&quot;", "&#34;", "%22"];
        let value = quotes
            .iter()
            .find_map(|quote| value.strip_prefix(quote))
            .unwrap_or(value);
        kept.push_str(before);
        let (opening, _) = after.split_at(after.len() - value.len());
        let behind = value.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        if value.len() - behind.len() >= PROOF_DIGITS {
            kept.push_str(opening);
            kept.push_str(STRUCK);
            rest = behind;
        } else {
            rest = after;
        }
    }
    kept.push_str(rest);
    kept
}

fn add_forms(secrets: &mut Vec<Zeroizing<String>>, secret: &str) {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let lower = percent.to_ascii_lowercase();
    let html = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    for form in [secret.to_owned(), percent, lower, html] {
        secrets.push(Zeroizing::new(form));
    }
    secrets.push(Zeroizing::new(STANDARD.encode(secret)));
}

fn made_safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len().min(MAX_BYTES));
    let mut escaped = String::new();
    for character in text.chars() {
        escaped.clear();
        if is_dangerous(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
        if safe.len() + escaped.len() > MAX_BYTES {
            break;
        }
        safe.push_str(&escaped);
    }
    safe
}

/// Control characters, line separators, and what is invisible or turns the direction of text.
fn is_dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use carillon_domain::Mac;
    use carillon_domain::phone::Scheme;
    use proptest::prelude::*;

    use super::*;
    use crate::delivery::{PathAndQuery, Target};

    fn excerpt(query: &str, password: &str) -> Excerpt {
        let mut delivery = Delivery::new(
            Mac::from_bytes([0, 0x15, 0x65, 0, 0, 1]),
            Target {
                address: "10.0.0.1".parse().expect("address"),
                port: 80,
                scheme: Scheme::Http,
            },
            PathAndQuery::parse(query).expect("path"),
        );
        delivery.credential = Some(Arc::new(Credential::new("admin", password)));
        Excerpt::without_secrets_of(&delivery)
    }

    #[test]
    fn control_and_bidi_characters_are_spelled_out() {
        let made = excerpt("/servlet?key=OK", "pw-9")
            .of("a\r\n\x1b[31mred\u{202e}live\u{0}\u{85}\u{2028}é".as_bytes());
        assert_eq!(
            made,
            "a\\r\\n\\u{1b}[31mred\\u{202e}live\\u{0}\\u{85}\\u{2028}é"
        );
    }

    #[test]
    fn what_is_no_text_becomes_text() {
        let made = excerpt("/x", "pw-9").of(&[0xff, 0xfe, b'o', b'k', 0xc3]);
        assert_eq!(made, "\u{fffd}\u{fffd}ok\u{fffd}");
    }

    #[test]
    fn an_echoed_password_is_struck_out_in_every_form() {
        let excerpt = excerpt("/servlet?key=OK", "s3cret&<x>");
        for body in [
            "you sent s3cret&<x> to us",
            "you sent s3cret&amp;&lt;x&gt; to us",
            "pwd=s3cret%26%3Cx%3E",
            "pwd=s3cret%26%3cx%3e",
            "Authorization: Basic YWRtaW46czNjcmV0Jjx4Pg==",
            "password: czNjcmV0Jjx4Pg==",
            "admin:s3cret&<x>",
        ] {
            let made = excerpt.of(body.as_bytes());
            assert!(made.contains(STRUCK), "{body}: {made}");
            assert!(!made.contains("s3cret"), "{body}: {made}");
            assert!(!made.contains("czNj"), "{body}: {made}");
        }
    }

    #[test]
    fn an_echoed_number_is_struck_out() {
        let excerpt = excerpt(
            "/servlet?key=number=%2B4930123&outgoing_uri=1006@10.2.1.48",
            "pw-9",
        );
        let made = excerpt
            .of(b"no /servlet?key=number=%2B4930123&outgoing_uri=1006@10.2.1.48, +4930123 is bad");
        assert!(!made.contains("4930123"), "{made}");
        assert!(!made.contains("1006"), "{made}");
        assert!(made.starts_with("no /servlet?key=number=•••"), "{made}");
    }

    proptest! {
        #[test]
        fn no_body_makes_an_unsafe_excerpt(body: Vec<u8>, text: String) {
            for bytes in [body.as_slice(), text.as_bytes()] {
                let made = excerpt("/servlet?key=OK", "pw-9").of(bytes);
                prop_assert!(made.len() <= MAX_BYTES);
                prop_assert!(!made.chars().any(is_dangerous));
            }
        }

        #[test]
        fn the_length_holds_however_much_is_escaped(count in 0usize..5000) {
            let made = excerpt("/servlet?key=OK", "pw-9").of("\u{202e}".repeat(count).as_bytes());
            prop_assert!(made.len() <= MAX_BYTES);
        }
    }
}
