//! What is shown once: it waits sealed for the page behind a redirect, which takes it away.
//!
//! *Invariant:* a second look gets nothing but the way to a new one; asking for the head of the page
//! alone is no look.

use carillon_engine::{Caller, EngineError};
use serde::de::DeserializeOwned;

use super::notice;
use super::visit::Visit;

/// Takes what was kept under this kind and id; says `gone` above the page where somebody was
/// faster.
///
/// # Errors
/// Those of the storage, and of what cannot be opened.
pub(super) async fn taken<T: DeserializeOwned>(
    visit: &mut Visit,
    caller: &Caller,
    (kind, id): (&str, &str),
    gone: &'static str,
) -> Result<Option<T>, EngineError> {
    if visit.head_only {
        return Ok(None);
    }
    let taken = visit.app.engine().take_draft(caller, kind, id).await;
    or_gone(visit, taken, gone)
}

/// The recovery codes that were just made, in the same way.
///
/// # Errors
/// As for [`taken`].
pub(super) async fn codes(
    visit: &mut Visit,
    caller: &Caller,
    id: &str,
    gone: &'static str,
) -> Result<Option<Vec<String>>, EngineError> {
    if visit.head_only {
        return Ok(None);
    }
    let taken = visit.app.engine().take_recovery_codes(caller, id).await;
    or_gone(visit, taken, gone)
}

fn or_gone<T>(
    visit: &mut Visit,
    taken: Result<T, EngineError>,
    gone: &'static str,
) -> Result<Option<T>, EngineError> {
    match taken {
        Ok(shown) => Ok(Some(shown)),
        Err(EngineError::NotFound) => {
            notice::warn(visit, gone);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
