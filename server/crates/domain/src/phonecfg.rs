//! What a phone tells about itself with `phonecfg=get`.
//!
//! Owns a lenient reader of that text and the judgement whether it shows what an action was meant
//! to do. The text comes from a device that may lie: it is capped, cleaned, and never trusted for
//! what the phone may. An address that it tells can speak against its being the phone that was
//! meant, never for it.

use serde::{Deserialize, Serialize};

use crate::Mac;
use crate::action::{Expectation, Forward, Number};

/// The most bytes that are read.
pub const MAX_BYTES: usize = 64 * 1024;
const MAX_LINES: usize = 1_000;
const MAX_ACCOUNTS: usize = 64;
const MAX_TEXT: usize = 128;

/// What a phone told. What it left out, or told in no known way, is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneConfig {
    /// Which phone it says it is. Older firmware does not tell.
    pub mac: Option<Mac>,
    /// `66.86.0.15`.
    pub firmware: Option<String>,
    /// Its accounts, by their number.
    pub accounts: Vec<Account>,
    /// Whether do-not-disturb is on.
    pub dnd: Option<bool>,
    /// Forwarding of every call.
    pub always: ForwardState,
    /// Forwarding while busy.
    pub busy: ForwardState,
    /// Forwarding when nobody answers.
    pub no_answer: ForwardState,
}

/// One account of a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its number; phones count from 0.
    pub index: u16,
    /// Whether it is in use.
    pub enabled: bool,
    /// What the phone's screen shows.
    pub label: String,
    /// The name it registers with.
    pub register_name: String,
    /// What to dial from it with: `101@192.0.2.14`.
    pub uri: String,
}

/// One forward of a phone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardState {
    /// Whether it is on.
    pub on: Option<bool>,
    /// Where to; may be empty.
    pub target: Option<String>,
}

/// Whether what a phone told shows an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It shows it.
    Seen,
    /// It shows something else.
    NotSeen,
    /// It tells nothing about it.
    NotTold,
}

impl PhoneConfig {
    /// Reads an answer's body; `None` when nothing in it looks like one.
    pub fn read(body: &[u8]) -> Option<Self> {
        let body = &body[..body.len().min(MAX_BYTES)];
        let text = String::from_utf8_lossy(body);
        let mut config = Self::default();
        let mut section = String::new();
        let mut understood = false;
        for line in text.lines().take(MAX_LINES) {
            let line = line.trim().trim_start_matches('\u{feff}');
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                section = name.trim().to_ascii_lowercase();
            } else if let Some((key, value)) = line.split_once('=') {
                understood |= config.take(&section, key.trim(), value.trim());
            }
        }
        config.accounts.sort_by_key(|account| account.index);
        understood.then_some(config)
    }

    /// Takes one line; whether it meant anything.
    fn take(&mut self, section: &str, key: &str, value: &str) -> bool {
        let key = key.to_ascii_lowercase();
        match (section, key.as_str()) {
            (_, "firmwareversion") => self.firmware = version(value),
            // What is no address of one device tells nothing.
            (_, "macaddress") => self.mac = value.parse().ok().or(self.mac),
            ("accounts", key) => return self.take_account(key, value),
            ("dnd", "state") => self.dnd = on_off(value),
            ("forward_always", key) => return self.always.take(key, value),
            ("forward_busy", key) => return self.busy.take(key, value),
            ("forward_noanswer", key) => return self.no_answer.take(key, value),
            _ => return false,
        }
        true
    }

    fn take_account(&mut self, key: &str, value: &str) -> bool {
        let index = key.strip_prefix("account").and_then(|n| n.parse().ok());
        let Some(index) = index else { return false };
        let known = self.accounts.iter().any(|account| account.index == index);
        if known || self.accounts.len() == MAX_ACCOUNTS {
            return false;
        }
        let parts: Vec<&str> = value.split('|').collect();
        let part = |place: usize| clean(parts.get(place).copied().unwrap_or_default());
        self.accounts.push(Account {
            index,
            enabled: part(0).eq_ignore_ascii_case("enabled"),
            label: part(1),
            register_name: part(2),
            uri: part(5),
        });
        true
    }

    /// The address it tells, where that is another than this one.
    pub fn other_than(&self, mac: Mac) -> Option<Mac> {
        self.mac.filter(|told| *told != mac)
    }

    /// Its firmware, where it looks like one: what a phone says is hostile input.
    pub fn plain_firmware(&self) -> Option<String> {
        let plain = |text: &&String| {
            (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        };
        self.firmware.as_ref().filter(plain).cloned()
    }

    /// What it says in one line, without names and numbers of people.
    pub fn in_words(&self) -> String {
        let word = |on: Option<bool>| match on {
            Some(true) => "on",
            Some(false) => "off",
            None => "not told",
        };
        let enabled = self
            .accounts
            .iter()
            .filter(|account| account.enabled)
            .count();
        format!(
            "firmware {}, {enabled} accounts in use, do-not-disturb {}, forwards: always {}, busy {}, \
             no answer {}",
            self.plain_firmware().as_deref().unwrap_or("not told"),
            word(self.dnd),
            word(self.always.on),
            word(self.busy.on),
            word(self.no_answer.on),
        )
    }

    /// Whether it shows what an action was meant to do.
    pub fn proves(&self, expectation: &Expectation) -> Proof {
        match expectation {
            Expectation::Nothing | Expectation::ComesBack => Proof::NotTold,
            Expectation::Dnd(on) => compare(self.dnd, *on),
            Expectation::Forward(which, to) => self.forward(*which).proves(to.as_ref()),
        }
    }

    const fn forward(&self, which: Forward) -> &ForwardState {
        match which {
            Forward::Always => &self.always,
            Forward::Busy => &self.busy,
            Forward::NoAnswer => &self.no_answer,
        }
    }
}

