//! Step 1 as typed, and the request that it comes to.
//!
//! Owns the fields of the form. *Invariant:* what was typed comes back as it was typed; dialled
//! numbers are in here and in sealed drafts, never in an address.

use std::collections::{BTreeMap, BTreeSet};

use carillon_contract::FormErrors;
use carillon_domain::filter::{Term, Test};
use carillon_domain::job::{JobRequest, TargetSpec};
use carillon_domain::{Filter, Mac};
use carillon_engine::{Caller, Engine, EngineError, FieldError};
use serde::{Deserialize, Serialize};

use super::pacing::{self, Pace};
use super::when;
use crate::fields::Fields;
use crate::pages::refused::sentence;
use crate::problem::Problem;
use carillon_language::{say, text};

/// Step 1 as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunForm {
    /// Id of a selection.
    pub sel: String,
    /// Filter.
    pub filter: String,
    /// Slugs of sites, which narrow the filter.
    #[serde(default)]
    pub sites: Vec<String>,
    /// Slugs of groups.
    pub groups: Vec<String>,
    /// MACs.
    pub phones: Vec<String>,
    /// Catalogue name.
    pub action: String,
    /// `p.ACTION.PARAM` and what was typed.
    pub params: BTreeMap<String, String>,
    /// How fast.
    pub pace: Pace,
    /// Why.
    pub reason: String,
    /// Id of the review that it came back from.
    #[serde(default)]
    pub before: String,
}

const FIELDS: &[&str] = &[
    "sel", "filter", "site", "group", "phone", "action", "pacing", "reason", "before", "gone",
];

impl RunForm {
    /// From the query of the page: what to do with which phones, and nothing secret.
    pub fn of_query(query: &Fields) -> Self {
        Self {
            sel: query.or_empty("sel"),
            filter: query.or_empty("filter"),
            sites: query.list("site"),
            groups: query.list("group"),
            phones: query.list("phone"),
            action: query.or_empty("action"),
            ..Self::default()
        }
    }

    /// From the posted form.
    ///
    /// # Errors
    /// Fields that nobody asked for.
    pub fn of_post(fields: Fields) -> Result<Self, Problem> {
        let (params, plain): (Vec<_>, Vec<_>) = fields
            .pairs()
            .iter()
            .cloned()
            .partition(|(name, _)| name.starts_with("p."));
        let fields = Fields::from_pairs(plain).only(&[FIELDS, pacing::FIELDS].concat())?;
        let params = params
            .into_iter()
            .filter(|(_, value)| !value.trim().is_empty());
        Ok(Self {
            params: params.collect(),
            pace: Pace::of(&fields),
            reason: fields.or_empty("reason"),
            before: fields.or_empty("before"),
            ..Self::of_query(&fields)
        })
    }

    /// The phones of a posted form of which its page said that they are gone.
    pub fn told_gone(fields: &Fields) -> BTreeSet<Mac> {
        let told = fields.text("gone").unwrap_or_default();
        let macs = told.split_whitespace();
        macs.filter_map(|text| text.parse().ok()).collect()
    }

    /// What was typed for a parameter.
    pub fn param(&self, action: &str, param: &str) -> String {
        self.params
            .get(&format!("p.{action}.{param}"))
            .cloned()
            .unwrap_or_default()
    }

