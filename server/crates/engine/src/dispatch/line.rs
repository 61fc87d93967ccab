//! The line before a SIP server, or before the one place at a PBX.
//!
//! Owns what a claim that waited there may still do. A slow server makes commands wait after their
//! claims: what was stopped, ended or held meanwhile must not leave. *Invariant:* whoever may not
//! leave has sent nothing.

use std::time::Duration;

use carillon_devices::{Notify, Turn};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::Engine;
use crate::dispatch::facts::JobFacts;
use crate::dispatch::refusals::Carried;

/// How often those in the line look whether they still want to be there.
const LOOK: Duration = Duration::from_secs(1);

/// What those in the line know of their job; one of them asks for all.
#[derive(Default)]
pub(super) struct Line(Mutex<Option<(Instant, bool)>>);

impl Line {
    /// Waits for the turn of a NOTIFY; `None` when it may not leave any more. Whoever leaves the
    /// line leaves the place as well.
    pub(super) async fn may_leave(
        &self,
        engine: &Engine,
        facts: &JobFacts,
        notify: &Notify,
        carried: Option<&Carried>,
    ) -> Option<Turn> {
        let wanted = |may: bool| may && !carried.is_some_and(|one| is_full(engine, facts, one));
        let mut turn = std::pin::pin!(engine.gateway.turn(notify));
        loop {
            tokio::select! {
                biased;
                () = engine.dispatch.stopping() => return None,
                turn = &mut turn => return wanted(runs(engine, facts).await).then_some(turn),
                () = tokio::time::sleep(LOOK) => {}
            }
            if !wanted(self.ran_lately(engine, facts).await) {
                return None;
            }
        }
    }

    async fn ran_lately(&self, engine: &Engine, facts: &JobFacts) -> bool {
        let mut known = self.0.lock().await;
        match *known {
            Some((at, runs)) if at.elapsed() < LOOK => runs,
            _ => {
                let runs = runs(engine, facts).await;
                *known = Some((Instant::now(), runs));
                runs
            }
        }
    }
}

/// Whether a job may send now.
async fn runs(engine: &Engine, facts: &JobFacts) -> bool {
    match engine.store.may_send(&facts.id, engine.clock.now()).await {
        Ok(may) => may,
        Err(error) => {
            tracing::warn!(%error, job.id = facts.id, "nobody knows whether a job still runs: its phones wait");
            false
        }
    }
}

/// Whether a credential was refused so often that it waits for a person.
pub(super) fn is_full(engine: &Engine, facts: &JobFacts, carried: &Carried) -> bool {
    let limit = facts.options.max_auth_failed;
    engine.dispatch.refusals.are_full(carried, limit)
}
