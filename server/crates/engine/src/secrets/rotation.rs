//! Changing the key that seals.
//!
//! Owns its steps: add a key, make it the one that seals, seal everything anew with it, take the
//! old one away. Each step is whole or not there at whatever moment the process is killed, and can
//! be asked for again. *Invariant:* a key leaves only when nothing is sealed with it; the database
//! knows a key before it seals and forgets it before the file does.

use carillon_domain::Timestamp;
use carillon_store::{SealedColumn, SealedRow, Unit};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::check::{forget_key, note_key};
use super::key::{KeyId, KeyState, RootKey};
use super::key_file::{KeyFileError, KeySource};
use super::keyring::Keyring;
use super::place::Place;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// Values sealed anew in one transaction.
const BATCH: i64 = 500;

/// One key as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its id.
    pub id: KeyId,
    /// What it is used for.
    pub state: KeyState,
    /// When it was made.
    pub created: Timestamp,
    /// How many values it sealed.
    pub seals: i64,
    /// How many rows it signed.
    pub rows: i64,
}

/// What came of sealing everything anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrapped {
    /// Values sealed anew.
    pub done: u64,
    /// Rows signed anew.
    pub rows: u64,
    /// Values that do not open, by column and row, and rows that are forged: left as they are.
    pub unreadable: Vec<String>,
}

impl Engine {
    /// All keys at hand, oldest first, and what each sealed.
    ///
    /// # Errors
    /// [`EngineError::Denied`]; a conflict when the file cannot be read.
    pub async fn list_keys(&self, caller: &Caller) -> Result<Vec<KeyInfo>> {
        caller.require_administrator()?;
        let mut counts = std::collections::BTreeMap::<Vec<u8>, i64>::new();
        for column in SealedColumn::ALL {
            for (key, count) in self.store.sealed_by_key(*column).await? {
                *counts.entry(key).or_default() += count;
            }
        }
        let signed = self.rows_by_key().await?;
        let keys = self.key_source()?.keys().map_err(|e| in_words(&e))?;
        let info = |key: &RootKey| KeyInfo {
            rows: signed
                .get(key.id().as_bytes().as_slice())
                .copied()
                .unwrap_or(0),
            id: key.id(),
            state: key.state(),
            created: key.created(),
            seals: counts
                .get(key.id().as_bytes().as_slice())
                .copied()
                .unwrap_or(0),
        };
        let mut keys: Vec<KeyInfo> = keys.iter().map(info).collect();
        keys.sort_by_key(|key| key.created);
        Ok(keys)
    }

    /// Makes a fresh key that opens and does not seal yet: time to copy the file elsewhere.
    ///
    /// # Errors
    /// [`EngineError::Denied`]; a conflict when the file cannot be changed.
    pub async fn add_key(&self, caller: &Caller) -> Result<KeyId> {
        caller.require_administrator()?;
        let (source, now) = (self.key_source()?, self.clock.now());
        let key = RootKey::generate(&self.random, KeyState::Standby, now)?;
        let id = key.id();
        let mut keys = source.keys().map_err(|e| in_words(&e))?;
        keys.push(key);
        source.replace(&keys).map_err(|e| in_words(&e))?;
        self.read_keys_again()?;
        self.tell_of_key(caller, "key.added", id).await?;
        Ok(id)
    }

    /// Makes a key the one that seals; the one before still opens.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the file has no such key.
    pub async fn activate_key(&self, caller: &Caller, id: KeyId) -> Result<()> {
        caller.require_administrator()?;
        let source = self.key_source()?;
        self.read_keys_again()?;
        let keyring = self.keyring()?;
        if !keyring.contains(id) {
            return Err(EngineError::NotFound);
        }
        let mut unit = caller.begin(&self.store).await?;
        note_key(&mut unit, keyring, id)
            .await
            .map_err(|_| EngineError::Internal("a key could not be noted"))?;
        let mut event = caller.event(self.clock.now(), "key.activated");
        event.detail = json!({ "key": id.to_string() });
        unit.record(&[event]).await?.commit().await?;
        let keys = source.keys().map_err(|e| in_words(&e))?;
        let chosen = |key: RootKey| {
            let state = if key.id() == id {
                KeyState::Active
            } else {
                KeyState::Standby
            };
            key.in_state(state)
        };
        let keys: Vec<RootKey> = keys.into_iter().map(chosen).collect();
        source.replace(&keys).map_err(|e| in_words(&e))?;
        self.read_keys_again()
    }

    /// Seals everything that another key sealed anew with the active one. `told` hears how many
    /// are done after each batch.
    ///
    /// # Errors
    /// [`EngineError::Denied`]; else when the storage fails: then it can be asked for again.
    pub async fn rewrap(&self, caller: &Caller, told: impl Fn(u64) + Send) -> Result<Rewrapped> {
        caller.require_administrator()?;
        self.read_keys_again()?;
        let mut all = Rewrapped::default();
        for column in SealedColumn::ALL {
            let mut after = String::new();
            while let Some(last) = self.rewrap_batch(caller, *column, &after, &mut all).await? {
                after = last;
                told(all.done);
            }
        }
        self.sign_rows_anew(caller, &mut all).await?;
        Ok(all)
    }

