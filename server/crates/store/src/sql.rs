//! Statements and the values bound to them.
//!
//! Owns how a text is put together. *Invariant:* what comes from outside is only ever bound,
//! never pushed; identifiers in a pushed text come from this crate's own literals.

mod render;
mod together;
mod value;

use std::borrow::Cow;

pub(crate) use together::When;
pub(crate) use value::Value;

/// Sizes of statements of several rows that are kept prepared.
const SIZES: &[usize] = &[
    1, 2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 448, 512,
];

/// The largest number of rows, at most so many, for which a statement is kept that has no row too
/// many: what is written again and again is best cut so.
pub fn rows_that_fit(rows: usize) -> usize {
    let found = SIZES.iter().rev().copied().find(|size| *size <= rows);
    found.unwrap_or(rows)
}

/// The smallest of the sizes that is enough.
fn size_above(rows: usize) -> usize {
    let found = SIZES.iter().copied().find(|size| *size >= rows);
    found.unwrap_or(rows)
}

/// What stands at one place of a statement.
enum Bound {
    One(Value),
    /// Rows of equal length, at least one.
    Rows(Vec<Vec<Value>>),
    /// The same; the last may come again until there are as many as one of the kept sizes.
    Again(Vec<Vec<Value>>),
    /// The same, filled up to one of the kept sizes with rows that are left out again.
    Filled(Vec<Vec<Value>>),
    /// A list of values of one kind, at least one.
    List(Vec<Value>),
}

impl Bound {
    /// How many places it takes in a statement for SQLite.
    fn places(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Rows(rows) => rows.len() * rows.first().map_or(0, Vec::len),
            Self::Again(rows) | Self::Filled(rows) => {
                size_above(rows.len()) * rows.first().map_or(0, Vec::len)
            }
            Self::List(values) => values.len(),
        }
    }
}

/// A statement with its values.
pub(crate) struct Sql {
    /// With [`PLACE`] where something was bound after the numbered values.
    text: Cow<'static, str>,
    bound: Vec<Bound>,
    /// How many have their place by number in the text already.
    numbered: usize,
    /// The text comes in few forms, so that each is worth keeping prepared.
    few_forms: bool,
}

/// Stands for what is bound until the database is known.
const PLACE: char = '\u{1}';

