//! Which audit records somebody asks for.
//!
//! Owns the filters and how they become conditions on one record; `walk` finds the records that
//! are worth the look.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use carillon_domain::event::{Event, EventResult};
use carillon_domain::{Mac, Reach, Timestamp};

use crate::reach::and_audit;
use crate::sql::{Sql, containing};

use super::words;

/// Each word by which tiles are chosen costs a look at the marks; more choose hardly better.
const CHOOSING: usize = 16;

/// Filters of the audit log. Empty = everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only records with a smaller number: those that were there when somebody looked.
    pub below: Option<i64>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Name of the actor; capitals may be other than in the log, as of site and group.
    pub actor: Option<String>,
    /// One of these: the code of an event (`job.submitted`), its beginning (`job.*`), or the
    /// name of an action that was sent (`Reboot`).
    pub actions: Vec<String>,
    /// None of these, written the same way.
    pub not_actions: Vec<String>,
    /// The phone it concerns, also after its deletion.
    pub phone: Option<Mac>,
    /// Slug of a site, or the name that it is shown by.
    pub site: Option<String>,
    /// The same of a group.
    pub group: Option<String>,
    /// Id of a job.
    pub job: Option<String>,
    /// One of these.
    pub results: Vec<EventResult>,
    /// Address of the actor, or what records say in its place.
    pub ip: Option<String>,
    /// Words, each of which must occur.
    pub text: String,
}

/// A count that may have been cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtLeast {
    /// How many there are at least.
    pub count: i64,
    /// Whether that is all.
    pub exact: bool,
}

impl AuditQuery {
    /// Adds ` AND …` over `audit a`: all but the words, which [`AuditQuery::says`] looks for.
    pub(super) fn conditions(&self, sql: &mut Sql, reach: &Reach) {
        if let Some(job) = &self.job {
            sql.push(" AND a.job = ").bind(job);
        }
        if let Some(name) = &self.actor {
            sql.push(" AND ").one_of("a.actor", spellings(name));
        }
        if let Some(name) = &self.site {
            sql.push(" AND (").one_of("a.site", spellings(name));
            sql.push(" OR a.site IN (SELECT n.slug");
            shown_as(sql, "sites", name);
            sql.push("))");
        }
        if let Some(ip) = &self.ip {
            sql.push(" AND (a.ip = ").bind(ip);
            sql.push(" OR a.ip IN (SELECT o.id FROM audit_sources o WHERE o.address = ");
            sql.bind(ip).push("))");
        }
        if let Some(mac) = self.phone {
            sql.push(" AND a.phone = ").bind(mac);
        }
        if let Some(group) = &self.group {
            let mut between = " AND (";
            for group in spellings(group) {
                sql.push(std::mem::replace(&mut between, " OR "));
                sql.push("a.groups LIKE ")
                    .bind(containing(&format!(" {group} ")));
                sql.push(" ESCAPE '\\'");
            }
            sql.push(" OR EXISTS (SELECT 1");
            shown_as(sql, "groups", group);
            // A slug has neither of LIKE's signs.
            sql.push(" AND a.groups LIKE '% ' || n.slug || ' %'))");
        }
        if !self.results.is_empty() {
            sql.push(" AND ");
            sql.one_of(
                "a.result",
                self.results.iter().map(|result| result.as_str()),
            );
        }
        self.when(sql);
        self.what(sql);
        and_audit(sql, reach);
    }

    /// Whether the index of phones leads to everything that fits.
    pub(super) fn is_of_a_phone(&self) -> bool {
        self.phone.is_some() && self.text.trim().is_empty()
    }

    /// Whether a time is asked for.
    pub(super) const fn is_timed(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// The words, each once, in lower case.
    pub(super) fn words(&self) -> Vec<String> {
        let words = self.text.split_whitespace().map(str::to_lowercase);
        words.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Those words by which tiles are chosen: long ones are rare.
    pub(super) fn choosing_words(&self) -> Vec<String> {
        let mut words = self.words();
        words.sort_by_key(|word| Reverse(word.len()));
        words.truncate(CHOOSING);
        words
    }

    /// Whether each of the words occurs in a record.
    pub(super) fn says(words: &[String], event: &Event) -> bool {
        if words.is_empty() {
            return true;
        }
        let text = words::text(event);
        words.iter().all(|word| text.contains(word.as_str()))
    }

    fn when(&self, sql: &mut Sql) {
        if let Some(from) = self.from {
            sql.push(" AND a.at >= ").bind(from);
        }
        if let Some(to) = self.to {
            sql.push(" AND a.at < ").bind(to);
        }
    }

    fn what(&self, sql: &mut Sql) {
        if !self.actions.is_empty() {
            sql.push(" AND (");
            for (index, action) in self.actions.iter().enumerate() {
                sql.push(if index > 0 { " OR " } else { "" });
                named(sql, action);
            }
            sql.push(")");
        }
        for action in &self.not_actions {
            sql.push(" AND NOT ");
            named(sql, action);
        }
    }
}

/// A name of an account, a site or a group as typed, and as the log has it: these are kept in small
/// letters. So the index leads to them, and a name from before that rule is found as well.
pub(super) fn spellings(name: &str) -> [String; 2] {
    [name.to_owned(), name.to_lowercase()]
}

/// Adds ` FROM … WHERE …` over the places `n` of a kind that are shown by this name, in any case of
/// its letters. What is a slug is meant as one.
pub(super) fn shown_as(sql: &mut Sql, table: &'static str, name: &str) {
    let [typed, small] = spellings(name);
    sql.push(" FROM ").push(table).push(" n WHERE (n.name = ");
    sql.bind(typed).push(" OR LOWER(n.name) = ").bind(small);
    sql.push(") AND NOT EXISTS (SELECT 1 FROM ").push(table);
    sql.push(" o WHERE ").one_of("o.slug", spellings(name));
    sql.push(")");
}

/// Adds the condition that an event or the action it is about has this name.
fn named(sql: &mut Sql, action: &str) {
    if let Some(start) = action.strip_suffix('*') {
        // Not LIKE: to SQLite's, large and small letters are the same; to the marks they are not.
        sql.push("(substr(a.action, 1, length(").bind(start);
        sql.push(")) = ").bind(start).push(")");
    } else {
        sql.push("(a.action = ").bind(action);
        sql.push(" OR COALESCE(a.command, '') = ")
            .bind(action)
            .push(")");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_comes_again_is_one() {
        let query = AuditQuery {
            text: "Lager hangs  LAGER lager".to_owned(),
            ..AuditQuery::default()
        };
        assert_eq!(query.words(), ["hangs", "lager"]);
    }

    #[test]
    fn many_words_choose_by_the_longest() {
        let words: Vec<_> = (1..=40).map(|length| "x".repeat(length)).collect();
        let query = AuditQuery {
            text: words.join(" "),
            ..AuditQuery::default()
        };
        let lengths: Vec<_> = query.choosing_words().iter().map(String::len).collect();
        assert_eq!(lengths, (25..=40).rev().collect::<Vec<_>>());
        assert_eq!(query.words().len(), 40);
    }
}
