//! `/run`: choose, review, start.
//!
//! `GET /run?sel=&filter=&group=&phone=&action=`: step 1. `POST /run`: `sel`, `filter`, `group`
//! (repeated), `phone` (repeated), `action`, one `p.ACTION.PARAM` per parameter, `pacing`
//! ([`PacingChoice::value`]), the fields of [`OptionsForm`], `reason`, and `gone` of the button that
//! leaves phones out; 303 to
//! `/run/review/{id}`, or 422 with step 1 again. `POST /run/review/{id}`: `count`, `digest`,
//! `reason`, `typed`, `include_protected`, `submission` (so that a double click is one job), and
//! `back` of the button that starts nothing and keeps the reason;
//! 303 to `/jobs/{id}`, or 409 with the review again and [`ReviewView::changed`].

use carillon_domain::{Cause, Mac, Timestamp};
use serde::{Deserialize, Serialize};

use crate::FormErrors;
use crate::changes::NobodyApproves;
use crate::form::Choice;

/// How dangerous an action is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ActionClass {
    /// Changes nothing that anybody would notice.
    #[default]
    Harmless,
    /// Somebody notices: a restart, a key.
    Disruptive,
    /// Settings are lost, or nobody can say what happens.
    Destructive,
}

/// Step 1: which phones, what, how fast.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunView {
    /// The phones so far.
    pub targets: TargetsView,
    /// The catalogue, in order of the page.
    pub actions: Vec<ActionGroup>,
    /// Name of the chosen action; empty before.
    pub action: String,
    /// How fast.
    pub pacing: Vec<PacingChoice>,
    /// Numbers of one's own.
    pub options: OptionsForm,
    /// Reason as typed.
    pub reason: String,
    /// Id of the review that it came back from, hidden field `before`; empty = none.
    pub before: String,
    /// Phones that are at another site than that review showed, with both sites.
    pub moved: Vec<String>,
    /// Why these are too many for whoever looks, where they are.
    pub too_many: Option<String>,
    /// What was wrong.
    pub errors: FormErrors,
}

/// The phones of a job, before it is one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TargetsView {
    /// Selection, hidden field `sel`; empty = none.
    pub sel: String,
    /// Filter; field `filter`. With a selection it is empty.
    pub filter: String,
    /// Sites to choose from; `selected` = chosen. Field `site`. With a filter they narrow it.
    pub sites: Vec<Choice>,
    /// Groups to choose from; `selected` = chosen. Field `group`.
    pub groups: Vec<Choice>,
    /// Single phones, as (MAC, name); hidden field `phone`.
    pub phones: Vec<(String, String)>,
    /// Phones of the selection that are no longer in the inventory: some of them, and how many.
    pub missing: (Vec<String>, i64),
    /// All of these, for the button that goes on without them; empty where they are too many.
    pub gone: String,
    /// What these come to; `None` when nothing is chosen yet.
    pub summary: Option<TargetsSummary>,
}

/// What a choice of phones comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetsSummary {
    /// Phones.
    pub phones: i64,
    /// Sites.
    pub sites: i64,
    /// Models.
    pub models: i64,
    /// Did not answer when last contacted.
    pub offline: i64,
    /// Marked as protected.
    pub protected: i64,
    /// Without an address.
    pub no_address: i64,
    /// The same phones as a list.
    pub href: String,
}

/// Actions under one heading.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ActionGroup {
    /// "Safe", "Disruptive", "Calls", "Keys", "Destructive".
    pub title: String,
    /// One sentence about them.
    pub note: String,
    /// Whether it starts folded: rare ones.
    pub folded: bool,
    /// The actions.
    pub actions: Vec<ActionView>,
}

/// One action to choose.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ActionView {
    /// Catalogue name.
    pub name: String,
    /// For people.
    pub title: String,
    /// What it does, in one sentence.
    pub effect: String,
    /// How dangerous.
    pub class: ActionClass,
    /// Takes part in calls: a permission of its own.
    pub call_control: bool,
    /// Its effect can be read back.
    pub verifiable: bool,
    /// What it takes.
    pub params: Vec<ParamView>,
    /// Why it cannot be chosen (role, nothing supports it).
    pub unavailable: Option<String>,
}

/// One parameter of an action; field `p.ACTION.PARAM`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ParamView {
    /// Name in the catalogue.
    pub name: String,
    /// For people.
    pub label: String,
    /// What is allowed, in words: "digits, * and #".
    pub hint: String,
    /// Whether it must be given.
    pub required: bool,
    /// How it is typed.
    pub kind: ParamKind,
    /// As typed.
    pub value: String,
}

/// How a parameter is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParamKind {
    /// A line.
    #[default]
    Text,
    /// A telephone number.
    Number,
    /// A whole number within bounds.
    Integer {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// One of several.
    Choice(Vec<Choice>),
    /// Several lines, one item each.
    Lines,
}

/// One way to pace a job; field `pacing`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PacingChoice {
    /// `default` | `careful` | `fast` | `custom`.
    pub value: String,
    /// For people.
    pub label: String,
    /// What it means in numbers.
    pub note: String,
    /// Whether it is chosen.
    pub selected: bool,
}

