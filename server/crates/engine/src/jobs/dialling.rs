//! What is never dialled, and how many phones may dial at once.
//!
//! Owns the two rules that keep a console from making an office call the police. Never tells a
//! number in its errors.

mod emergency;

use std::collections::BTreeSet;

use carillon_domain::action::CheckedAction;
use carillon_store::Store;

use self::emergency::{Calls, calls};
use crate::error::{EngineError, FieldError, Result};

/// Checks the number of an action or what its keys type, and that one phone at most places a call in
/// one job.
///
/// # Errors
/// The field at fault.
pub(super) async fn check(store: &Store, action: &CheckedAction, phones: usize) -> Result<()> {
    let mut errors = Vec::new();
    for (field, number) in numbers(action) {
        if let Some(message) = refused(store, &number).await? {
            errors.push(FieldError::new(field, "refused", message));
            break;
        }
    }
    if action.entry().name == "number" && phones > 1 {
        let message = format!("one phone may place a call in one job, these are {phones}");
        errors.push(FieldError::new("targets", "too_many", message));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(EngineError::Invalid(errors))
    }
}

/// All that it could dial: a number, or what its keys type, by runs and as if nothing came between any of
/// those that follow each other: what one key took back or sent, nobody knows.
fn numbers(action: &CheckedAction) -> BTreeSet<(&'static str, String)> {
    let dialled = action.dialled().map(|number| number.as_str().to_owned());
    let runs = action.typed();
    let ends = |from: usize| (from..runs.len()).map(move |to| (from, to));
    let typed = (0..runs.len()).flat_map(ends);
    let typed = typed.map(|(from, to)| ("params.keys", runs[from..=to].concat()));
    let dialled = dialled.into_iter().map(|number| ("params.number", number));
    dialled.chain(typed).collect()
}

/// Why a number is not dialled, if it is not.
async fn refused(store: &Store, number: &str) -> Result<Option<&'static str>> {
    for call in calls(number) {
        match call {
            Calls::Emergency => {
                return Ok(Some(
                    "emergency numbers are never dialled, nor calls sent there",
                ));
            }
            Calls::Perhaps(digits) if !store.has_extension(&digits).await? => {
                return Ok(Some(
                    "this may be an emergency number behind an outside line; if it is an extension, give \
                     it to a phone of the inventory",
                ));
            }
            Calls::Perhaps(_) => {}
        }
    }
    Ok(None)
}
