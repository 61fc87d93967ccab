//! Throws away sessions that are over, now and then.

use std::time::Duration;

use carillon_engine::Engine;
use tokio_util::sync::CancellationToken;

use crate::problem::chain;

const EVERY: Duration = Duration::from_mins(10);

/// Runs until `stop`. A sweep that fails is tried again at the next turn.
pub(super) async fn run(engine: Engine, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = engine.sweep_sessions().await {
            tracing::warn!(error = %chain(&error), "old sessions could not be swept");
        }
    }
}
