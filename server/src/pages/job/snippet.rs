//! The provisioning lines beside `forbidden`.

use carillon_domain::Cause;
use carillon_engine::{Caller, Engine, EngineError};
use carillon_store::JobSnapshot;

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
    let cause = if snapshot.causes.iter().any(refused) {
        Some(Cause::Forbidden)
    } else if snapshot.job.state.is_terminal() {
        return Ok(None);
    } else {
        // One may refuse while the page is open, and the lines must then be there.
        None
    };
    let asked = (cause, ASKED);
    let addresses = engine.addresses_of_job(caller, &snapshot.job.id, asked);
    Ok(lines_for(addresses.await?))
}
