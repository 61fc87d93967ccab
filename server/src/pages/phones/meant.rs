//! What a word in the filter may have meant: people type the name of a place, not `site:kiel`.
//!
//! Looks only at what the page has read anyway.

use std::net::IpAddr;

use carillon_contract::Href;
use carillon_contract::list::Link;
use carillon_contract::phones::Meant;
use carillon_domain::Filter;
use carillon_domain::filter::Test;
use carillon_language::{say, say_many};
use carillon_store::{PhoneChoice, PhoneChoices};

/// More would be no help.
const MOST: usize = 5;

/// What a filter may have meant: places and models whose names hold one of its words, the address
/// that a word is, and the nearest names where a named place or model is none.
pub(super) fn places(filter: &Filter, choices: &PhoneChoices) -> Vec<Meant> {
    let mut found = Vec::new();
    for (place, term) in filter.terms.iter().enumerate() {
        for test in term.any_of.iter().filter(|_| !term.negated) {
            match test {
                Test::Word(word) => {
                    let bearing = named(&word.to_lowercase(), choices).into_iter();
                    found.extend(bearing.filter(|meant| !is_applied(filter, &meant.link)));
                }
                other => {
                    let near = nearest(filter, (place, other), choices).into_iter();
                    found.extend(near.map(plain));
                }
            }
        }
    }
    found.truncate(MOST);
    found
}

fn plain(link: Link) -> Meant {
    Meant {
        link,
        ..Meant::default()
    }
}

/// A site or a group, with the words that it is known by: who types one of them means it before a phone.
fn known(choice: &PhoneChoice, link: Link) -> Meant {
    Meant {
        link,
        known_as: format!("{} {}", choice.value, choice.label),
    }
}

fn phones(count: i64) -> String {
    say_many!(count, "{count} phone", "{count} phones")
}

fn list(field: &str, value: &str) -> String {
    let filter = format!("{field}:{value}");
    Href::new("/phones").add("q", filter).into()
}

/// Whether the list is narrowed to this place already: then nobody is asked whether they mean it.
fn is_applied(filter: &Filter, link: &Link) -> bool {
    let terms = filter.terms.iter().filter(|term| !term.negated);
    let mut tests = terms.flat_map(|term| &term.any_of);
    tests.any(|test| match test {
        Test::Site(slug) => link.href == list("site", slug),
        Test::Group(slug) => link.href == list("group", slug),
        Test::Tag(tag) => link.href == list("tag", tag),
        Test::Model(model) => link.href == list("model", model),
        _ => false,
    })
}

fn named(word: &str, choices: &PhoneChoices) -> Vec<Meant> {
    let holds = |choice: &PhoneChoice| {
        choice.value.to_lowercase().contains(word) || choice.label.to_lowercase().contains(word)
    };
    let mut found: Vec<Meant> = address(word).map(plain).into_iter().collect();
    for site in choices.sites.iter().filter(|site| holds(site)) {
        let link = Link::new(at_site(site), list("site", &site.value));
        found.push(known(site, link));
    }
    for (group, _) in choices.groups.iter().filter(|(group, _)| holds(group)) {
        let text = say!("the phones of group {name}", name = group.label);
        let link = Link::new(text, list("group", &group.value));
        found.push(known(group, link));
    }
    for tag in choices.tags.iter().filter(|tag| holds(tag)) {
        found.push(plain(Link::new(with_tag(tag), list("tag", &tag.value))));
    }
    for model in choices.models.iter().filter(|model| holds(model)) {
        let link = Link::new(of_model(model), list("model", &model.value));
        found.push(plain(link));
    }
    found
}

fn at_site(site: &PhoneChoice) -> String {
    say!(
        "{phones} at site {name}",
        phones = phones(site.phones),
        name = site.label
    )
}

fn with_tag(tag: &PhoneChoice) -> String {
    say!(
        "{phones} with tag {name}",
        phones = phones(tag.phones),
        name = tag.label
    )
}

fn of_model(model: &PhoneChoice) -> String {
    say!(
        "{phones} of model {name}",
        phones = phones(model.phones),
        name = model.label
    )
}

/// The phones at an address that was typed as a word; of its beginning, the whole network.
fn address(word: &str) -> Option<Link> {
    let network = if word.parse::<IpAddr>().is_ok() {
        word.to_owned()
    } else {
        network(word)?
    };
    let text = say!("the phones at {address}", address = network);
    Some(Link::new(text, list("ip", &network)))
}

/// `10.1.` or `10.1.2` as a network: two or three numbers of an address.
fn network(word: &str) -> Option<String> {
    let numbers: Vec<&str> = word.trim_end_matches('.').split('.').collect();
    let fits = (2..=3).contains(&numbers.len()) && numbers.iter().all(|n| n.parse::<u8>().is_ok());
    let zeros = ".0".repeat(4 - numbers.len().min(4));
    fits.then(|| format!("{}{zeros}/{}", numbers.join("."), numbers.len() * 8))
}

