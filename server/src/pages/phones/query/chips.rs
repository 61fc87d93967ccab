//! What narrows a list of phones, one chip each, with the list without it.
//!
//! Owns the words on the chips. Pure.

use carillon_contract::list::Chip;
use carillon_domain::Filter;
use carillon_domain::filter::{Term, Test};
use carillon_language::say;
use carillon_store::PhoneChoices;

use super::{ListQuery, READY, RESULTS, STATES};

impl ListQuery {
    /// One chip for each demand, with the list without it.
    pub fn chips(&self, choices: &PhoneChoices) -> Vec<Chip> {
        let typed: Filter = self.q.parse().unwrap_or_default();
        let mut chips: Vec<Chip> = tests(&typed)
            .map(|(place, text)| {
                let q = without(&typed, place).to_string();
                chip(text, &Self { q, ..self.clone() })
            })
            .collect();
        for (place, (name, value)) in self.picked.iter().enumerate() {
            let mut rest = self.clone();
            rest.picked.remove(place);
            chips.push(chip(
                format!("{name}: {}", shown(name, value, choices)),
                &rest,
            ));
        }
        chips
    }
}

fn chip(text: String, rest: &ListQuery) -> Chip {
    Chip {
        text,
        remove_href: rest.href().into(),
    }
}

/// The name that people know for a value.
fn shown(name: &str, value: &str, choices: &PhoneChoices) -> String {
    let label = match name {
        "site" => choices.sites.iter().find(|site| site.value == value),
        "group" => choices
            .groups
            .iter()
            .map(|(group, _)| group)
            .find(|group| group.value == value),
        _ => None,
    };
    if let Some(label) = label {
        return label.label.clone();
    }
    let words: &[(&str, &str)] = match name {
        "ready" => &READY,
        "result" => &RESULTS,
        "state" => &STATES,
        _ => &[],
    };
    let word = words.iter().find(|(known, _)| *known == value);
    word.map_or(value, |(_, word)| say(word)).to_owned()
}

/// Every test with its place and its text.
fn tests(filter: &Filter) -> impl Iterator<Item = ((usize, usize), String)> {
    filter.terms.iter().enumerate().flat_map(|(at, term)| {
        term.any_of.iter().enumerate().map(move |(within, test)| {
            let one = one_test(term, test);
            ((at, within), one.to_string())
        })
    })
}

fn one_test(term: &Term, test: &Test) -> Filter {
    Filter {
        terms: vec![Term {
            negated: term.negated,
            any_of: vec![test.clone()],
        }],
    }
}

fn without(filter: &Filter, (at, within): (usize, usize)) -> Filter {
    let mut rest = filter.clone();
    if let Some(term) = rest.terms.get_mut(at) {
        term.any_of.remove(within);
    }
    rest.terms.retain(|term| !term.any_of.is_empty());
    rest
}
