//! How fast: presets, numbers of one's own, and both in words.

use carillon_contract::FormErrors;
use carillon_contract::run::{OptionsForm, PacingChoice};
use carillon_domain::action::{self, Class};
use carillon_domain::job::{EffectiveOptions, JobOptions, TransportChoice};
use serde::{Deserialize, Serialize};

use super::numbers::{
    CANARY, FAILED, JITTER, RETRIES, SITE_PHONES, SITE_SHARE, TIMEOUT, WINDOW, whole,
};
use super::ways::Ways;
use super::when;
use crate::fields::Fields;
use crate::pages::refused::sentence;
use carillon_language::{say, text};

/// Names of the fields of [`OptionsForm`].
pub const FIELDS: &[&str] = &[
    "window",
    "site_max_down_percent",
    "canary",
    "max_failed_percent",
    "timeout_ms",
    "retries",
    "transport",
    "verify",
    "site_max_down",
    "jitter_ms",
    "start_at",
    "start_zone",
    "not_after",
    "end_zone",
];

/// Pace as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Which preset; empty = the default.
    pub preset: String,
    /// Numbers of one's own.
    pub options: OptionsForm,
}

impl Pace {
    /// From a form.
    pub fn of(fields: &Fields) -> Self {
        Self {
            preset: fields.or_empty("pacing"),
            options: OptionsForm {
                window: fields.or_empty("window"),
                site_max_down_percent: fields.or_empty("site_max_down_percent"),
                canary: fields.or_empty("canary"),
                max_failed_percent: fields.or_empty("max_failed_percent"),
                timeout_ms: fields.or_empty("timeout_ms"),
                retries: fields.or_empty("retries"),
                transport: fields.or_empty("transport"),
                verify: fields.or_empty("verify"),
                site_max_down: fields.or_empty("site_max_down"),
                jitter_ms: fields.or_empty("jitter_ms"),
                start_at: fields.or_empty("start_at"),
                start_zone: fields.or_empty("start_zone"),
                not_after: fields.or_empty("not_after"),
                end_zone: fields.or_empty("end_zone"),
            },
        }
    }

    /// The options that it comes to for this action. Numbers of one's own count only where they were
    /// chosen. Start and end go with every pace. What destroys is not hurried by a single choice.
    pub fn options(&self, action: &str, errors: &mut FormErrors) -> JobOptions {
        let typed = &self.options;
        let start_at = when::typed("start_at", (&typed.start_at, &typed.start_zone), errors);
        let not_after = when::typed("not_after", (&typed.not_after, &typed.end_zone), errors);
        let options = match self.preset.as_str() {
            "" | "default" => JobOptions::default(),
            "careful" => CAREFUL.options(),
            "fast" if destroys(action) => JobOptions::default(),
            "fast" => FAST.options(),
            "custom" => self.own(errors),
            _ => {
                errors.push("pacing", "unknown", say("Choose one of the paces."));
                JobOptions::default()
            }
        };
        JobOptions {
            start_at,
            not_after,
            ..options
        }
    }

    fn own(&self, errors: &mut FormErrors) -> JobOptions {
        let typed = &self.options;
        JobOptions {
            window: whole(WINDOW, &typed.window, errors),
            timeout_ms: whole(TIMEOUT, &typed.timeout_ms, errors),
            transport: word("transport", &typed.transport, errors)
                .filter(|way: &TransportChoice| *way != TransportChoice::Auto),
            verify: word("verify", &typed.verify, errors),
            retries: whole(RETRIES, &typed.retries, errors),
            canary: whole(CANARY, &typed.canary, errors),
            max_failed_percent: whole(FAILED, &typed.max_failed_percent, errors),
            site_max_down_percent: whole(SITE_SHARE, &typed.site_max_down_percent, errors),
            site_max_down: whole(SITE_PHONES, &typed.site_max_down, errors),
            jitter_ms: whole(JITTER, &typed.jitter_ms, errors),
            ..JobOptions::default()
        }
    }

    /// The presets, with what each means.
    pub fn choices(&self) -> Vec<PacingChoice> {
        let chosen = if self.preset.is_empty() {
            "default"
        } else {
            &self.preset
        };
        let choice = |value: &str, label: &str, note: String| PacingChoice {
            value: value.to_owned(),
            label: label.to_owned(),
            note,
            selected: chosen == value,
        };
        vec![
            choice(
                "default",
                say("As the command needs"),
                say(DEFAULT_NOTE).to_owned(),
            ),
            choice("careful", say("Careful"), CAREFUL.note()),
            choice("fast", say("Fast"), fast_note()),
            choice(
                "custom",
                say("Custom"),
                say("Numbers of your own.").to_owned(),
            ),
        ]
    }
}

fn destroys(action: &str) -> bool {
    action::find(action).is_some_and(|entry| entry.class == Class::Destructive)
}

fn fast_note() -> String {
    let but = say("What destroys still goes one by one.");
    format!("{} {but}", FAST.note())
}

const DEFAULT_NOTE: &str = text!(
    "What only reads: 256 phones at once. What somebody notices: 10 at once and 20 % of a site, one phone first, stops above 10 % failed. What destroys: one by one, stops at the first failure."
);

/// The limits that a pace is made of.
struct Limits {
    window: u32,
    site: u32,
    canary: u32,
    failed: u32,
}

