//! Changes that wait for another administrator: on `/approvals`, and told where they were asked for.
//!
//! `POST /changes/{id}/approve` with `digest`; `POST /changes/{id}/deny` with `reason`;
//! `POST /changes/{id}/cancel`: nothing but the token.

use carillon_domain::{Mac, Timestamp};
use serde::{Deserialize, Serialize};

/// One change that waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRow {
    /// Identity.
    pub id: String,
    /// What would be done, in words.
    pub title: String,
    /// What would be another.
    pub lines: Vec<ChangeLine>,
    /// The phones that would be deleted, by name.
    pub phones: Vec<LeavingPhone>,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// Why, in their words.
    pub reason: String,
    /// Until when it waits.
    pub until: Timestamp,
    /// Of all that is shown here: what is approved is exactly this.
    pub digest: String,
    /// Whether whoever looks asked for it.
    pub own: bool,
    /// Whether one person may stand behind it and its answer.
    pub one_person: OnePerson,
    /// Who has to set up a second factor before anybody can approve it; nobody where somebody has it.
    pub lacking: Vec<String>,
}

/// Until when who asked and who decides count as one person: accounts owed each other something lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnePerson {
    /// Until when whoever looks does.
    pub own_until: Option<Timestamp>,
    /// Until when everybody who may decide does.
    pub all_until: Option<Timestamp>,
}

/// A phone that would be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeavingPhone {
    /// Identity: its page is there as long as it is.
    pub mac: Mac,
    /// What it is called.
    pub name: String,
    /// Its site, and what tells it from another of that name.
    pub beside: String,
}

/// That nobody could approve now what somebody is about to ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NobodyApproves {
    /// Those who lack nothing but a second factor.
    pub without_factor: Vec<String>,
    /// From when on one of those who could counts as somebody else than who asks.
    pub until: Option<Timestamp>,
}

/// One value that would be another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLine {
    /// Of what.
    pub label: String,
    /// As it is.
    pub before: String,
    /// As it would be.
    pub after: String,
}

/// That a change of what a page shows waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeNotice {
    /// Who asked for it.
    pub asked_by: String,
    /// Until when it waits.
    pub until: Timestamp,
}
