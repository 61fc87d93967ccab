//! Rows that decide security, and how one knows that Carillon wrote them.
//!
//! Owns what of a row is signed, the check when it is read, and the list of the rows that failed
//! it. *Invariant:* holds no key, those are handed in; a row that fails its check is an error and
//! never a value; what signs a changed row first looked whether it was genuine before.

mod every;
mod facts;
mod holders;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::error::{Result, StoreError};
use crate::orders::Order;
use crate::passes::Sessions;
use crate::row::Row;
use crate::store::Store;

pub use every::SignedRow;
pub(crate) use facts::Facts;

carillon_domain::closed_list! {
    /// Rows of one kind.
    SignedRows {
        /// What accounts may and reach.
        Accounts = "account",
        /// Sessions of browsers.
        Sessions = "session",
        /// API tokens.
        Tokens = "token",
        /// Links to a new password.
        ResetLinks = "reset-link",
        /// Codes for the day when a second factor is lost.
        RecoveryCodes = "recovery-code",
        /// Accounts at an identity provider.
        Identities = "identity",
        /// The networks in which phones may be contacted.
        Networks = "networks",
        /// What decides about jobs: their state, and who let them run.
        Jobs = "job",
        /// The phones that jobs were frozen to.
        JobLists = "job-list",
        /// Orders that hold for everybody.
        Orders = "order",
        /// What one administrator asks for and another decides about.
        ChangeRequests = "change-request",
    }
}

/// Signs rows and knows them again. Handed in by who has the keys.
pub trait RowKeys: Send + Sync {
    /// The code of these bytes under the key of today; the id of the key stands in it, at the same
    /// place as in a sealed value.
    fn sign(&self, bytes: &[u8]) -> Vec<u8>;

    /// Whether this is the code of these bytes under a key at hand.
    fn is_good(&self, bytes: &[u8], code: &[u8]) -> bool;
}

/// A row that Carillon did not write as it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForgedRow {
    /// Of which kind.
    pub rows: SignedRows,
    /// Which, as people name it.
    pub name: String,
}

/// So many are remembered; who can write that many has the database anyway.
const MOST: usize = 1000;

/// A row by kind and key.
pub(crate) type RowKey = (SignedRows, Vec<u8>);

/// What a store and all its clones know of signatures.
#[derive(Default)]
pub(crate) struct Trust {
    keys: RwLock<Option<Arc<dyn RowKeys>>>,
    /// Rows that failed, by kind and key.
    forged: Mutex<BTreeMap<RowKey, Failed>>,
    /// Codes that were good once, and are not any more: the log says that their row is of before.
    outdated: RwLock<BTreeMap<RowKey, Vec<u8>>>,
    /// The codes with which orders were held against the log.
    orders: RwLock<BTreeMap<Order, Vec<u8>>>,
    /// The sessions about which the log was asked.
    pub(crate) sessions: Sessions,
}

/// A row that failed, as it was called then, and whether somebody was told.
struct Failed {
    row: ForgedRow,
    told: bool,
}

