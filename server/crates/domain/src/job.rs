//! Jobs before they run: what somebody asks for, under which limits, and the plan of it.
//!
//! Owns the shape of a request, the defaults and ranges of its options, and who is left out and
//! why. Pure: preview and run call the same functions and get the same answer.

mod again;
mod options;
mod plan;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use again::{may_take_second_way, may_try_again, pause_before};
pub use options::{EffectiveOptions, JobOptions, TransportChoice, not_after};
pub use plan::{Plan, PlannedPhone, list_digest, plan};

use crate::action::CheckedAction;
use crate::{FieldError, Filter, Mac, line};

/// The most phones and groups that a request names one by one.
pub const MAX_NAMED: usize = 50_000;
/// The most characters of a reason.
pub const MAX_REASON: usize = 500;

/// One action for some phones, as asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobRequest {
    /// Name of the catalogue's entry.
    pub action: String,
    /// Its parameters by name.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// Which phones.
    pub targets: TargetSpec,
    /// Limits; what is left out takes the class's default.
    #[serde(default)]
    pub options: JobOptions,
    /// Why, in the asker's words.
    #[serde(default)]
    pub reason: String,
    /// The set that the asker has seen.
    #[serde(default)]
    pub expect: Option<Expect>,
}

/// Which phones: the union of the three parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSpec {
    /// Phones one by one.
    #[serde(default)]
    pub phones: Vec<Mac>,
    /// Slugs of groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// A filter; `Some("")` is every phone, `None` adds none.
    #[serde(default)]
    pub filter: Option<String>,
}

/// The set of phones that somebody has seen in a preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// How many.
    pub count: u64,
    /// Which: see [`Plan::digest`].
    pub digest: String,
}

/// A request whose every field has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedRequest {
    /// The action.
    pub action: CheckedAction,
    /// The filter of the targets, where one is given.
    pub filter: Option<Filter>,
    /// The limits that will hold.
    pub options: EffectiveOptions,
}

impl JobRequest {
    /// Checks everything that can be checked without looking at phones.
    ///
    /// # Errors
    /// Every mistake, each with its field.
    pub fn check(&self) -> Result<CheckedRequest, Vec<FieldError>> {
        let mut errors = Vec::new();
        let action = CheckedAction::parse(&self.action, &self.params)
            .map_err(|mut problems| errors.append(&mut problems));
        let filter = self.targets.check(&mut errors);
        errors.extend(reason_problem(&self.reason));
        let Ok(action) = action else {
            return Err(errors);
        };
        let options = self
            .options
            .effective(&action)
            .map_err(|mut problems| errors.append(&mut problems));
        match options {
            Ok(options) if errors.is_empty() => Ok(CheckedRequest {
                action,
                filter,
                options,
            }),
            _ => Err(errors),
        }
    }
}

/// What is wrong with the reason that somebody gives.
pub fn reason_problem(reason: &str) -> Option<FieldError> {
    if reason.chars().count() > MAX_REASON {
        let message = format!("a reason has at most {MAX_REASON} characters");
        return Some(FieldError::new("reason", "too_long", message));
    }
    let message = format!("{}: write it on one line", line::NOT_PLAIN);
    (!line::is_plain(reason.trim())).then(|| FieldError::new("reason", "invalid", message))
}

impl TargetSpec {
    /// Whether it names nothing at all.
    pub fn is_empty(&self) -> bool {
        self.phones.is_empty() && self.groups.is_empty() && self.filter.is_none()
    }

    fn check(&self, errors: &mut Vec<FieldError>) -> Option<Filter> {
        if self.is_empty() {
            let message = "name phones, groups or a filter";
            errors.push(FieldError::new("targets", "missing", message));
        }
        if self.phones.len() + self.groups.len() > MAX_NAMED {
            let message = format!("name at most {MAX_NAMED} phones and groups, or use a filter");
            errors.push(FieldError::new("targets", "too_many", message));
        }
        match self.filter.as_deref()?.parse() {
            Ok(filter) => Some(filter),
            Err(problem) => {
                let message = problem_text(&problem);
                errors.push(FieldError::new("targets.filter", "invalid", message));
                None
            }
        }
    }
}

fn problem_text(problem: &crate::filter::FilterError) -> String {
    format!("{problem}, at character {}", problem.position + 1)
}

#[cfg(test)]
mod tests;
