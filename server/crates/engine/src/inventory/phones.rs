//! Phones one by one: look, add, change, delete.

mod bulk;
mod delete;
mod write;

use std::collections::BTreeMap;

use carillon_domain::phone::{DialForm, UrlForm};
use carillon_domain::phone_list::{self, Column, Row};
use carillon_domain::role::Permission;
use carillon_domain::{FieldError, Filter, Mac, Timestamp};
use carillon_store::{
    Direction, ListedPhones, Page, PhoneBeside, PhoneList, PhoneRow, PhoneSet, PhoneSort, Seek,
    Store, StoreError,
};
use secrecy::SecretString;

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

pub use bulk::BulkEdited;
pub(crate) use delete::{GroupsOf, take_out};

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

impl<'f> PhoneQuery<'f> {
    fn list(self, now: Timestamp) -> PhoneList<'f> {
        PhoneList {
            filter: self.filter,
            sort: self.sort,
            direction: self.direction,
            seek: self.seek,
            limit: self.limit,
            now,
        }
    }
}

fn no_place(error: StoreError) -> EngineError {
    match error {
        StoreError::InvalidCursor => {
            let message = "this place in the list does not exist: start at its beginning";
            EngineError::invalid("after", "invalid", message)
        }
        other => other.into(),
    }
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
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        let list = query.list(self.clock.now());
        seen.phone_page(&list).await.map_err(no_place)
    }

    /// How many phones a filter takes.
    ///
    /// # Errors
    /// Denied.
    pub async fn count_phones(&self, caller: &Caller, filter: &Filter) -> Result<i64> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        Ok(seen.count_phones(filter, self.clock.now()).await?)
    }

    /// How many phones a filter takes, and exactly which.
    ///
    /// # Errors
    /// Denied.
    pub async fn phone_set(&self, caller: &Caller, filter: &Filter) -> Result<PhoneSet> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        Ok(seen.phone_set(filter, self.clock.now()).await?)
    }

    /// The identities of the phones that a filter takes, sorted.
    ///
    /// # Errors
    /// Denied.
    pub async fn macs(&self, caller: &Caller, filter: &Filter) -> Result<Vec<Mac>> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        Ok(seen.macs(filter, self.clock.now()).await?)
    }

    /// One phone.
    ///
    /// # Errors
    /// Denied, or not found.
    pub async fn phone(&self, caller: &Caller, mac: Mac) -> Result<PhoneRow> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        seen.phone(mac).await?.ok_or(EngineError::NotFound)
    }

    /// One page of phones, all phones of the list, and what the rows show besides.
    ///
    /// # Errors
    /// Denied, or a place in the list that does not exist.
    pub async fn listed_phones(
        &self,
        caller: &Caller,
        query: PhoneQuery<'_>,
        with_groups: bool,
    ) -> Result<ListedPhones> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        let list = query.list(self.clock.now());
        let found = seen.listed_phones(&list, with_groups).await;
        found.map_err(no_place)
    }

    /// The site, the last action, what its job still waits for, and the addresses of a phone, latest
    /// first.
    ///
    /// # Errors
    /// Denied.
    pub async fn beside_phone(
        &self,
        caller: &Caller,
        row: &PhoneRow,
        addresses: i64,
    ) -> Result<PhoneBeside> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        let job = row.last.as_ref().map(|last| last.job.as_str());
        Ok(seen.phone_beside(row.phone.mac, job, addresses).await?)
    }

    /// The groups that a phone is in now, by slug.
    ///
    /// # Errors
    /// Denied.
    pub async fn groups_of_phone(&self, caller: &Caller, mac: Mac) -> Result<Vec<String>> {
        Ok(self.belongings_of_phone(caller, mac).await?.0)
    }

    /// All of them, for the record of a change.
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
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        let (mut macs, mut errors) = (Vec::with_capacity(names.len()), Vec::new());
        for name in names
            .iter()
            .map(|name| name.trim())
            .filter(|name| !name.is_empty())
        {
            match self.named_phone(&seen, name).await? {
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

    async fn named_phone(&self, seen: &Store, name: &str) -> Result<Result<Mac, &'static str>> {
        if let Ok(mac) = name.parse::<Mac>() {
            let found = seen.phone(mac).await?;
            return Ok(found.map(|_| mac).ok_or("there is no phone with this MAC"));
        }
        let mut filter = Filter::default();
        filter.require(carillon_domain::filter::Test::Extension(name.to_owned()));
        let found = seen.macs(&filter, self.clock.now()).await?;
        Ok(match found.as_slice() {
            [mac] => Ok(*mac),
            [] => Err("there is no phone with this MAC or extension"),
            _ => Err("several phones have this extension: give the MAC"),
        })
    }
}
