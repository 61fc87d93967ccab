//! What a list of phones can be narrowed by, with what is ticked.

use carillon_contract::form::Choice;
use carillon_contract::list::Facet;
use carillon_store::{PhoneChoice, PhoneChoices};

use carillon_language::say;

use super::{FACETS, ListQuery, READY, RESULTS, STATES};

/// Choices of one heading.
const SHOWN: usize = 40;

impl ListQuery {
    /// What the list can be narrowed by, with what is ticked.
    pub fn facets(&self, choices: &PhoneChoices) -> Vec<Facet> {
        let facets = FACETS.iter().map(|(name, label)| Facet {
            name: (*name).to_owned(),
            label: say(label).to_owned(),
            choices: self.choices_of(name, choices),
        });
        facets.filter(|facet| !facet.choices.is_empty()).collect()
    }

    fn choices_of(&self, name: &'static str, choices: &PhoneChoices) -> Vec<Choice> {
        let stored = |found: &[PhoneChoice]| -> Vec<Choice> {
            let counted = found.iter().map(|choice| Choice {
                count: Some(choice.phones),
                ..self.choice(name, &choice.value, &choice.label)
            });
            counted
                .filter(|choice| choice.selected)
                .chain(
                    found
                        .iter()
                        .take(SHOWN)
                        .map(|choice| Choice {
                            count: Some(choice.phones),
                            ..self.choice(name, &choice.value, &choice.label)
                        })
                        .filter(|choice| !choice.selected),
                )
                .collect()
        };
        let fixed = |words: &[(&str, &'static str)]| -> Vec<Choice> {
            words
                .iter()
                .map(|(value, label)| self.choice(name, value, say(label)))
                .collect()
        };
        match name {
            "site" => stored(&choices.sites),
            "model" => stored(&choices.models),
            "tag" => stored(&choices.tags),
            "group" => {
                let groups = choices.groups.iter().take(SHOWN);
                groups
                    .map(|(group, _)| self.choice(name, &group.value, &group.label))
                    .collect()
            }
            "state" => self.states(choices),
            "ready" => fixed(&READY),
            _ => fixed(&RESULTS),
        }
    }

    fn states(&self, choices: &PhoneChoices) -> Vec<Choice> {
        let count = |value: &str| {
            let found = choices.states.iter().find(|state| state.value == value);
            found.map_or(0, |state| state.phones)
        };
        let states = STATES.iter().map(|(value, label)| Choice {
            count: Some(count(value)),
            ..self.choice("state", value, say(label))
        });
        states.collect()
    }

    fn choice(&self, name: &str, value: &str, label: &str) -> Choice {
        let picked = |(field, picked): &(&str, String)| *field == name && picked == value;
        Choice::new(value, label, self.picked.iter().any(picked))
    }
}
