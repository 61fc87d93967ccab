//! Actions and jobs. What goes in as a job is `carillon_domain::job::JobRequest`.

use carillon_domain::outcome::Transport;
use carillon_domain::{Cause, Counts, JobState, Mac, TargetState, Timestamp};
use serde::{Deserialize, Serialize};

/// One entry of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Exact spelling.
    pub name: String,
    /// For people.
    pub title: String,
    /// What to know before sending it; may be empty.
    pub note: String,
    /// Heading under which it stands.
    pub category: String,
    /// `harmless`, `disruptive` or `destructive`.
    pub class: String,
    /// Whether it acts on somebody's call.
    pub call_control: bool,
    /// Whether doing it twice is like doing it once.
    pub repeatable: bool,
    /// Parameters.
    pub params: Vec<ActionParam>,
    /// Which models have it.
    pub models: ActionModels,
    /// Ways by which it can be sent.
    pub transports: Vec<Transport>,
    /// What would prove its effect: `none`, `phonecfg` or `comes_back`.
    pub verification: String,
}

/// One parameter of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionParam {
    /// Name in `params`.
    pub name: String,
    /// For people.
    pub title: String,
    /// How it is written.
    pub hint: String,
    /// `number`, `seconds`, `keys`, …
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
}

/// Which models have an action. A phone whose model is not known is taken to have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionModels {
    /// Models that lack it.
    pub lacking: Vec<String>,
    /// When not empty: the families that alone have it.
    pub only: Vec<String>,
}

/// What a job would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Phones in the set.
    pub count: i64,
    /// Name of exactly this set; send it back in `expect`.
    pub digest: String,
    /// Phones that would get the request.
    pub will_run: i64,
    /// Phones that would not, by cause.
    pub will_skip: Vec<CauseCount>,
    /// By site, biggest first.
    pub by_site: Vec<CountBy>,
    /// By model, biggest first.
    pub by_model: Vec<CountBy>,
    /// One request as it would go out, secrets and numbers masked.
    pub request_example: String,
    /// Whether a reason must be given.
    pub needs_reason: bool,
    /// Whether a second person must agree.
    pub needs_approval: bool,
    /// Phones whose address is outside the networks that may be contacted: they will fail.
    pub outside_networks: i64,
    /// Phones that are sent to by SIP from the beginning.
    pub by_sip: i64,
    /// Phones that are sent to by SIP where HTTP does not reach them.
    pub by_sip_second: i64,
    /// Of all these, phones whose SIP address other phones have too: each command runs on all.
    pub sip_shared: i64,
    /// Of all these, phones of sites that a PBX sends to: what a phone did is never told.
    pub through_pbx: i64,
}

/// So many with this name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountBy {
    /// Slug of a site, or a model; empty where there is none.
    pub name: String,
    /// How many.
    pub count: i64,
}

/// So many with this cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseCount {
    /// The cause.
    pub cause: Cause,
    /// How many.
    pub count: i64,
}

/// A job was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobAccepted {
    /// Identity.
    pub id: String,
    /// Where it stands.
    pub state: JobState,
    /// Its targets.
    pub total: i64,
    /// Where to look.
    pub links: JobLinks,
}

/// Where to look at a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLinks {
    /// In the API.
    #[serde(rename = "self")]
    pub api: String,
    /// In the browser.
    pub page: String,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Identity.
    pub id: String,
    /// Catalogue name.
    pub action: String,
    /// Where it stands.
    pub state: JobState,
    /// Its targets.
    pub total: i64,
    /// Where they stand: always adds up to `total`.
    pub counts: Counts,
    /// Causes, biggest first.
    pub causes: Vec<CauseCount>,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is to start, if it was made for later.
    pub start_at: Option<Timestamp>,
    /// Nothing is sent after this.
    pub not_after: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The job that it retries.
    pub retry_of: Option<String>,
    /// While it waits for a second person: of all that whoever lets it run agrees to.
    #[serde(default)]
    pub approval_digest: Option<String>,
    /// Credentials that were refused too often, with the phones that wait for that reason.
    pub held: Vec<Held>,
}

/// Phones that wait because their credential was refused again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Name of the credential.
    pub credential: String,
    /// How many phones.
    pub count: i64,
}

/// Which held phones go on, or are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldInput {
    /// Name of the credential that holds them.
    #[serde(default)]
    pub credential: String,
}

/// One phone of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The phone.
    pub phone: Mac,
    /// Slug of its site when the job was made.
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
    /// What was seen of the effect.
    pub evidence: String,
    /// When it is tried again.
    pub retry_at: Option<Timestamp>,
    /// The credential that it waits for.
    pub held_by: Option<String>,
    /// The tries before the last one.
    pub earlier: Vec<Attempt>,
}

/// One try that failed and was followed by another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counts from 1.
    pub number: i64,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How long the phone took.
    pub duration_ms: Option<i64>,
    /// Why it failed.
    pub cause: Cause,
    /// Status of the phone's answer.
    pub http_status: Option<u16>,
    /// The way it was sent.
    pub transport: Option<Transport>,
}

/// Which targets to try again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryInput {
    /// In which states they ended.
    pub states: Vec<TargetState>,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// What exactly is let run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalInput {
    /// The job's `approval_digest`, as it was seen.
    #[serde(default)]
    pub digest: String,
}

/// Why something is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// In the caller's words.
    #[serde(default)]
    pub reason: String,
}

/// Whether everything is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopState {
    /// Whether nothing is sent.
    pub stopped: bool,
}
