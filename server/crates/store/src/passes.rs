//! By what people come in: sessions, links to a new password, recovery codes; and that one that was ended
//! does not come back.
//!
//! Owns the list of those that a unit ends, which the record that commits with it tells, and the memory of
//! sessions about which the log was asked. *Invariant:* a session that was ended here is asked about again;
//! names say no more than records do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use carillon_domain::Timestamp;
use carillon_domain::event::Event;
use serde_json::json;

use crate::accounts::sessions::SessionRow;
use crate::error::Result;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// Beyond so many it begins anew.
const MOST: usize = 10_000;
/// In the detail of a record: what it ended, by kind.
const ENDED: &str = "ended";

/// A kind of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pass {
    Session,
    Link,
    Code,
}

impl Pass {
    /// The column of its hash.
    const fn key(self) -> &'static str {
        match self {
            Self::Session => "id_hash",
            Self::Link | Self::Code => "code_hash",
        }
    }

    const fn told(self) -> &'static str {
        match self {
            Self::Session => "sessions",
            Self::Link => "links",
            Self::Code => "codes",
        }
    }
}

/// How records name one: by the beginning of its hash.
pub(crate) fn name_of(hash: &[u8]) -> String {
    hex::encode(hash.get(..4).unwrap_or_default())
}

/// What a unit ended.
#[derive(Default)]
pub(crate) struct Ended(BTreeMap<Pass, BTreeSet<Vec<u8>>>);

impl Ended {
    pub(crate) fn add(&mut self, pass: Pass, hashes: impl IntoIterator<Item = Vec<u8>>) {
        let mut hashes = hashes.into_iter().peekable();
        if hashes.peek().is_some() {
            self.0.entry(pass).or_default().extend(hashes);
        }
    }

    /// The sessions among them.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.0.get(&Pass::Session).into_iter().flatten()
    }

    /// The records with what was ended in the first of them; `None` where nothing was.
    pub(crate) fn told(&self, events: &[Event]) -> Option<Vec<Event>> {
        if self.0.is_empty() {
            return None;
        }
        let mut events = events.to_vec();
        let detail = &mut events.first_mut()?.detail;
        for (pass, hashes) in &self.0 {
            let names: Vec<_> = hashes.iter().map(|hash| name_of(hash)).collect();
            detail[ENDED][pass.told()] = json!(names);
        }
        Some(events)
    }
}

/// A session as the log was asked about it.
#[derive(Clone, Copy)]
struct Held {
    created: Timestamp,
    proved: Timestamp,
    seen: Timestamp,
}

/// The sessions of which the log tells no end.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<BTreeMap<Vec<u8>, Held>>);

impl Sessions {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the log was asked about this one, which did not change since but by its use.
    pub(crate) fn holds(&self, row: &SessionRow) -> bool {
        let mut all = self.all();
        let Some(held) = all.get_mut(&row.id_hash) else {
            return false;
        };
        let same = (held.created, held.proved) == (row.created_at, row.proved_at);
        let holds = same && held.seen <= row.last_seen_at;
        held.seen = held.seen.max(row.last_seen_at);
        holds
    }

    pub(crate) fn hold(&self, row: &SessionRow) {
        let mut all = self.all();
        if all.len() >= MOST {
            all.clear();
        }
        let held = Held {
            created: row.created_at,
            proved: row.proved_at,
            seen: row.last_seen_at,
        };
        all.insert(row.id_hash.clone(), held);
    }

    /// The same session under another id.
    pub(crate) fn renew(&self, before: &[u8], now: &[u8], at: Timestamp) {
        let mut all = self.all();
        if let Some(held) = all.remove(before) {
            let held = Held {
                proved: at,
                seen: at,
                ..held
            };
            all.insert(now.to_vec(), held);
        }
    }

    pub(crate) fn let_go(&self, hash: &[u8]) {
        self.all().remove(hash);
    }

    fn let_all_go(&self) {
        self.all().clear();
    }

    /// Lets those go that records name so.
    pub(crate) fn let_named_go(&self, names: &BTreeSet<&str>) {
        self.all()
            .retain(|hash, _| !names.contains(&*name_of(hash)));
    }
}

impl Unit {
    /// Takes away what a statement chooses; the record that commits with it tells which. Says how many.
    pub(crate) async fn end_passes(&mut self, pass: Pass, mut choice: Sql) -> Result<u64> {
        choice.push(" RETURNING ").push(pass.key()).push(" AS hash");
        let rows = self.conn().all(choice).await?;
        let hashes = rows.iter().map(|row| row.get::<Vec<u8>>("hash"));
        let hashes = hashes.collect::<Result<Vec<_>>>()?;
        let count = hashes.len() as u64;
        self.ended.add(pass, hashes);
        Ok(count)
    }
}

impl Store {
    /// Whether the log was asked about this session, which did not change since but by its use.
    pub fn holds_session(&self, row: &SessionRow) -> bool {
        self.trust.sessions.holds(row)
    }

    /// The log tells no end of this session.
    pub fn hold_session(&self, row: &SessionRow) {
        self.trust.sessions.hold(row);
    }

    /// The log has to be asked again about every session.
    pub fn let_all_sessions_go(&self) {
        self.trust.sessions.let_all_go();
    }

    /// The log has to be asked again about the sessions that records name so.
    pub fn let_sessions_go(&self, names: &BTreeSet<&str>) {
        self.trust.sessions.let_named_go(names);
    }
}
