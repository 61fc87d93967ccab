//! What somebody did to the accounts of others lately.
//!
//! Owns for how long that counts where two people are asked for. An administrator who makes a second
//! account, or takes a right away from whoever could say no, is still one person. *Invariant:* it is read
//! from the audit log, which nobody changes, and not from rows.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::event::Event;
use carillon_domain::role::Role;
use carillon_store::{AuditQuery, Unit, UserRow};
use serde_json::json;

use crate::error::Result;

/// A day: others see what was recorded before it comes to anything.
const COUNTS_FOR: Duration = Duration::from_hours(24);
/// More of such records in a day than anybody makes.
const MOST: usize = 10_000;

const GIVES: &[&str] = &[
    "user.created",
    "user.enabled",
    "user.role_changed",
    "user.password_set",
    "user.reset_link_made",
];
const TAKES: &[&str] = &["user.disabled", "user.role_changed"];

/// Whether `asker` made this account, gave it its rights or had its password changed, within the last
/// day: then it does not decide about what that account asks for.
pub(crate) async fn is_made_by(
    unit: &mut Unit,
    (decider, asker): (&UserRow, &str),
    now: Timestamp,
) -> Result<bool> {
    let done = done_by(unit, asker, (GIVES, now)).await?;
    Ok(done
        .iter()
        .any(|event| event.detail["user"] == decider.name))
}

/// Whether this account took the right to approve from somebody within the last day: then nobody else
/// being there is its own doing.
pub(crate) async fn took_an_approver(
    unit: &mut Unit,
    account: &str,
    now: Timestamp,
) -> Result<bool> {
    let done = done_by(unit, account, (TAKES, now)).await?;
    let took = |event: &Event| event.detail["approver_before"] == true;
    Ok(done.iter().any(took))
}

/// The same of the rights of an administrator.
pub(crate) async fn took_an_administrator(
    unit: &mut Unit,
    account: &str,
    now: Timestamp,
) -> Result<bool> {
    let done = done_by(unit, account, (TAKES, now)).await?;
    let took = |event: &Event| event.detail["before"] == json!(Role::Admin);
    Ok(done.iter().any(took))
}

async fn done_by(
    unit: &mut Unit,
    account: &str,
    (actions, now): (&[&str], Timestamp),
) -> Result<Vec<Event>> {
    let Some(user) = unit.user(account).await? else {
        return Ok(Vec::new());
    };
    let query = AuditQuery {
        actor: Some(user.name),
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        from: Some(now.minus(COUNTS_FOR)),
        ..AuditQuery::default()
    };
    // A record that cannot be read could be the one that says so: then nobody decides.
    let records = unit.audit_end(&query, MOST).await?;
    Ok(records.into_iter().map(|record| record.event).collect())
}
