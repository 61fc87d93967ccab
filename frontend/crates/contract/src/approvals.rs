//! `/approvals`: jobs and changes that wait for a second person; `/admin/settings`: when they do.
//!
//! `POST /admin/settings/second-factor` with `role`, any number of times.
//! `POST /jobs/{id}/approve` with `digest`; `POST /jobs/{id}/deny` with `reason`.

use carillon_domain::{Cause, Timestamp};
use serde::{Deserialize, Serialize};

use crate::changes::{ChangeNotice, ChangeRow, OnePerson};
use crate::form::{Choice, FormErrors};
use crate::jobs::JobRow;
use crate::run::ActionClass;

/// What waits for a second person.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ApprovalsView {
    /// Newest first.
    pub rows: Vec<ApprovalRow>,
    /// Whether whoever looks may decide about jobs of others.
    pub may_decide: bool,
    /// Whether they need a second factor for any yes, and have none.
    pub lacks_factor: bool,
    /// Whether jobs wait at all: fewer than two people may approve.
    pub off: bool,
    /// Changes that wait for another administrator, oldest first; for administrators only.
    pub changes: Vec<ChangeRow>,
}

/// One job that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApprovalRow {
    /// The job. Those of its phones that wait get it.
    pub job: JobRow,
    /// The first phones that get it, by names that tell them apart.
    pub names: Vec<String>,
    /// How many of them were deleted meanwhile.
    pub gone: i64,
    /// How dangerous it is.
    pub class: ActionClass,
    /// The phones that get it, by site, most first.
    pub by_site: Vec<(String, i64)>,
    /// Those that are left out, by cause, most first.
    pub left_out: Vec<(Cause, i64)>,
    /// Of all that is agreed to: what is approved is exactly this.
    pub digest: String,
    /// One request as it would go out, secrets masked.
    pub request_example: String,
    /// When it starts, where that is not as soon as somebody lets it run.
    pub start_at: Option<Timestamp>,
    /// After when nothing of it is sent, where that is not reckoned from its start.
    pub not_after: Option<Timestamp>,
    /// So many seconds after its start nothing of it is sent, where it is.
    pub sent_within: Option<u64>,
    /// How it is paced, in words.
    pub pacing_in_words: Vec<String>,
    /// Until when it waits.
    pub until: Option<Timestamp>,
    /// Whether whoever looks asked for it.
    pub own: bool,
    /// Whether one person may stand behind it and its answer.
    pub one_person: OnePerson,
}

/// The limits on what one person does alone, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsView {
    /// `phones_per_job`.
    pub phones_per_job: String,
    /// `phones_per_hour`.
    pub phones_per_hour: String,
    /// `jobs_per_minute`.
    pub jobs_per_minute: String,
    /// `approve_destructive`.
    pub approve_destructive: bool,
    /// `approve_disruptive_above`; blank = never.
    pub approve_disruptive_above: String,
    /// `approve_disruptive_percent`; blank = never.
    pub approve_disruptive_percent: String,
    /// `approve_with_factor`.
    pub approve_with_factor: bool,
    /// `operators_start`: the classes of commands that operators start.
    pub operators_start: Vec<Choice>,
    /// People who may approve.
    pub approvers: i64,
    /// Whether that is too few, so that nothing waits.
    pub off: bool,
    /// `role` of the second form: for whom a second factor is demanded.
    pub second_factor: Vec<Choice>,
    /// `reason` as typed.
    pub reason: String,
    /// Changes of this page that wait for another administrator.
    pub waiting: Vec<ChangeNotice>,
    /// What was wrong.
    pub errors: FormErrors,
}
