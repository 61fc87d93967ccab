//! Rows of before that were put back with the codes that they had then.
//!
//! Owns how they are found: by the records that brought a row to where it stands. *Invariant:* the row
//! and its records are read under the lock that every change of them takes.

use carillon_domain::JobState;
use carillon_store::{
    AuditQuery, BelievedJob, Order, Ordered, SignedRows, Store, StoreError, Unit,
};

use crate::audit::{Course, Orders};

/// More moves than people make of one job.
const MOST: usize = 10_000;

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

/// Holds the orders that somebody changed against the log. One that nobody gave so counts no more;
/// until an order was held, nothing is sent by it.
///
/// # Errors
/// When the storage fails.
pub(crate) async fn hold_orders(store: &Store) -> Result<(), StoreError> {
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
