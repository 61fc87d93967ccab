//! What a word in the filter may have meant: people type the name of a place, not `site:kiel`.
//!
//! Looks only at what the page has read anyway.

use carillon_contract::Href;
use carillon_contract::list::Link;
use carillon_domain::Filter;
use carillon_domain::filter::Test;
use carillon_language::{say, say_many};
use carillon_store::PhoneChoices;

/// More would be no help.
const MOST: usize = 5;

/// The sites, groups and tags whose names hold a word of the filter.
pub(super) fn places(filter: &Filter, choices: &PhoneChoices) -> Vec<Link> {
    let words = filter.terms.iter().filter(|term| !term.negated);
    let words = words.flat_map(|term| &term.any_of);
    words
        .filter_map(|test| match test {
            Test::Word(word) => Some(word.to_lowercase()),
            _ => None,
        })
        .flat_map(|word| named(&word, choices))
        .take(MOST)
        .collect()
}

fn named(word: &str, choices: &PhoneChoices) -> Vec<Link> {
    let holds = |text: &str| text.to_lowercase().contains(word);
    let phones = |count| say_many!(count, "{count} phone", "{count} phones");
    let list = |field: &str, value: &str| Href::new("/phones").add("q", format!("{field}:{value}"));
    let mut links = Vec::new();
    for site in &choices.sites {
        if holds(&site.value) || holds(&site.label) {
            let text = say!(
                "{phones} at site {name}",
                phones = phones(site.phones),
                name = site.label
            );
            links.push(Link::new(text, list("site", &site.value)));
        }
    }
    for (group, _) in &choices.groups {
        if holds(&group.value) || holds(&group.label) {
            let text = say!("the phones of group {name}", name = group.label);
            links.push(Link::new(text, list("group", &group.value)));
        }
    }
    for tag in choices.tags.iter().filter(|tag| holds(&tag.value)) {
        let text = say!(
            "{phones} with tag {name}",
            phones = phones(tag.phones),
            name = tag.label
        );
        links.push(Link::new(text, list("tag", &tag.value)));
    }
    links
}

#[cfg(test)]
mod tests {
    use carillon_store::PhoneChoice;

    use super::*;

    #[test]
    fn a_word_finds_the_places_that_bear_it() {
        let choice = |value: &str, label: &str| PhoneChoice {
            value: value.to_owned(),
            label: label.to_owned(),
            phones: 40,
        };
        let choices = PhoneChoices {
            sites: vec![choice("kiel", "Kiel"), choice("ulm", "Ulm")],
            tags: vec![choice("kiel-canal", "kiel-canal")],
            ..PhoneChoices::default()
        };
        let told = |filter: &str| {
            let filter: Filter = filter.parse().expect("a filter");
            let links = places(&filter, &choices);
            let text = links.into_iter().map(|link| (link.text, link.href));
            text.collect::<Vec<_>>()
        };
        let site = ("40 phones at site Kiel", "/phones?q=site:kiel");
        let tag = ("40 phones with tag kiel-canal", "/phones?q=tag:kiel-canal");
        let owned = |(text, href): (&str, &str)| (text.to_owned(), href.to_owned());
        assert_eq!(told("KIEL"), [site, tag].map(owned));
        assert_eq!(told("site:kiel -kiel berlin"), []);
    }
}
