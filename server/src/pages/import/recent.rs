//! Imports of the last day that can still be taken back, for whoever left their page.
//!
//! Owns how they are found: by the audit log, which names each. *Invariant:* only one's own, as of their
//! results.

use std::time::Duration;

use carillon_contract::import::RecentImport;
use carillon_domain::role::Permission;
use carillon_engine::{Caller, Engine, EngineError};
use carillon_store::{AuditQuery, Seek};

use super::count;

/// As long as results are kept.
const LASTS: Duration = Duration::from_hours(24);
/// Each is a question to the database.
const MOST: i64 = 3;

/// The last of them, newest first.
pub(super) async fn imports(
    engine: &Engine,
    caller: &Caller,
) -> Result<Vec<RecentImport>, EngineError> {
    if caller.require(Permission::ViewAudit).is_err() {
        return Ok(Vec::new());
    }
    let query = AuditQuery {
        from: Some(engine.clock.now().minus(LASTS)),
        actor: Some(caller.actor.name.clone()),
        actions: vec!["inventory.imported".to_owned()],
        ..AuditQuery::default()
    };
    let found = engine
        .audit_page(caller, &query, &Seek::Start, MOST)
        .await?;
    let mut imports = Vec::new();
    for row in found.items {
        let Some(id) = row.event.detail["import"].as_str() else {
            continue;
        };
        match engine.import_result(caller, id).await {
            Ok(result) if result.undone.is_none() => imports.push(RecentImport {
                href: format!("/phones/import/{id}/result"),
                file_name: result.file_name,
                created: count(result.created),
                updated: count(result.updated),
                at: row.event.at,
            }),
            Ok(_) | Err(EngineError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(imports)
}