const CAREFUL: Limits = Limits {
    window: 5,
    site: 10,
    canary: 1,
    failed: 5,
};
const FAST: Limits = Limits {
    window: 256,
    site: 100,
    canary: 0,
    failed: 100,
};

impl Limits {
    const fn of(options: &EffectiveOptions) -> Self {
        Self {
            window: options.window,
            site: options.site_max_down_percent,
            canary: options.canary,
            failed: options.max_failed_percent,
        }
    }

    fn options(&self) -> JobOptions {
        JobOptions {
            window: Some(self.window),
            site_max_down_percent: Some(self.site),
            canary: Some(self.canary),
            max_failed_percent: Some(self.failed),
            ..JobOptions::default()
        }
    }

    fn note(&self) -> String {
        sentence(&self.in_words().join(", "))
    }

    fn in_words(&self) -> Vec<String> {
        let at_once = match self.window {
            1 => say("one request at a time").to_owned(),
            most => say!("at most {most} requests at once", most),
        };
        let site = match self.site {
            100 => None,
            0 => Some(say("one phone of a site at a time").to_owned()),
            share => Some(say!("at most {share} % of a site away at once", share)),
        };
        let first = match self.canary {
            0 => None,
            1 => Some(say("one phone first, the rest only when it went well").to_owned()),
            some => Some(say!(
                "{some} phones first, the rest only when they went well",
                some
            )),
        };
        let stop = match self.failed {
            0 => say("stops at the first failure").to_owned(),
            100 => say("goes on whatever fails").to_owned(),
            share => say!("stops when more than {share} % failed", share),
        };
        [Some(at_once), site, first, Some(stop)]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn word<T>(field: &str, text: &str, errors: &mut FormErrors) -> Option<T>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            errors.push(field, "invalid", format!("{error}."));
            None
        }
    }
}

/// The limits that hold, a line each.
pub fn in_words(options: &EffectiveOptions) -> Vec<String> {
    in_words_of(options, Ways::HTTP)
}

/// The same, where it is known how the phones are sent to.
pub fn in_words_of(options: &EffectiveOptions, ways: Ways) -> Vec<String> {
    let mut lines = Limits::of(options).in_words();
    lines.extend(ways.answers(options.timeout_ms));
    match options.transport {
        TransportChoice::Auto => {}
        TransportChoice::Http => lines.push(say("over HTTP only").to_owned()),
        TransportChoice::Https => lines.push(say("over HTTPS only").to_owned()),
        TransportChoice::Sip => lines.push(say("by SIP only").to_owned()),
    }
    if options.verify {
        lines.extend(ways.looks());
    }
    lines.extend(more_in_words(options));
    lines
}

fn more_in_words(options: &EffectiveOptions) -> Vec<String> {
    let mut lines = Vec::new();
    if options.site_rule {
        lines.push(say("keeps to what a site says of itself when phones restart").to_owned());
    }
    match options.site_max_down {
        0 => {}
        1 => lines.push(say("one phone of a site away at a time").to_owned()),
        most => lines.push(say!("at most {most} phones of a site away at once", most)),
    }
    if options.jitter_ms > 0 {
        let most = seconds(options.jitter_ms);
        lines.push(say!(
            "rests for a moment, up to {most}, before each phone",
            most
        ));
    }
    match options.retries {
        0 => {}
        1 => lines.push(say("tries once more what may be tried again").to_owned()),
        most => lines.push(say!(
            "tries up to {most} times more what may be tried again",
            most
        )),
    }
    if options.max_auth_failed > 0 {
        let most = options.max_auth_failed;
        lines.push(say!(
            "holds the phones of a password that {most} in a row refused",
            most
        ));
    }
    lines
}

pub(super) fn seconds(ms: u32) -> String {
    if ms.is_multiple_of(1000) {
        format!("{} s", ms / 1000)
    } else {
        format!("{ms} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_ones_own_count_only_where_chosen() {
        let mut pace = Pace {
            preset: "careful".to_owned(),
            options: OptionsForm {
                window: "many".to_owned(),
                ..OptionsForm::default()
            },
        };
        let mut errors = FormErrors::default();
        assert_eq!(pace.options("DNDOn", &mut errors).window, Some(5));
        assert!(errors.is_empty());
        pace.preset = "custom".to_owned();
        assert_eq!(pace.options("DNDOn", &mut errors).window, None);
        assert!(errors.of("window").is_some());
        pace.options.window = "1025".to_owned();
        pace.options.retries = "99999999999".to_owned();
        let mut errors = FormErrors::default();
        assert_eq!(pace.options("DNDOn", &mut errors), JobOptions::default());
        for (field, told) in [
            (
                "window",
                "Phones at once: give a whole number from 1 to 1,024.",
            ),
            (
                "retries",
                "Try again by itself, times: give a whole number from 0 to 3.",
            ),
        ] {
            assert_eq!(errors.of(field), Some(told));
        }
    }

    #[test]
    fn what_destroys_is_not_hurried() {
        let pace = Pace {
            preset: "fast".to_owned(),
            ..Pace::default()
        };
        let mut errors = FormErrors::default();
        assert_eq!(pace.options("DNDOn", &mut errors).window, Some(FAST.window));
        assert_eq!(pace.options("Reset", &mut errors), JobOptions::default());
    }
}
