//! The address of the list of phones: what it narrows by, and the same list a little different.
//!
//! Owns the parameters of `/phones`. Pure. *Invariant:* a parameter that is not understood is
//! told, never dropped.

use carillon_contract::Href;
use carillon_contract::phones::{MovedColumn, PhoneColumn};
use carillon_domain::Filter;
use carillon_domain::filter::FilterError;
use carillon_store::{Cursor, Direction, PhoneSort, Seek};

use crate::fields::Fields;
use carillon_language::text;

mod chips;
mod facets;
mod shape;

pub use shape::pairs_of_view;
use shape::query_of;

/// The fields that have check boxes, with their headings.
const FACETS: [(&str, &str); 7] = [
    ("site", text!("Site")),
    ("group", text!("Group")),
    ("model", text!("Model")),
    ("tag", text!("Tag")),
    ("state", text!("State")),
    ("ready", text!("Readiness")),
    ("result", text!("Last result")),
];

const OTHERS: [&str; 9] = [
    "q", "sort", "limit", "after", "before", "sel", "cols", "view", "moved",
];
const SORTED_BY: PhoneSort = PhoneSort::Label;
const ROWS: i64 = 50;
/// More would make the page larger than 200 KB.
const MOST_ROWS: i64 = 100;
/// What can be asked of readiness, and how that is called.
const READY: [(&str, &str); 8] = [
    ("ok", text!("Ready")),
    ("unknown", text!("Not checked")),
    ("forbidden", text!("Not allowed")),
    ("prompt_pending", text!("Needs OK on phone")),
    ("auth_failed", text!("Wrong password")),
    ("no_credential", text!("No password stored")),
    ("tls_identity_changed", text!("Different key")),
    ("unreachable", text!("Not reachable")),
];

const RESULTS: [(&str, &str); 5] = [
    ("verified", text!("Verified")),
    ("acknowledged", text!("Acknowledged")),
    ("failed", text!("Failed")),
    ("unknown", text!("Unknown")),
    ("skipped", text!("Skipped")),
];

const STATES: [(&str, &str); 3] = [
    ("reachable", text!("Reachable")),
    ("offline", text!("Offline")),
    ("unknown", text!("Not contacted")),
];

/// A list of phones as its address asks for it.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// The search box.
    pub q: String,
    /// Ticked values, by field.
    picked: Vec<(&'static str, String)>,
    /// Sorted by, as in the address; empty = by label.
    pub sort: String,
    limit: Option<i64>,
    after: Option<String>,
    before: Option<String>,
    /// A selection that is being collected.
    pub sel: Option<String>,
    /// Columns that the address asks for; empty = those that this person likes.
    cols: Vec<PhoneColumn>,
    /// Columns that this person likes; empty = the usual ones.
    liked: Vec<PhoneColumn>,
    /// The column that is moved, or was a moment ago.
    pub moved: Option<MovedColumn>,
    /// The saved view that this list came from.
    pub view: Option<String>,
    /// What was not understood.
    pub unknown: Vec<String>,
}

impl ListQuery {
    /// Reads an address.
    pub fn of(fields: &Fields) -> Self {
        let names: Vec<&str> = FACETS.iter().map(|(name, _)| *name).chain(OTHERS).collect();
        let text = |name: &str| fields.filled(name).map(str::to_owned);
        let mut query = Self {
            q: fields.or_empty("q").trim().to_owned(),
            sort: text("sort").unwrap_or_default(),
            after: text("after"),
            before: text("before"),
            sel: text("sel"),
            view: text("view"),
            unknown: fields.unknown(&names),
            ..Self::default()
        };
        for (name, _) in FACETS {
            let values = fields
                .all(name)
                .map(str::trim)
                .filter(|value| !value.is_empty());
            query
                .picked
                .extend(values.map(|value| (name, value.to_owned())));
        }
        query.read_limit(fields.filled("limit"));
        query.read_columns(fields);
        query.read_moved(fields.filled("moved"));
        query.check_sort();
        query
    }

    fn read_limit(&mut self, text: Option<&str>) {
        let Some(text) = text else { return };
        match text.parse() {
            Ok(limit) if (1..=MOST_ROWS).contains(&limit) => self.limit = Some(limit),
            _ => self.unknown.push(format!("limit={text}")),
        }
    }

    fn check_sort(&mut self) {
        if !self.sort.is_empty() && self.sort_key().is_none() {
            self.unknown.push(format!("sort={}", self.sort));
            self.sort.clear();
        }
    }

