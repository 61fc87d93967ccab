//! Signing rows anew with another key.
//!
//! Owns that part of a change of keys. *Invariant:* only a row that is genuine is signed, and only
//! as it was read; killed on the way and asked for again, it goes on with those that are left.

use std::collections::BTreeMap;

use carillon_store::{SignedRow, SignedRows};
use serde_json::json;

use super::rotation::Rewrapped;
use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

/// Rows signed anew in one transaction.
const BATCH: i64 = 500;

impl Engine {
    /// How many rows each key signed, by the key's eight bytes.
    pub(super) async fn rows_by_key(&self) -> Result<BTreeMap<Vec<u8>, i64>> {
        let mut counts = BTreeMap::new();
        let mut unit = self.store.begin().await?;
        for (key, count) in unit.signed_by_key().await? {
            *counts.entry(key).or_default() += count;
        }
        Ok(counts)
    }

    /// Signs everything that another key signed anew with the active one.
    pub(super) async fn sign_rows_anew(&self, caller: &Caller, all: &mut Rewrapped) -> Result<()> {
        for rows in SignedRows::ALL {
            let mut last = None;
            loop {
                let batch = self.store.signed_rows(*rows, last.as_ref(), BATCH).await?;
                self.sign_batch_anew(caller, (*rows, &batch), all).await?;
                last = batch.into_iter().last();
                if last.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn sign_batch_anew(
        &self,
        caller: &Caller,
        (rows, batch): (SignedRows, &[SignedRow]),
        all: &mut Rewrapped,
    ) -> Result<()> {
        let active = self.keyring()?.active();
        let is_old = |row: &&SignedRow| row.key_id() != Some(active.as_bytes().as_slice());
        let old: Vec<&SignedRow> = batch.iter().filter(is_old).collect();
        let (mut unit, mut count) = (self.store.begin().await?, 0);
        for row in old {
            if !self.store.is_genuine(row) {
                let name = row.row();
                all.unreadable.push(format!("{}: {}", name.rows, name.name));
            } else if unit.sign_row(row).await? {
                count += 1;
            }
        }
        if count == 0 {
            return Ok(());
        }
        all.rows += count;
        let mut event = caller.event(self.clock.now(), "rows.signed_anew");
        event.detail = json!({ "key": active.to_string(), "rows": rows, "count": count });
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }
}
