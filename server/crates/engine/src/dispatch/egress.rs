//! The list of networks that a claim is made by.
//!
//! *Invariant:* what a claim's transaction sees of the list is in force on this node before the
//! claim is committed, and so before anything is sent for it.

use carillon_store::{StoreError, Unit};

use crate::Engine;

/// Follows the list with this number. `false` where somebody else wrote it: nothing is claimed by it.
pub(super) async fn follow(
    engine: &Engine,
    unit: &mut Unit,
    number: i64,
) -> Result<bool, StoreError> {
    if number <= engine.gateway.number() {
        return Ok(true);
    }
    let read = unit.egress().await;
    engine.follow(&read);
    match read {
        Err(StoreError::Forged(_)) => Ok(false),
        Err(error) => Err(error),
        Ok(_) => Ok(true),
    }
}