/// The names nearest to one that is none, each in the same filter.
fn nearest(filter: &Filter, (place, test): (usize, &Test), choices: &PhoneChoices) -> Vec<Link> {
    type Other = fn(String) -> Test;
    type Words = fn(&PhoneChoice) -> String;
    let (asked, all, other, words): (_, _, Other, Words) = match test {
        Test::Site(slug) => (slug, &choices.sites, Test::Site, at_site),
        Test::Model(model) => (model, &choices.models, Test::Model, of_model),
        Test::Tag(tag) => (tag, &choices.tags, Test::Tag, with_tag),
        _ => return Vec::new(),
    };
    if all.iter().any(|choice| choice.value == *asked) {
        return Vec::new();
    }
    let asked = asked.to_lowercase();
    let near = all.iter().filter(|choice| is_near(&asked, choice));
    near.map(|choice| {
        let mut filter = filter.clone();
        filter.terms[place].any_of = vec![other(choice.value.clone())];
        let href = Href::new("/phones").add("q", filter);
        Link::new(words(choice), String::from(href))
    })
    .collect()
}

/// Whether one holds the other, or both begin with the same three letters.
fn is_near(asked: &str, choice: &PhoneChoice) -> bool {
    let begins = |text: &str| text.chars().take(3).collect::<String>();
    [&choice.value, &choice.label].into_iter().any(|name| {
        let name = name.to_lowercase();
        let alike = asked.chars().count() >= 3 && begins(&name) == begins(asked);
        alike || name.contains(asked) || asked.contains(&name)
    })
}

#[cfg(test)]
mod tests {
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
            let found = places(&filter, &choices).into_iter();
            let text = found.map(|Meant { link, .. }| (link.text, link.href));
            text.collect::<Vec<_>>()
        };
        let site = ("40 phones at site Kiel", "/phones?q=site:kiel");
        let tag = ("40 phones with tag kiel-canal", "/phones?q=tag:kiel-canal");
        let owned = |(text, href): (&str, &str)| (text.to_owned(), href.to_owned());
        assert_eq!(told("KIEL"), [site, tag].map(owned));
        assert_eq!(told("site:kiel -kiel berlin"), []);
        let tag = ("40 phones with tag kiel-canal", "/phones?q=tag:kiel-canal");
        assert_eq!(told("kiel site:kiel"), [owned(tag)], "the site is applied");
        let filter: Filter = "kiel".parse().expect("a filter");
        let known = places(&filter, &choices).into_iter();
        let known: Vec<String> = known.map(|meant| meant.known_as).collect();
        assert_eq!(
            known,
            ["kiel Kiel", ""],
            "its name alone, and sites and groups alone"
        );
    }

    #[test]
    fn models_and_addresses_are_found_as_plain_words() {
        let model = PhoneChoice {
            value: "T46S".to_owned(),
            label: "T46S".to_owned(),
            phones: 7,
        };
        let choices = PhoneChoices {
            models: vec![model],
            ..PhoneChoices::default()
        };
        let first = |filter: &str| {
            let filter: Filter = filter.parse().expect("a filter");
            let first = places(&filter, &choices).into_iter().next();
            first.map(|Meant { link, .. }| (link.text, link.href))
        };
        let told = |text: &str, href: &str| Some((text.to_owned(), href.to_owned()));
        assert_eq!(
            first("t46s"),
            told("7 phones of model T46S", "/phones?q=model:T46S")
        );
        let (at, href) = ("the phones at 127.11.0.27", "/phones?q=ip:127.11.0.27");
        assert_eq!(first("127.11.0.27"), told(at, href));
        let (at, href) = ("the phones at 10.1.0.0/16", "/phones?q=ip:10.1.0.0/16");
        assert_eq!(first("10.1."), told(at, href));
        assert_eq!(first("1.999"), None);
    }

    #[test]
    fn a_name_that_is_none_finds_the_nearest_in_the_same_filter() {
        let choice = |value: &str| PhoneChoice {
            value: value.to_owned(),
            label: value.to_owned(),
            phones: 1,
        };
        let choices = PhoneChoices {
            sites: vec![choice("kiel"), choice("ulm")],
            models: vec![choice("T46S")],
            ..PhoneChoices::default()
        };
        let hrefs = |filter: &str| {
            let filter: Filter = filter.parse().expect("a filter");
            let found = places(&filter, &choices).into_iter();
            found.map(|meant| meant.link.href).collect::<Vec<_>>()
        };
        assert_eq!(hrefs("site:kie 2041"), ["/phones?q=site:kiel%202041"]);
        assert_eq!(hrefs("model:t46"), ["/phones?q=model:T46S"]);
        assert_eq!(hrefs("site:kiel"), [""; 0]);
        assert_eq!(hrefs("site:hamburg"), [""; 0]);
    }
}