    fn sort_key(&self) -> Option<PhoneSort> {
        self.sort
            .strip_prefix('-')
            .unwrap_or(&self.sort)
            .parse()
            .ok()
    }

    /// Sorted by what, and which way.
    pub fn order(&self) -> (PhoneSort, Direction) {
        let direction = if self.sort.starts_with('-') {
            Direction::Descending
        } else {
            Direction::Ascending
        };
        (self.sort_key().unwrap_or(SORTED_BY), direction)
    }

    /// The value of `sort` that is in effect.
    pub fn sort_in_effect(&self) -> &str {
        if self.sort.is_empty() {
            SORTED_BY.as_str()
        } else {
            &self.sort
        }
    }

    /// Rows of a page.
    pub fn limit(&self) -> i64 {
        self.limit.unwrap_or(ROWS)
    }

    /// Where the page begins.
    pub fn seek(&self) -> Seek {
        match (&self.after, &self.before) {
            (Some(after), _) => Seek::After(Cursor::from_text(after)),
            (None, Some(before)) => Seek::Before(Cursor::from_text(before)),
            (None, None) => Seek::Start,
        }
    }

    /// Forgets the place in the pages because it is none; that is told.
    pub fn begin_again(&mut self) {
        let place = if self.after.take().is_some() {
            "after"
        } else {
            "before"
        };
        self.before = None;
        self.unknown.push(place.to_owned());
    }

    /// The filter of everything that narrows the list.
    ///
    /// # Errors
    /// What cannot be read, with its field.
    pub fn filter(&self) -> Result<Filter, FilterError> {
        let typed: Filter = self.q.parse()?;
        let mut text = typed.to_string();
        for (name, value) in &self.picked {
            let one = format!("{name}:{}", quoted(value));
            one.parse::<Filter>()?;
            text.push(' ');
            text.push_str(&one);
        }
        text.parse()
    }

    /// The address of this list, without a place in its pages.
    pub fn href(&self) -> Href {
        let mut href = Href::new("/phones").add_some("q", &self.q);
        for (name, value) in &self.picked {
            href = href.add(name, value);
        }
        href = href.add_some("sort", &self.sort);
        if let Some(limit) = self.limit {
            href = href.add("limit", limit);
        }
        href = href.add_some("cols", &self.columns_text());
        href.add_some("sel", self.sel.as_deref().unwrap_or_default())
    }

    /// This very page of the list, as a query: where one comes back to.
    pub fn here_query(&self) -> String {
        query_of(self.here().without("sel"))
    }

    /// The address of this very page of the list.
    pub fn here(&self) -> Href {
        let here = self.href();
        let here = here.add_some("after", self.after.as_deref().unwrap_or_default());
        here.add_some("before", self.before.as_deref().unwrap_or_default())
    }

    /// The list that a form came from, with the selection that it now has.
    pub fn of_here(query: &str, sel: Option<&str>) -> Self {
        let mut list = Self::of(&Fields::parse(query.as_bytes()));
        list.sel = sel.map(str::to_owned);
        list
    }

    /// The list without any filter.
    pub fn clear_href(&self) -> String {
        let cleared = Self {
            q: String::new(),
            picked: Vec::new(),
            ..self.clone()
        };
        cleared.href().into()
    }

