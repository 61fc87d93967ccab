//! Several changes as one statement.
//!
//! Owns how Postgres is told in one round trip of changes that do not depend on each other: as
//! parts of one `WITH`. *Invariant:* they change different rows; all of them have the same view.
//! What one must know of another it asks for what that one returns.

use super::{Bound, PLACE, Sql};

/// Whether a change depends on another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    /// Only where the first of [`Sql::whole`] changed all that it was to change.
    Whole,
}

impl When {
    /// As a further condition.
    pub(crate) const fn and(self) -> &'static str {
        match self {
            Self::Always => "",
            Self::Whole => " AND (SELECT yes FROM whole)",
        }
    }

    /// As the only condition.
    pub(crate) const fn only(self) -> &'static str {
        match self {
            Self::Always => "",
            Self::Whole => " WHERE (SELECT yes FROM whole)",
        }
    }
}

impl Sql {
    /// The changes as one, which answers as `n` how many rows the first changed.
    pub(crate) fn together(first: Self, rest: Vec<Self>) -> Self {
        let mut all = Self::new("");
        all.few_forms = first.is_kept() && rest.iter().all(Self::is_kept);
        all.push("WITH changed AS (").append(first);
        all.push(" RETURNING 1)").also(rest);
        all.push(" SELECT COUNT(*) AS n FROM changed");
        all
    }

    /// The changes as one. It answers as `yes` whether the first changed so many rows, and where it
    /// did not, as `names` the `key` of each that it changed. The others are made with
    /// [`When::Whole`]: they change nothing then. The first of them returns a row, which is answered
    /// with what `around` adds to it.
    pub(crate) fn whole(
        first: Self,
        (rows, key): (i64, &'static str),
        rest: Vec<Self>,
        around: Self,
    ) -> Self {
        let mut all = Self::new("");
        all.few_forms = first.is_kept() && rest.iter().all(Self::is_kept);
        all.push("WITH changed AS (").append(first);
        all.push(" RETURNING ").push(key).push(" AS name)");
        all.push(", whole AS (SELECT COUNT(*) = ").bind(rows);
        all.push(" AS yes FROM changed)").also(rest);
        all.push(
            " SELECT yes, CASE WHEN NOT yes THEN (SELECT string_agg(name, ' ') FROM changed) END \
             AS names, also_0.*",
        );
        all.append(around);
        all.push(" FROM whole LEFT JOIN also_0 ON yes");
        all
    }

    fn also(&mut self, changes: Vec<Self>) {
        for (index, one) in changes.into_iter().enumerate() {
            self.push(&format!(", also_{index} AS (")).append(one);
            self.push(")");
        }
    }

    /// Adds another statement, with a place for each mention of its numbered values.
    pub(crate) fn append(&mut self, other: Self) -> &mut Self {
        let mut numbered = other.bound;
        let mut others = numbered.split_off(other.numbered).into_iter();
        let mut text = &*other.text;
        while let Some(at) = text.find(['$', PLACE]) {
            let (before, rest) = text.split_at(at);
            self.push(before);
            text = &rest[1..];
            if rest.starts_with(PLACE) {
                self.bound.extend(others.next());
                self.text.to_mut().push(PLACE);
                continue;
            }
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let number: usize = text[..digits].parse().unwrap_or_default();
            if let Some(Bound::One(value)) = numbered.get(number.wrapping_sub(1)) {
                self.bind(value.clone());
                text = &text[digits..];
            } else {
                self.push("$");
            }
        }
        self.push(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_changes_are_parts_of_one() {
        let first = Sql::new("UPDATE a SET x = $2 WHERE y = $1 OR z = $1")
            .arg(1)
            .arg(2);
        let mut second = Sql::new("WITH v (a) AS (");
        second.rows_again([vec![3.into()], vec![4.into()]]);
        second.push(") DELETE FROM b WHERE c = ").bind("$5");
        let sql = Sql::together(first, vec![second]);
        assert!(sql.is_kept());
        assert_eq!(sql.bound.len(), 5);
        assert_eq!(
            sql.text_for_postgres(),
            "WITH changed AS (UPDATE a SET x = $1 WHERE y = $2 OR z = $3 RETURNING 1), \
             also_0 AS (WITH v (a) AS (SELECT * FROM UNNEST($4::int8[])) \
             DELETE FROM b WHERE c = $5) SELECT COUNT(*) AS n FROM changed"
        );
    }

    #[test]
    fn what_depends_on_a_whole_change_is_told_of_it() {
        let first = Sql::new("UPDATE a SET x = $1").arg(1);
        let mut second = Sql::new("UPDATE b SET y = ");
        second.bind(2).push(" WHERE c = 3").push(When::Whole.and());
        second.push(" RETURNING z");
        let around = Sql::new(", 4 AS w");
        let sql = Sql::whole(first, (7, "a.name"), vec![second], around);
        assert_eq!(
            sql.text_for_postgres(),
            "WITH changed AS (UPDATE a SET x = $1 RETURNING a.name AS name), \
             whole AS (SELECT COUNT(*) = $2 AS yes FROM changed), \
             also_0 AS (UPDATE b SET y = $3 WHERE c = 3 AND (SELECT yes FROM whole) RETURNING z) \
             SELECT yes, CASE WHEN NOT yes THEN (SELECT string_agg(name, ' ') FROM changed) END \
             AS names, also_0.*, 4 AS w FROM whole LEFT JOIN also_0 ON yes"
        );
    }
}
