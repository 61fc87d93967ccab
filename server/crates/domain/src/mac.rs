//! The identity of a phone.
//!
//! Owns every notation of a MAC address. Never guesses: eleven digits are an error.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A 48-bit MAC address. Displays as `00:15:65:aa:bb:cc`, the canonical form everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The text of a [`Mac`].
#[derive(Clone, Copy)]
pub struct MacText([u8; 17]);

impl MacText {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        // Digits and colons.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Why a text is no MAC address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMac {
    /// Something else than hexadecimal digits and the separators `:` `-` `.` and space.
    #[error("{0:?} does not belong in a MAC address")]
    Character(char),
    /// Not twelve hexadecimal digits.
    #[error("a MAC address has 12 hexadecimal digits, this has {0}")]
    Length(usize),
    /// Group or all-zero addresses name no phone.
    #[error("this is not the address of one device")]
    NotADevice,
}

impl Mac {
    /// From its six bytes, most significant first.
    pub const fn from_bytes(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    /// Its six bytes.
    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }

    /// Its text without a box of its own: each record of a delivery has it several times.
    pub fn text(self) -> MacText {
        let mut text = [b':'; 17];
        for (place, byte) in self.0.iter().enumerate() {
            text[3 * place] = DIGITS[usize::from(byte >> 4)];
            text[3 * place + 1] = DIGITS[usize::from(byte & 15)];
        }
        MacText(text)
    }

    /// Twelve lower-case digits without separators.
    pub fn digits(self) -> String {
        self.to_string().replace(':', "")
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl FromStr for Mac {
    type Err = InvalidMac;

    /// Accepts `001565aabbcc`, `00:15:65:AA:BB:CC`, `00-15-65-…`, `0015.65aa.bbcc`, `001565-aabbcc`
    /// and the like, with white space around.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (mut bytes, mut digits) = ([0; 6], 0);
        for character in text.trim().chars() {
            if matches!(character, ':' | '-' | '.' | ' ') {
                continue;
            }
            let digit = character.to_digit(16);
            let digit = digit.ok_or(InvalidMac::Character(character))? as u8;
            if let Some(byte) = bytes.get_mut(digits / 2) {
                *byte = *byte << 4 | digit;
            }
            digits += 1;
        }
        if digits != 12 {
            return Err(InvalidMac::Length(digits));
        }
        if bytes[0] & 1 == 1 || bytes == [0; 6] {
            return Err(InvalidMac::NotADevice);
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text().as_str())
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_common_notation_is_the_same_phone() {
        let expected = Mac::from_bytes([0x00, 0x15, 0x65, 0xaa, 0xbb, 0xcc]);
        for text in [
            "001565aabbcc",
            "001565AABBCC",
            "00:15:65:aa:bb:cc",
            "00-15-65-AA-BB-CC",
            "0015.65aa.bbcc",
            "001565-aabbcc",
            " 00 15 65 aa bb cc ",
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_device_is_refused() {
        assert_eq!("00156".parse::<Mac>(), Err(InvalidMac::Length(5)));
        assert_eq!(
            "001565aabbcg".parse::<Mac>(),
            Err(InvalidMac::Character('g'))
        );
        assert_eq!(
            "ff:ff:ff:ff:ff:ff".parse::<Mac>(),
            Err(InvalidMac::NotADevice)
        );
        assert_eq!("000000000000".parse::<Mac>(), Err(InvalidMac::NotADevice));
    }

    proptest! {
        #[test]
        fn text_and_back(mut bytes: [u8; 6]) {
            bytes[0] &= 0xfe;
            bytes[5] |= 1;
            let mac = Mac::from_bytes(bytes);
            prop_assert_eq!(mac.to_string().parse::<Mac>(), Ok(mac));
            prop_assert_eq!(mac.digits().parse::<Mac>(), Ok(mac));
        }
    }
}