impl ForwardState {
    fn take(&mut self, key: &str, value: &str) -> bool {
        match key {
            "state" => self.on = on_off(value),
            "target" => self.target = Some(clean(value)),
            _ => return false,
        }
        true
    }

    fn proves(&self, to: Option<&Number>) -> Proof {
        match (to, compare(self.on, to.is_some()), &self.target) {
            (Some(_), Proof::Seen, None) => Proof::NotTold,
            (Some(number), Proof::Seen, Some(target)) if target != number.as_str() => {
                Proof::NotSeen
            }
            (_, proof, _) => proof,
        }
    }
}

fn compare(told: Option<bool>, wanted: bool) -> Proof {
    match told {
        Some(told) if told == wanted => Proof::Seen,
        Some(_) => Proof::NotSeen,
        None => Proof::NotTold,
    }
}

fn on_off(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "on" | "1" | "enabled" => Some(true),
        "off" | "0" | "disabled" => Some(false),
        _ => None,
    }
}

/// A version of digits and dots, and nothing else.
fn version(value: &str) -> Option<String> {
    let plain = !value.is_empty()
        && value.len() <= 32
        && value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain.then(|| value.to_owned())
}

/// Text without control characters and without those that turn the direction of writing.
fn clean(value: &str) -> String {
    value
        .trim()
        .chars()
        .filter(|c| !c.is_control() && !is_direction(*c))
        .take(MAX_TEXT)
        .collect()
}

