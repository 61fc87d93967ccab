//! Which credential a phone gets, and where it comes from.

use carillon_domain::Mac;
use carillon_domain::role::Permission;
use carillon_store::CredentialSource;

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

/// The credential that a phone gets, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveLogin {
    /// Where it comes from.
    pub source: CredentialSource,
    /// Name of the credential; of a phone's own it is made by Carillon.
    pub name: String,
    /// User name.
    pub username: String,
}

impl EffectiveLogin {
    /// Where it comes from, in words.
    pub fn source_in_words(&self) -> String {
        match &self.source {
            CredentialSource::Own => "this phone's own".to_owned(),
            CredentialSource::Phone => format!("{}, named on this phone", self.name),
            CredentialSource::Group(slug) => format!("{}, from the group {slug}", self.name),
            CredentialSource::Site(slug) => format!("{}, from the site {slug}", self.name),
        }
    }
}

impl Engine {
    /// What a phone gets: its own credential, else its first group's by slug, else its site's;
    /// `None` when there is none.
    ///
    /// # Errors
    /// Denied.
    pub async fn effective_login(
        &self,
        caller: &Caller,
        mac: Mac,
    ) -> Result<Option<EffectiveLogin>> {
        Ok(self.belongings_of_phone(caller, mac).await?.1)
    }

    /// The groups that a phone is in now, by slug, and what it gets as [`Engine::effective_login`]
    /// says it.
    ///
    /// # Errors
    /// Denied.
    pub async fn belongings_of_phone(
        &self,
        caller: &Caller,
        mac: Mac,
    ) -> Result<(Vec<String>, Option<EffectiveLogin>)> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        let found = seen.belongings(mac, self.clock.now()).await?;
        let login = found.login.map(|(source, name, username)| EffectiveLogin {
            source,
            name,
            username,
        });
        Ok((found.groups, login))
    }
}
