//! Audit records before they get their place in the log.
//!
//! Owns who did what to what. *Invariant:* no secret and no dialled number is ever put in
//! one, and no source address is written with it.

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

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

/// A value of a record's detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// None.
    Nothing,
    /// A number.
    Number(i64),
    /// One of our own words.
    Word(&'static str),
    /// Any other text.
    Text(String),
}

impl Told {
    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Word(text) => Some(text),
            Self::Text(text) => Some(text),
            Self::Nothing | Self::Number(_) => None,
        }
    }
}

impl Serialize for Told {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_unit(),
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Word(text) => serializer.serialize_str(text),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

/// One audit record, before the log gives it a number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// From where, for requests over the network. A record commits to it and does not hold it:
    /// see `source`. Records from before that do.
    #[serde(default)]
    pub ip: Option<String>,
    /// The commitment to the address, in a record that was read and in what follows from it; `ip`
    /// is empty once that was removed. The store makes it.
    #[serde(default)]
    pub source: Option<String>,
    /// Which start of the program wrote the record, in one that was read; the store tells it.
    #[serde(default)]
    pub boot: String,
    /// What: a stable dotted code such as `job.submitted` or `target.result`.
    pub action: String,
    /// How it ended.
    pub result: EventResult,
    /// The phone it concerns.
    #[serde(default)]
    pub phone: Option<Mac>,
    /// The phone's name at that moment.
    #[serde(default)]
    pub phone_name: String,
    /// Slug of the phone's or the changed site, at that moment.
    #[serde(default)]
    pub site: Option<String>,
    /// Slugs of the phone's or the changed groups, at that moment.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The job it belongs to.
    #[serde(default)]
    pub job: Option<String>,
    /// Why, in the actor's words.
    #[serde(default)]
    pub reason: String,
    /// Anything else, by name: before and after, counts, the cause.
    #[serde(default, deserialize_with = "crate::strict::value")]
    pub detail: serde_json::Value,
    /// The same in short, in a record that is written for each phone of a broadcast: a table for
    /// each costs more than all else about it. Read again it is `detail`.
    #[serde(skip)]
    pub told: Vec<(&'static str, Told)>,
}

impl Serialize for Event {
    /// What is empty is left out, and so is what the store tells.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("Event", 11)?;
        event.serialize_field("at", &self.at)?;
        event.serialize_field("actor", &self.actor)?;
        event.serialize_field("action", &self.action)?;
        event.serialize_field("result", &self.result)?;
        if let Some(phone) = &self.phone {
            event.serialize_field("phone", phone)?;
        }
        if !self.phone_name.is_empty() {
            event.serialize_field("phone_name", &self.phone_name)?;
        }
        if let Some(site) = &self.site {
            event.serialize_field("site", site)?;
        }
        if !self.groups.is_empty() {
            event.serialize_field("groups", &self.groups)?;
        }
        if let Some(job) = &self.job {
            event.serialize_field("job", job)?;
        }
        if !self.reason.is_empty() {
            event.serialize_field("reason", &self.reason)?;
        }
        if !self.told.is_empty() {
            event.serialize_field("detail", &Fields(&self.told))?;
        } else if !self.detail.is_null() {
            event.serialize_field("detail", &self.detail)?;
        }
        event.end()
    }
}

/// An object of these fields.
struct Fields<'f>(&'f [(&'static str, Told)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
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
            told: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_told_in_short_is_the_same_record() {
        let mut long = Event::new(Timestamp::from_micros(1), Actor::system(), "target.result");
        let mut short = long.clone();
        long.detail = json!({"action": "OK", "state": "failed", "cause": null, "try": 2});
        short.told = vec![
            ("action", Told::Text("OK".to_owned())),
            ("state", Told::Word("failed")),
            ("cause", Told::Nothing),
            ("try", Told::Number(2)),
        ];
        let text = serde_json::to_string(&short).expect("a text");
        assert_eq!(Some(&text), serde_json::to_string(&long).ok().as_ref());
        assert_eq!(serde_json::from_str::<Event>(&text).ok(), Some(long));
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let mut event = Event::new(Timestamp::from_micros(0), Actor::system(), "a.b");
        let empty = r#"{"at":"1970-01-01T00:00:00Z","actor":{"kind":"system","id":"","name":"carillon","auth":""},"action":"a.b","result":"ok"}"#;
        assert_eq!(serde_json::to_string(&event).expect("a text"), empty);
        event.ip = Some("10.0.0.1".to_owned());
        event.source = Some("s".to_owned());
        event.boot = "b".to_owned();
        assert_eq!(serde_json::to_string(&event).expect("a text"), empty);
    }
}
