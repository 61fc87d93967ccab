//! Rows of before that were put back with the codes that they had then.
//!
//! Owns how they are found: by the records that brought a row to where it stands. *Invariant:* the row
//! and its records are read under the lock that every change of them takes.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use carillon_domain::{JobState, Mac};
use carillon_store::{AuditQuery, BelievedJob, Order, Ordered, SignedRows, StoreError, Unit};

use super::passes::let_go_of_ended;
use crate::Engine;
use crate::audit::{Course, Orders};

/// More moves than people make of one job.
const MOST: usize = 10_000;
/// More phones than a job has.
const MOST_PHONES: usize = 200_000;

/// What decides about a job, if it is there and stands where the log brought it. One that an earlier
/// program made is not held against it.
///
/// # Errors
/// Forged when somebody else wrote it, or it stands elsewhere: from now on its row counts no more.
/// When the storage fails.
pub(crate) async fn job_as_told(
    unit: &mut Unit,
    id: &str,
) -> Result<Option<BelievedJob>, StoreError> {
    let believed = unit.believed_job(id).await?;
    if let Some(job) = &believed {
        require_as_told(unit, id, job.state).await?;
    }
    Ok(believed)
}

/// The same, and that no phone waits again whose end was told: its row is of before.
///
/// # Errors
/// The same.
pub(crate) async fn phones_as_told(
    unit: &mut Unit,
    id: &str,
) -> Result<Option<BelievedJob>, StoreError> {
    let believed = job_as_told(unit, id).await?;
    if believed.is_some() && !require_phones_as_told(unit, id).await? {
        return Err(unit.disbelieve(SignedRows::Jobs, id.as_bytes()).await?);
    }
    Ok(believed)
}

async fn require_phones_as_told(unit: &mut Unit, id: &str) -> Result<bool, StoreError> {
    let query = AuditQuery {
        job: Some(id.to_owned()),
        actions: ["target.result", "row.accepted"]
            .map(str::to_owned)
            .to_vec(),
        ..AuditQuery::default()
    };
    let records = match unit.audit_end(&query, MOST_PHONES).await {
        Err(StoreError::Inconsistent { .. }) => return Ok(false),
        read => read?,
    };
    let mut over = BTreeSet::<Mac>::new();
    for record in records {
        match record.event.phone {
            Some(phone) => drop(over.insert(phone)),
            // Whoever accepted the row looked at what waits.
            None => over.clear(),
        }
    }
    if over.is_empty() {
        return Ok(true);
    }
    let waiting = unit.waiting_phones(id).await?;
    Ok(!waiting.iter().any(|mac| over.contains(mac)))
}

/// The same of a job that was read in this unit, for whoever is about to let it do more.
///
/// # Errors
/// The same.
pub(crate) async fn require_as_told(
    unit: &mut Unit,
    id: &str,
    state: JobState,
) -> Result<(), StoreError> {
    let query = AuditQuery {
        job: Some(id.to_owned()),
        actions: Course::words(),
        ..AuditQuery::default()
    };
    let records = match unit.audit_end(&query, MOST).await {
        Err(error @ StoreError::Inconsistent { .. }) => {
            tracing::error!(%error, job.id = id, "what became of a job cannot be read");
            return Err(unit.disbelieve(SignedRows::Jobs, id.as_bytes()).await?);
        }
        read => read?,
    };
    let mut course: Option<Course> = None;
    for record in &records {
        match &mut course {
            None => course = Course::begin(record.seq, &record.event),
            // What it forbids is for `audit verify`; here only where it ends matters.
            Some(course) => drop(course.add(record.seq, &record.event)),
        }
    }
    match course {
        Some(course) if !course.allows(state) => {
            Err(unit.disbelieve(SignedRows::Jobs, id.as_bytes()).await?)
        }
        _ => Ok(()),
    }
}

/// Holds the orders that somebody changed, or of which the log has a new word, against the log. One
/// that nobody gave so counts no more; until an order was held, nothing is sent by it.
///
/// # Errors
/// When the storage fails.
pub(crate) async fn hold_orders(engine: &Engine) -> Result<(), StoreError> {
    let store = &engine.store;
    let_go_of_what_is_told(engine).await?;
    for order in store.orders_to_hold().await? {
        let mut unit = store.begin().await?;
        let (Ordered::As(value), Some(code)) = unit.order_to_hold(order).await? else {
            continue;
        };
        let orders = last_words(&mut unit, order).await?;
        if orders.is_some_and(|orders| orders.fits(order, value.as_deref())) {
            unit.order_is_held(order, code);
        } else {
            let key = order.as_str().as_bytes();
            // Remembered to be told; here nobody asked for it.
            let _forged = unit.disbelieve(SignedRows::Orders, key).await?;
        }
    }
    Ok(())
}

/// A new word about an order: its row may be of before that, put back at once.
async fn let_go_of_what_is_told(engine: &Engine) -> Result<(), StoreError> {
    let (store, seen) = (&engine.store, &engine.dispatch.orders_seen);
    let size = i64::try_from(store.audit_head().await?.size()).unwrap_or(i64::MAX);
    let before = seen.load(Ordering::Relaxed);
    if size == before {
        return Ok(());
    }
    // On a database of its own nobody else ends sessions.
    if store.is_shared() {
        let_go_of_ended(store, (before, size)).await?;
    }
    for order in Order::ALL {
        let query = AuditQuery {
            actions: Orders::words(*order),
            ..AuditQuery::default()
        };
        let is_told = match store.audit_batch(&query, before - 1, 1).await {
            // Whatever it says: whoever holds the order will find that out.
            Err(StoreError::Inconsistent { .. }) => true,
            found => !found?.is_empty(),
        };
        if is_told {
            store.let_order_go(*order);
        }
    }
    seen.store(size, Ordering::Relaxed);
    Ok(())
}

/// What the log says of an order; nothing where that cannot be read. What cannot is passed over where
/// a later word follows it.
async fn last_words(unit: &mut Unit, order: Order) -> Result<Option<Orders>, StoreError> {
    let query = AuditQuery {
        actions: Orders::words(order),
        ..AuditQuery::default()
    };
    for limit in [MOST, 1] {
        let records = match unit.audit_end(&query, limit).await {
            Err(error @ StoreError::Inconsistent { .. }) => {
                tracing::error!(%error, %order, "what was ordered cannot be read");
                continue;
            }
            read => read?,
        };
        let mut orders = Orders::default();
        for record in records {
            orders.add(record.seq, &record.event);
        }
        return Ok((limit == MOST || orders.has(order)).then_some(orders));
    }
    Ok(None)
}
