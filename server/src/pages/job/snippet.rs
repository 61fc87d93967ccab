//! The provisioning lines beside `forbidden`.

use carillon_domain::Cause;
use carillon_engine::{Caller, Engine, EngineError};
use carillon_store::{JobSnapshot, Seek, TargetQuery};

use crate::pages::snippet::lines_for;

/// So many refusing phones tell from where we speak to them.
const ASKED: i64 = 20;

/// The lines that open this job's refusing phones to this server; `None` when it is over and none
/// refused.
pub(super) async fn of(
    engine: &Engine,
    caller: &Caller,
    snapshot: &JobSnapshot,
) -> Result<Option<String>, EngineError> {
    let refused = |(cause, _): &(Cause, i64)| *cause == Cause::Forbidden;
    let query = if snapshot.causes.iter().any(refused) {
        TargetQuery {
            cause: Some(Cause::Forbidden),
            ..TargetQuery::default()
        }
    } else if snapshot.job.state.is_terminal() {
        return Ok(None);
    } else {
        // One may refuse while the page is open, and the lines must then be there.
        TargetQuery::default()
    };
    let page = engine
        .targets(caller, &snapshot.job.id, &query, &Seek::Start, ASKED)
        .await?;
    let macs: Vec<_> = page.items.iter().map(|target| target.mac).collect();
    let phones = engine.phones_by_macs(caller, &macs).await?;
    Ok(lines_for(phones.iter().filter_map(|row| row.phone.address)))
}
