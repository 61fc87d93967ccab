//! An action whose parameters have been checked: the only thing that can be sent.
//!
//! Owns the way from input to a valid command and back to storage. *Invariant:* printing one shows
//! no dialled number.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::param::Given;
use super::{Entry, Number, find, suggest};
use crate::{FieldError, model};

/// An entry of the catalogue with valid parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedAction {
    entry: &'static Entry,
    params: BTreeMap<&'static str, Given>,
}

/// [`CheckedAction::label`] of a stored action, from its parameters as they may be shown.
pub fn label_of(name: &str, params_shown: &Value) -> String {
    labelled(name, params_shown["n"].as_u64())
}

fn labelled(name: &str, index: Option<u64>) -> String {
    match index {
        Some(index) => format!("{name}{index}"),
        None => name.to_owned(),
    }
}

/// What must be seen afterwards for the action to count as verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Nothing can be seen.
    Nothing,
    /// The phone goes away and answers again.
    ComesBack,
    /// `phonecfg=get` tells this of do-not-disturb.
    Dnd(bool),
    /// `phonecfg=get` tells this of a forward; `Some` number: on, to there; `None`: off.
    Forward(Forward, Option<Number>),
}

crate::closed_list! {
    /// Which calls a forward takes.
    Forward {
        /// Every call.
        Always = "always",
        /// Calls while busy.
        Busy = "busy",
        /// Calls that nobody answers.
        NoAnswer = "no_answer",
    }
}

impl CheckedAction {
    /// Checks a name and its parameters, as they come from a form or from JSON.
    ///
    /// # Errors
    /// Every mistake, each with its field: `action`, or `params.` and the parameter's name.
    pub fn parse(name: &str, params: &BTreeMap<String, Value>) -> Result<Self, Vec<FieldError>> {
        let entry = find(name).ok_or_else(|| vec![unknown_action(name)])?;
        let mut errors: Vec<FieldError> = params
            .keys()
            .filter(|given| entry.param(given).is_none())
            .map(|given| unknown_param(entry, given))
            .collect();
        let mut checked = BTreeMap::new();
        for param in entry.params {
            match param.read(params.get(param.name)) {
                Ok(Some(value)) => drop(checked.insert(param.name, value)),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            let params = checked;
            Ok(Self { entry, params })
        } else {
            Err(errors)
        }
    }

    /// One that needs no parameters; `None` when there is no such entry or it needs some.
    pub fn plain(name: &str) -> Option<Self> {
        Self::parse(name, &BTreeMap::new()).ok()
    }

    /// The question that tells every setting at once: accounts, do-not-disturb, forwards.
    pub fn read_settings() -> Option<Self> {
        let ask = |name: &str| (name.to_owned(), Value::from(true));
        let params = BTreeMap::from([ask("accounts"), ask("dnd"), ask("fw")]);
        Self::parse("phonecfg", &params).ok()
    }

    /// Its entry in the catalogue.
    pub const fn entry(&self) -> &'static Entry {
        self.entry
    }

    /// Its name with its index: `Reboot`, `L3`.
    pub fn label(&self) -> String {
        labelled(self.entry.name, self.small("n").map(u64::from))
    }

    /// Whether a model can do it, as far as is known, with exactly these parameters.
    pub fn supports(&self, model_name: &str) -> bool {
        let index_exists = match (self.entry.name, model::line_keys(model_name)) {
            ("L", Some(keys)) => self.small("n").is_none_or(|n| n <= u16::from(keys)),
            _ => true,
        };
        let keys_exist = self.keys().iter().all(|key| key.supports(model_name));
        index_exists && keys_exist && self.entry.supports(model_name)
    }

    /// Whether its parameters hold a number that only auditors may read in full.
    pub fn is_sensitive(&self) -> bool {
        self.params.values().any(Given::is_sensitive)
    }

    /// The parameters in full, for sealing and for reading back with [`Self::parse`].
    pub fn params_json(&self) -> Value {
        self.json_of(Given::json)
    }

    /// The parameters as anybody may see them: dialled numbers masked to their last three digits.
    pub fn params_shown(&self) -> Value {
        self.json_of(Given::shown)
    }

    /// What must be seen afterwards.
    pub fn expectation(&self) -> Expectation {
        let number = || self.number("number").cloned();
        match self.entry.name {
            "Reboot" | "AutoP" | "Reset" | "CheckSyncRestart" | "CheckSyncFetch" => {
                Expectation::ComesBack
            }
            "DNDOn" => Expectation::Dnd(true),
            "DNDOff" => Expectation::Dnd(false),
            "AlwaysFwdOn" => Expectation::Forward(Forward::Always, number()),
            "BusyFwdOn" => Expectation::Forward(Forward::Busy, number()),
            "NoAnswFwdOn" => Expectation::Forward(Forward::NoAnswer, number()),
            "AlwaysFwdOff" => Expectation::Forward(Forward::Always, None),
            "BusyFwdOff" => Expectation::Forward(Forward::Busy, None),
            "NoAnswFwdOff" => Expectation::Forward(Forward::NoAnswer, None),
            _ => Expectation::Nothing,
        }
    }

    /// Whether the phone is to restart, where the command is SIP's `check-sync`.
    pub fn check_sync(&self) -> Option<bool> {
        match self.entry.name {
            "CheckSyncRestart" => Some(true),
            "CheckSyncFetch" => Some(false),
            _ => None,
        }
    }

    fn json_of(&self, form: impl Fn(&Given) -> Value) -> Value {
        let object: Map<String, Value> = self
            .params
            .iter()
            .map(|(name, given)| ((*name).to_owned(), form(given)))
            .collect();
        Value::Object(object)
    }

    /// The number it dials, transfers or forwards to.
    pub fn dialled(&self) -> Option<&Number> {
        self.number("number")
    }

    /// What a sequence types: runs of digits, `*` and `#`, one for each time that other keys come
    /// between.
    pub fn typed(&self) -> Vec<String> {
        let mut runs = vec![String::new()];
        for key in self.keys() {
            match (key.sign(), runs.last_mut()) {
                (Some(sign), Some(run)) => run.push(sign),
                _ => runs.push(String::new()),
            }
        }
        runs.retain(|run| !run.is_empty());
        runs
    }

    pub(super) fn number(&self, name: &str) -> Option<&Number> {
        match self.params.get(name) {
            Some(Given::Number(number)) => Some(number),
            _ => None,
        }
    }

    pub(super) fn small(&self, name: &str) -> Option<u16> {
        match self.params.get(name) {
            Some(Given::Small(value)) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.params.get(name) {
            Some(Given::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn bit(&self, name: &str) -> Option<bool> {
        match self.params.get(name) {
            Some(Given::Bit(bit)) => Some(*bit),
            _ => None,
        }
    }

    pub(super) fn keys(&self) -> &[super::Key] {
        match self.params.get("keys") {
            Some(Given::Keys(keys)) => keys,
            _ => &[],
        }
    }
}

fn unknown_action(name: &str) -> FieldError {
    let message = match suggest(name) {
        Some(entry) => format!("there is no such action; did you mean {}?", entry.name),
        None => "there is no such action in the catalogue".to_owned(),
    };
    FieldError::new("action", "unknown", message)
}

fn unknown_param(entry: &Entry, given: &str) -> FieldError {
    let known: Vec<&str> = entry.params.iter().map(|param| param.name).collect();
    let message = if known.is_empty() {
        format!("{} takes no parameters", entry.name)
    } else {
        format!("{} takes only: {}", entry.name, known.join(", "))
    };
    let short: String = given.chars().take(40).collect();
    FieldError::new(format!("params.{short}"), "unknown", message)
}
