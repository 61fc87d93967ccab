//! The first signing of rows that are older than signatures.
//!
//! Owns that it happens once. *Invariant:* what the audit log says was done once is not done again,
//! whatever the tables say: else whoever takes the codes away would have them made anew.

use std::collections::{BTreeMap, BTreeSet};

use carillon_domain::Timestamp;
use carillon_domain::event::{Actor, Event, EventResult};
use carillon_store::{AuditQuery, SignedRows, Store, StoreError, Unit};
use serde_json::json;

use crate::secrets::Keyring;

/// The facts that say which kinds of rows are signed.
const KINDS: &str = "rows_signed:";
/// What the log says of it.
const SIGNED: &str = "rows.signed";
const BATCH: i64 = 500;
/// A version that signs more kinds makes one more record.
const MOST_RECORDS: i64 = 1000;

/// Rows could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The database could not be asked or written.
    #[error("the rows that decide security could not be signed")]
    Store(#[from] StoreError),
}

/// Signs all rows of the kinds that were never signed in this database, and records how many; from
/// then on one without a code is forged.
///
/// # Errors
/// Only when the storage fails.
pub async fn adopt_rows(
    store: &Store,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<(), AdoptError> {
    super::trust(store, keyring);
    let noted = store.metas(KINDS).await?;
    let is_noted = |rows: &SignedRows| noted.iter().any(|(name, _)| *name == fact_of(*rows));
    let left: Vec<_> = SignedRows::ALL
        .iter()
        .filter(|rows| !is_noted(rows))
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    let told = told(store).await?;
    let mut unit = store.begin().await?;
    let (mut counts, mut events) = (BTreeMap::new(), Vec::new());
    for rows in left {
        // Where it is there by now, another node was quicker.
        if !unit.claim_meta(&fact_of(*rows), &now.to_string()).await? {
            continue;
        }
        if told.contains(rows.as_str()) {
            tracing::error!(%rows, "the note that rows are signed was taken out of the database");
            events.push(taken_away(*rows, now));
        } else {
            if *rows == SignedRows::JobLists {
                unit.freeze_lists().await?;
            }
            counts.insert(rows.as_str(), sign_all(&mut unit, *rows).await?);
        }
    }
    if !counts.is_empty() {
        let mut event = Event::new(now, Actor::system(), SIGNED);
        event.detail = json!({ "key": keyring.active().to_string(), "rows": counts });
        events.push(event);
    }
    if !events.is_empty() {
        unit.record(&events).await?.commit().await?;
    }
    Ok(())
}

fn fact_of(rows: SignedRows) -> String {
    format!("{KINDS}{rows}")
}

/// The kinds of which the log says that they were signed.
async fn told(store: &Store) -> Result<BTreeSet<String>, StoreError> {
    let query = AuditQuery {
        actions: vec![SIGNED.to_owned()],
        ..AuditQuery::default()
    };
    let records = store.audit_batch(&query, -1, MOST_RECORDS).await?;
    let kinds = records
        .iter()
        .filter_map(|record| record.event.detail["rows"].as_object())
        .flat_map(|rows| rows.keys().cloned());
    Ok(kinds.collect())
}

/// Signs the rows of a kind that have no code; those that have one were not written by anything
/// that could, and stay forged unless they are genuine.
async fn sign_all(unit: &mut Unit, rows: SignedRows) -> Result<u64, StoreError> {
    let (mut last, mut count) = (None, 0);
    loop {
        let batch = unit.signed_rows(rows, last.as_ref(), BATCH).await?;
        for row in batch.iter().filter(|row| !row.is_signed()) {
            count += u64::from(unit.sign_row(row).await?);
        }
        last = batch.into_iter().last();
        if last.is_none() {
            return Ok(count);
        }
    }
}

fn taken_away(rows: SignedRows, now: Timestamp) -> Event {
    let mut event = Event::new(now, Actor::system(), "row.forged");
    event.result = EventResult::Failed;
    event.detail = json!({ "rows": "fact", "row": fact_of(rows) });
    event
}
