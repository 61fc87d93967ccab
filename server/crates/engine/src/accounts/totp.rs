//! Codes of authenticator apps: RFC 6238 with SHA-1, six digits and steps of thirty seconds,
//! which is what all such apps speak.
//!
//! Owns the arithmetic and nothing else: no clock, no storage. *Invariant:* codes of the running
//! step and of the one before are right, never one of a step to come.

use carillon_domain::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Bytes of a secret: 160 bits, as the RFC asks for.
pub(super) const SECRET: usize = 20;
const STEP_SECONDS: i64 = 30;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step whose code is right at this moment.
pub(super) const fn step_at(now: Timestamp) -> i64 {
    now.micros().div_euclid(STEP_SECONDS * 1_000_000)
}

/// The step that a code belongs to, if it is the running one or the one before.
pub(super) fn step_of(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let running = step_at(now);
    // Both are compared, so that the time tells nothing.
    let [current, previous] = [running, running - 1].map(|step| {
        let right = Zeroizing::new(code_of(secret, step));
        bool::from(right.as_bytes().ct_eq(code.as_bytes()))
    });
    match (current, previous) {
        (true, _) => Some(running),
        (_, true) => Some(running - 1),
        _ => None,
    }
}

/// The code of one step.
pub(super) fn code_of(secret: &[u8], step: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else {
        return String::new();
    };
    mac.update(&step.to_be_bytes());
    let digest: [u8; 20] = mac.finalize().into_bytes().into();
    let at = usize::from(digest[19] & 15);
    let mut four = [0; 4];
    four.copy_from_slice(&digest[at..at + 4]);
    let number = u32::from_be_bytes(four) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Bytes as authenticator apps take them: base 32 of RFC 4648, without padding.
pub(super) fn base32(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

fn letter(five_bits: u32) -> char {
    char::from(ALPHABET[(five_bits & 31) as usize])
}

/// What the picture says: whose the code is, and the secret.
pub(super) fn app_link(account: &str, secret: &str) -> Zeroizing<String> {
    // An account's name has letters, digits and . _ - @ only.
    let account = account.replace('@', "%40");
    Zeroizing::new(format!(
        "otpauth://totp/Carillon:{account}?secret={secret}&issuer=Carillon"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    /// Appendix B of RFC 6238, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_of(SECRET, step_at(at(seconds))), code, "{seconds}");
        }
    }

    #[test]
    fn the_running_code_and_the_one_before_are_right() {
        let code = code_of(SECRET, 100);
        assert_eq!(step_of(SECRET, &code, at(2_999)), None, "a step to come");
        assert_eq!(step_of(SECRET, &code, at(3_000)), Some(100));
        assert_eq!(step_of(SECRET, &code, at(3_059)), Some(100));
        assert_eq!(step_of(SECRET, &code, at(3_060)), None);
        assert_eq!(step_of(SECRET, "", at(3_000)), None);
    }

    #[test]
    fn base_32_is_the_one_of_the_standard() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(*base32(bytes.as_bytes()), text);
        }
    }
}