    /// The list without the selection that is being collected.
    pub fn without_selection(&self) -> String {
        self.href().without("sel").into()
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use carillon_store::PhoneChoices;

    use super::*;

    fn query(text: &str) -> ListQuery {
        ListQuery::of(&Fields::parse(text.as_bytes()))
    }

    #[test]
    fn ticks_and_words_make_one_filter() {
        let list = query("q=reception+-tag%3Avip&site=kiel&site=berlin&model=T46S");
        let filter = list.filter().expect("valid").to_string();
        assert_eq!(
            filter,
            "reception -tag:vip site:kiel site:berlin model:T46S"
        );
        assert!(list.unknown.is_empty());
    }

    #[test]
    fn what_is_not_understood_is_told() {
        let list = query("sites=kiel&sort=colour&limit=9999");
        assert_eq!(list.unknown, ["sites", "limit=9999", "sort=colour"]);
        assert_eq!(list.order(), (PhoneSort::Label, Direction::Ascending));
        assert_eq!(
            query("sort=-last_seen").order(),
            (PhoneSort::LastSeen, Direction::Descending)
        );
    }

    #[test]
    fn errors_name_their_field() {
        let error = query("q=colour%3Ared").filter().expect_err("unknown field");
        assert_eq!(error.field, "colour");
        let error = query("state=odd").filter().expect_err("no such state");
        assert_eq!(error.field, "state");
    }

    #[test]
    fn each_chip_takes_one_demand_away() {
        let list = query("q=a+-tag%3Avip&site=kiel&sort=-label");
        let chips = list.chips(&PhoneChoices::default());
        let texts: Vec<&str> = chips.iter().map(|chip| chip.text.as_str()).collect();
        assert_eq!(texts, ["a", "-tag:vip", "site: kiel"]);
        assert_eq!(chips[1].remove_href, "/phones?q=a&site=kiel&sort=-label");
        assert_eq!(chips[2].remove_href, "/phones?q=a%20-tag:vip&sort=-label");
    }

    #[test]
    fn a_state_is_called_as_in_the_table() {
        let chips = query("state=unknown&ready=prompt_pending").chips(&PhoneChoices::default());
        let texts: Vec<&str> = chips.iter().map(|chip| chip.text.as_str()).collect();
        assert_eq!(texts, ["state: Not contacted", "ready: Needs OK on phone"]);
    }

    #[test]
    fn columns_come_as_they_are_named_and_once() {
        use PhoneColumn::{Mac, Model, Site};
        let list = query("cols=mac&cols=model,site,mac&cols=colour&site=kiel");
        assert_eq!(list.columns(), [Mac, Model, Site]);
        assert_eq!(list.unknown, ["cols=colour"]);
        assert_eq!(list.view_query(), "site=kiel&cols=mac,model,site");
        let kept = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(list.kept_by_filter(), [kept("cols", "mac,model,site")]);
        assert_eq!(list.kept_by_columns(), [kept("site", "kiel")]);
        assert_eq!(query("q=a").columns(), PhoneColumn::USUAL);
        let kept = query("q=a").liking(Some("site.mac.site.model"));
        assert_eq!(kept.columns(), [Site, Mac, Model]);
    }

    #[test]
    fn a_column_is_moved_by_one_place_and_not_over_the_edge() {
        let moved = |by: &str| {
            let mut list = query(&format!("q=a&cols=model,site,mac&after=x&moved={by}"));
            list.move_column();
            list.moved_href()
        };
        for (by, columns) in [
            ("up.mac", "model,mac,site"),
            ("down.model", "site,model,mac"),
            ("up.model", "model,site,mac"),
            ("down.mac", "model,site,mac"),
            ("up.notes", "model,site,mac"),
        ] {
            let to = format!("/phones?q=a&cols={columns}&after=x&moved={by}");
            assert_eq!(moved(by), to);
        }
        let odd = query("cols=model,site&moved=left.site");
        assert_eq!(
            (odd.moved, odd.unknown),
            (None, vec!["moved=left.site".to_owned()])
        );
        let view = query("cols=mac,site&moved=up.mac").view_query();
        assert_eq!(view, "cols=mac,site", "of a moment");
    }

    #[test]
    fn columns_that_somebody_likes_hold_where_the_address_names_none() {
        use PhoneColumn::{Mac, Model, Site};
        let mut chosen = query("q=a&cols=mac&cols=site");
        let kept = chosen.keep_columns();
        assert_eq!(kept.as_deref(), Some("mac.site"));
        assert_eq!(String::from(chosen.href()), "/phones?q=a");
        let later = |address: &str| query(address).liking(kept.as_deref());
        assert_eq!(later("q=b").columns(), [Mac, Site]);
        assert_eq!(later("cols=model").columns(), [Model]);
        assert_eq!(String::from(later("q=b").href()), "/phones?q=b");
        let usual: Vec<&str> = PhoneColumn::USUAL.iter().map(|one| one.as_str()).collect();
        let usual = usual.join(",");
        let asked = later(&format!("cols={usual}"));
        assert_eq!(asked.columns(), PhoneColumn::USUAL);
        assert_eq!(String::from(asked.href()), format!("/phones?cols={usual}"));
        assert_eq!(query(&format!("cols={usual}")).keep_columns(), None);
        assert_eq!(
            query("q=a").liking(Some("odd.")).columns(),
            PhoneColumn::USUAL
        );
    }

    #[test]
    fn a_view_keeps_no_place_and_no_selection() {
        let pairs = pairs_of_view("q=a&after=x&sel=s&view=v&sort=-label");
        let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["q", "sort"]);
    }

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        let list = query("tag=x%22+site%3Akiel");
        let filter = list.filter();
        assert!(filter.is_err() || !filter.is_ok_and(|f| f.to_string().contains(" site:")));
    }
}
