//! How a list looks: its columns, and what its forms send along unseen.

use carillon_contract::Href;
use carillon_contract::form::CSRF_FIELD;
use carillon_contract::phones::PhoneColumn;

use super::ListQuery;
use crate::fields::Fields;

/// What a saved view does not keep of an address: a place, a selection, and itself.
const OF_A_MOMENT: [&str; 5] = ["after", "before", "sel", "view", CSRF_FIELD];

impl ListQuery {
    /// Columns come repeated, as ticks send them, or with commas, as we write them.
    pub(super) fn read_columns(&mut self, fields: &Fields) {
        let texts = fields.all("cols").flat_map(|text| text.split(','));
        let mut chosen = Vec::new();
        for text in texts.map(str::trim).filter(|text| !text.is_empty()) {
            match text.parse::<PhoneColumn>() {
                Ok(column) => chosen.push(column),
                Err(_) => self.unknown.push(format!("cols={text}")),
            }
        }
        let in_order = PhoneColumn::ALL.iter().copied();
        let chosen: Vec<_> = in_order.filter(|one| chosen.contains(one)).collect();
        if chosen != PhoneColumn::USUAL {
            self.cols = chosen;
        }
    }

    /// The columns of the list, in order.
    pub fn columns(&self) -> &[PhoneColumn] {
        if self.cols.is_empty() {
            PhoneColumn::USUAL
        } else {
            &self.cols
        }
    }

    pub(super) fn columns_text(&self) -> String {
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
        filled(self.narrowing().chain(self.looks()))
    }

    /// The address of this list without the path, as a saved view keeps it.
    pub fn view_query(&self) -> String {
        query_of(self.href().without("sel"))
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