impl Trust {
    fn keys(&self) -> Option<Arc<dyn RowKeys>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.clone()
    }

    /// The code of these facts; none where no keys were handed in.
    pub(crate) fn sign(&self, facts: &Facts) -> Option<Vec<u8>> {
        self.keys().map(|keys| keys.sign(facts.bytes()))
    }

    pub(crate) fn has_keys(&self) -> bool {
        self.keys().is_some()
    }

    /// Whether a row is as Carillon wrote it. Without keys nobody can tell, and nothing is refused:
    /// an engine without keys is sealed.
    pub(crate) fn is_good(&self, facts: &Facts, code: Option<&[u8]>) -> bool {
        let is_good = |keys: Arc<dyn RowKeys>| {
            code.is_some_and(|code| {
                keys.is_good(facts.bytes(), code) && !self.is_outdated(facts, code)
            })
        };
        self.keys().is_none_or(is_good)
    }

    fn is_outdated(&self, facts: &Facts, code: &[u8]) -> bool {
        let outdated = self.outdated.read();
        let outdated = outdated.unwrap_or_else(PoisonError::into_inner);
        outdated.get(facts.key()).is_some_and(|old| old == code)
    }

    /// From now on this code counts no more for this row.
    pub(crate) fn outdate(&self, facts: &Facts, code: &[u8]) {
        let outdated = self.outdated.write();
        let mut outdated = outdated.unwrap_or_else(PoisonError::into_inner);
        if outdated.len() < MOST {
            outdated.insert(facts.key().clone(), code.to_vec());
        }
    }

    /// Whether the order was held against the log as it stands. Without keys nobody can tell.
    pub(crate) fn is_held(&self, order: Order, code: Option<&[u8]>) -> bool {
        let held = self.orders.read().unwrap_or_else(PoisonError::into_inner);
        !self.has_keys() || code.is_some() && held.get(&order).map(Vec::as_slice) == code
    }

    pub(crate) fn hold(&self, order: Order, code: Vec<u8>) {
        let held = self.orders.write();
        held.unwrap_or_else(PoisonError::into_inner)
            .insert(order, code);
    }

    /// The order has to be held against the log anew.
    pub(crate) fn let_go(&self, order: Order) {
        let held = self.orders.write();
        held.unwrap_or_else(PoisonError::into_inner).remove(&order);
    }

    /// Whatever code this row has counts if it is good: somebody looked at it.
    pub(crate) fn renew(&self, key: &RowKey) {
        let outdated = self.outdated.write();
        let mut outdated = outdated.unwrap_or_else(PoisonError::into_inner);
        outdated.remove(key);
    }

    /// The same as an error, remembered to be told.
    pub(crate) fn check(&self, facts: &Facts, code: Option<&[u8]>) -> Result<()> {
        let mut forged = self.failed();
        if self.is_good(facts, code) {
            forged.remove(facts.key());
            return Ok(());
        }
        drop(forged);
        Err(StoreError::Forged(self.remember(facts)))
    }

    /// Remembers a row that failed, to be told once.
    pub(crate) fn remember(&self, facts: &Facts) -> ForgedRow {
        let (row, mut forged) = (facts.row(), self.failed());
        if forged.len() < MOST {
            let failed = |row| Failed { row, told: false };
            let entry = forged.entry(facts.key().clone());
            entry.or_insert_with(|| failed(row.clone()));
        }
        row
    }

    fn failed(&self) -> MutexGuard<'_, BTreeMap<RowKey, Failed>> {
        self.forged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What of a row is signed, when it is genuine.
    pub(crate) fn checked(&self, rows: SignedRows, row: &Row) -> Result<()> {
        let (facts, code) = rows.facts(row)?;
        self.check(&facts, code.as_deref())
    }
}

impl Store {
    /// From now on all clones of this store sign what they write and believe only what is signed.
    pub fn trust_rows_of(&self, keys: Arc<dyn RowKeys>) {
        let mut place = self
            .trust
            .keys
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *place = Some(keys);
    }

    /// Lets the row with this key count again as it stands. Call after the commit that says so as well:
    /// until then whoever holds it against the log finds it of before once more.
    pub fn believe_again(&self, rows: SignedRows, key: &[u8]) {
        self.trust.renew(&(rows, key.to_vec()));
    }

    /// The rows that failed when they were last read.
    pub fn forged_rows(&self) -> Vec<ForgedRow> {
        let forged = self.trust.failed();
        forged.values().map(|failed| failed.row.clone()).collect()
    }

    /// Those of them that nobody was told of yet. From now on somebody was.
    pub fn untold_forged_rows(&self) -> Vec<ForgedRow> {
        let mut forged = self.trust.failed();
        let untold = forged.values_mut().filter(|failed| !failed.told);
        let tell = |failed: &mut Failed| {
            failed.told = true;
            failed.row.clone()
        };
        untold.map(tell).collect()
    }

    /// Forgets those of before that a look through all rows did not find: they are gone.
    pub fn forget_forged_but(&self, before: &[ForgedRow], found: &[ForgedRow]) {
        let is_gone = |row: &ForgedRow| before.contains(row) && !found.contains(row);
        self.trust
            .failed()
            .retain(|_, failed| !is_gone(&failed.row));
    }

    /// Nobody could be told of these after all.
    pub fn forged_rows_are_untold(&self, rows: &[ForgedRow]) {
        let mut forged = self.trust.failed();
        for failed in forged.values_mut() {
            failed.told &= !rows.contains(&failed.row);
        }
    }
}
