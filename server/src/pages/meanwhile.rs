//! What somebody else changed while a form lay open.
//!
//! Owns the sentence about it. The log is where it is read, so it is told to those only who may
//! see the log; it holds no secret.

use carillon_domain::role::Permission;
use carillon_engine::{Caller, Engine};
use carillon_language::{quoted, retell, say};
use carillon_store::{AuditQuery, AuditRow, Seek};
use http::StatusCode;

use super::refused::Refusal;
use crate::problem::Problem;

/// So many characters of a value are shown.
const SHOWN: usize = 60;

/// Adds to a refused edit what the newest change of the same thing was.
///
/// # Errors
/// When the log cannot be read.
pub async fn tell(
    engine: &Engine,
    caller: &Caller,
    refused: &mut Refusal,
    query: AuditQuery,
) -> Result<(), Problem> {
    if refused.status != StatusCode::CONFLICT || !caller.role.may(Permission::ViewAudit) {
        return Ok(());
    }
    let newest = engine.audit_page(caller, &query, &Seek::Start, 1).await?;
    let told = newest.items.first().and_then(in_words);
    if let (Some(told), Some(error)) = (told, refused.errors.0.first_mut()) {
        error.message = format!("{} {told}", retell(&error.message));
    }
    Ok(())
}

/// `a.meyer changed label from “Lobby” to “Hall”.`
fn in_words(row: &AuditRow) -> Option<String> {
    let changes = row.event.detail.get("changes")?.as_object()?;
    let told: Vec<String> = changes
        .iter()
        .map(|(field, change)| {
            let value = |side: &str| shown(change[side].as_str().unwrap_or_default());
            say!(
                "{field} from {old} to {new}",
                field,
                old = value("old"),
                new = value("new")
            )
        })
        .collect();
    let who = &row.event.actor.name;
    (!told.is_empty()).then(|| say!("{who} changed {told}.", told = told.join(", "), who))
}

fn shown(value: &str) -> String {
    if value.is_empty() {
        return say("nothing").to_owned();
    }
    let text: String = value.chars().take(SHOWN).collect();
    let more = if text.len() < value.len() { "…" } else { "" };
    quoted(&format!("{text}{more}"))
}
