//! Which audit records somebody asks for.
//!
//! Owns the filters and how they become conditions.

use carillon_domain::event::EventResult;
use carillon_domain::{Mac, Timestamp};

use crate::sql::{Sql, beginning, containing};

/// Filters of the audit log. Empty = everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Name of the actor.
    pub actor: Option<String>,
    /// One of these: the code of an event (`job.submitted`), its beginning (`job.*`), or the
    /// name of an action that was sent (`Reboot`).
    pub actions: Vec<String>,
    /// None of these, written the same way.
    pub not_actions: Vec<String>,
    /// The phone it concerns, also after its deletion.
    pub phone: Option<Mac>,
    /// Slug of a site.
    pub site: Option<String>,
    /// Slug of a group.
    pub group: Option<String>,
    /// Id of a job.
    pub job: Option<String>,
    /// One of these.
    pub results: Vec<EventResult>,
    /// Address of the actor.
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
    /// Adds ` WHERE …` over `audit a`; always with at least one condition.
    pub(super) fn conditions(&self, sql: &mut Sql) {
        sql.push(" WHERE 1 = 1");
        self.when(sql);
        for (column, value) in [
            ("a.actor", &self.actor),
            ("a.site", &self.site),
            ("a.job", &self.job),
            ("a.ip", &self.ip),
        ] {
            if let Some(value) = value {
                sql.push(" AND ").push(column).push(" = ").bind(value);
            }
        }
        if let Some(mac) = self.phone {
            sql.push(" AND a.phone = ").bind(mac);
        }
        if let Some(group) = &self.group {
            sql.push(" AND a.seq IN (SELECT g.seq FROM audit_groups g WHERE g.group_slug = ");
            sql.bind(group).push(")");
        }
        if !self.results.is_empty() {
            sql.push(" AND ");
            sql.one_of(
                "a.result",
                self.results.iter().map(|result| result.as_str()),
            );
        }
        self.what(sql);
        for word in self.text.split_whitespace() {
            sql.push(" AND a.search LIKE ");
            sql.bind(containing(&word.to_lowercase()))
                .push(" ESCAPE '\\'");
        }
    }

    fn when(&self, sql: &mut Sql) {
        if let Some(from) = self.from {
            // Until now: walking back from the newest finds a page at once. The sign keeps the
            // databases from collecting and sorting the whole span first.
            let open_end = self.to.is_none();
            sql.push(if open_end {
                " AND +a.at >= "
            } else {
                " AND a.at >= "
            });
            sql.bind(from);
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

/// Adds the condition that an event or the action it is about has this name.
fn named(sql: &mut Sql, action: &str) {
    if let Some(start) = action.strip_suffix('*') {
        sql.push("(a.action LIKE ")
            .bind(beginning(start))
            .push(" ESCAPE '\\')");
    } else {
        sql.push("(a.action = ").bind(action);
        sql.push(" OR COALESCE(a.command, '') = ")
            .bind(action)
            .push(")");
    }
}
