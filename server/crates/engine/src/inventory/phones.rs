//! Phones one by one: look, add, change, delete.

use std::collections::BTreeMap;

use carillon_domain::change::{self, Change};
use carillon_domain::phone::{DialForm, Phone, UrlForm};
use carillon_domain::phone_list::{self, Cell, Column, Row};
use carillon_domain::role::Permission;
use carillon_domain::{FieldError, Filter, Mac};
use carillon_store::{
    Direction, Facets, Page, PhoneList, PhoneRow, PhoneSort, Seek, StoreError, Unit,
};
use secrecy::SecretString;

use super::login::{self, Intent};
use super::{check_version, finish, record};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// Which page of which phones.
#[derive(Clone, Debug)]
pub struct PhoneQuery<'f> {
    /// Which phones.
    pub filter: &'f Filter,
    /// Sorted by.
    pub sort: PhoneSort,
    /// Up or down.
    pub direction: Direction,
    /// Where the page begins.
    pub seek: Seek,
    /// Its longest length.
    pub limit: i64,
}

/// What shall be different about a phone: a field that is not given stays, a blank one is cleared.
#[derive(Clone, Default)]
pub struct PhoneEdit {
    /// Fields by column, as text.
    pub fields: BTreeMap<Column, String>,
    /// A password for this phone alone; goes with a user name among the fields.
    pub password: Option<SecretString>,
    /// Which URL form the phone understands.
    pub url_form: Option<UrlForm>,
    /// How it takes a number to dial.
    pub dial_form: Option<DialForm>,
}

impl PhoneEdit {
    /// Operators may edit tags; all else is for administrators.
    fn permission(&self) -> Permission {
        let only_tags = self.fields.keys().all(|column| *column == Column::Tags);
        let nothing_else =
            self.password.is_none() && self.url_form.is_none() && self.dial_form.is_none();
        if only_tags && nothing_else {
            Permission::EditTags
        } else {
            Permission::ManageInventory
        }
    }

    fn row(&self, mac: Mac) -> Result<Row> {
        phone_list::from_fields(mac, &self.fields, self.password.as_ref())
            .map_err(EngineError::Invalid)
    }
}

impl Engine {
    /// One page of phones.
    ///
    /// # Errors
    /// Denied, or a place in the list that does not exist.
    pub async fn phone_page(
        &self,
        caller: &Caller,
        query: PhoneQuery<'_>,
    ) -> Result<Page<PhoneRow>> {
        caller.require(Permission::ViewInventory)?;
        let list = PhoneList {
            filter: query.filter,
            sort: query.sort,
            direction: query.direction,
            seek: query.seek,
            limit: query.limit,
            now: self.clock.now(),
        };
        self.store
            .phone_page(&list)
            .await
            .map_err(|error| match error {
                StoreError::InvalidCursor => {
                    let message = "this place in the list does not exist: start at its beginning";
                    EngineError::invalid("after", "invalid", message)
                }
                other => other.into(),
            })
    }

    /// How many phones a filter takes.
    ///
    /// # Errors
    /// Denied.
    pub async fn count_phones(&self, caller: &Caller, filter: &Filter) -> Result<i64> {
        caller.require(Permission::ViewInventory)?;
        Ok(self.store.count_phones(filter, self.clock.now()).await?)
    }

    /// The identities of the phones that a filter takes, sorted.
    ///
    /// # Errors
    /// Denied.
    pub async fn macs(&self, caller: &Caller, filter: &Filter) -> Result<Vec<Mac>> {
        caller.require(Permission::ViewInventory)?;
        Ok(self.store.macs(filter, self.clock.now()).await?)
    }

    /// How the phones of a filter are spread over sites, models and states.
    ///
    /// # Errors
    /// Denied.
    pub async fn phone_facets(&self, caller: &Caller, filter: &Filter) -> Result<Facets> {
        caller.require(Permission::ViewInventory)?;
        Ok(self.store.facets(filter, self.clock.now()).await?)
    }

    /// One phone.
    ///
    /// # Errors
    /// Denied, or not found.
    pub async fn phone(&self, caller: &Caller, mac: Mac) -> Result<PhoneRow> {
        caller.require(Permission::ViewInventory)?;
        self.store.phone(mac).await?.ok_or(EngineError::NotFound)
    }

    /// The groups that a phone is in now, by slug.
    ///
    /// # Errors
    /// Denied.
    pub async fn groups_of_phone(&self, caller: &Caller, mac: Mac) -> Result<Vec<String>> {
        caller.require(Permission::ViewInventory)?;
        self.groups_now(mac).await
    }

