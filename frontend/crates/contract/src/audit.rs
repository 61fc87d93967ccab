//! `/audit` and `/audit/{seq}`.
//!
//! `GET /audit`: the fields of [`AuditFilter`], `after`, `before`.
//! `GET /audit/export?format=csv|jsonl&…`: the same filters.

use carillon_domain::event::{ActorKind, EventResult};
use carillon_domain::{JobState, Mac, Timestamp};
use serde::{Deserialize, Serialize};

use crate::list::{Chip, Link, Paging, Tab};

/// The audit log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AuditView {
    /// Mine · Commands · Failures · Sign-ins · Administration · Everything.
    pub presets: Vec<Tab>,
    /// One line for each record · for each job.
    pub lines: Vec<Tab>,
    /// Filters as typed.
    pub filter: AuditFilter,
    /// What can be asked for as an action, in words.
    pub actions: Vec<String>,
    /// The period that is shown, in words: "Last 30 days".
    pub period: String,
    /// The same without a limit of time; `None` when there is none.
    pub all_time_href: Option<String>,
    /// Active filters.
    pub chips: Vec<Chip>,
    /// Words for actions that mean nothing.
    pub unknown: Vec<String>,
    /// The list with another word for actions, of which each finds something.
    pub examples: Vec<Link>,
    /// Where no record has the looked-for word: the list with it as an action.
    pub as_action: Option<Link>,
    /// The list without filters.
    pub clear_href: String,
    /// Records, newest first.
    pub rows: Vec<AuditRow>,
    /// Neighbouring pages.
    pub paging: Paging,
    /// Exports of exactly this query: CSV and JSON Lines.
    pub exports: Vec<Link>,
    /// How far the log reaches.
    pub chain: Option<ChainView>,
    /// What was wrong with the filters.
    pub errors: crate::FormErrors,
}

/// Filters of the log as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// `from`: a day or an instant.
    pub from: String,
    /// `to`: a day or an instant.
    pub to: String,
    /// `actor`.
    pub actor: String,
    /// `action`: a code or its beginning, a command, or words that lists show.
    pub action: String,
    /// `phone`: MAC.
    pub phone: String,
    /// `site`.
    pub site: String,
    /// `group`.
    pub group: String,
    /// `job`.
    pub job: String,
    /// `result`.
    pub result: String,
    /// `ip`.
    pub ip: String,
    /// `q`: words of the reason, of names or codes.
    pub q: String,
    /// `below`: the number of a record; only older ones are meant.
    pub below: String,
    /// `per=job`: one line for each job.
    pub per: String,
}

/// How far the log reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainView {
    /// Number of records.
    pub size: i64,
    /// Root of the tree over them, hexadecimal.
    pub root: String,
    /// How many records the last checkpoint covers, and when it was signed.
    pub checkpoint: Option<(i64, Timestamp)>,
    /// The key to check with, as `--vkey` takes it.
    pub key: Option<String>,
    /// Why nothing is signed, or why an anchor does not get it.
    pub problem: Option<String>,
}

/// One record in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuditRow {
    /// Number.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What kind of who.
    pub actor_kind: ActorKind,
    /// Code: `job.submitted`.
    pub action: String,
    /// In words: "started a job".
    pub words: String,
    /// The phone, with its name then.
    pub phone: Option<(Mac, String)>,
    /// What else it concerns: a group, a site, an account.
    pub object: Option<Link>,
    /// How it ended.
    pub result: EventResult,
    /// Why it ended so: the words of a cause.
    pub detail: String,
    /// Why it was done.
    pub reason: String,
    /// From where.
    pub ip: Option<String>,
    /// Whether that was removed, as its time was over.
    pub ip_removed: bool,
    /// The job it belongs to, with its title.
    pub job: Option<Link>,
    /// Where the line stands for the whole job: its records that fit.
    pub job_records: Option<String>,
    /// Where the line tells of the whole job: its state, and how many of its phones are a problem.
    pub job_stands: Option<(JobState, i64)>,
}

/// The first checkpoint that covers a record, and the proof under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofView {
    /// Whether the record, as it is stored now, is what was signed.
    pub holds: bool,
    /// How many records the checkpoint covers.
    pub size: i64,
    /// When it was signed.
    pub at: Timestamp,
    /// The proof as a file.
    pub href: String,
    /// How to check that file.
    pub command: String,
}

/// A dialled number that a record commits to. `POST /audit/{seq}/number`: `reason`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NumberView {
    /// What the record says of it, hexadecimal.
    pub commitment: String,
    /// Whether whoever looks may read it.
    pub may_read: bool,
    /// It in full, this once.
    pub shown: Option<ShownNumber>,
    /// The reason as typed.
    pub reason: String,
    /// What was wrong with it.
    pub errors: crate::FormErrors,
}

/// A number in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownNumber {
    /// The parameters of the action.
    pub value: String,
    /// The random bytes that were hashed before it, hexadecimal.
    pub salt: String,
}

/// One record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuditRecordView {
    /// Its row.
    pub row: AuditRow,
    /// How the actor was signed in.
    pub auth: String,
    /// Which start of the program wrote it; older records do not tell.
    pub boot: Option<Link>,
    /// Site and groups at that moment.
    pub site: Option<String>,
    /// Groups at that moment.
    pub groups: Vec<String>,
    /// What changed: (field, before, after).
    pub changes: Vec<(String, String, String)>,
    /// Everything else that it holds: (name, value).
    pub details: Vec<(String, String)>,
    /// The exact bytes that the log commits to, as text.
    pub entry: String,
    /// Its hash, hexadecimal.
    pub leaf_hash: String,
    /// How it is proven; `None` while it is not signed.
    pub proof: Option<ProofView>,
    /// The records before and after.
    pub previous_href: Option<String>,
    /// The record after.
    pub next_href: Option<String>,
    /// Other records of the same job or phone.
    pub related: Vec<Link>,
    /// The dialled number that it commits to.
    pub number: Option<NumberView>,
}
