//! The keys that seal, from this machine.

use carillon_engine::secrets::{KeyId, KeyInfo, KeyState, Rewrapped};
use carillon_engine::{Caller, Engine, EngineError};

use super::command::Answer;
use super::execute::Done;

/// What is left to do where several nodes each have a copy of the key file.
const RESTART: &str = "copy the key file to every node and restart every node: until then the others seal with the key before";
const RESTART_WITHOUT: &str =
    "copy the key file to every node and restart every node: until then the others keep the key";
const IN_STEPS: &str = "nodes share this database and each has its own copy of the key file, so this goes in steps: `carillon keys add`; copy the key file to every node; `carillon keys activate KEY` on one; copy it again and restart every node; `carillon keys rewrap`; `carillon keys retire OLD`; copy it once more and restart every node";

/// A line so often is enough to watch by.
const TOLD_EVERY: u64 = 10_000;

pub(super) async fn list(engine: &Engine, caller: &Caller) -> Done {
    let keys = engine.list_keys(caller).await?;
    Ok(Answer::lines(keys.iter().map(line).collect()))
}

fn line(key: &KeyInfo) -> String {
    format!(
        "{} {:8} {:>8} values {:>6} rows  made {}",
        key.id, key.state, key.seals, key.rows, key.created
    )
}

pub(super) async fn add(engine: &Engine, caller: &Caller) -> Done {
    let id = engine.add_key(caller).await?;
    Ok(Answer {
        lines: vec![id.to_string()],
        notes: vec![
            "it opens and does not seal yet: copy the key file to every node and to its safe place, then `carillon keys activate`".to_owned(),
        ],
        failure: None,
    })
}

pub(super) async fn activate(engine: &Engine, caller: &Caller, key: &str) -> Done {
    engine.activate_key(caller, id_of(key)?).await?;
    let note = format!("{key} seals from now on; `carillon keys rewrap` seals what is there anew");
    Ok(noted(engine, note, RESTART))
}

pub(super) async fn rewrap(engine: &Engine, caller: &Caller) -> Done {
    let done = engine.rewrap(caller, tell).await?;
    Ok(told(&done))
}

/// A fresh key that seals, and everything sealed with it. Killed on the way and asked for again,
/// it goes on with what it began and makes no further key. Not where nodes share the database:
/// one that lacks the fresh key could not open what was sealed with it.
pub(super) async fn rotate(engine: &Engine, caller: &Caller) -> Done {
    if engine.store.is_shared() {
        return Err(EngineError::Conflict(IN_STEPS.to_owned()));
    }
    let keys = engine.list_keys(caller).await?;
    let standby = |key: &&KeyInfo| key.state == KeyState::Standby;
    if !keys
        .iter()
        .filter(standby)
        .any(|key| key.seals + key.rows > 0)
    {
        let id = match fresh(&keys) {
            Some(id) => id,
            None => engine.add_key(caller).await?,
        };
        engine.activate_key(caller, id).await?;
    }
    let done = engine.rewrap(caller, tell).await?;
    Ok(told(&done))
}

/// A key that was made after the one that seals, and sealed nothing yet.
fn fresh(keys: &[KeyInfo]) -> Option<KeyId> {
    let active = keys.iter().find(|key| key.state == KeyState::Active)?;
    let younger = |key: &&KeyInfo| key.state == KeyState::Standby && key.created > active.created;
    keys.iter().find(younger).map(|key| key.id)
}

pub(super) async fn retire(engine: &Engine, caller: &Caller, key: &str) -> Done {
    engine.retire_key(caller, id_of(key)?).await?;
    let note = format!(
        "{key} is gone from the key file; backups sealed with it need the copy that you kept"
    );
    Ok(noted(engine, note, RESTART_WITHOUT))
}

/// A note, and the step that follows where nodes share the database.
fn noted(engine: &Engine, note: String, step: &str) -> Answer {
    let mut notes = vec![note];
    if engine.store.is_shared() {
        notes.push(step.to_owned());
    }
    Answer {
        notes,
        ..Answer::default()
    }
}

fn id_of(text: &str) -> Result<KeyId, EngineError> {
    let message = "a key is named by its sixteen hexadecimal digits: see `carillon keys list`";
    text.parse()
        .map_err(|_| EngineError::invalid("key", "invalid", message))
}

fn tell(done: u64) {
    if done % TOLD_EVERY < 500 {
        tracing::info!(done, "values sealed anew");
    }
}

fn told(done: &Rewrapped) -> Answer {
    let failure = (!done.unreadable.is_empty()).then(|| {
        let some: Vec<&str> = done.unreadable.iter().take(5).map(String::as_str).collect();
        format!(
            "{} values do not open or rows are not as Carillon wrote them, and were left as they are: {}",
            done.unreadable.len(),
            some.join(", ")
        )
    });
    let mut notes = vec![format!("{} values sealed anew", done.done)];
    if done.rows > 0 {
        notes.push(format!("{} rows signed anew", done.rows));
    }
    Answer {
        notes,
        failure,
        ..Answer::default()
    }
}
