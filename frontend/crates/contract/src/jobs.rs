//! `/jobs`: the list.
//!
//! `GET /jobs`: `tab` = `running` | `scheduled` | `waiting` | `finished` | `all`, `state`, `action`, `actor`, `group`,
//! `from`, `to`, `after`, `before`.

use carillon_domain::{Counts, JobState, Timestamp};
use serde::{Deserialize, Serialize};

use crate::form::Choice;
use crate::list::{Chip, Link, Paging, Tab};

/// The list of jobs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct JobsView {
    /// Under way · Scheduled · Awaiting approval · Ended · All.
    pub tabs: Vec<Tab>,
    /// Value of `tab`, kept by the filter form.
    pub tab: String,
    /// Filters as typed.
    pub filter: JobsFilter,
    /// Active filters.
    pub chips: Vec<Chip>,
    /// The list without filters.
    pub clear_href: String,
    /// Actions to choose from.
    pub actions: Vec<Choice>,
    /// The jobs, newest first.
    pub rows: Vec<JobRow>,
    /// Neighbouring pages.
    pub paging: Paging,
    /// What was wrong with the filters.
    pub errors: crate::FormErrors,
}

/// Filters of the list as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobsFilter {
    /// `actor`.
    pub actor: String,
    /// `action`.
    pub action: String,
    /// `from`: a day, `2026-11-22`.
    pub from: String,
    /// `to`: a day.
    pub to: String,
}

/// One job in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobRow {
    /// Identity.
    pub id: String,
    /// Catalogue name of the action.
    pub action: String,
    /// For people: `Restart`.
    pub title: String,
    /// Phones in words: "group Vertrieb", "site:kiel".
    pub targets: String,
    /// The phone, by the name that it had, where it is only one.
    pub phone: Option<Link>,
    /// Where it stands.
    pub state: JobState,
    /// Where its targets stand.
    pub counts: Counts,
    /// All its targets.
    pub total: i64,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is to start, if later.
    pub start_at: Option<Timestamp>,
    /// When its first target was sent.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}
