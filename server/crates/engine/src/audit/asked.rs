//! Who asked for a job and for what, as its record and its row both tell.
//!
//! Owns the names under which these are compared. *Invariant:* what a record does not tell is not judged;
//! a dialled number is masked in both, and never told.

use carillon_domain::action::label_of;
use carillon_domain::event::Event;
use carillon_store::{JobRow, StandingAsked};
use serde_json::{Map, Value, json};

/// In the detail of who accepts a row: what it says of this.
pub(crate) const ASKED: &str = "asked";
/// What the record of a job's beginning tells beside who and why.
const OF_DETAIL: [&str; 6] = [
    "action",
    "params",
    "targets",
    "retry_of",
    "start_at",
    "not_after",
];

/// What is told, by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked(Map<String, Value>);

impl Asked {
    /// As the record of a job's beginning tells it.
    pub(super) fn told(event: &Event) -> Self {
        let actor = &event.actor;
        let mut told = Map::new();
        let by = json!([actor.kind, actor.id, actor.name, actor.auth]);
        told.insert("by".to_owned(), by);
        told.insert("reason".to_owned(), json!(event.reason));
        told.insert("at".to_owned(), json!(event.at));
        for name in OF_DETAIL {
            if let Some(value) = event.detail.get(name) {
                told.insert(name.to_owned(), value.clone());
            }
        }
        Self(told)
    }

    /// As somebody found and accepted it; an earlier program did not tell what.
    pub(super) fn accepted(detail: &Value) -> Self {
        Self(detail[ASKED].as_object().cloned().unwrap_or_default())
    }

    /// What whoever accepts the row of a job lets count.
    pub(crate) fn of_job(job: &JobRow) -> Value {
        let actor = &job.actor;
        json!({
            "by": [actor.kind, actor.id, actor.name, actor.auth], "reason": job.reason,
            "at": job.created_at, "action": job.label(), "params": job.params_shown,
            "targets": job.targets_shown, "retry_of": job.retry_of, "start_at": job.start_at,
            "not_after": job.not_after,
        })
    }

    /// Whether a row says the same.
    pub(super) fn fits(&self, row: &StandingAsked) -> bool {
        let params = read(&row.params);
        let found = json!({
            "by": row.by, "reason": row.reason, "at": row.at,
            "action": label_of(&row.action, &params), "params": params,
            "targets": read(&row.targets), "retry_of": row.retry_of, "start_at": row.start_at,
            "not_after": row.not_after,
        });
        // Without an end of its own a job gets one from who lets it run.
        let open = |name: &str, told: &Value| name == "not_after" && told.is_null();
        let mut told = self.0.iter();
        told.all(|(name, told)| {
            found.get(name).is_none_or(|found| found == told) || open(name, told)
        })
    }
}

/// JSON as a row has it; what cannot be read is like nothing that a record tells.
fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!({ "unreadable": text }))
}
