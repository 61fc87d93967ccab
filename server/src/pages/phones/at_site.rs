//! Words of which one names a site: `front kiel` is the front desk at Kiel, and `kiel` all phones there.
//!
//! Owns which words are taken for a site. Pure. *Invariant:* a filter means the same everywhere; it is
//! the list that asks another one, says so, and shows it, where nobody is called as was typed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use carillon_domain::Filter;
use carillon_domain::filter::{Term, Test};
use carillon_store::{PhoneChoice, PhoneChoices};

/// So many readings are tried.
const TRIES: usize = 3;
/// A word that so many sites bear names none.
const SITES: usize = 5;

/// The same words with some of them taken for a site: those first that name it with most words.
pub(super) fn readings(filter: &Filter, choices: &PhoneChoices) -> Vec<Filter> {
    let words: Vec<(usize, String)> = words(filter).collect();
    let mut sites: BTreeMap<Vec<usize>, Vec<Test>> = BTreeMap::new();
    for site in &choices.sites {
        let named = words.iter().filter(|(_, word)| bears(site, word));
        let named: Vec<usize> = named.map(|(place, _)| *place).collect();
        if !named.is_empty() {
            let test = Test::Site(site.value.clone());
            sites.entry(named).or_default().push(test);
        }
    }
    let mut sites: Vec<_> = sites.into_iter().collect();
    sites.retain(|(_, tests)| tests.len() <= SITES);
    sites.sort_by_key(|(named, _)| Reverse(named.len()));
    let tried = sites.into_iter().take(TRIES);
    tried
        .map(|(named, any_of)| with_site(filter, &named, any_of))
        .collect()
}

/// The words by their place.
fn words(filter: &Filter) -> impl Iterator<Item = (usize, String)> + '_ {
    let terms = filter.terms.iter().enumerate();
    terms.filter_map(|(place, term)| match term.any_of.as_slice() {
        [Test::Word(word)] if !term.negated => Some((place, word.to_lowercase())),
        _ => None,
    })
}

fn bears(site: &PhoneChoice, word: &str) -> bool {
    let names = [&site.value, &site.label];
    names.iter().any(|name| name.to_lowercase().contains(word))
}

fn with_site(filter: &Filter, named: &[usize], any_of: Vec<Test>) -> Filter {
    let terms = filter.terms.iter().enumerate();
    let others = terms.filter(|(place, _)| !named.contains(place));
    let site = Term {
        negated: false,
        any_of,
    };
    Filter {
        terms: others.map(|(_, term)| term.clone()).chain([site]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Vec<String> {
        let choice = |value: &str, label: &str| PhoneChoice {
            value: value.to_owned(),
            label: label.to_owned(),
            phones: 40,
        };
        let choices = PhoneChoices {
            sites: vec![
                choice("kiel", "Kiel"),
                choice("hom", "Bad Homburg"),
                choice("bad-ems", "Bad Ems"),
            ],
            ..PhoneChoices::default()
        };
        let readings = readings(&typed.parse().expect("a filter"), &choices);
        readings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn words_of_name_and_site_come_in_any_order() {
        for typed in ["front kiel", "KIEL front"] {
            assert_eq!(read(typed), ["front site:kiel"], "{typed}");
        }
        assert_eq!(
            read("bad front homburg -tag:vip"),
            [
                "front -tag:vip site:hom",
                "front homburg -tag:vip site:bad-ems"
            ]
        );
        assert_eq!(read("desk bad"), ["desk site:hom site:bad-ems"]);
    }

    #[test]
    fn one_word_may_name_a_site() {
        assert_eq!(read("kiel"), ["site:kiel"]);
        assert_eq!(read("-front kiel"), ["-front site:kiel"]);
    }

    #[test]
    fn what_names_none_is_read_as_it_stands() {
        for typed in ["site:kiel", "-kiel", "front desk", ""] {
            assert_eq!(read(typed), [""; 0], "{typed}");
        }
    }
}
