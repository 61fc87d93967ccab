//! Audit records before they get their place in the log.
//!
//! Owns who did what to what. *Invariant:* no secret and no dialled number is ever put in
//! one, and no source address is written with it.

use serde::{Deserialize, Serialize};

use crate::{Mac, Timestamp, closed_list};

closed_list! {
    /// What kind of actor did it.
    ActorKind {
        /// A person with an account.
        User = "user",
        /// An API token of a person.
        Token = "token",
        /// Somebody on the server's own machine.
        Local = "local",
        /// Carillon itself.
        System = "system",
    }
}

/// Who did it, as known at that moment. Outlives the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What kind.
    pub kind: ActorKind,
    /// Account id, token id, `uid` on this machine, or empty for the system.
    pub id: String,
    /// Account name, or what to show.
    pub name: String,
    /// How they signed in: `password`, `token:LABEL`, `socket`, …
    pub auth: String,
    /// The beginning of the hash of their session, where there is one: which of their browsers.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub session: String,
}

impl Actor {
    /// Carillon itself.
    pub fn system() -> Self {
        Self {
            kind: ActorKind::System,
            id: String::new(),
            name: "carillon".to_owned(),
            auth: String::new(),
            session: String::new(),
        }
    }
}

closed_list! {
    /// How what is told ended.
    EventResult {
        /// Done.
        Ok = "ok",
        /// Refused for lack of permission.
        Denied = "denied",
        /// It was tried and failed.
        Failed = "failed",
        /// Recorded before it is tried.
        Intent = "intent",
        /// A target's end; see the target states.
        Verified = "verified",
        /// A target's end.
        Acknowledged = "acknowledged",
        /// A target's end.
        Unknown = "unknown",
        /// A target's end.
        Skipped = "skipped",
        /// A target's end.
        Cancelled = "cancelled",
        /// A target's end.
        Expired = "expired",
    }
}

impl EventResult {
    /// The result that tells a terminal target state; `None` for the transient ones.
    pub const fn of_target(state: crate::TargetState) -> Option<Self> {
        use crate::TargetState as S;
        Some(match state {
            S::Verified => Self::Verified,
            S::Acknowledged => Self::Acknowledged,
            S::Failed => Self::Failed,
            S::Unknown => Self::Unknown,
            S::Skipped => Self::Skipped,
            S::Cancelled => Self::Cancelled,
            S::Expired => Self::Expired,
            S::Waiting | S::Sending | S::Verifying => return None,
        })
    }
}

/// One audit record, before the log gives it a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// From where, for requests over the network. A record commits to it and does not hold it:
    /// see `source`. Records from before that do.
    #[serde(skip_serializing, default)]
    pub ip: Option<String>,
    /// The commitment to the address, in a record that was read and in what follows from it; `ip`
    /// is empty once that was removed. The store makes it.
    #[serde(skip_serializing, default)]
    pub source: Option<String>,
    /// Which start of the program wrote the record, in one that was read; the store tells it.
    #[serde(skip_serializing, default)]
    pub boot: String,
    /// What: a stable dotted code such as `job.submitted` or `target.result`.
    pub action: String,
    /// How it ended.
    pub result: EventResult,
    /// The phone it concerns.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub phone: Option<Mac>,
    /// The phone's name at that moment.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub phone_name: String,
    /// Slug of the phone's or the changed site, at that moment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub site: Option<String>,
    /// Slugs of the phone's or the changed groups, at that moment.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub groups: Vec<String>,
    /// The job it belongs to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub job: Option<String>,
    /// Why, in the actor's words.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub reason: String,
    /// Anything else, by name: before and after, counts, the cause.
    #[serde(skip_serializing_if = "serde_json::Value::is_null", default)]
    pub detail: serde_json::Value,
}

impl Event {
    /// A record of `action` by `actor` that went well; fill in the rest.
    pub fn new(at: Timestamp, actor: Actor, action: &str) -> Self {
        Self {
            at,
            actor,
            ip: None,
            source: None,
            boot: String::new(),
            action: action.to_owned(),
            result: EventResult::Ok,
            phone: None,
            phone_name: String::new(),
            site: None,
            groups: Vec::new(),
            job: None,
            reason: String::new(),
            detail: serde_json::Value::Null,
        }
    }
}
