//! Adding and changing phones.

use carillon_devices::Blocked;
use carillon_domain::Mac;
use carillon_domain::change::{self, Change};
use carillon_domain::phone::Phone;
use carillon_domain::phone_list::{Cell, Row};
use carillon_domain::role::Permission;
use carillon_domain::sip::SipAddress;
use carillon_store::{Keeps, PhoneRow, Unit};

use super::super::clear::Touched;
use super::super::login::{self, Intent};
use super::super::{check_version, record};
use super::PhoneEdit;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// A change of these phones, by default of one: a person who may keep phones says where each is. Whoever
/// changes many by one choice asks for more.
pub(super) const fn by_phones(macs: &[Mac]) -> Touched<'_> {
    Touched {
        phones: Some(macs),
        page: "/phones",
        proof: false,
    }
}

impl Engine {
    /// Adds a phone.
    ///
    /// # Errors
    /// Denied, or every field at fault.
    pub async fn create_phone(
        &self,
        caller: &Caller,
        mac: Mac,
        edit: &PhoneEdit,
    ) -> Result<PhoneRow> {
        let created = self.add_phone(caller, mac, edit).await;
        self.told_if_blocked(caller, "a new phone", created).await
    }

    async fn add_phone(&self, caller: &Caller, mac: Mac, edit: &PhoneEdit) -> Result<PhoneRow> {
        caller.require(Permission::ManageInventory)?;
        let row = edit.row(mac)?;
        let now = self.clock.now();
        self.follow_networks().await?;
        let mut unit = caller.begin_keeping(&self.store, Keeps::Ways).await?;
        if !unit.phones_by_macs(&[mac]).await?.is_empty() {
            return Err(EngineError::invalid(
                "mac",
                "taken",
                "this phone is in the inventory already",
            ));
        }
        let before = Phone::new(mac);
        let (phone, intent) = self.edited(&mut unit, &before, &row, edit).await?;
        let changes = all_changes(&before, &phone, &intent);
        unit.insert_phones(std::slice::from_ref(&phone), now)
            .await?;
        let sealed = self
            .write_logins(&mut unit, vec![(mac, intent)], now)
            .await?;
        let mut event = record::of_phone(caller, now, "phone.created", &phone);
        event.detail = record::changes(&changes);
        record::seal(&mut event, sealed.get(&mac));
        self.finish_guarded(caller, unit, &[event], &by_phones(&[mac]))
            .await?;
        self.phone(caller, mac).await
    }

    /// Changes a phone. Nothing different = nothing written.
    ///
    /// # Errors
    /// Denied, not found, an old version, or every field at fault.
    pub async fn update_phone(
        &self,
        caller: &Caller,
        mac: Mac,
        edit: &PhoneEdit,
        version: Option<i64>,
    ) -> Result<PhoneRow> {
        let updated = self.edit_phone(caller, mac, edit, version).await;
        self.told_if_blocked(caller, "a phone", updated).await
    }

    async fn edit_phone(
        &self,
        caller: &Caller,
        mac: Mac,
        edit: &PhoneEdit,
        version: Option<i64>,
    ) -> Result<PhoneRow> {
        let seen = caller.sight(edit.permission(), &self.store)?;
        let row = edit.row(mac)?;
        let groups = self.groups_now(mac).await?;
        self.follow_networks().await?;
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&seen, Keeps::Ways).await?;
        let stored = unit
            .phones_by_macs(&[mac])
            .await?
            .pop()
            .ok_or(EngineError::NotFound)?;
        check_version(stored.version, version)?;
        let (phone, mut intent) = self.edited(&mut unit, &stored.phone, &row, edit).await?;
        if !caller.proved && phone != stored.phone {
            intent = intent.anew();
        }
        let changes = all_changes(&stored.phone, &phone, &intent);
        if changes.is_empty() {
            return Ok(stored);
        }
        unit.update_phone(&phone, stored.version, now).await?;
        let sealed = self
            .write_logins(&mut unit, vec![(mac, intent)], now)
            .await?;
        let mut event = record::of_phone(caller, now, "phone.changed", &phone);
        event.groups = groups;
        event.detail = record::changes(&changes);
        record::seal(&mut event, sealed.get(&mac));
        self.finish_guarded(caller, unit, &[event], &by_phones(&[mac]))
            .await?;
        seen.phone(mac).await?.ok_or(EngineError::NotFound)
    }

    /// What an edit makes of a phone, after every check.
    async fn edited(
        &self,
        unit: &mut Unit,
        before: &Phone,
        row: &Row,
        edit: &PhoneEdit,
    ) -> Result<(Phone, Intent)> {
        let mut phone = before.clone();
        row.apply_to(&mut phone, |site| site.slug.clone());
        phone.url_form = edit.url_form.unwrap_or(phone.url_form);
        phone.dial_form = edit.dial_form.unwrap_or(phone.dial_form);
        if let Cell::Value(site) = &row.site
            && unit.site(&site.slug).await?.is_none()
        {
            return Err(EngineError::invalid(
                "site",
                "unknown",
                "there is no site of this name",
            ));
        }
        if matches!(row.credential, Cell::Value(_)) {
            self.check_credential_name(unit, phone.credential.as_deref())
                .await?;
        }
        self.check_reachable(&phone, before)
            .map_err(|(field, message)| EngineError::invalid(field, "blocked", message))?;
        let stored = unit.own_credential(phone.mac).await?;
        let intent = login::intent(row, stored.as_ref(), self.keyring.as_ref());
        let intent = intent.map_err(|_| {
            let message = "this phone has no password yet: give one";
            EngineError::invalid("password", "missing", message)
        })?;
        Ok((phone, intent))
    }

    /// Refuses an address or port that the guard would never let through, when it is new; also one in a
    /// SIP address, where commands go that no SIP server takes.
    pub(in crate::inventory) fn check_reachable(
        &self,
        phone: &Phone,
        before: &Phone,
    ) -> Result<(), (&'static str, String)> {
        if phone.sip_uri != before.sip_uri {
            self.check_sip_host(&phone.sip_uri)
                .map_err(|blocked| ("sip_uri", blocked.to_string()))?;
        }
        let is_new = phone.address != before.address || phone.port != before.port;
        let (Some(address), true) = (phone.address, is_new) else {
            return Ok(());
        };
        let guard = self.guard();
        guard
            .check_address(address)
            .map_err(|blocked| ("address", blocked.to_string()))?;
        match phone.port {
            Some(port) => guard
                .check(address, port)
                .map(drop)
                .map_err(|blocked| ("port", blocked.to_string())),
            None => Ok(()),
        }
    }

    /// A name of a host is looked up by nobody.
    fn check_sip_host(&self, sip_uri: &str) -> Result<(), Blocked> {
        let account = sip_uri.parse::<SipAddress>().ok();
        let host = account.and_then(|account| Some((account.host_address()?, account.port())));
        let guard = self.guard();
        match host {
            Some((address, Some(port))) => guard.check(address, port).map(drop),
            Some((address, None)) => guard.check_address(address).map(drop),
            None => Ok(()),
        }
    }
}

fn all_changes(before: &Phone, after: &Phone, intent: &Intent) -> Vec<Change> {
    let mut changes = change::between(&before.fields(), &after.fields());
    changes.extend(intent.changes());
    changes
}
