//! `/jobs/{id}`: one job, and what its feed sends.
//!
//! `GET /jobs/{id}`: `state` (repeated), `cause`, `after`, `before`. `POST /jobs/{id}/pause`,
//! `/resume`; `GET /jobs/{id}/cancel` asks ([`StopJobView`]), `POST` there does it.
//! `POST /jobs/{id}/retry`: `states`, `offered` and `causes` (repeated), `reason`; 303 to a review.
//! A cause is `state.cause`; what was offered and is not among the causes is left out.
//! `GET /jobs/{id}/feed`: server-sent events `summary` with [`JobSummary`] as data, the last one
//! named `finished`. `GET /jobs/{id}/targets.csv` and `.json` export.

use carillon_domain::outcome::Transport;
use carillon_domain::{Cause, Counts, JobState, Mac, TargetState, Timestamp};
use serde::{Deserialize, Serialize};

use crate::approvals::ApprovalRow;
use crate::list::{Link, Paging};
use crate::run::ActionClass;

/// Where a job stands: what the feed sends, and what the top of the page shows. Under 1 KB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSummary {
    /// Identity.
    pub id: String,
    /// Grows with every change; the feed's `id:`.
    pub seq: i64,
    /// Where the job stands.
    pub state: JobState,
    /// The same in words, or how it ended: "Finished with 7 problems, 19 not tried".
    pub outcome: String,
    /// Where its targets stand; their sum is `total`.
    pub counts: Counts,
    /// All its targets.
    pub total: i64,
    /// Causes, biggest first.
    pub causes: Vec<CauseCount>,
    /// When its first target was sent.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// About how many seconds are left, while it runs.
    pub eta_seconds: Option<i64>,
    /// Why it stopped itself or waits: "Stopped: more than 10 % failed."
    pub note: Option<String>,
    /// When this was true.
    pub at: Timestamp,
}

/// So many targets with this cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseCount {
    /// The cause.
    pub cause: Cause,
    /// How many.
    pub count: i64,
}

/// What is told beside a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseAdvice {
    /// The cause.
    pub cause: Cause,
    /// How many targets ended with it when the page was made: its sites are theirs.
    pub count: i64,
    /// The first sites, by name, with how many each; most first. A name is empty where phones have none.
    pub sites: Vec<(String, i64)>,
    /// How many sites more.
    pub more_sites: i64,
    /// The page of its next step, for who may open it.
    pub href: Option<String>,
    /// The phones of its only site, for who may see them; once the job is over.
    pub site_href: Option<String>,
}

/// One job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobView {
    /// Where it stands.
    pub summary: JobSummary,
    /// Catalogue name of the action.
    pub action: String,
    /// For people: `Restart`.
    pub title: String,
    /// How dangerous.
    pub class: ActionClass,
    /// Parameters as (label, value), dialled numbers masked.
    pub params: Vec<(String, String)>,
    /// Phones in words: "group Vertrieb".
    pub targets: String,
    /// Who, and how they were signed in.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it starts by itself, if it has not yet.
    pub start_at: Option<Timestamp>,
    /// Not sent any more after this.
    pub not_after: Option<Timestamp>,
    /// How it is paced, in words.
    pub pacing_in_words: Vec<String>,
    /// One request as it went over the wire, secrets masked.
    pub request_example: String,
    /// The job that this one retries.
    pub retry_of: Option<Link>,
    /// Jobs that retry this one.
    pub retries: Vec<Link>,
    /// Provisioning lines that open a phone to exactly this server: shown beside `forbidden`.
    pub snippet: Option<String>,
    /// What is told beside causes.
    pub advice: Vec<CauseAdvice>,
    /// States that the list is narrowed to; empty = all.
    pub states: Vec<TargetState>,
    /// Cause that the list is narrowed to.
    pub cause: Option<Cause>,
    /// Targets of this page.
    pub rows: Vec<TargetRow>,
    /// Neighbouring pages; its total is of the narrowed list.
    pub paging: Paging,
    /// What this person may do now.
    pub controls: JobControls,
    /// Phones that wait for a password to be corrected, for who may decide about them.
    pub held: Vec<HeldView>,
    /// Its audit records.
    pub audit_href: String,
    /// The result as CSV; empty when there is none.
    pub export_href: String,
    /// For whom it waits, where one person does not start it alone.
    pub approval: Option<JobApprovalView>,
    /// What a second person said.
    pub decided: Option<Decided>,
    /// The retry form, where something can be tried again.
    pub retry: Option<RetryForm>,
}