impl Sql {
    /// A statement whose text has `$1`, `$2` … for the values that [`Sql::arg`] adds.
    pub(crate) const fn new(text: &'static str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            bound: Vec::new(),
            numbered: 0,
            few_forms: false,
        }
    }

    /// Adds the next value to a text that already has its placeholder. These come first.
    pub(crate) fn arg(mut self, value: impl Into<Value>) -> Self {
        debug_assert_eq!(
            self.numbered,
            self.bound.len(),
            "numbered values come first"
        );
        self.bound.push(Bound::One(value.into()));
        self.numbered += 1;
        self
    }

    /// Adds text of our own.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.to_mut().push_str(text);
        self
    }

    fn place(&mut self, bound: Bound) -> &mut Self {
        self.bound.push(bound);
        self.text.to_mut().push(PLACE);
        self
    }

    /// Adds a placeholder and its value.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.place(Bound::One(value.into()))
    }

    /// Adds `(…, …)` with a place for each value.
    pub(crate) fn tuple(&mut self, values: impl IntoIterator<Item = Value>) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            self.push(if index == 0 { "(" } else { ", " });
            self.bind(value);
        }
        self.push(")")
    }

    /// Adds a table of these rows: `VALUES (…, …), …` for SQLite. For Postgres it is one array for
    /// each column, so that any number of rows is one form with one plan.
    pub(crate) fn rows(&mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> &mut Self {
        self.place(Bound::Rows(rows.into_iter().collect()))
    }

    /// Adds a table as [`Sql::rows`] does, for statements that run again and again and for which a
    /// row that comes twice is as good as once: for SQLite the last one is repeated up to one of a
    /// few sizes. So the text has few forms, and the database reads each of them once.
    pub(crate) fn rows_again(&mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> &mut Self {
        self.few_forms = true;
        self.place(Bound::Again(rows.into_iter().collect()))
    }

    /// Adds a table as [`Sql::rows_again`] does, for rows of which none may come twice: for SQLite
    /// they are filled up to one of a few sizes with rows that are left out again. The first
    /// column is never empty.
    pub(crate) fn rows_once(&mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> &mut Self {
        self.few_forms = true;
        self.place(Bound::Filled(rows.into_iter().collect()))
    }

    /// Adds `column IN (…)` in the same way as [`Sql::rows_again`].
    pub(crate) fn one_of_again<V: Into<Value>>(
        &mut self,
        column: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> &mut Self {
        let mut values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if let Some(last) = values.last().cloned() {
            values.resize(size_above(values.len()), last);
        }
        self.few_forms = true;
        self.one_of(column, values)
    }

    /// Says that the text comes in few forms.
    pub(crate) const fn keep(&mut self) -> &mut Self {
        self.few_forms = true;
        self
    }

    /// Adds `column IN (…)`; nothing matches an empty list.
    pub(crate) fn one_of<V: Into<Value>>(
        &mut self,
        column: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> &mut Self {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if values.is_empty() {
            return self.push("1 = 0");
        }
        self.push(column).place(Bound::List(values))
    }

    /// The query with all its rows as one text in column `packed`, for SQLite: an array of arrays
    /// of JSON, in no order that could be relied on.
    pub(crate) fn packed(mut self, columns: &[&str]) -> Self {
        self.few_forms = self.is_kept();
        let columns = columns.join("\", \"");
        let inner = &self.text;
        let text =
            format!("SELECT json_group_array(json_array(\"{columns}\")) AS packed FROM ({inner})");
        self.text = Cow::Owned(text);
        self
    }

    /// Whether the text was written in one piece, or comes in few forms, and so is worth keeping
    /// prepared.
    pub(crate) const fn is_kept(&self) -> bool {
        self.few_forms || matches!(self.text, Cow::Borrowed(_))
    }
}

/// The pattern that finds `text` anywhere, for `LIKE … ESCAPE '\'`.
pub(crate) fn containing(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// The pattern that finds what begins with `text`, for `LIKE … ESCAPE '\'`.
pub(crate) fn beginning(text: &str) -> String {
    format!("{}%", escaped(text))
}

fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_ordinary_characters() {
        assert_eq!(containing("50%_a\\b"), "%50\\%\\_a\\\\b%");
    }

    #[test]
    fn placeholders_count_on_from_the_numbered_ones() {
        let mut sql = Sql::new("UPDATE t SET a = $1").arg(1);
        sql.push(" WHERE b = ").bind(2);
        assert_eq!(sql.text_for_postgres(), "UPDATE t SET a = $1 WHERE b = $2");
        assert_eq!(sql.text_for_sqlite(), "UPDATE t SET a = $1 WHERE b = $2");
    }

    #[test]
    fn repeated_statements_have_few_forms() {
        let form = |rows: i64| {
            let mut sql = Sql::new("");
            sql.rows_again((0..rows).map(|n| vec![n.into(), "x".into()]));
            assert!(sql.is_kept());
            (sql.text_for_sqlite(), sql.text_for_postgres())
        };
        assert_eq!(form(5).0, form(8).0);
        assert_eq!(form(2).0, "VALUES (?,?), (?,?)");
        assert_ne!(form(97).0, form(64).0);
        assert_eq!(form(97).1, form(1).1);
        assert_eq!(form(1).1, "SELECT * FROM UNNEST($1::int8[], $2::text[])");
        let mut sql = Sql::new("");
        sql.one_of_again("a", ["x", "y", "z"]);
        assert_eq!(sql.text_for_sqlite(), "a IN (?,?,?,?)");
        assert_eq!(sql.text_for_postgres(), "a = ANY($1)");
    }

    #[test]
    fn rows_that_may_not_repeat_are_filled_up() {
        let mut sql = Sql::new("INSERT INTO t ");
        sql.rows_once((0..3).map(|n| vec![n.into(), "x".into()]));
        assert_eq!(
            sql.text_for_sqlite(),
            "INSERT INTO t SELECT * FROM (VALUES (?,?), (?,?), (?,?), (?,?)) \
             WHERE column1 IS NOT NULL"
        );
        let text = sql.text_for_postgres();
        assert_eq!(
            text,
            "INSERT INTO t SELECT * FROM UNNEST($1::int8[], $2::text[])"
        );
    }

    #[test]
    fn what_is_cut_to_fit_has_no_row_too_many() {
        for rows in [0, 1, 5, 60, 80, 85, 170, 341, 512, 9000] {
            let fits = rows_that_fit(rows);
            assert!(fits <= rows && size_above(fits) <= fits.max(1), "{rows}");
            assert!(fits * 5 >= rows.min(512) * 4, "{rows}");
        }
    }

    #[test]
    fn places_are_plain_for_sqlite() {
        let mut sql = Sql::new("SELECT ");
        sql.bind(1).push(" WHERE ").one_of("a", ["x", "y"]);
        sql.push(" AND ").one_of("b", Vec::<String>::new());
        let text = sql.text_for_postgres();
        assert_eq!(text, "SELECT $1 WHERE a = ANY($2) AND 1 = 0");
        let text = sql.text_for_sqlite();
        assert_eq!(text, "SELECT ? WHERE a IN (?,?) AND 1 = 0");
    }
}
