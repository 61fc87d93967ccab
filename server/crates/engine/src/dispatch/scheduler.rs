//! Finds jobs that have something to do and gives each a runner.
//!
//! Owns the list of runners of this node. Woken by a signal for speed and by a timer for
//! certainty; both take the same path.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use carillon_domain::JobState;
use carillon_store::{JobQuery, Seek, Store};

use crate::Engine;
use crate::dispatch::{clock_watch, due, recover, runner, storage};
use crate::rows::hold_orders;

/// Jobs that run at once on one node; others wait their turn.
const MOST: i64 = 200;
/// How often to look without being told.
const LOOK: Duration = Duration::from_secs(1);

/// Jobs that have a runner on this node.
#[derive(Clone, Default)]
struct Busy(Arc<Mutex<HashSet<String>>>);

impl Busy {
    fn enter(&self, job: &str) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(job.to_owned())
    }

    fn leave(&self, job: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(job);
    }
}

/// Runs until the dispatcher stops, then waits for its runners.
pub(super) async fn run(engine: Engine) {
    let busy = Busy::default();
    // A lease must not wait behind pages.
    let apart = engine.store.apart();
    while !engine.dispatch.is_stopping() {
        if let Err(error) = look(&engine, &apart, &busy).await {
            tracing::warn!(%error, "could not look for jobs; trying again");
        }
        tokio::select! {
            () = engine.dispatch.wake.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
            () = engine.dispatch.stop.cancelled() => {}
        }
    }
    apart.close_apart().await;
}

async fn look(engine: &Engine, apart: &Store, busy: &Busy) -> crate::Result<()> {
    storage::try_now_and_then(engine).await;
    engine.follow_networks().await?;
    hold_orders(engine).await?;
    let clock_holds = clock_watch::may_claim(engine).await;
    recover::keep_watch(engine, apart).await?;
    if clock_holds {
        due::attend(engine).await?;
    }
    if let Err(error) = engine.expire_approvals().await {
        tracing::warn!(%error, "jobs that nobody decided about were not ended; trying again");
    }
    if let Err(error) = engine.expire_changes().await {
        tracing::warn!(%error, "changes that nobody decided about were not ended; trying again");
    }
    engine.tell_of_forged_rows().await;
    let ready = ready(engine).await?;
    engine.dispatch.lists.keep_only(&ready);
    for job in ready {
        if busy.enter(&job) {
            let (engine, busy) = (engine.clone(), busy.clone());
            let tasks = engine.dispatch.tasks.clone();
            tasks.spawn(super::or_end(async move {
                runner::run(&engine, &job).await;
                busy.leave(&job);
            }));
        }
    }
    Ok(())
}

/// Jobs that may have something to send or to end.
async fn ready(engine: &Engine) -> crate::Result<Vec<String>> {
    let query = JobQuery {
        states: vec![JobState::Running, JobState::Stopping],
        ..JobQuery::default()
    };
    let page = engine.store.job_page(&query, &Seek::Start, MOST).await?;
    Ok(page.items.into_iter().map(|job| job.id).collect())
}