    /// The next values of one column; says after which row to go on. They have their record at
    /// once: after a kill nobody could tell them from values that somebody put there.
    async fn rewrap_batch(
        &self,
        caller: &Caller,
        column: SealedColumn,
        after: &str,
        all: &mut Rewrapped,
    ) -> Result<Option<String>> {
        let keyring = self.keyring()?;
        let active = keyring.active();
        let rows = self
            .store
            .sealed_otherwise(column, active.as_bytes(), after, BATCH)
            .await?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        let (done, closed) = (all.done, all.unreadable.len());
        let mut unit = self.store.begin().await?;
        for row in &rows {
            let place = place_of(column, row);
            let Ok(opened) = keyring.open(&place, &row.sealed) else {
                all.unreadable.push(format!("{column}: {}", row.id));
                continue;
            };
            let anew = keyring.seal(&self.random, &place, opened.expose_secret())?;
            if unit.reseal(column, row, anew).await? {
                all.done += 1;
            }
        }
        if all.done == done {
            unit.commit_bookkeeping().await?;
            return Ok(Some(last.id.clone()));
        }
        let mut event = caller.event(self.clock.now(), "key.rewrapped");
        let unreadable = all.unreadable.len() - closed;
        event.detail = json!({
            "key": active.to_string(), "column": column.to_string(),
            "values": all.done - done, "unreadable": unreadable,
        });
        unit.record(&[event]).await?.commit().await?;
        Ok(Some(last.id.clone()))
    }

    /// Takes a key away that nothing is sealed with.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] while something is, and for the key that seals.
    pub async fn retire_key(&self, caller: &Caller, id: KeyId) -> Result<()> {
        caller.require_administrator()?;
        self.read_keys_again()?;
        let keys = self.list_keys(caller).await?;
        let key = keys.iter().find(|key| key.id == id);
        let key = key.ok_or(EngineError::NotFound)?;
        if key.state == KeyState::Active {
            let message = "this is the key that seals: activate another one first";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        let mut unit = caller.begin(&self.store).await?;
        refuse_while_it_seals(&mut unit, id).await?;
        forget_key(&mut unit, id).await?;
        let mut event = caller.event(self.clock.now(), "key.retired");
        event.detail = json!({ "key": id.to_string() });
        unit.record(&[event]).await?.commit().await?;
        let source = self.key_source()?;
        let mut kept = source.keys().map_err(|e| in_words(&e))?;
        kept.retain(|key| key.id() != id);
        source.replace(&kept).map_err(|e| in_words(&e))?;
        self.read_keys_again()
    }

    fn key_source(&self) -> Result<&KeySource> {
        let source = self.keyring()?.source();
        source.ok_or(EngineError::Internal("keys that were read from no file"))
    }

    /// The file may have been changed since by somebody else.
    fn read_keys_again(&self) -> Result<()> {
        let again = self.key_source()?.load().map_err(|e| in_words(&e))?;
        if self.keyring()?.take_over(&again) {
            Ok(())
        } else {
            let message = "the key file lacks the key that seals today: put it back first";
            Err(EngineError::Conflict(message.to_owned()))
        }
    }

    /// What was done to the file is told, whatever became of whoever did it.
    async fn tell_of_key(&self, caller: &Caller, action: &str, id: KeyId) -> Result<()> {
        let mut event = caller.event(self.clock.now(), action);
        event.detail = json!({ "key": id.to_string() });
        let unit = self.store.begin().await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }
}

/// Counts in the unit that forgets the key: what was sealed since the list was made counts too.
async fn refuse_while_it_seals(unit: &mut Unit, id: KeyId) -> Result<()> {
    let mut seals = 0;
    for column in SealedColumn::ALL {
        let counts = unit.sealed_by_key(*column).await?;
        let its = counts.iter().filter(|(key, _)| key == id.as_bytes());
        seals += its.map(|(_, count)| count).sum::<i64>();
    }
    let mut signed = 0;
    for (key, count) in unit.signed_by_key().await? {
        signed += if key == *id.as_bytes() { count } else { 0 };
    }
    if seals == 0 && signed == 0 {
        return Ok(());
    }
    Err(EngineError::Conflict(format!(
        "{seals} values are sealed with it and {signed} rows signed: seal them anew first (`carillon keys rewrap`)"
    )))
}

/// Where a value of this column opens.
fn place_of(column: SealedColumn, row: &SealedRow) -> Place {
    let id = row.id.as_str();
    match column {
        SealedColumn::Credentials => Place::credential(id, row.version),
        SealedColumn::Passwords => Place::account_password(id, row.version),
        SealedColumn::Factors => Place::second_factor(id, row.version),
        SealedColumn::Numbers => Place::job_params(id),
        SealedColumn::Drafts => Place::draft(id),
        SealedColumn::Private => Place::audit_private(id),
        SealedColumn::Streams => Place::stream_secret(id, row.version),
    }
}

fn in_words(error: &KeyFileError) -> EngineError {
    EngineError::Conflict(error.to_string())
}

/// Whether every sealed value of the database opens with these keys; names those that do not.
///
/// # Errors
/// Only when the storage fails.
pub async fn unreadable(
    store: &carillon_store::Store,
    keyring: &Keyring,
) -> Result<Vec<String>, carillon_store::StoreError> {
    let mut found = Vec::new();
    for column in SealedColumn::ALL {
        let mut after = String::new();
        loop {
            let rows = store.sealed_otherwise(*column, &[], &after, BATCH).await?;
            let Some(last) = rows.last() else { break };
            let closed =
                |row: &&SealedRow| keyring.open(&place_of(*column, row), &row.sealed).is_err();
            found.extend(
                rows.iter()
                    .filter(closed)
                    .map(|row| format!("{column}: {}", row.id)),
            );
            after.clone_from(&last.id);
        }
    }
    Ok(found)
}
