//! What somebody who lets a job run agrees to, as one digest.
//!
//! Owns the form that is hashed: command, parameters, phones, start, end and pace. *Invariant:* it is
//! made from what a job's row and list say now, never read from where it was made before; a dialled
//! number is in it by its commitment, so that nobody can guess it from the digest.

use carillon_domain::Timestamp;
use carillon_domain::job::list_digest;
use carillon_store::{AuditQuery, JobRow, NewJob, SignedRows, Store, StoreError, Unit};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::Engine;
use crate::audit::APPROVAL;
use crate::error::{EngineError, Result};

/// Before what is hashed: nothing else that is hashed begins so.
const CONTEXT: &str = "carillon-approval-v1\n";

/// What is agreed to.
struct Terms<'t> {
    id: &'t str,
    action: &'t str,
    params: &'t Value,
    /// The commitment to the parameters that are not shown.
    private: Option<&'t str>,
    list: &'t str,
    options: &'t Value,
    start_at: Option<Timestamp>,
    not_after: Option<Timestamp>,
}

impl Terms<'_> {
    fn digest(&self) -> String {
        let told = json!({
            "job": self.id, "action": self.action, "params": self.params, "private": self.private,
            "phones": self.list, "options": self.options, "start_at": self.start_at,
            "not_after": self.not_after,
        });
        let mut text = CONTEXT.to_owned();
        write_canonical(&told, &mut text);
        hex::encode(Sha256::digest(text))
    }
}

/// JSON without spaces, the members of objects by name.
fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_canonical(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                write_canonical(item, text);
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}

/// The digest of a job that is being asked for; `told` is the detail of its record.
pub(super) fn digest_of_new(job: &NewJob, told: &Value) -> String {
    let terms = Terms {
        id: &job.id,
        action: &job.action,
        params: &job.params_shown,
        private: commitment(told),
        list: &job.digest,
        options: &job.options,
        start_at: job.start_at,
        not_after: job.not_after,
    };
    terms.digest()
}

/// The same of a job that waits, by what its row says now.
fn digest_of_row(job: &JobRow, told: Option<&Value>) -> String {
    let private = told.filter(|_| job.has_sealed_params).and_then(commitment);
    let terms = Terms {
        id: &job.id,
        action: &job.action,
        params: &job.params_shown,
        private,
        list: &job.digest,
        options: &job.options,
        start_at: job.start_at,
        not_after: job.not_after,
    };
    terms.digest()
}

fn commitment(told: &Value) -> Option<&str> {
    told["private"]["sha256"].as_str()
}

fn asked_for(job: &str) -> AuditQuery {
    AuditQuery {
        job: Some(job.to_owned()),
        actions: vec!["job.submitted".to_owned()],
        ..AuditQuery::default()
    }
}

/// What a person who looks at a job that waits would agree to.
///
/// # Errors
/// Only when the storage fails.
pub(super) async fn digest_shown(store: &Store, job: &JobRow) -> Result<String, StoreError> {
    // Where no number is dialled the row says all of it.
    if !job.has_sealed_params {
        return Ok(digest_of_row(job, None));
    }
    let found = store.audit_batch(&asked_for(&job.id), -1, 1).await?;
    let told = found.first().map(|record| &record.event.detail);
    Ok(digest_of_row(job, told))
}

/// What is agreed to now, by the row and the list as they stand.
///
/// # Errors
/// Forged when that is not what was asked for: the row counts no more. When the storage fails.
pub(super) async fn digest_agreed(unit: &mut Unit, job: &JobRow) -> Result<String, StoreError> {
    let found = unit.audit_end(&asked_for(&job.id), 1).await?;
    let told = found.first().map(|record| &record.event.detail);
    let now = digest_of_row(job, told);
    let asked = told.and_then(|told| told[APPROVAL].as_str());
    let list = list_digest(unit.planned_phones(&job.id).await?);
    // An earlier program did not tell what exactly was asked for.
    if list != job.digest || asked.is_some_and(|asked| asked != now) {
        let of_row = (SignedRows::Jobs, job.id.as_bytes());
        return Err(unit.disbelieve(of_row.0, of_row.1).await?);
    }
    Ok(now)
}

impl Engine {
    /// The digest of a job that waits for a second person and that the caller sees: who lets it run
    /// names it.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn approval_digest(&self, job: &JobRow) -> Result<Option<String>> {
        if job.state != carillon_domain::JobState::AwaitingApproval {
            return Ok(None);
        }
        let digest = digest_shown(&self.store, job).await;
        digest.map(Some).map_err(EngineError::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_what_is_agreed_to_makes_another_digest() {
        let (params, options) = (
            json!({ "number": "10•" }),
            json!({ "window": 4, "canary": 0 }),
        );
        let terms = |change: &dyn Fn(&mut Terms<'_>)| {
            let mut terms = Terms {
                id: "j",
                action: "Reboot",
                params: &params,
                private: Some("aa"),
                list: "bb",
                options: &options,
                start_at: None,
                not_after: None,
            };
            change(&mut terms);
            terms.digest()
        };
        let at = Some(Timestamp::from_micros(1));
        let all = [
            terms(&|_| {}),
            terms(&|terms| terms.id = "k"),
            terms(&|terms| terms.action = "Reset"),
            terms(&|terms| terms.private = None),
            terms(&|terms| terms.private = Some("ab")),
            terms(&|terms| terms.list = "bc"),
            terms(&|terms| terms.start_at = at),
            terms(&|terms| terms.not_after = at),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn the_order_of_members_does_not_matter() {
        let written = |value: &Value| {
            let mut text = String::new();
            write_canonical(value, &mut text);
            text
        };
        let one = json!({ "b": [1, { "d": null, "c": "\u{fc}\n" }], "a": true });
        let other = json!({ "a": true, "b": [1, { "c": "\u{fc}\n", "d": null }] });
        assert_eq!(written(&one), written(&other));
        let expected = "{\"a\":true,\"b\":[1,{\"c\":\"\u{fc}\\n\",\"d\":null}]}";
        assert_eq!(written(&one), expected);
    }
}