    /// What was typed as a filter, at the sites that were ticked; `None` where neither was.
    pub fn whole_filter(&self) -> Option<String> {
        let typed = std::iter::once(self.filter.trim().to_owned());
        let parts = typed.chain(self.sites.iter().map(|slug| at_site(slug)));
        let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    /// The phones that it names.
    ///
    /// # Errors
    /// The storage.
    pub async fn targets(
        &self,
        engine: &Engine,
        caller: &Caller,
        errors: &mut FormErrors,
    ) -> Result<TargetSpec, EngineError> {
        let mut spec = TargetSpec {
            groups: self
                .groups
                .iter()
                .filter(|slug| !slug.is_empty())
                .cloned()
                .collect(),
            filter: self.whole_filter(),
            ..TargetSpec::default()
        };
        for text in &self.phones {
            match text.parse::<Mac>() {
                Ok(mac) => spec.phones.push(mac),
                Err(_) => errors.push(
                    "targets",
                    "invalid",
                    say!("“{text}” is no MAC address.", text),
                ),
            }
        }
        if !self.sel.is_empty() {
            match engine.selection(caller, &self.sel).await {
                Ok(selection) => spec.phones.extend(selection.phones),
                Err(EngineError::NotFound) => {
                    errors.push("targets", "expired", say(SELECTION_GONE));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(spec)
    }

    /// The filter by which the phones of its selection were picked, where one was.
    ///
    /// # Errors
    /// The storage.
    pub async fn picked_by(
        &self,
        engine: &Engine,
        caller: &Caller,
    ) -> Result<Option<String>, EngineError> {
        if self.sel.is_empty() {
            return Ok(None);
        }
        let selection = match engine.selection(caller, &self.sel).await {
            Err(EngineError::NotFound) => return Ok(None),
            other => other?,
        };
        let filter = selection.filter.map(|filter| filter.to_string());
        Ok(filter.filter(|text| !text.is_empty()))
    }

    /// The request that it comes to; what cannot be read goes to `errors`.
    ///
    /// # Errors
    /// The storage.
    pub async fn request(
        &self,
        engine: &Engine,
        caller: &Caller,
        errors: &mut FormErrors,
    ) -> Result<JobRequest, EngineError> {
        let prefix = format!("p.{}.", self.action);
        let own = self.params.iter().filter_map(|(name, value)| {
            let param = name.strip_prefix(&prefix)?;
            Some((param.to_owned(), value.clone().into()))
        });
        Ok(JobRequest {
            action: self.action.clone(),
            params: own.collect(),
            targets: self.targets(engine, caller, errors).await?,
            options: self.pace.options(&self.action, errors),
            reason: self.reason.trim().to_owned(),
            expect: None,
        })
    }

    /// Puts the engine's errors beside the fields of this form; a field of which something is told
    /// already gets no more.
    pub fn place(&self, found: Vec<FieldError>, errors: &mut FormErrors) {
        let told: BTreeSet<String> = errors.0.iter().map(|error| error.field.clone()).collect();
        for error in found {
            let field = self.field_of(&error.field);
            if !told.contains(&field) {
                let message = in_words(&error, &field);
                errors.push(field, error.code, message);
            }
        }
    }

    fn field_of(&self, field: &str) -> String {
        match field.split_once('.') {
            Some(("params", param)) => format!("p.{}.{param}", self.action),
            Some(("options", option)) => option.to_owned(),
            Some(("targets", "filter")) if self.sel.is_empty() => "filter".to_owned(),
            Some(("targets", _)) => "targets".to_owned(),
            _ => field.to_owned(),
        }
    }
}

/// What the engine says of a field, as a sentence of this page.
fn in_words(error: &FieldError, field: &str) -> String {
    match error.field.as_str() {
        "options.start_at" | "options.not_after" => when::named(field, &sentence(&error.message)),
        // It begins with what was typed, which stays as it was typed.
        "targets.filter" => format!("{}.", error.message.trim_end_matches('.')),
        _ => sentence(&error.message),
    }
}

/// A site as a filter names it; nothing for no name.
fn at_site(slug: &str) -> String {
    if slug.is_empty() {
        return String::new();
    }
    let term = Term {
        negated: false,
        any_of: vec![Test::Site(slug.to_owned())],
    };
    Filter { terms: vec![term] }.to_string()
}

const SELECTION_GONE: &str =
    text!("These phones were picked too long ago: pick them again in the list of phones.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_other_actions_stay_and_are_not_sent() {
        let fields = Fields::parse(b"action=number&p.number.number=0431&p.BTrans.number=7&x=1");
        assert!(RunForm::of_post(fields).is_err());
        let fields = Fields::parse(b"action=number&p.number.number=0431&p.BTrans.number=7");
        let form = RunForm::of_post(fields).expect("known fields");
        assert_eq!(form.param("number", "number"), "0431");
        assert_eq!(form.param("BTrans", "number"), "7");
    }

    #[test]
    fn sites_narrow_a_filter_and_are_enough_without_one() {
        let mut form = RunForm {
            sites: vec!["kiel".to_owned(), String::new(), "ulm".to_owned()],
            ..RunForm::default()
        };
        assert_eq!(form.whole_filter().as_deref(), Some("site:kiel site:ulm"));
        form.filter = " model:T46S ".to_owned();
        let whole = form.whole_filter();
        assert_eq!(whole.as_deref(), Some("model:T46S site:kiel site:ulm"));
        assert_eq!(RunForm::default().whole_filter(), None);
    }

    #[test]
    fn errors_find_their_fields() {
        let form = RunForm {
            action: "number".to_owned(),
            ..RunForm::default()
        };
        let mut errors = FormErrors::default();
        let found = vec![
            FieldError::new("params.number", "missing", "Number is missing"),
            FieldError::new("options.window", "out_of_range", "give a number"),
            FieldError::new("targets.filter", "invalid", "no such field"),
            FieldError::new("targets", "empty", "no phone matches: nothing was started"),
        ];
        form.place(found, &mut errors);
        assert_eq!(errors.of("p.number.number"), Some("Number is missing."));
        assert_eq!(errors.of("window"), Some("Give a number."));
        assert!(errors.of("filter").is_some() && errors.of("targets").is_some());
    }
}
