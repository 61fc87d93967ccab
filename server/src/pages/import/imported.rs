//! The phones of an import as a list, for whoever wants to see or command exactly these.
//!
//! Owns under which name they are kept: as a selection beside the result of their import. It lasts less
//! long than that result.

use carillon_engine::inventory::Selection;
use carillon_engine::{Caller, Engine, EngineError};

use crate::pages::selection::list_href;
use crate::problem::chain;

/// Keeps them. The import is done: that they could not be kept changes nothing of that.
pub(super) async fn keep(engine: &Engine, caller: &Caller, id: &str) {
    if let Err(error) = select(engine, caller, id).await {
        let error = chain(&error);
        tracing::error!(%error, id, "the phones of an import are not kept");
    }
}

async fn select(engine: &Engine, caller: &Caller, id: &str) -> Result<(), EngineError> {
    let phones = Selection::of(engine.imported_phones(caller, id).await?);
    if phones.phones.is_empty() {
        return Ok(());
    }
    engine.replace_selection(caller, &place(id), &phones).await
}

/// Where they are listed; `None` where they are no longer kept.
pub(super) async fn href(
    engine: &Engine,
    caller: &Caller,
    id: &str,
) -> Result<Option<String>, EngineError> {
    let place = place(id);
    match engine.selection(caller, &place).await {
        Ok(_) => Ok(Some(list_href(&place, ""))),
        Err(EngineError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn place(id: &str) -> String {
    format!("{id}-phones")
}