/// Options as typed; blank = the default of the action's class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionsForm {
    /// `window`: requests at once.
    pub window: String,
    /// `site_max_down_percent`.
    pub site_max_down_percent: String,
    /// `canary`: so many first.
    pub canary: String,
    /// `max_failed_percent`: stop above.
    pub max_failed_percent: String,
    /// `timeout_ms`.
    pub timeout_ms: String,
    /// `retries`.
    pub retries: String,
    /// `transport`: `auto` | `https` | `http` | `sip`.
    pub transport: String,
    /// `verify`: empty (default), `true`, `false`.
    pub verify: String,
    /// `site_max_down`: phones of a site at once.
    pub site_max_down: String,
    /// `jitter_ms`: a random pause up to this before each phone.
    pub jitter_ms: String,
    /// `start_at`: a date and a time, or empty = at once.
    pub start_at: String,
    /// `start_zone`: how many minutes the zone of the page is east of UTC then; empty = UTC.
    #[serde(default)]
    pub start_zone: String,
    /// `not_after`: a date and a time, or empty = as the review says.
    pub not_after: String,
    /// `end_zone`: the zone of `not_after`, as that of the start. Summer time may lie between them.
    #[serde(default)]
    pub end_zone: String,
}

/// Step 2: exactly what would happen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ReviewView {
    /// Id of the draft.
    pub id: String,
    /// Catalogue name.
    pub action: String,
    /// For people, with a gap for how many they are: "Restart {phones}".
    pub title: String,
    /// What the action does.
    pub effect: String,
    /// How dangerous.
    pub class: ActionClass,
    /// Parameters as (label, value), dialled numbers masked.
    pub params: Vec<(String, String)>,
    /// Phones that will get it.
    pub will_run: i64,
    /// Phones that will not, and why; each with the list of these.
    pub will_skip: Vec<SkipView>,
    /// Phones that will get it, by site, biggest first.
    pub by_site: Vec<(String, i64)>,
    /// The same by model.
    pub by_model: Vec<(String, i64)>,
    /// Up to ten names of them.
    pub examples: Vec<String>,
    /// How fast, in words: "at most 10 at once and 20 % of a site; the first phone alone;
    /// stops when more than 10 % failed".
    pub pacing_in_words: Vec<String>,
    /// How long at most.
    pub planned: PlannedView,
    /// When it starts, if it is made for later.
    pub start_at: Option<Timestamp>,
    /// Not sent any more after this.
    pub not_after: Option<Timestamp>,
    /// One request as it goes over the wire, secrets masked.
    pub request_example: String,
    /// What to know before: "2 phones share an address", "phones will drop calls".
    pub warnings: Vec<String>,
    /// Whether a reason must be given.
    pub needs_reason: bool,
    /// The number that must be typed, when one must.
    pub type_count: Option<i64>,
    /// Protected phones that an administrator may include; `None` when not allowed or none.
    pub protected: Option<i64>,
    /// How many get it with these.
    pub with_protected: i64,
    /// Whether `include_protected` is ticked.
    pub include_protected: bool,
    /// Digest of the set.
    pub digest: String,
    /// Submission id, hidden.
    pub submission: String,
    /// Reason as typed.
    pub reason: String,
    /// Number as typed.
    pub typed: String,
    /// How the set changed since it was last shown.
    pub changed: Option<SetChange>,
    /// The job that it has become already.
    pub started: Option<String>,
    /// Whether it waits for a second person: the button asks, and starts nothing.
    pub asks: bool,
    /// That there is nobody who could approve it now.
    pub nobody: Option<NobodyApproves>,
    /// Why these are too many for whoever looks, where they are: nothing can be started.
    pub too_many: Option<String>,
    /// Back to step 1.
    pub back_href: String,
    /// What was wrong.
    pub errors: FormErrors,
}

/// The longest that a job takes as it is planned, in seconds, and what that is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedView {
    /// All of it.
    pub longest: i64,
    /// Until the last phone has answered.
    pub answers: i64,
    /// What each phone has for its answer, where some do not go by SIP.
    pub each: Option<i64>,
    /// What each has by SIP, where some go so.
    pub each_by_sip: Option<i64>,
    /// So many are sent to at once.
    pub window: i64,
    /// Until those of the largest site are back; 0 = nobody waits for that.
    pub restarts: i64,
    /// How long each is waited for.
    pub away: i64,
}

/// `/run/review/{id}/phones?cause=&page=`: every phone of a review by name, or those that are
/// left out for one cause.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ReviewPhonesView {
    /// Id of the draft.
    pub id: String,
    /// For people: "Restart".
    pub title: String,
    /// How many these are.
    pub total: i64,
    /// A page of them.
    pub rows: Vec<ReviewPhone>,
    /// Address of the page before.
    pub previous: Option<String>,
    /// Address of the page after.
    pub next: Option<String>,
}

/// One phone of a review.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReviewPhone {
    /// Identity.
    pub mac: Mac,
    /// What to call it.
    pub name: String,
    /// Extension; may be empty.
    pub extension: String,
    /// Model; may be empty.
    pub model: String,
    /// Site; may be empty.
    pub site: String,
    /// Why it is left out, where it is.
    pub skip: Option<Cause>,
}

/// Phones that will not get it, for one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkipView {
    /// Why.
    pub cause: Cause,
    /// How many.
    pub count: i64,
    /// The list of these, where there is one.
    pub href: Option<String>,
}

/// How a set of phones changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetChange {
    /// It had so many.
    pub before: i64,
    /// It has so many.
    pub after: i64,
    /// Names of those that came, some dozens at most.
    pub joined: Vec<String>,
    /// Names of those that went.
    pub left: Vec<String>,
    /// Those that are at another site now, with both sites.
    pub moved: Vec<String>,
    /// Names of those that are protected now and were not.
    pub protected: Vec<String>,
    /// Names of those that were protected and are not.
    pub unprotected: Vec<String>,
}
