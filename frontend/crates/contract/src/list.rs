//! What every list shares: totals, paging, sorting, chips.
//!
//! Owns nothing that is special to one list. Addresses come ready made from the handler, which
//! knows the whole query.

use serde::{Deserialize, Serialize};

use crate::Href;

/// How many rows there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// The number.
    pub count: i64,
    /// Whether there may be more: shown as "1,000+".
    pub at_least: bool,
}

impl Total {
    /// Exactly so many.
    pub const fn exactly(count: i64) -> Self {
        Self {
            count,
            at_least: false,
        }
    }
}

/// The way to the neighbouring pages of a keyset-paged list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paging {
    /// How many rows there are in all.
    pub total: Total,
    /// Address of the page before this one; `None` on the first.
    pub previous: Option<String>,
    /// Address of the page after this one; `None` on the last.
    pub next: Option<String>,
}

/// Direction of a sorted column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// A before Z, old before new.
    Ascending,
    /// Z before A, new before old.
    Descending,
}

/// A column by which the list can be sorted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortLink {
    /// Which column: the key of the `sort` parameter.
    pub key: String,
    /// Where a click leads: sorts by this column, or turns the direction round.
    pub href: String,
    /// The direction, when the list is sorted by it now.
    pub current: Option<Direction>,
}

/// The links of all sortable columns. `here` is the list with its filters, without `sort` and
/// without a place in the pages; `sort` is the current value such as `-last_seen`.
pub fn sort_links(here: &Href, sort: &str, keys: &[&str]) -> Vec<SortLink> {
    let (sorted_by, descending) = sort
        .strip_prefix('-')
        .map_or((sort, false), |key| (key, true));
    keys.iter()
        .map(|key| {
            let current = (*key == sorted_by).then_some(if descending {
                Direction::Descending
            } else {
                Direction::Ascending
            });
            let turned = current == Some(Direction::Ascending);
            let value = format!("{}{key}", if turned { "-" } else { "" });
            SortLink {
                key: (*key).to_owned(),
                href: here.clone().set("sort", value).to_string(),
                current,
            }
        })
        .collect()
}

/// One active filter, with the way to be rid of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chip {
    /// As people read it: `site: Kiel`.
    pub text: String,
    /// The same list without it.
    pub remove_href: String,
}

/// A set of values by which a list can be narrowed: check boxes of one name in a GET form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    /// Name of the parameter: `site`.
    pub name: String,
    /// Heading: `Site`.
    pub label: String,
    /// What can be chosen; never more than some dozens.
    pub choices: Vec<crate::form::Choice>,
}

/// A link with words of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Words.
    pub text: String,
    /// Address.
    pub href: String,
}

impl Link {
    /// A link.
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            href: href.into(),
        }
    }
}

/// One of several views of the same list, as a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tab {
    /// Words.
    pub text: String,
    /// Address.
    pub href: String,
    /// How many rows it has, where that is known.
    pub count: Option<i64>,
    /// Whether this is the one that is shown.
    pub current: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_click_turns_the_direction() {
        let links = sort_links(
            &Href::new("/phones").add("q", "x"),
            "label",
            &["label", "ip"],
        );
        assert_eq!(links[0].href, "/phones?q=x&sort=-label");
        assert_eq!(links[0].current, Some(Direction::Ascending));
        assert_eq!(links[1].href, "/phones?q=x&sort=ip");
        assert_eq!(links[1].current, None);
    }
}
