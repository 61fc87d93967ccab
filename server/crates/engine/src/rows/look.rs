//! The look through all rows that are signed.
//!
//! Owns nothing but the walk; reads and changes nothing.

use carillon_store::{ForgedRow, Order, Ordered, SignedRows, Store, StoreError};

use crate::secrets::Keyring;

/// Rows that are read in one go.
const BATCH: i64 = 500;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// How many rows are genuine.
    pub genuine: u64,
    /// Those that are not.
    pub forged: Vec<ForgedRow>,
}

/// Looks through all signed rows of a store that has the keys.
///
/// # Errors
/// Only when the storage fails.
pub async fn look_through(store: &Store) -> Result<Looked, StoreError> {
    let mut looked = Looked::default();
    let before = store.forged_rows();
    let open = store.open_jobs().await?;
    for rows in store.signed_kinds().await? {
        if rows == SignedRows::Orders {
            look_at_orders(store, &mut looked).await?;
            continue;
        }
        let mut last = None;
        loop {
            let batch = store.signed_rows(rows, last.as_ref(), BATCH).await?;
            for row in &batch {
                let genuine = match rows {
                    SignedRows::JobLists => store.is_list_genuine(row, &open).await?,
                    _ => store.is_genuine(row),
                };
                if genuine {
                    looked.genuine += 1;
                } else {
                    looked.forged.push(row.row());
                }
            }
            last = batch.into_iter().last();
            if last.is_none() {
                break;
            }
        }
    }
    store.forget_forged_but(&before, &looked.forged);
    Ok(looked)
}

/// Each order has its row: one that is gone is forged.
async fn look_at_orders(store: &Store, looked: &mut Looked) -> Result<(), StoreError> {
    for order in Order::ALL {
        match store.order(*order).await? {
            Ordered::As(_) => looked.genuine += 1,
            Ordered::Forged => looked.forged.push(ForgedRow {
                rows: SignedRows::Orders,
                name: order.to_string(),
            }),
        }
    }
    Ok(())
}

/// The same for a database that no engine has open, with these keys; `None` where no row was ever
/// signed.
///
/// # Errors
/// Only when the storage fails.
pub async fn look_at_rows(store: &Store, keyring: &Keyring) -> Result<Option<Looked>, StoreError> {
    if store.signed_kinds().await?.is_empty() {
        return Ok(None);
    }
    super::trust(store, keyring);
    let mut looked = look_through(store).await?;
    for row in super::params::jobs_with_others(store, keyring).await? {
        if !looked.forged.contains(&row) {
            looked.forged.push(row);
        }
    }
    Ok(Some(looked))
}
