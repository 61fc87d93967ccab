//! The values of `key=`.
//!
//! Owns which values a phone of a model knows, exactly as spelt. What a value does is the
//! state's business.

use crate::model::Model;

/// A value that the phone knows, with its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    Reboot,
    Provision,
    Reset,
    Dnd(bool),
    AlwaysForward(Option<&'a str>),
    BusyForward(Option<&'a str>),
    NoAnswerForward(Option<(&'a str, Option<u32>)>),
    Volume(i8),
    Mute,
    /// Any other key: pressed, shown, forgotten.
    Press(&'a str),
}

const PLAIN: &[&str] = &[
    "OK",
    "ENTER",
    "SPEAKER",
    "HEADSET",
    "X",
    "CANCEL",
    "*",
    "POUND",
    "F1",
    "F2",
    "F3",
    "F4",
    "MSG",
    "RD",
    "UP",
    "DOWN",
    "LEFT",
    "RIGHT",
    "OFFHOOK",
    "ONHOOK",
    "ANSWER",
    "ASW",
    "CALLEND",
    "CallEnd",
    "F_HOLD",
    "HOLD",
    "F_TRANSFER",
    "F_CONFERENCE",
];

impl<'a> Key<'a> {
    /// `None`: a phone of this model does not know the value.
    pub(crate) fn parse(value: &'a str, model: &Model) -> Option<Self> {
        if model.lacks.contains(&value) {
            return None;
        }
        let key = match value {
            "Reboot" => Self::Reboot,
            "AutoP" => Self::Provision,
            "Reset" => Self::Reset,
            "DNDOn" => Self::Dnd(true),
            "DNDOff" => Self::Dnd(false),
            "AlwaysFwdOff" => Self::AlwaysForward(None),
            "BusyFwdOff" => Self::BusyForward(None),
            "NoAnswFwdOff" => Self::NoAnswerForward(None),
            "VOLUME_UP" => Self::Volume(1),
            "VOLUME_DOWN" => Self::Volume(-1),
            "MUTE" => Self::Mute,
            _ => return Self::parse_other(value, model),
        };
        Some(key)
    }

    fn parse_other(value: &'a str, model: &Model) -> Option<Self> {
        if let Some((name, argument)) = value.split_once('=') {
            return Self::parse_with_argument(name, argument, value);
        }
        let known = PLAIN.contains(&value)
            || is_digit(value)
            || is_line(value, model.line_keys)
            || is_call(value);
        known.then_some(Self::Press(value))
    }

    fn parse_with_argument(name: &str, argument: &'a str, value: &'a str) -> Option<Self> {
        match name {
            "AlwaysFwdOn" if is_number(argument) => Some(Self::AlwaysForward(Some(argument))),
            "BusyFwdOn" if is_number(argument) => Some(Self::BusyForward(Some(argument))),
            "NoAnswFwdOn" => parse_no_answer(argument),
            "ATrans" | "BTrans" if is_number(argument) => Some(Self::Press(value)),
            _ => None,
        }
    }
}

/// A number, and seconds in multiples of six.
fn parse_no_answer(argument: &str) -> Option<Key<'_>> {
    let (number, seconds) = match argument.split_once('=') {
        Some((number, seconds)) => {
            let seconds: u32 = seconds.parse().ok()?;
            (number, Some(seconds).filter(|s| s.is_multiple_of(6)))
        }
        None => (argument, None),
    };
    let whole = argument.contains('=') == seconds.is_some();
    (is_number(number) && whole).then_some(Key::NoAnswerForward(Some((number, seconds))))
}

/// Whether a phone can dial it.
pub(crate) fn is_number(text: &str) -> bool {
    let dialable = |c: char| c.is_ascii_alphanumeric() || "*#+.@:-_".contains(c);
    !text.is_empty() && text.len() <= 128 && text.chars().all(dialable)
}

fn is_digit(value: &str) -> bool {
    value.len() == 1 && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_line(value: &str, keys: u32) -> bool {
    value
        .strip_prefix('L')
        .filter(|number| !number.starts_with(['0', '+']))
        .and_then(|number| number.parse::<u32>().ok())
        .is_some_and(|number| number <= keys)
}

fn is_call(value: &str) -> bool {
    value.split_once(':').is_some_and(|(name, id)| {
        matches!(name, "ASW" | "CANCEL" | "HOLD" | "UNHOLD")
            && !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model;

    fn knows(model: &str, value: &str) -> bool {
        Key::parse(value, model::find(model).expect("known model")).is_some()
    }

    #[test]
    fn spelling_and_case_matter() {
        assert!(knows("T46S", "Reboot"));
        for value in ["reboot", "REBOOT", "AUTOP", "DndOn", "STAR", "SWAP", ""] {
            assert!(!knows("T46S", value), "{value}");
        }
    }

    #[test]
    fn models_differ() {
        assert!(knows("T46S", "OK") && !knows("T57W", "OK"));
        assert!(knows("T46S", "SPEAKER") && !knows("CP920", "SPEAKER"));
        assert!(knows("T46S", "L27") && !knows("T46S", "L28"));
        assert!(!knows("CP920", "L1"));
    }

    #[test]
    fn arguments_are_checked() {
        assert!(knows("T46S", "NoAnswFwdOn=1001=24"));
        assert!(knows("T46S", "NoAnswFwdOn=1001"));
        assert!(!knows("T46S", "NoAnswFwdOn=1001=25"));
        assert!(!knows("T46S", "AlwaysFwdOn="));
        assert!(!knows("T46S", "AlwaysFwdOff=1"));
        assert!(knows("T46S", "ASW:33093") && !knows("T46S", "ASW:"));
    }
}