const fn is_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffd}')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::action::CheckedAction;

    const ANSWER: &str = "[Status]\nFirmwareVersion=66.86.0.15\n[Accounts]\n\
        Account1=Enabled|Reception|1001|Front desk|Off|1001@192.0.2.14|\n\
        Account5=Disabled|||Disable|Off|\n\
        Account0=Enabled|101|101|101|Off|101@192.0.2.14|\n\
        [DND]\nState=Off\n[Forward_always]\nState=On\nTarget=+4930123\n\
        [Forward_busy]\nState=Off\nTarget=\n[Forward_noanswer]\nRingtimes=-6\nState=Off\nTarget=\n";

    fn expectation(name: &str, number: Option<&str>) -> Expectation {
        let params: BTreeMap<String, Value> = number
            .map(|n| ("number".to_owned(), Value::from(n)))
            .into_iter()
            .collect();
        CheckedAction::parse(name, &params)
            .expect("an action")
            .expectation()
    }

    #[test]
    fn a_documented_answer_is_read() {
        let config = PhoneConfig::read(ANSWER.as_bytes()).expect("an answer");
        assert_eq!(config.firmware.as_deref(), Some("66.86.0.15"));
        assert_eq!(config.dnd, Some(false));
        let told: Vec<_> = config
            .accounts
            .iter()
            .map(|a| (a.index, a.enabled, a.uri.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (0, true, "101@192.0.2.14"),
                (1, true, "1001@192.0.2.14"),
                (5, false, "")
            ]
        );
        assert_eq!(config.always.target.as_deref(), Some("+4930123"));
        assert_eq!(config.no_answer.on, Some(false));
    }

    #[test]
    fn effects_are_seen_missed_or_not_told() {
        let config = PhoneConfig::read(ANSWER.as_bytes()).expect("an answer");
        for (name, number, proof) in [
            ("DNDOff", None, Proof::Seen),
            ("DNDOn", None, Proof::NotSeen),
            ("AlwaysFwdOn", Some("+49 30 123"), Proof::Seen),
            ("AlwaysFwdOn", Some("1001"), Proof::NotSeen),
            ("AlwaysFwdOff", None, Proof::NotSeen),
            ("BusyFwdOff", None, Proof::Seen),
            ("BusyFwdOn", Some("1"), Proof::NotSeen),
            ("Reboot", None, Proof::NotTold),
            ("OK", None, Proof::NotTold),
        ] {
            assert_eq!(config.proves(&expectation(name, number)), proof, "{name}");
        }
        let silent = PhoneConfig::read(b"FirmwareVersion=1.2.3.4\r\n").expect("an answer");
        assert_eq!(silent.proves(&expectation("DNDOn", None)), Proof::NotTold);
    }

    #[test]
    fn an_address_speaks_against_a_phone_and_never_for_it() {
        let mac = Mac::from_bytes([0x80, 0x5e, 0x0c, 1, 2, 3]);
        let other = |text: &str| {
            let answer = format!("[Status]\nFirmwareVersion=1.2.3.4\nMACAddress={text}\n");
            let config = PhoneConfig::read(answer.as_bytes()).expect("an answer");
            config.other_than(mac)
        };
        let another = Mac::from_bytes([0x80, 0x5e, 0x0c, 1, 2, 4]);
        for told in ["80:5E:0C:01:02:04", "805e0c010204", "80-5e-0c-01-02-04"] {
            assert_eq!(other(told), Some(another), "{told}");
        }
        for told in [
            "805E0C010203",
            "",
            "unknown",
            "000000000000",
            "ff:ff:ff:ff:ff:ff",
        ] {
            assert_eq!(other(told), None, "{told}");
        }
    }

    #[test]
    fn hostile_answers_are_cleaned_and_capped() {
        assert_eq!(PhoneConfig::read(b"<html>login</html>"), None);
        assert_eq!(PhoneConfig::read(b""), None);
        let config = PhoneConfig::read(
            "[Accounts]\nAccount0=Enabled|\u{202e}a\u{7}b|||Off|x|\n[Status]\nFirmwareVersion=<b>"
                .as_bytes(),
        )
        .expect("an answer");
        assert_eq!(config.accounts[0].label, "ab");
        assert_eq!(config.firmware, None);
        let many: Vec<String> = (0..5_000)
            .map(|n| format!("Account{n}=Enabled|{}", "x".repeat(500)))
            .collect();
        let many = many.join("\n");
        let config = PhoneConfig::read(format!("[Accounts]\n{many}").as_bytes()).expect("some");
        assert!(config.accounts.len() <= MAX_ACCOUNTS);
        assert!(config.accounts.iter().all(|a| a.label.len() <= MAX_TEXT));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = PhoneConfig::read(&bytes);
        }
    }
}
