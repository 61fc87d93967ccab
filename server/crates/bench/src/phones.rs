//! The phones, in a process of their own.
//!
//! Owns the fleet that both sides talk to, and what is told about it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use carillon_domain::Mac;
use carillon_domain::phone::TransportSecurity;
use carillon_simulator::{Auth, Fleet, FleetConfig, Profile, SiteConfig, Timing};
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::child::{self, Kept};

/// What phones to make.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PhonesOrder {
    pub(crate) config: FleetConfig,
    /// Where to write the phone list.
    pub(crate) list: PathBuf,
}

/// The phones that are there now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Phones {
    pub(crate) sites: Vec<SiteFacts>,
    pub(crate) list: PathBuf,
    pub(crate) all: Vec<PhoneFacts>,
}

/// A site as the inventory needs it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SiteFacts {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) credential: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) security: TransportSecurity,
}

/// A phone as both sides need it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PhoneFacts {
    pub(crate) mac: Mac,
    pub(crate) address: SocketAddr,
    pub(crate) profile: Profile,
}

/// Healthy phones at sites of plain HTTP, a thousand each.
pub(crate) fn healthy(phones: u32, auth: Auth, answer_ms: u64) -> FleetConfig {
    let sites = phones.div_ceil(1_000).max(1);
    let timing = Timing {
        answer_ms,
        ..Timing::default()
    };
    let mut config = FleetConfig::default().with_timing(timing);
    for number in 0..sites {
        let of_site = phones / sites + u32::from(number < phones % sites);
        config = config.with_site(site(number, of_site, auth));
    }
    config
}

pub(crate) fn site(number: u32, phones: u32, auth: Auth) -> SiteConfig {
    SiteConfig::new(&format!("Site {number}"), phones)
        .with_security(TransportSecurity::PlainHttp)
        .with_auth(auth)
        .with_models(&["T46S"])
}

/// Starts a process with these phones.
pub(crate) fn start(config: FleetConfig, list: PathBuf) -> Outcome<(Kept, Phones)> {
    child::keep("phones", &PhonesOrder { config, list })
}

/// The process of the phones.
pub(crate) async fn serve(order: PhonesOrder) -> Outcome<()> {
    let fleet = Fleet::start(order.config).await?;
    std::fs::write(&order.list, fleet.inventory_csv())?;
    child::answer(&facts(&fleet, order.list)?)?;
    child::until_told().await;
    Ok(())
}

fn facts(fleet: &Fleet, list: PathBuf) -> Outcome<Phones> {
    let sites = fleet.sites().iter().map(|site| SiteFacts {
        slug: site.slug.clone(),
        name: site.name.clone(),
        credential: site.credential.clone(),
        username: site.username.clone(),
        password: site.password.as_str().to_owned(),
        security: site.transport_security,
    });
    let mut all = Vec::new();
    for phone in fleet.phones() {
        let address: IpAddr = phone.inventory.address.parse()?;
        all.push(PhoneFacts {
            mac: phone.inventory.mac.parse()?,
            address: SocketAddr::new(address, phone.inventory.port.unwrap_or(phone.port)),
            profile: phone.profile,
        });
    }
    Ok(Phones {
        sites: sites.collect(),
        list,
        all,
    })
}