    async fn groups_now(&self, mac: Mac) -> Result<Vec<String>> {
        let mut groups = self.store.groups_of(&[mac], self.clock.now()).await?;
        Ok(groups.remove(&mac).unwrap_or_default())
    }

    /// Finds phones that people name by MAC or extension; every name that finds none, or several,
    /// is told.
    ///
    /// # Errors
    /// Denied, or the names at fault under `field`.
    pub async fn named_phones(
        &self,
        caller: &Caller,
        field: &str,
        names: &[String],
    ) -> Result<Vec<Mac>> {
        caller.require(Permission::ViewInventory)?;
        let (mut macs, mut errors) = (Vec::with_capacity(names.len()), Vec::new());
        for name in names
            .iter()
            .map(|name| name.trim())
            .filter(|name| !name.is_empty())
        {
            match self.named_phone(name).await? {
                Ok(mac) => macs.push(mac),
                Err(problem) => {
                    let short: String = name.chars().take(40).collect();
                    let message = format!("{short:?}: {problem}");
                    errors.push(FieldError::new(field, "unknown", message));
                }
            }
        }
        if errors.is_empty() {
            Ok(macs)
        } else {
            Err(EngineError::Invalid(errors))
        }
    }

    async fn named_phone(&self, name: &str) -> Result<Result<Mac, &'static str>> {
        if let Ok(mac) = name.parse::<Mac>() {
            let found = self.store.phone(mac).await?;
            return Ok(found.map(|_| mac).ok_or("there is no phone with this MAC"));
        }
        let mut filter = Filter::default();
        filter.require(carillon_domain::filter::Test::Extension(name.to_owned()));
        let found = self.store.macs(&filter, self.clock.now()).await?;
        Ok(match found.as_slice() {
            [mac] => Ok(*mac),
            [] => Err("there is no phone with this MAC or extension"),
            _ => Err("several phones have this extension: give the MAC"),
        })
    }

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
        caller.require(Permission::ManageInventory)?;
        let row = edit.row(mac)?;
        let now = self.clock.now();
        let mut unit = self.store.begin().await?;
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
        finish(unit, &[event]).await?;
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
        caller.require(edit.permission())?;
        let row = edit.row(mac)?;
        let groups = self.groups_now(mac).await?;
        let now = self.clock.now();
        let mut unit = self.store.begin().await?;
        let stored = unit
            .phones_by_macs(&[mac])
            .await?
            .pop()
            .ok_or(EngineError::NotFound)?;
        check_version(stored.version, version)?;
        let (phone, intent) = self.edited(&mut unit, &stored.phone, &row, edit).await?;
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
        finish(unit, &[event]).await?;
        self.store.phone(mac).await?.ok_or(EngineError::NotFound)
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

    /// Refuses an address or port that the guard would never let through, when it is new.
    pub(super) fn check_reachable(
        &self,
        phone: &Phone,
        before: &Phone,
    ) -> Result<(), (&'static str, String)> {
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

    /// Deletes phones; says how many there were. Jobs and records keep their names.
    ///
    /// # Errors
    /// Denied.
    pub async fn delete_phones(&self, caller: &Caller, macs: &[Mac]) -> Result<u64> {
        caller.require(Permission::ManageInventory)?;
        let now = self.clock.now();
        let mut groups = self.store.groups_of(macs, now).await?;
        let mut unit = self.store.begin().await?;
        let rows = unit.phones_by_macs(macs).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let events: Vec<_> = rows
            .iter()
            .map(|row| {
                let mut event = record::of_phone(caller, now, "phone.deleted", &row.phone);
                event.groups = groups.remove(&row.phone.mac).unwrap_or_default();
                event
            })
            .collect();
        let found: Vec<Mac> = rows.iter().map(|row| row.phone.mac).collect();
        unit.delete_own_credentials(&found).await?;
        let deleted = unit.delete_phones(&found).await?;
        finish(unit, &events).await?;
        Ok(deleted)
    }

    /// Deletes one phone that somebody has looked at.
    ///
    /// # Errors
    /// Denied, not found, or an old version.
    pub async fn delete_phone(
        &self,
        caller: &Caller,
        mac: Mac,
        version: Option<i64>,
    ) -> Result<()> {
        caller.require(Permission::ManageInventory)?;
        let row = self.store.phone(mac).await?.ok_or(EngineError::NotFound)?;
        check_version(row.version, version)?;
        self.delete_phones(caller, &[mac]).await.map(drop)
    }
}

fn all_changes(before: &Phone, after: &Phone, intent: &Intent) -> Vec<Change> {
    let mut changes = change::between(&before.fields(), &after.fields());
    changes.extend(intent.changes());
    changes
}
