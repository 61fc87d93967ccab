//! The line before a SIP server, or before the one place at a PBX.
//!
//! Owns what a claim that waited there may still do. A slow server makes commands wait after their
//! claims: what was stopped, ended or held meanwhile must not leave. *Invariant:* whoever may not
//! leave has sent nothing.

use std::sync::Arc;
use std::time::Duration;

use carillon_devices::Turn;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::Engine;
use crate::dispatch::facts::JobFacts;
use crate::dispatch::refusals::Carried;
use crate::dispatch::sip_desks::SipDesks;
use crate::dispatch::way::Written;

/// How often those in the line look whether they still want to be there.
const LOOK: Duration = Duration::from_secs(1);

/// What those in the line know of their job and of the way to its phones; one of them asks for all.
#[derive(Default)]
pub(super) struct Line(Mutex<Option<Known>>);

#[derive(Clone)]
struct Known {
    at: Instant,
    runs: bool,
    desks: Arc<SipDesks>,
}

impl Line {
    /// Waits for the turn of a NOTIFY; `None` when it may not leave any more, as it was written or
    /// at all. Whoever leaves the line leaves the place as well.
    pub(super) async fn may_leave(
        &self,
        engine: &Engine,
        facts: &JobFacts,
        written: &mut Written,
        carried: Option<&Carried>,
    ) -> Option<Turn> {
        let wanted = |may: bool| may && !carried.is_some_and(|one| is_full(engine, facts, one));
        // The line is waited in with a copy: what it knows of others may change meanwhile.
        let asked = written.notify.clone();
        let mut turn = std::pin::pin!(engine.gateway.turn(&asked));
        loop {
            let turn = tokio::select! {
                biased;
                () = engine.dispatch.stopping() => return None,
                turn = &mut turn => Some(turn),
                () = tokio::time::sleep(LOOK) => None,
            };
            let mut known = self.lately(engine, facts, None).await?;
            if !written.holds(&known.desks) && known.at < written.made {
                known = self.lately(engine, facts, Some(written.made)).await?;
            }
            if !written.holds(&known.desks) {
                return None;
            }
            match turn {
                Some(turn) => return wanted(runs(engine, facts).await).then_some(turn),
                None if wanted(known.runs) => {}
                None => return None,
            }
        }
    }

    /// What is known, not older than a second, nor than `since`; `None` where nobody knows.
    async fn lately(
        &self,
        engine: &Engine,
        facts: &JobFacts,
        since: Option<Instant>,
    ) -> Option<Known> {
        let mut known = self.0.lock().await;
        let is_new = |known: &&Known| {
            known.at.elapsed() < LOOK && since.is_none_or(|since| known.at >= since)
        };
        if let Some(known) = known.as_ref().filter(is_new) {
            return Some(known.clone());
        }
        let at = Instant::now();
        match SipDesks::open(engine).await {
            Ok(desks) => {
                let now = Known {
                    at,
                    runs: runs(engine, facts).await,
                    desks: Arc::new(desks),
                };
                *known = Some(now.clone());
                Some(now)
            }
            Err(error) => {
                tracing::warn!(%error, job.id = facts.id, "nobody knows how the phones are reached: they wait");
                None
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
