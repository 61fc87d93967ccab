//! The page of a phone that was deleted: links in the log lead somewhere.

use carillon_contract::Href;
use carillon_contract::phone::GonePhoneView;
use carillon_domain::Mac;
use carillon_domain::phone::distinct_name;
use carillon_domain::role::Permission;
use carillon_engine::error::EngineError;
use carillon_engine::{Caller, Engine};
use carillon_store::{AuditQuery, AuditRow, Seek};

use super::view::timeline;
use crate::pages::actor_words;
use crate::problem::Problem;

/// What phones were called that left the inventory, with their MAC; that alone, where no record says so
/// to this caller.
///
/// # Errors
/// Only when the storage fails.
pub(in crate::pages) async fn names(
    engine: &Engine,
    caller: &Caller,
    macs: impl Iterator<Item = Mac>,
) -> Result<Vec<String>, EngineError> {
    let mut names = Vec::new();
    for mac in macs {
        let deletion = deletion(engine, caller, mac).await?;
        let name = deletion.map(|row| row.event.phone_name);
        let name = name.filter(|name| !name.is_empty());
        let name = name.map(|name| distinct_name(&name, "", mac));
        names.push(name.unwrap_or_else(|| mac.to_string()));
    }
    Ok(names)
}

/// The record of the last time that a phone was deleted, for who may read it.
async fn deletion(
    engine: &Engine,
    caller: &Caller,
    mac: Mac,
) -> Result<Option<AuditRow>, EngineError> {
    if !caller.role.may(Permission::ViewAudit) {
        return Ok(None);
    }
    let query = AuditQuery {
        phone: Some(mac),
        actions: vec!["phone.deleted".to_owned()],
        ..AuditQuery::default()
    };
    let found = engine.audit_page(caller, &query, &Seek::Start, 1).await?;
    Ok(found.items.into_iter().next())
}

/// What is known of a deleted phone.
///
/// # Errors
/// Not found where no deletion is recorded, or to callers who may not see the log.
pub(super) async fn view(
    engine: &Engine,
    caller: &Caller,
    mac: Mac,
) -> Result<GonePhoneView, Problem> {
    let found = deletion(engine, caller, mac).await?;
    let deletion = found.ok_or(EngineError::NotFound)?;
    Ok(GonePhoneView {
        mac,
        name: deletion.event.phone_name,
        deleted_at: deletion.event.at,
        deleted_by: actor_words::shown(&deletion.event.actor.name),
        timeline: timeline(engine, caller, mac).await?,
        timeline_href: Href::new("/audit")
            .add("phone", mac)
            .add("period", "all")
            .into(),
    })
}
