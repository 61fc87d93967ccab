//! Requests of before that were put back with the codes that they had then.
//!
//! Owns how they are found: by the records that tell of them.

use carillon_store::{AuditQuery, ChangeRequestRow, SignedRows, StoreError, Unit};
use serde_json::json;

use crate::error::Result;

/// More steps of requests than people make.
const MOST: usize = 10_000;

/// Passes a request that the log tells of, as it stands, and of no end of it.
///
/// # Errors
/// Forged when it is another, or over: from now on its row counts no more. When the storage fails.
pub(super) async fn require_asked(unit: &mut Unit, row: &ChangeRequestRow) -> Result<()> {
    let query = AuditQuery {
        actions: vec!["change.*".to_owned()],
        ..AuditQuery::default()
    };
    let records = match unit.audit_end(&query, MOST).await {
        Err(StoreError::Inconsistent { .. }) => Vec::new(),
        read => read?,
    };
    let about = records.iter().map(|record| &record.event);
    let about = about.filter(|event| event.detail["change"] == row.id);
    let told = json!([row.digest, row.account]);
    let steps: Vec<bool> = about
        .map(|event| {
            let detail = &event.detail;
            event.action == "change.requested"
                && json!([detail["digest"], detail["asked_by_id"]]) == told
        })
        .collect();
    if steps == [true] {
        return Ok(());
    }
    let rows = SignedRows::ChangeRequests;
    Err(unit.disbelieve(rows, row.id.as_bytes()).await?.into())
}
