//! Sites: where phones are, and how those phones are reached.

use carillon_devices::tls;
use carillon_domain::change;
use carillon_domain::phone::{Site, TransportSecurity, slugify};
use carillon_domain::role::Permission;
use carillon_domain::{FieldError, line};
use carillon_store::{Keeps, SiteRow};
use serde_json::json;

use super::clear::Touched;
use super::{check_version, finish, record};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

const MAX_NAME: usize = 100;

/// A site as somebody gives it.
#[derive(Clone, Debug)]
pub struct SiteInput {
    /// Identity, for a new one; blank = made from the name.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// How its phones are reached.
    pub transport_security: TransportSecurity,
    /// PEM of the site's own authority, where `private_ca`.
    pub ca_pem: Option<String>,
    /// Name of a stored credential for its phones.
    pub credential: Option<String>,
    /// How many percent of its phones may be away at once.
    pub max_down_percent: u32,
}

impl SiteInput {
    fn site(&self, slug: String) -> Result<Site> {
        let mut errors = Vec::new();
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME || !line::is_plain(name) {
            let message = format!(
                "give a name of 1 to {MAX_NAME} characters, none of them a line break, a control \
                 character or one that turns the direction of writing"
            );
            errors.push(FieldError::new("name", "invalid", message));
        }
        if slug.is_empty() {
            let message = "a short name needs a letter or a digit";
            errors.push(FieldError::new("slug", "invalid", message));
        }
        if self.max_down_percent > 100 {
            let message = "give a number from 0 to 100";
            errors.push(FieldError::new("max_down_percent", "out_of_range", message));
        }
        let ca_pem = self.authority(&mut errors);
        if !errors.is_empty() {
            return Err(EngineError::Invalid(errors));
        }
        let named = |name: &String| !name.trim().is_empty();
        Ok(Site {
            slug,
            name: name.to_owned(),
            transport_security: self.transport_security,
            ca_pem,
            credential: self.credential.clone().filter(named),
            max_down_percent: u8::try_from(self.max_down_percent).unwrap_or(100),
        })
    }

    fn authority(&self, errors: &mut Vec<FieldError>) -> Option<String> {
        let pem = self
            .ca_pem
            .as_deref()
            .map(str::trim)
            .filter(|pem| !pem.is_empty());
        if self.transport_security != TransportSecurity::PrivateCa {
            return pem.map(str::to_owned);
        }
        match pem.map(tls::check_authority) {
            None => {
                let message = "paste the certificate of the site's own authority";
                errors.push(FieldError::new("ca_pem", "missing", message));
            }
            Some(Err(problem)) => {
                errors.push(FieldError::new("ca_pem", "invalid", problem.to_string()));
            }
            Some(Ok(_)) => {}
        }
        pem.map(str::to_owned)
    }
}

fn goes_plain(old: &Site, new: &Site) -> bool {
    let plain = TransportSecurity::PlainHttp;
    old.transport_security != plain && new.transport_security == plain
}

fn fields(site: &Site) -> Vec<(&'static str, String)> {
    let authority = site.ca_pem.as_ref().map(|_| "(a certificate)");
    vec![
        ("name", site.name.clone()),
        ("transport_security", site.transport_security.to_string()),
        ("ca_pem", change::text(authority)),
        ("credential", change::text(site.credential.as_ref())),
        ("max_down_percent", site.max_down_percent.to_string()),
    ]
}

impl Engine {
    /// All sites.
    ///
    /// # Errors
    /// Denied.
    pub async fn sites(&self, caller: &Caller) -> Result<Vec<SiteRow>> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        Ok(seen.sites().await?)
    }

    /// One site.
    ///
    /// # Errors
    /// Denied, or not found.
    pub async fn site(&self, caller: &Caller, slug: &str) -> Result<SiteRow> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        seen.site(slug).await?.ok_or(EngineError::NotFound)
    }

    /// Makes a site.
    ///
    /// # Errors
    /// Denied, or every field at fault.
    pub async fn create_site(&self, caller: &Caller, input: &SiteInput) -> Result<SiteRow> {
        caller.require(Permission::ManageInventory)?;
        let given = if input.slug.trim().is_empty() {
            &input.name
        } else {
            &input.slug
        };
        let site = input.site(slugify(given))?;
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&self.store, Keeps::Ways).await?;
        if unit.site(&site.slug).await?.is_some() {
            return Err(EngineError::invalid(
                "slug",
                "taken",
                "there is a site of this name already",
            ));
        }
        self.check_credential_name(&mut unit, site.credential.as_deref())
            .await?;
        unit.insert_site(&site, now).await?;
        let mut event = caller.event(now, "site.created");
        event.site = Some(site.slug.clone());
        event.detail = json!({"name": site.name, "transport_security": site.transport_security});
        finish(unit, &[event]).await?;
        self.site(caller, &site.slug).await
    }

    /// Changes a site. Nothing different = nothing written.
    ///
    /// # Errors
    /// Denied, not found, an old version, or every field at fault.
    pub async fn update_site(
        &self,
        caller: &Caller,
        slug: &str,
        input: &SiteInput,
        version: Option<i64>,
    ) -> Result<SiteRow> {
        caller.require(Permission::ManageInventory)?;
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&self.store, Keeps::Ways).await?;
        let old = unit.site(slug).await?.ok_or(EngineError::NotFound)?;
        check_version(old.version, version)?;
        let new = input.site(slug.to_owned())?;
        self.check_credential_name(&mut unit, new.credential.as_deref())
            .await?;
        if new != old.site {
            unit.update_site(&new, old.version, now).await?;
            let mut event = caller.event(now, "site.changed");
            event.site = Some(slug.to_owned());
            let changes = change::between(&fields(&old.site), &fields(&new));
            event.detail = record::changes(&changes);
            event.detail["name"] = new.name.as_str().into();
            if goes_plain(&old.site, &new) {
                // Somebody chose clear text here. Phones remembered as speaking TLS would be taken
                // for downgraded, one by one, and never be given their password.
                let forgotten = unit.forget_trust_of_site(slug, now).await?;
                event.detail["learned_forgotten"] = forgotten.into();
            }
            let touched = Touched {
                phones: None,
                page: &format!("/sites/{slug}/edit"),
                proof: true,
            };
            self.finish_guarded(caller, unit, &[event], &touched)
                .await?;
        }
        self.site(caller, slug).await
    }

    /// Deletes a site without phones.
    ///
    /// # Errors
    /// Denied, not found, an old version, or a conflict that says how many phones are there.
    pub async fn delete_site(
        &self,
        caller: &Caller,
        slug: &str,
        version: Option<i64>,
    ) -> Result<()> {
        caller.require(Permission::ManageInventory)?;
        let now = self.clock.now();
        let mut unit = caller
            .begin_keeping(&self.store, Keeps::AccountsAndWays)
            .await?;
        let old = unit.site(slug).await?.ok_or(EngineError::NotFound)?;
        check_version(old.version, version)?;
        if old.phones > 0 {
            let message = format!("{} phones are at this site: move them first", old.phones);
            return Err(EngineError::Conflict(message));
        }
        unit.delete_site(slug).await?;
        let mut event = caller.event(now, "site.deleted");
        event.site = Some(slug.to_owned());
        event.detail = json!({"name": old.site.name});
        finish(unit, &[event]).await
    }
}
