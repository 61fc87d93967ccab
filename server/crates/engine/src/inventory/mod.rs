//! The inventory: phones, tags, sites, groups, credentials, and lists of phones.
//!
//! Owns every change to it, each with its audit record in one transaction. *Invariant:* no
//! address outside the allowed networks gets in, no secret gets out, and no record holds one.

pub mod choices;
mod clear;
pub mod credentials;
pub mod effective;
pub mod export;
pub mod groups;
mod health;
pub mod import;
mod login;
mod pbx;
pub mod phones;
mod record;
mod rule;
pub mod screen;
pub mod selection;
pub(crate) mod shared;
pub mod sip;
pub mod sites;
pub mod tags;
pub mod trust;
pub mod views;

pub use credentials::CredentialInput;
pub use effective::EffectiveLogin;
pub use export::PhoneExport;
pub use groups::{GroupInput, MemberChange, Moved, RuleEffect, Why};
pub use import::{
    ImportChoices, ImportOnce, ImportReport, ImportResult, ImportReview, KeptList,
    NEW_SITE_SECURITY, NewSite, ReviewRow, SharedAddress, UndoReview, Undone,
};
pub use phones::{BulkEdited, PhoneEdit, PhoneQuery};
pub use screen::{NoPicture, Picture};
pub use selection::Selection;
pub use sip::SipProfileInput;
pub use sites::SiteInput;
pub use tags::TagChange;

use carillon_domain::event::Event;
use carillon_store::Unit;

use crate::Engine;
use crate::error::{EngineError, Result};

/// Writes the records of a unit and makes it true.
async fn finish(unit: Unit, events: &[Event]) -> Result<()> {
    unit.record(events).await?.commit().await?;
    Ok(())
}

/// Refuses an edit that started from an older version; `None` takes the newest.
fn check_version(found: i64, expected: Option<i64>) -> Result<()> {
    match expected {
        Some(expected) if expected != found => Err(EngineError::Conflict(
            "somebody else changed this meanwhile: look at it again, then repeat your change"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

impl Engine {
    /// Refuses the name of a credential that is not stored.
    async fn check_credential_name(&self, unit: &mut Unit, name: Option<&str>) -> Result<()> {
        let Some(name) = name else { return Ok(()) };
        match unit.credential(name).await? {
            Some(row) if row.phone.is_none() => Ok(()),
            _ => Err(EngineError::invalid(
                "credential",
                "unknown",
                "there is no stored credential of this name",
            )),
        }
    }
}
