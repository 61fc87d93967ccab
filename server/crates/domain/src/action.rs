//! Actions: what a phone can be told to do.
//!
//! Owns the catalogue of documented commands, their parameters and what is known about each. Free
//! commands do not exist: what is not in the catalogue is never sent.

mod catalogue;
mod checked;
mod keys;
mod number;
mod param;
pub mod uri;

use serde::Serialize;

pub use catalogue::{all, find, meant, suggest};
pub use checked::{CheckedAction, Expectation, Forward, label_of};
pub use keys::{Key, MAX_KEYS};
pub use number::Number;
pub use param::{Param, ParamKind};

use crate::outcome::Transport;
use crate::{closed_list, model};

closed_list! {
    /// How much harm an action can do.
    Class {
        /// Nobody notices, or only somebody who looks at the phone.
        Harmless = "harmless",
        /// It can interrupt somebody.
        Disruptive = "disruptive",
        /// It can destroy settings or data of the phone.
        Destructive = "destructive",
    }
}

closed_list! {
    /// The heading an action stands under.
    Category {
        /// Restart, provisioning, factory reset.
        System = "system",
        /// Reads something.
        Query = "query",
        /// Do not disturb.
        Dnd = "dnd",
        /// Call forwarding.
        Forward = "forward",
        /// Calls.
        Call = "call",
        /// Volume, microphone, speaker, headset.
        Audio = "audio",
        /// Confirm and cancel.
        Confirm = "confirm",
        /// Digits.
        Keypad = "keypad",
        /// Line and memory keys.
        LineKey = "line_key",
        /// The keys below the screen.
        SoftKey = "soft_key",
        /// The arrows.
        Navigation = "navigation",
        /// Message and redial.
        FeatureKey = "feature_key",
        /// Several keys in a row.
        Sequence = "sequence",
    }
}

/// Which models have an action. A phone whose model is not known is taken to have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Models {
    /// Models that lack it, by a guide's own words.
    pub lacking: &'static [&'static str],
    /// When not empty: the families that alone have it.
    pub only: &'static [&'static str],
}

impl Models {
    const ALL: Self = Self::without(&[]);

    const fn without(lacking: &'static [&'static str]) -> Self {
        Self { lacking, only: &[] }
    }

    const fn only(only: &'static [&'static str]) -> Self {
        Self { lacking: &[], only }
    }

    fn include(&self, name: &str) -> bool {
        let name = model::normalize(name);
        let listed = self.only.is_empty() || self.only.iter().any(|only| name.starts_with(only));
        name.is_empty() || (listed && !self.lacking.contains(&name.as_str()))
    }
}

closed_list! {
    /// What would prove that an action took effect.
    Verification {
        /// Nothing can be read back: an answer of 200 is all there is.
        None = "none",
        /// The phone tells the setting when asked with `phonecfg=get`.
        Phonecfg = "phonecfg",
        /// The phone goes away and comes back.
        ComesBack = "comes_back",
    }
}

/// One entry of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Exactly as the phone wants it.
    pub name: &'static str,
    /// What it does, in plain words.
    pub title: &'static str,
    /// What else one should know before sending it; may be empty.
    pub note: &'static str,
    /// Its heading.
    pub category: Category,
    /// How much harm it can do.
    pub class: Class,
    /// Whether it acts on somebody's call.
    pub call_control: bool,
    /// Whether sending it twice comes to the same as sending it once.
    pub repeatable: bool,
    /// What must or may be given.
    pub params: &'static [Param],
    /// Which models have it.
    pub models: Models,
    /// The ways it can travel.
    pub transports: &'static [Transport],
    /// What would prove its effect.
    pub verification: Verification,
}

impl Entry {
    /// Whether a model has it, as far as is known.
    pub fn supports(&self, model: &str) -> bool {
        let has_line_keys = self.name != "L" || model::line_keys(model) != Some(0);
        has_line_keys && self.models.include(model)
    }

    /// Whether it can go by SIP NOTIFY.
    pub fn travels_by_sip(&self) -> bool {
        self.transports.contains(&Transport::Sip)
    }

    /// Whether it can go over HTTP, in clear or not.
    pub fn travels_by_http(&self) -> bool {
        self.transports.contains(&Transport::Https)
    }

    /// Its parameter of this name.
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|param| param.name == name)
    }
}

#[cfg(test)]
mod tests;