/// A job that waits for a second person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobApprovalView {
    /// The same as on `/approvals`.
    pub row: ApprovalRow,
    /// Whether whoever looks may decide about jobs of others.
    pub may_decide: bool,
    /// Whether they need a second factor for a yes, and have none.
    pub lacks_factor: bool,
    /// Whether fewer than two people may approve.
    pub off: bool,
    /// Names of those who may.
    pub approvers: Vec<String>,
}

/// What a second person said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Yes, or no.
    pub let_run: bool,
    /// Why not, as it is recorded; empty beside a yes.
    pub reason: String,
}

/// What may be done with a job now; `again` once it is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the control of its name")]
pub struct JobControls {
    pub pause: bool,
    pub resume: bool,
    pub stop: bool,
    pub again: bool,
}

/// One target in the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetRow {
    /// The phone.
    pub mac: Mac,
    /// Its name when the job was made.
    pub name: String,
    /// Its extension then.
    pub extension: String,
    /// Its model then.
    pub model: String,
    /// Slug of its site then.
    pub site: Option<String>,
    /// Where it stands.
    pub state: TargetState,
    /// Why.
    pub cause: Option<Cause>,
    /// Status of the phone's answer.
    pub http_status: Option<u16>,
    /// The way it was sent.
    pub transport: Option<Transport>,
    /// Deliveries.
    pub attempts: i64,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How long the phone took.
    pub duration_ms: Option<i64>,
    /// The start of what the phone answered, cleaned; may be empty.
    pub excerpt: String,
    /// When it is tried again.
    pub retry_at: Option<Timestamp>,
    /// The credential that it waits for.
    pub held_by: Option<String>,
    /// The tries before the last one.
    pub earlier: Vec<EarlierTry>,
}

/// A try that failed and was followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierTry {
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Why it failed.
    pub cause: Cause,
    /// The way it took, where anything was sent.
    pub transport: Option<Transport>,
}

/// Phones that wait because their password was refused again and again. `POST
/// /jobs/{id}/held/release` and `/held/skip`: `credential`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldView {
    /// Name of the credential.
    pub credential: String,
    /// How many phones.
    pub count: i64,
}

/// Trying again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RetryForm {
    /// Which states, with how many each, and whether it is ticked.
    pub states: Vec<RetryState>,
    /// Reason as typed, or the first job's.
    pub reason: String,
    /// What was wrong.
    pub errors: crate::FormErrors,
}

/// One state that can be tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryState {
    /// The state.
    pub state: TargetState,
    /// How many targets.
    pub count: i64,
    /// Whether it is ticked; where there are several causes, whether one of them is.
    pub selected: bool,
    /// Its causes, most first. Where there are several, each is ticked for itself and the state is not.
    pub causes: Vec<RetryCause>,
}

/// One cause of a state that can be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryCause {
    /// The cause.
    pub cause: Cause,
    /// How many targets.
    pub count: i64,
    /// Whether it is ticked.
    pub selected: bool,
}

/// Asks before a job is stopped.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StopJobView {
    /// The job.
    pub id: String,
    /// "Restart · 221 phones".
    pub title: String,
    /// Where it stands: what it goes on with where it is not stopped.
    pub state: JobState,
    /// Where its targets stand.
    pub counts: Counts,
    /// Reason as typed.
    pub reason: String,
    /// What was wrong.
    pub errors: crate::FormErrors,
}

/// `/stop-all`: asks before everything is stopped, or lets it go on. `POST /stop-all`,
/// `POST /stop-all/release`: `reason`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StopAllView {
    /// Who stopped it, when as far as somebody can say, and why; `None` when nothing is stopped.
    pub stopped: Option<(String, Option<Timestamp>, String)>,
    /// Jobs that run.
    pub running_jobs: i64,
    /// Targets that wait in them.
    pub waiting: i64,
    /// Targets that are being sent now.
    pub sending: i64,
    /// Whether whoever looks sees less than it stops.
    pub beyond_reach: bool,
    /// Reason as typed.
    pub reason: String,
    /// What was wrong.
    pub errors: crate::FormErrors,
}
