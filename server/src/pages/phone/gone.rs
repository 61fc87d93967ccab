//! The page of a phone that was deleted: links in the log lead somewhere.

use carillon_contract::Href;
use carillon_contract::phone::GonePhoneView;
use carillon_domain::Mac;
use carillon_domain::role::Permission;
use carillon_engine::error::EngineError;
use carillon_engine::{Caller, Engine};
use carillon_store::{AuditQuery, Seek};

use super::view::timeline;
use crate::pages::actor_words;
use crate::problem::Problem;

/// What is known of a deleted phone.
///
/// # Errors
/// Not found where no deletion is recorded, or to callers who may not see the log.
pub(super) async fn view(
    engine: &Engine,
    caller: &Caller,
    mac: Mac,
) -> Result<GonePhoneView, Problem> {
    if !caller.role.may(Permission::ViewAudit) {
        return Err(EngineError::NotFound.into());
    }
    let query = AuditQuery {
        phone: Some(mac),
        actions: vec!["phone.deleted".to_owned()],
        ..AuditQuery::default()
    };
    let found = engine.audit_page(caller, &query, &Seek::Start, 1).await?;
    let deletion = found
        .items
        .into_iter()
        .next()
        .ok_or(EngineError::NotFound)?;
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
