//! Changing many phones at once.
//!
//! Owns the one transaction around them. *Invariant:* every phone that changes has its own
//! record, and nothing changes when one of them must not.

use carillon_domain::Mac;
use carillon_domain::change;
use carillon_domain::event::Event;
use carillon_domain::phone::Phone;
use carillon_domain::phone_list::{Cell, Column, Row};
use carillon_domain::role::Permission;
use carillon_store::Keeps;

use super::super::clear::Touched;
use super::super::record;
use super::PhoneEdit;
use super::write::by_phones;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// What may be the same for many phones. Everything else belongs to one.
const SHARED: [Column; 6] = [
    Column::Site,
    Column::Model,
    Column::Scheme,
    Column::Credential,
    Column::Protected,
    Column::Notes,
];

/// What a change of many phones came to. The three add up to the phones that were named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BulkEdited {
    /// Changed.
    pub changed: u64,
    /// Were so already.
    pub unchanged: u64,
    /// Are no longer in the inventory.
    pub missing: u64,
}

impl Engine {
    /// Changes many phones in the same way; a field that is not given stays.
    ///
    /// # Errors
    /// Denied, or every field at fault; then nothing is changed.
    pub async fn edit_phones(
        &self,
        caller: &Caller,
        macs: &[Mac],
        edit: &PhoneEdit,
    ) -> Result<BulkEdited> {
        let seen = caller.sight(Permission::ManageInventory, &self.store)?;
        let row = shared_row(edit)?;
        let now = self.clock.now();
        let mut groups = self.store.groups_of(macs, now).await?;
        let mut unit = caller.begin_keeping(&seen, Keeps::Ways).await?;
        self.check_places(&mut unit, &row).await?;
        let stored = unit.phones_by_macs(macs).await?;
        let (mut phones, mut events) = (Vec::new(), Vec::new());
        for before in stored.iter().map(|row| &row.phone) {
            let after = applied(before, &row, edit);
            let changes = change::between(&before.fields(), &after.fields());
            if changes.is_empty() {
                continue;
            }
            let mut event: Event = record::of_phone(caller, now, "phone.changed", &after);
            event.groups = groups.remove(&after.mac).unwrap_or_default();
            event.detail = record::changes(&changes);
            events.push(event);
            phones.push(after);
        }
        let counted = BulkEdited {
            changed: phones.len() as u64,
            unchanged: (stored.len() - phones.len()) as u64,
            missing: (macs.len() - stored.len()) as u64,
        };
        if !phones.is_empty() {
            unit.upsert_phones(&phones, now).await?;
            let touched = Touched {
                proof: true,
                ..by_phones(macs)
            };
            self.finish_guarded(caller, unit, &events, &touched).await?;
        }
        Ok(counted)
    }

    /// Refuses a site or a stored credential that is not there.
    async fn check_places(&self, unit: &mut carillon_store::Unit, row: &Row) -> Result<()> {
        if let Cell::Value(site) = &row.site
            && unit.site(&site.slug).await?.is_none()
        {
            let message = "there is no site of this name";
            return Err(EngineError::invalid("site", "unknown", message));
        }
        match &row.credential {
            Cell::Value(name) => self.check_credential_name(unit, Some(name)).await,
            _ => Ok(()),
        }
    }
}

/// The fields, checked; one that belongs to a single phone is refused.
fn shared_row(edit: &PhoneEdit) -> Result<Row> {
    let own = edit.fields.keys().find(|column| !SHARED.contains(column));
    if let Some(column) = own {
        let message = "this belongs to one phone: change it on that phone";
        return Err(EngineError::invalid(column.as_str(), "invalid", message));
    }
    if edit.fields.is_empty() && edit.url_form.is_none() && edit.dial_form.is_none() {
        let message = "choose at least one thing to change";
        return Err(EngineError::invalid("", "empty", message));
    }
    // The identity is no part of what is read here; any will do.
    edit.row(Mac::from_bytes([0, 0x15, 0x65, 0, 0, 0]))
}

fn applied(before: &Phone, row: &Row, edit: &PhoneEdit) -> Phone {
    let mut phone = before.clone();
    row.apply_to(&mut phone, |site| site.slug.clone());
    phone.url_form = edit.url_form.unwrap_or(phone.url_form);
    phone.dial_form = edit.dial_form.unwrap_or(phone.dial_form);
    phone
}
