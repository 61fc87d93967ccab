//! Sites and groups as people type them and read them.

use carillon_domain::reach::Area;
use carillon_language::say;

use crate::fields::Fields;

/// The fields `sites` and `groups`: short names with commas or spaces between.
pub fn typed(fields: &Fields) -> Area {
    let (sites, groups) = (fields.or_empty("sites"), fields.or_empty("groups"));
    Area::of(names(&sites), names(&groups))
}

/// The same, where nothing typed is no narrowing.
pub fn maybe(sites: &str, groups: &str) -> Option<Area> {
    Some(Area::of(names(sites), names(groups))).filter(|area| *area != Area::default())
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', ' ', '\n', '\r', '\t'])
        .filter(|name| !name.is_empty())
}

/// Its sites, as [`typed`] reads them.
pub fn sites(area: &Area) -> String {
    listed(&area.sites)
}

/// Its groups, as [`typed`] reads them.
pub fn groups(area: &Area) -> String {
    listed(&area.groups)
}

fn listed(names: &std::collections::BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.join(", ")
}

/// For lists: what it takes in, or that it is empty because all of it was deleted.
pub fn in_words(area: &Area) -> String {
    let parts = [(say("sites"), sites(area)), (say("groups"), groups(area))];
    let told: Vec<String> = parts
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(word, names)| format!("{word} {names}"))
        .collect();
    if told.is_empty() {
        say("nothing any more").to_owned()
    } else {
        told.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let area = Area::of(["berlin", "kiel"], ["desk"]);
        assert_eq!(maybe(&sites(&area), &groups(&area)), Some(area.clone()));
        assert_eq!(in_words(&area), "sites berlin, kiel; groups desk");
        assert_eq!(maybe(" , ", ""), None);
        assert_eq!(in_words(&Area::default()), "nothing any more");
    }
}
