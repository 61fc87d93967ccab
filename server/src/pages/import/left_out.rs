//! The rows that an import left out, for whoever mends them afterwards.
//!
//! Owns the file with its error column once the import was applied: its review, which made the file,
//! is gone then. *Invariant:* no password is in it.

use std::time::Duration;

use carillon_engine::inventory::ImportChoices;
use carillon_engine::{Caller, Engine, EngineError};

use crate::problem::chain;

const KIND: &str = "import_left_out";
/// As long as the result of the import.
const LASTS: Duration = Duration::from_hours(24);

/// The file as its review has it, where rows are to be left out. A review that is gone has none.
pub(super) async fn before(
    engine: &Engine,
    caller: &Caller,
    id: &str,
    choices: &ImportChoices,
) -> Result<Option<String>, EngineError> {
    if !choices.valid_rows_only {
        return Ok(None);
    }
    match engine.import_errors_file(caller, id).await {
        Err(EngineError::NotFound) => Ok(None),
        file => file.map(Some),
    }
}

/// Keeps it beside the result. The import is done: that it could not be kept changes nothing of that.
pub(super) async fn keep(engine: &Engine, caller: &Caller, id: &str, file: Option<String>) {
    let Some(file) = file else { return };
    let place = place(id);
    let kept = engine.replace_draft(caller, KIND, &place, &file, LASTS);
    if let Err(error) = kept.await {
        let error = chain(&error);
        tracing::error!(%error, id, "the rows that an import left out are not kept");
    }
}

/// The file, of the review or of what came of it.
pub(super) async fn file(
    engine: &Engine,
    caller: &Caller,
    id: &str,
) -> Result<String, EngineError> {
    match engine.import_errors_file(caller, id).await {
        Err(EngineError::NotFound) => engine.draft(caller, KIND, &place(id)).await,
        file => file,
    }
}

fn place(id: &str) -> String {
    format!("{id}-left-out")
}
