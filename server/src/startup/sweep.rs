//! Throws away what is over: sessions, keys of requests, numbers and source addresses whose time has
//! come. Looks whether the rows that decide security are as Carillon wrote them. Both first at the
//! start: a server that never runs for long keeps its promises as well.

use std::time::Duration;

use carillon_engine::Engine;
use tokio_util::sync::CancellationToken;

use crate::problem::chain;

const EVERY: Duration = Duration::from_mins(10);

/// How long what is private is kept; `None` = for ever.
#[derive(Clone, Copy)]
pub(super) struct Keep {
    /// Dialled numbers.
    pub(super) numbers: Option<Duration>,
    /// Source addresses of records.
    pub(super) addresses: Option<Duration>,
}

/// Runs until `stop`, a while after the first sweep.
pub(super) async fn run(engine: Engine, keep: Keep, stop: CancellationToken) {
    loop {
        look(&engine).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        sweep(&engine, keep).await;
    }
}

/// One sweep. What fails is tried again at the next.
pub(super) async fn sweep(engine: &Engine, keep: Keep) {
    if let Err(error) = engine.sweep_sessions().await {
        tracing::warn!(error = %chain(&error), "old sessions could not be swept");
    }
    if let Err(error) = engine.sweep_idempotency_keys().await {
        tracing::warn!(error = %chain(&error), "old keys of requests could not be removed");
    }
    if let Some(keep) = keep.numbers
        && let Err(error) = engine.remove_numbers(keep).await
    {
        tracing::warn!(error = %chain(&error), "old numbers could not be removed");
    }
    if let Some(keep) = keep.addresses
        && let Err(error) = engine.remove_addresses(keep).await
    {
        tracing::warn!(error = %chain(&error), "old source addresses could not be removed");
    }
}

/// Without keys nobody can tell, and the server is sealed.
async fn look(engine: &Engine) {
    if engine.keyring.is_none() {
        return;
    }
    if let Err(error) = engine.look_through_rows().await {
        tracing::warn!(error = %chain(&error), "the rows that decide security could not be looked through");
    }
}
