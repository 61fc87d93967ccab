//! How often in a row each credential was refused.
//!
//! Owns the count, over all jobs of this node. Phones lock out whoever goes on trying a wrong
//! password; so after some refusals in a row nothing more is sent with it until a person says
//! so. A changed password is counted anew.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use carillon_domain::{Cause, TargetState};
use carillon_store::CredentialRow;

/// A credential as it was when a delivery carried it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Carried {
    /// Its name.
    pub(crate) name: String,
    /// Counts the changes of its password.
    pub(crate) version: i64,
}

impl Carried {
    /// A credential as it is stored now.
    pub(super) fn of(row: &CredentialRow) -> Self {
        Self {
            name: row.name.clone(),
            version: row.secret_version,
        }
    }
}

/// The counts.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<Carried, u32>>);

impl Refusals {
    /// Notes what came of a completed delivery; answers how often in a row the credential was
    /// refused by now, when this one was refused.
    pub(super) fn note(&self, credential: &Carried, cause: Option<Cause>) -> Option<u32> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match cause {
            Some(Cause::AuthFailed | Cause::AuthLockedOut) => {
                let row = rows.entry(credential.clone()).or_default();
                *row = row.saturating_add(1);
                Some(*row)
            }
            // A PBX takes commands only after it took the password.
            Some(Cause::HandedOver) => {
                rows.remove(credential);
                None
            }
            // Nobody that was not reached, or did not answer, says anything of the password.
            Some(cause) if cause.surely_not_sent() || cause.state() != TargetState::Failed => None,
            _ => {
                rows.remove(credential);
                None
            }
        }
    }

    /// Whether a credential was refused so often in a row that it is not to be sent.
    pub(super) fn are_full(&self, credential: &Carried, limit: u32) -> bool {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        limit > 0 && rows.get(credential).is_some_and(|times| *times >= limit)
    }

    /// Forgets the refusals of a credential: a person lets it go on.
    pub(super) fn forget(&self, name: &str) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.retain(|credential, _| credential.name != name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_ends_the_row() {
        let refusals = Refusals::default();
        let berlin = Carried {
            name: "berlin".to_owned(),
            version: 1,
        };
        let changed = Carried {
            version: 2,
            ..berlin.clone()
        };
        let refused = Some(Cause::AuthFailed);
        assert_eq!(refusals.note(&berlin, refused), Some(1));
        for silent in [Cause::Refused, Cause::TimeoutAnswer, Cause::WrongPhone] {
            assert_eq!(refusals.note(&berlin, Some(silent)), None);
        }
        assert_eq!(refusals.note(&berlin, refused), Some(2));
        assert_eq!(refusals.note(&changed, refused), Some(1));
        for answered in [None, Some(Cause::Unsupported)] {
            refusals.note(&berlin, answered);
            assert_eq!(refusals.note(&berlin, refused), Some(1));
        }
        refusals.forget("berlin");
        assert_eq!(refusals.note(&changed, refused), Some(1));
    }
}
