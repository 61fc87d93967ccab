//! `/groups`, `/groups/{slug}`, who joined and left it, and the form of a group.
//!
//! `POST /groups/new`, `POST /groups/{slug}/edit`: the fields of [`GroupForm`], `version`, and
//! `do` = `save` | `preview`. `POST /groups/{slug}/members`: `add` and `remove` (texts with MAC
//! addresses or extensions), `version`. `POST /groups/{slug}/delete`: `version`.

use carillon_domain::phone::GroupKind;
use carillon_domain::{Mac, Timestamp};
use serde::{Deserialize, Serialize};

use crate::FormErrors;
use crate::form::Choice;
use crate::jobs::JobRow;
use crate::list::{Link, Paging};
use crate::phones::PhoneRow;

/// The list of groups.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GroupsView {
    /// All of them, by name.
    pub rows: Vec<GroupRow>,
}

/// One group in the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupRow {
    /// Identity.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Fixed or by rule.
    pub kind: GroupKind,
    /// The rule.
    pub filter: Option<String>,
    /// Whether the rule cannot be worked out, so that it counts as without phones.
    pub broken: bool,
    /// Phones in it now.
    pub phones: i64,
    /// Of these, so many answered when last contacted.
    pub reachable: i64,
    /// Of these, so many were ever contacted.
    pub contacted: i64,
    /// The last job that named it.
    pub last_job: Option<LastJob>,
}

/// The last job of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LastJob {
    /// The job.
    pub id: String,
    /// Title of its action.
    pub action: String,
    /// When it was made.
    pub at: Timestamp,
}

/// One group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupView {
    /// Identity.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Fixed or by rule.
    pub kind: GroupKind,
    /// The rule.
    pub filter: Option<String>,
    /// The rule in words: "phones at site Kiel with model T46S, without tag vip".
    pub rule_in_words: String,
    /// Credential of its phones.
    pub credential: Option<String>,
    /// Phones in it now, a page of them.
    pub phones: Vec<PhoneRow>,
    /// Neighbouring pages of the phones.
    pub paging: Paging,
    /// The last jobs that named it.
    pub jobs: Vec<JobRow>,
    /// Its audit.
    pub audit_href: String,
    /// Whether this person may change members (fixed) or the rule.
    pub may_edit: bool,
    /// Version of the row.
    pub version: i64,
    /// `add` as typed, when it was refused.
    pub add: String,
    /// What a refused form of this page was refused for.
    pub errors: FormErrors,
}

/// `/groups/{slug}/changes?after=…`: who joined and who left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupChangesView {
    /// Identity.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Fixed or by rule.
    pub kind: GroupKind,
    /// A page of the changes, newest first.
    pub rows: Vec<MemberChange>,
    /// Neighbouring pages; not how many there are.
    pub paging: Paging,
}

/// One change of who is in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberChange {
    /// Its audit record.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// Because of what, as a sentence.
    pub why: String,
    /// Who came; `None` where the record does not say.
    pub joined: Option<Moved>,
    /// Who went.
    pub left: Option<Moved>,
}

/// Phones that came, or went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// How many.
    pub count: i64,
    /// Some of them.
    pub phones: Vec<NamedPhone>,
}

/// A group as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupForm {
    /// `name`.
    pub name: String,
    /// `slug`; made from the name when blank.
    pub slug: String,
    /// `kind`: `fixed` | `rule`.
    pub kind: String,
    /// `filter`, for a rule.
    pub filter: String,
    /// `members`, for a new fixed group: MAC addresses or extensions, one a line.
    pub members: String,
    /// `credential`: name of a stored one, or empty.
    pub credential: String,
}

/// The page with [`GroupForm`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GroupFormView {
    /// Slug of the group that is changed; `None` when one is added.
    pub slug: Option<String>,
    /// Version the edit started from.
    pub version: i64,
    /// The fields.
    pub form: GroupForm,
    /// What the typed rule would do; `None` before it was asked for.
    pub effect: Option<RuleEffect>,
    /// Stored credentials to choose from.
    pub credentials: Vec<Choice>,
    /// Whether this person may use rules and credentials, or only fixed groups.
    pub may_manage: bool,
    /// What was wrong.
    pub errors: FormErrors,
}

/// What a rule would change, before it is saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleEffect {
    /// Members afterwards.
    pub after: i64,
    /// So many come.
    pub joining: i64,
    /// So many go.
    pub leaving: i64,
    /// Some of those that come.
    pub joining_examples: Vec<NamedPhone>,
    /// Some of those that go.
    pub leaving_examples: Vec<NamedPhone>,
}

/// A phone in a short list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPhone {
    /// Identity.
    pub mac: Mac,
    /// What to call it.
    pub name: String,
}

/// `/groups/{slug}/delete` and its like: asks before something is deleted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeleteView {
    /// "group Vertrieb", for the heading and the button.
    pub what: String,
    /// What happens to what hangs on it, one sentence each.
    pub consequences: Vec<String>,
    /// Why it cannot be deleted; then there is no button.
    pub refused: Option<String>,
    /// Where the form goes.
    pub action: String,
    /// Version of the row.
    pub version: i64,
    /// Where to go when not.
    pub back: Link,
    /// What has to be typed first; nothing for what can be made again.
    pub confirm: Option<ConfirmName>,
}

/// A name that is typed before something goes for good. Field `typed`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ConfirmName {
    /// What has to be typed.
    pub name: String,
    /// What was typed.
    pub typed: String,
    /// What was wrong.
    pub errors: crate::FormErrors,
}
