//! What pages of the inventory need beside its rows, each in few queries whatever its size.

use std::collections::HashMap;

use carillon_domain::Mac;
use carillon_domain::role::Permission;
use carillon_store::{CredentialUse, GroupJob, JobsBeside, PhoneChoices, PhoneRow};

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

impl Engine {
    /// Every value that phones can be narrowed by, with its number of phones.
    ///
    /// # Errors
    /// Denied.
    pub async fn phone_choices(&self, caller: &Caller) -> Result<PhoneChoices> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        Ok(seen.phone_choices(caller.user_id.as_deref()).await?)
    }

    /// Names of the sites of these phones by slug, and what jobs have to do with the phones. They are
    /// some that the caller sees.
    ///
    /// # Errors
    /// Denied.
    pub async fn names_beside(
        &self,
        caller: &Caller,
        phones: &[PhoneRow],
    ) -> Result<(HashMap<String, String>, JobsBeside)> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        Ok(seen.names_beside(phones).await?)
    }

    /// The names of these sites by slug. They are of something that the caller sees.
    ///
    /// # Errors
    /// Denied.
    pub async fn site_names(
        &self,
        caller: &Caller,
        slugs: &[&str],
    ) -> Result<HashMap<String, String>> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        Ok(seen.site_names(slugs).await?)
    }

    /// The phones of this list that are still in the inventory, sorted by MAC.
    ///
    /// # Errors
    /// Denied.
    pub async fn phones_by_macs(&self, caller: &Caller, macs: &[Mac]) -> Result<Vec<PhoneRow>> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        Ok(seen.phones_by_macs(macs).await?)
    }

    /// The newest job of each group, by slug.
    ///
    /// # Errors
    /// Denied.
    pub async fn last_group_jobs(&self, caller: &Caller) -> Result<HashMap<String, GroupJob>> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        Ok(seen.last_group_jobs().await?)
    }

    /// How many phones get each stored credential, and how many of them refused it.
    ///
    /// # Errors
    /// Denied.
    pub async fn credential_uses(&self, caller: &Caller) -> Result<HashMap<String, CredentialUse>> {
        caller.require(Permission::ManageInventory)?;
        Ok(self.store.credential_uses(self.clock.now()).await?)
    }
}
