//! How a list looks: its columns, and what its forms send along unseen.

use carillon_contract::Href;
use carillon_contract::form::CSRF_FIELD;
use carillon_contract::phones::{MovedColumn, PhoneColumn};

use super::ListQuery;
use crate::fields::Fields;

/// What a saved view does not keep of an address: a place, a selection, and itself.
const OF_A_MOMENT: [&str; 6] = ["after", "before", "sel", "view", "moved", CSRF_FIELD];

/// What stands between the names of columns in a cookie, where no comma may be.
const APART: &str = ".";

impl ListQuery {
    /// Columns come repeated, as ticks send them, or with commas, as we write them; each is shown once, in
    /// the order in which they come.
    pub(super) fn read_columns(&mut self, fields: &Fields) {
        let texts = fields.all("cols").flat_map(|text| text.split(','));
        let mut chosen = Vec::new();
        for text in texts.map(str::trim).filter(|text| !text.is_empty()) {
            match text.parse::<PhoneColumn>() {
                Ok(column) => chosen.push(column),
                Err(_) => self.unknown.push(format!("cols={text}")),
            }
        }
        self.cols = once(chosen.into_iter());
    }

    pub(super) fn read_moved(&mut self, text: Option<&str>) {
        let Some(text) = text else { return };
        match text.parse() {
            Ok(moved) => self.moved = Some(moved),
            Err(()) => self.unknown.push(format!("moved={text}")),
        }
    }

    /// Lets the column that is to be moved and its neighbour change places. At the edge, and where it
    /// is not shown, nothing moves.
    pub fn move_column(&mut self) {
        let Some(MovedColumn { column, up }) = self.moved else {
            return;
        };
        let Some(place) = self.cols.iter().position(|one| *one == column) else {
            return;
        };
        let other = if up {
            place.checked_sub(1)
        } else {
            Some(place + 1)
        };
        if let Some(other) = other.filter(|other| *other < self.cols.len()) {
            self.cols.swap(place, other);
        }
    }

    /// This very page of the list, with the choice of columns as somebody who moves them left it.
    pub fn moved_href(&self) -> String {
        let moved = self.moved.map(|moved| moved.to_string());
        let here = self.here();
        here.add_some("moved", &moved.unwrap_or_default()).into()
    }

    /// The list with the columns that somebody likes, as a browser keeps them: they hold where the
    /// address names none.
    #[must_use]
    pub fn liking(mut self, kept: Option<&str>) -> Self {
        let names = kept.unwrap_or_default().split(APART);
        self.liked = once(names.filter_map(|name| name.parse().ok()));
        self
    }

    /// The columns of this address as a browser keeps them, and the list without them; `None` for the
    /// usual ones.
    pub fn keep_columns(&mut self) -> Option<String> {
        let chosen = std::mem::take(&mut self.cols);
        let names: Vec<&str> = chosen.iter().map(|column| column.as_str()).collect();
        (!chosen.is_empty() && chosen != PhoneColumn::USUAL).then(|| names.join(APART))
    }

    /// The columns of the list, in order.
    pub fn columns(&self) -> &[PhoneColumn] {
        let chosen = [&self.cols, &self.liked];
        let chosen = chosen.into_iter().find(|columns| !columns.is_empty());
        chosen.map_or(PhoneColumn::USUAL, Vec::as_slice)
    }

    pub(super) fn columns_text(&self) -> String {
        if self.liked.is_empty() && self.cols == PhoneColumn::USUAL {
            return String::new();
        }
        let names: Vec<&str> = self.cols.iter().map(|column| column.as_str()).collect();
        names.join(",")
    }

    /// What narrows the list, as fields of a form.
    fn narrowing(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        let q = std::iter::once(("q", self.q.clone()));
        q.chain(
            self.picked
                .iter()
                .map(|(name, value)| (*name, value.clone())),
        )
    }

    /// How the list looks and what is being collected, as fields of a form.
    fn looks(&self) -> [(&'static str, String); 3] {
        let limit = self.limit.map(|limit| limit.to_string());
        [
            ("sort", self.sort.clone()),
            ("limit", limit.unwrap_or_default()),
            ("sel", self.sel.clone().unwrap_or_default()),
        ]
    }

    /// What the filter form sends along unseen.
    pub fn kept_by_filter(&self) -> Vec<(String, String)> {
        let columns = [("cols", self.columns_text())];
        filled(self.looks().into_iter().chain(columns))
    }

    /// What the choice of columns sends along unseen.
    pub fn kept_by_columns(&self) -> Vec<(String, String)> {
        let place = [
            ("after", self.after.clone().unwrap_or_default()),
            ("before", self.before.clone().unwrap_or_default()),
        ];
        filled(self.narrowing().chain(self.looks()).chain(place))
    }

    /// The address of this list without the path, as a saved view keeps it.
    pub fn view_query(&self) -> String {
        let shown = self.columns();
        let names: Vec<&str> = shown.iter().map(|column| column.as_str()).collect();
        let here = self.href().without("sel").without("cols");
        if shown == PhoneColumn::USUAL {
            return query_of(here);
        }
        query_of(here.add("cols", names.join(",")))
    }

    /// The list of exactly one filter.
    pub fn of_filter(filter: &str, sort: &str, sel: Option<&str>) -> Self {
        let mut query = Self {
            q: filter.to_owned(),
            sort: sort.to_owned(),
            sel: sel.map(str::to_owned),
            ..Self::default()
        };
        query.check_sort();
        query
    }
}

/// Each column once, where it came first.
fn once(columns: impl Iterator<Item = PhoneColumn>) -> Vec<PhoneColumn> {
    let mut found = Vec::new();
    for column in columns {
        if !found.contains(&column) {
            found.push(column);
        }
    }
    found
}

/// What stands behind the question mark.
pub(super) fn query_of(href: Href) -> String {
    let href = String::from(href);
    let query = href.split_once('?').map(|(_, query)| query.to_owned());
    query.unwrap_or_default()
}

/// The pairs of a saved view, or of an address that shall become one.
pub fn pairs_of_view(query: &str) -> Vec<(String, String)> {
    let all = Fields::parse(query.as_bytes());
    let kept = all.pairs().iter().cloned();
    kept.filter(|(name, _)| !OF_A_MOMENT.contains(&name.as_str()))
        .collect()
}

fn filled(pairs: impl Iterator<Item = (&'static str, String)>) -> Vec<(String, String)> {
    pairs
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
