//! How the phones of sites are reached by SIP, as the inventory has it now.
//!
//! Owns what the NOTIFYs of one site have in common, and whether one that was written earlier may
//! still leave. It never sends.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use carillon_domain::sip::{SipAddress, SipProfile};
use carillon_store::{CallRow, CredentialRow};

use tokio::time::Instant;

use crate::Engine;
use crate::error::Result;
use crate::inventory::shared::{SharedAddresses, Sharer};

/// How the phones of one site are reached by SIP, ready to be used many times.
pub(super) struct SipDesk {
    pub(super) profile: SipProfile,
    pub(super) ca_pem: Option<Arc<str>>,
    /// What the SIP server asks for, sealed.
    pub(super) credential: Option<Arc<CredentialRow>>,
}

impl SipDesk {
    /// Whether what was written for the one can be sent for the other.
    fn is_like(&self, other: &Self) -> bool {
        let secret = |desk: &Self| {
            let row = desk.credential.as_ref();
            row.map(|row| (row.name.clone(), row.secret_version))
        };
        self.profile == other.profile && secret(self) == secret(other)
    }
}

/// Which addresses are shared is read from all phones that have one: not more often than this.
const SHARED_EVERY: Duration = Duration::from_secs(1);

/// Where no site has a profile, it is looked for one not more often than this: a new one changes which
/// way the next phones are reached, and the old way stays as good as it was.
const NONE_FOR: Duration = Duration::from_secs(1);

/// How the phones of all sites with a profile are reached by SIP.
#[derive(Clone, Default)]
pub(super) struct SipDesks {
    sites: HashMap<String, Arc<SipDesk>>,
    shared: Arc<SharedAddresses>,
    /// When that was read; `None` while no site has a profile.
    read: Option<Instant>,
    /// When no site had a profile.
    none: Option<Instant>,
}

impl SipDesks {
    /// Reads profiles, their credentials, and which addresses are shared.
    pub(super) async fn open(engine: &Engine) -> Result<Self> {
        Self::default().again(engine).await
    }

    /// Reads all of it as it is now; which addresses are shared, and that there is nothing to read, as it
    /// was within the last second.
    pub(super) async fn again(&self, engine: &Engine) -> Result<Self> {
        if self.none.is_some_and(|none| none.elapsed() < NONE_FOR) {
            return Ok(self.clone());
        }
        let began = Instant::now();
        let mut sites = HashMap::new();
        for row in engine.store.sip_profiles().await? {
            let credential = match &row.profile.credential {
                Some(name) => engine.store.credential(name).await?.map(Arc::new),
                None => None,
            };
            let desk = SipDesk {
                ca_pem: row.profile.ca_pem.as_deref().map(Arc::from),
                profile: row.profile,
                credential,
            };
            sites.insert(row.site, Arc::new(desk));
        }
        let fresh = self.read.filter(|read| read.elapsed() < SHARED_EVERY);
        if sites.is_empty() || fresh.is_some() {
            let (shared, read) = (Arc::clone(&self.shared), fresh);
            let none = sites.is_empty().then_some(began);
            return Ok(Self {
                sites,
                shared,
                read,
                none,
            });
        }
        let read = Some(Instant::now());
        let profiles = sites.iter();
        let profiles = profiles.map(|(site, desk)| (site.as_str(), &desk.profile));
        let shared = SharedAddresses::read(engine, &profiles.collect(), |_, _| {}).await?;
        Ok(Self {
            sites,
            shared: Arc::new(shared),
            read,
            none: None,
        })
    }

    /// The desk of a phone's site, where it has a profile.
    pub(super) fn of(&self, phone: &CallRow) -> Option<&Arc<SipDesk>> {
        self.sites.get(phone.site.as_deref()?)
    }

    /// Whether other phones are known to get what is sent for this one.
    pub(super) fn is_shared(&self, desk: &SipDesk, phone: &CallRow) -> bool {
        self.others(desk, phone).next().is_some()
    }

    /// Whether a protected phone gets what is sent for this one.
    pub(super) fn reaches_protected(&self, desk: &SipDesk, phone: &CallRow) -> bool {
        self.others(desk, phone).any(Sharer::is_protected)
    }

    /// Whether what was written at a desk may still be sent: its profile and its password are the
    /// same.
    pub(super) fn stand_as(&self, desk: &SipDesk, phone: &CallRow) -> bool {
        self.of(phone).is_some_and(|now| now.is_like(desk))
    }

    fn others<'a>(
        &'a self,
        desk: &'a SipDesk,
        phone: &CallRow,
    ) -> impl Iterator<Item = &'a Sharer> + use<'a> {
        let address = phone.sip_uri.parse::<SipAddress>().ok();
        let (profile, mac) = (&desk.profile, phone.mac);
        let of = address.map(|address| {
            let others: Vec<&Sharer> = self.shared.others(profile, &address, mac).collect();
            others
        });
        of.into_iter().flatten()
    }
}
