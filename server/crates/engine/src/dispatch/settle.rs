//! The end of a batch: it is stored, and those who wait for it hear of it.
//!
//! Owns how often that is tried, and what is read anew when nobody knows whether a commit
//! happened. *Invariant:* runners get phones only after the commit that claims them.

use std::sync::Arc;
use std::time::Duration;

use carillon_store::{Call, ClaimedTarget, Store, StoreError};

use crate::Engine;
use crate::dispatch::recorder::{Batch, Claim, Granted, Wish};
use crate::dispatch::window::Place;
use crate::dispatch::write::{self, Written, write};

/// The longest pause between two tries to store a result.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Writes a batch; its results are tried until they are stored, its claims once. Answers the
/// wishes that stay.
pub(super) async fn settle(engine: &Engine, store: &Store, mut batch: Batch) -> Vec<Wish> {
    let mut pause = Duration::from_millis(50);
    loop {
        let outcome = write(engine, store, &mut batch).await;
        engine.note_write(&outcome);
        match outcome {
            Ok(written) => return publish(engine, batch, written),
            Err(error) => {
                tracing::error!(%error, results = batch.results.len(), "could not record; nothing more is sent until it is stored");
                let claims = std::mem::take(&mut batch.claims);
                if matches!(error, StoreError::Uncertain(_)) {
                    hand_over(engine, store, claims).await;
                }
                // A dropped reply tells the runner that it got nothing.
                if batch.results.is_empty() {
                    return Vec::new();
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// After a commit that was not confirmed: gives runners what their claims did become, read anew.
/// If there are any, the results of the batch are stored as well, and their places are as good as
/// free.
async fn hand_over(engine: &Engine, store: &Store, claims: Vec<Claim>) {
    for Claim { wish, attempts } in claims {
        let found = loop {
            match claimed_after_all(engine, store, &wish, &attempts).await {
                Ok(found) => break found,
                Err(error) => tracing::error!(%error, "cannot read what was claimed; waiting"),
            }
            tokio::time::sleep(LONGEST_PAUSE).await;
        };
        grant(engine, wish, found);
    }
}

/// Reads in a unit of its own, which waits until the unconfirmed one is decided: a server that
/// lost us may still be about to commit it.
async fn claimed_after_all(
    engine: &Engine,
    store: &Store,
    wish: &Wish,
    attempts: &[String],
) -> Result<Vec<(ClaimedTarget, Option<Call>)>, StoreError> {
    let mut unit = store.begin().await?;
    let found = unit.claims_of(&wish.facts.id, attempts).await?;
    let claimed = found.into_iter().map(|target| ClaimedTarget {
        attempt_id: target.attempt_id.clone().unwrap_or_default(),
        target: Arc::new(target),
        // Not told any more: it begins with its first way again.
        last_cause: None,
    });
    write::with_calls(&mut unit, claimed.collect(), engine.clock.now()).await
}

/// Hands phones to the runner who wished for them. Answers the wish, if it stays.
fn grant(engine: &Engine, wish: Wish, claimed: Vec<(ClaimedTarget, Option<Call>)>) -> Option<Wish> {
    let stays = wish.stays && !claimed.is_empty();
    let granted = claimed.into_iter().map(|(target, call)| Granted {
        target,
        call,
        place: Place::take(&wish.window, &engine.dispatch.slots),
    });
    // A runner that went away leaves claims that recovery will call unknown.
    let _gone = wish.reply.send(granted.collect());
    stays.then_some(wish)
}

fn publish(engine: &Engine, batch: Batch, written: Written) -> Vec<Wish> {
    drop(batch.reports);
    let claims = batch.claims.into_iter().zip(written.claimed);
    let staying = claims.filter_map(|(claim, claimed)| grant(engine, claim.wish, claimed));
    let staying = staying.collect();
    for (job, state_changed) in written.changed {
        if state_changed {
            engine.job_moved(&job);
        } else {
            engine.feed.job_changed(&job);
        }
    }
    staying
}
