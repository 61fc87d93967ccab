//! The provisioning lines beside `forbidden`.

use carillon_domain::Cause;
use carillon_engine::{Caller, Engine, EngineError};
use carillon_store::{JobSnapshot, Seek, TargetQuery};

use crate::pages::snippet::lines_for;

/// So many refusing phones tell from where we speak to them.
const ASKED: i64 = 20;

/// The lines that open this job's refusing phones to this server; `None` when none refused.
pub(super) async fn of(
    engine: &Engine,
    caller: &Caller,
    snapshot: &JobSnapshot,
) -> Result<Option<String>, EngineError> {
    if !snapshot
        .causes
        .iter()
        .any(|(cause, _)| *cause == Cause::Forbidden)
    {
        return Ok(None);
    }
    let query = TargetQuery {
        cause: Some(Cause::Forbidden),
        ..TargetQuery::default()
    };
    let page = engine
        .targets(caller, &snapshot.job.id, &query, &Seek::Start, ASKED)
        .await?;
    let macs: Vec<_> = page.items.iter().map(|target| target.mac).collect();
    let phones = engine.store.phones_by_macs(&macs).await?;
    Ok(lines_for(phones.iter().filter_map(|row| row.phone.address)))
}
