//! From settings to phones.
//!
//! Owns every choice that makes a fleet: addresses, MACs, models, names, who misbehaves, and
//! where the inventory is wrong. Pure: the same settings and ports give the same phones.

use std::net::Ipv4Addr;

use carillon_domain::Mac;
use carillon_domain::phone::{Scheme, TransportSecurity, UrlForm};

use crate::config::{FleetConfig, SiteConfig};
use crate::model::{self, Model};
use crate::name;
use crate::password::Password;
use crate::phone::{InventoryRow, SimulatedPhone, SimulatedSite};
use crate::profile::{Auth, Profile};
use crate::roll::Roll;
use crate::sip;

/// Where the fleet can be found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ports {
    pub(crate) http: u16,
    pub(crate) https: u16,
    /// Where the SIP server listens; 0 when there is none.
    pub(crate) sip: u16,
    /// Nobody listens here.
    pub(crate) refused: u16,
    /// Nothing that is sent here is answered.
    pub(crate) black_hole: u16,
}

/// What makes one phone of a site differ from the next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Profile(Profile),
    OwnPassword,
    WrongPassword,
}

/// First three bytes of the maker's MAC addresses.
const MAKERS: &[[u8; 3]] = &[
    [0x00, 0x15, 0x65],
    [0x24, 0x9a, 0xd8],
    [0x34, 0x97, 0xd7],
    [0x44, 0xdb, 0xd2],
    [0x64, 0x4f, 0x56],
    [0x80, 0x5e, 0x0c],
    [0x80, 0x5e, 0xc0],
    [0xb0, 0x61, 0xa9],
    [0xc4, 0xfc, 0x22],
    [0xe4, 0x34, 0xd7],
    [0xec, 0x1d, 0xa9],
    [0xf0, 0x16, 0x53],
];

/// One site with the number that its networks and extensions begin with.
struct Place<'a> {
    config: &'a SiteConfig,
    slug: String,
    number: u32,
}

/// Builds every phone of the fleet.
pub(crate) fn phones(config: &FleetConfig, ports: Ports) -> Vec<SimulatedPhone> {
    let mut phones = Vec::with_capacity(config.total());
    for (site, number) in config.sites.iter().zip(0..) {
        let place = Place {
            config: site,
            slug: site.slug(),
            number,
        };
        let mut roll = Roll::fork(config.seed, u64::from(number) + 1);
        for (role, position) in roles(site, &mut roll).into_iter().zip(0..) {
            let serial = phones.len() as u64;
            let seat = Seat {
                position,
                role,
                mac: mac(config.seed, serial),
                other_mac: mac(config.seed, (1 << 23) + serial),
            };
            phones.push(phone(&place, &seat, &mut roll, ports));
        }
    }
    phones
}

/// The sites, with what the inventory should know of them.
pub(crate) fn sites(config: &FleetConfig) -> Vec<SimulatedSite> {
    let view = |site: &SiteConfig| SimulatedSite {
        slug: site.slug(),
        name: site.name.clone(),
        transport_security: site.transport_security,
        auth: site.auth,
        credential: format!("{}-phones", site.slug()),
        username: site.username.clone(),
        password: site.password.clone(),
        phones: site.phones as usize,
        sip: site.sip,
        nat: site.nat,
    };
    config.sites.iter().map(view).collect()
}

/// Who of a site's phones does what, in an order without pattern.
fn roles(site: &SiteConfig, roll: &mut Roll) -> Vec<Role> {
    let times = |role, count: u32| std::iter::repeat_n(role, count as usize);
    let mut roles: Vec<Role> = Vec::with_capacity(site.phones as usize);
    for (profile, count) in &site.profiles {
        roles.extend(times(Role::Profile(*profile), *count));
    }
    roles.extend(times(Role::OwnPassword, site.own_password));
    roles.extend(times(Role::WrongPassword, site.wrong_password));
    roles.resize(site.phones as usize, Role::Profile(Profile::Normal));
    roll.shuffle(&mut roles);
    roles
}

struct Seat {
    position: u32,
    role: Role,
    mac: Mac,
    other_mac: Mac,
}

fn phone(place: &Place<'_>, seat: &Seat, roll: &mut Roll, ports: Ports) -> SimulatedPhone {
    let profile = match seat.role {
        Role::Profile(profile) => profile,
        Role::OwnPassword | Role::WrongPassword => Profile::Normal,
    };
    let model = draw_model(place.config, profile, roll);
    let (label, tags) = name::draw(roll, model.is_conference(), seat.position + 1);
    let scheme = scheme(place.config.transport_security, profile);
    let mut made = SimulatedPhone {
        mac: seat.mac,
        label,
        extension: format!("{}{:03}", place.number + 1, seat.position + 10),
        model: model.name,
        firmware: firmware(model, profile, roll),
        site: place.slug.clone(),
        address: address(place.number, seat.position),
        scheme,
        port: port(scheme, profile, ports),
        profile,
        auth: profile.auth().unwrap_or(place.config.auth),
        url_form: url_form(profile),
        username: place.config.username.clone(),
        password: password(place.config, seat, roll),
        inventory: InventoryRow::default(),
    };
    made.inventory = inventory_row(&made, seat, tags, roll);
    if place.config.sip {
        made.inventory.sip_uri = format!("{}@{}", made.extension, sip::DOMAIN);
    }
    if place.config.nat {
        made.inventory.address.clear();
        made.inventory.scheme.clear();
        made.inventory.port = None;
    }
    made
}

fn draw_model(site: &SiteConfig, profile: Profile, roll: &mut Roll) -> &'static Model {
    let asked = match profile {
        Profile::Phonecfg271 => model::find("T28P"),
        Profile::ConfigManAppOnly | Profile::TlsLegacyOnly => model::find("T22P"),
        _ => site_model(site, roll),
    };
    asked.unwrap_or_else(model::first)
}

fn site_model(site: &SiteConfig, roll: &mut Roll) -> Option<&'static Model> {
    if let Some(name) = roll.pick(&site.models) {
        return model::find(name);
    }
    let usual = model::usual();
    let mut left = roll.below(usual.iter().map(|model| u64::from(model.weight)).sum());
    usual.into_iter().find(|model| {
        let weight = u64::from(model.weight);
        let found = left < weight;
        left = left.saturating_sub(weight);
        found
    })
}

/// Most phones run the newest firmware of their model.
fn firmware(model: &Model, profile: Profile, roll: &mut Roll) -> String {
    let newest = profile == Profile::Phonecfg271 || roll.below(4) > 0;
    let version = if newest {
        model.firmware.first()
    } else {
        roll.pick(model.firmware)
    };
    version.copied().unwrap_or_default().to_owned()
}

const fn scheme(security: TransportSecurity, profile: Profile) -> Scheme {
    match (profile, security) {
        (Profile::HttpsSelfsigned, _) => Scheme::Https,
        (Profile::HttpOnly, _) | (_, TransportSecurity::PlainHttp) => Scheme::Http,
        _ => Scheme::Https,
    }
}

const fn port(scheme: Scheme, profile: Profile, ports: Ports) -> u16 {
    match (profile, scheme) {
        (Profile::Refused, _) => ports.refused,
        (Profile::BlackHole, _) => ports.black_hole,
        (_, Scheme::Http) => ports.http,
        (_, Scheme::Https) => ports.https,
    }
}

const fn url_form(profile: Profile) -> UrlForm {
    match profile {
        Profile::ConfigManAppOnly => UrlForm::ConfigManApp,
        _ => UrlForm::Servlet,
    }
}

/// Where `redirect-away` phones point to. No phone lives there.
pub(crate) const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 66, 0, 99);

/// `127.(10 + site).a.b`, never a network's first or last addresses.
fn address(site: u32, position: u32) -> Ipv4Addr {
    let network = 10 + site + u32::from(site >= 56);
    Ipv4Addr::new(
        127,
        network as u8,
        (position / 240) as u8,
        (10 + position % 240) as u8,
    )
}

/// Distinct by construction: an odd factor permutes the 24 bits below the maker's.
fn mac(seed: u64, serial: u64) -> Mac {
    let mut roll = Roll::fork(seed, 0x6d61_6373);
    let scrambled = serial.wrapping_mul(0x9e_3779 | 1).wrapping_add(roll.next()) & 0xff_ffff;
    let [.., x, y, z] = (scrambled as u32).to_be_bytes();
    let maker = MAKERS[(Roll::fork(seed, serial).next() % MAKERS.len() as u64) as usize];
    Mac::from_bytes([maker[0], maker[1], maker[2], x, y, z])
}

fn password(site: &SiteConfig, seat: &Seat, roll: &mut Roll) -> Password {
    match seat.role {
        Role::Profile(_) => site.password.clone(),
        Role::OwnPassword | Role::WrongPassword => {
            Password::from(format!("own-{:012x}", roll.next() >> 16))
        }
    }
}

fn inventory_row(
    phone: &SimulatedPhone,
    seat: &Seat,
    tags: Vec<String>,
    roll: &mut Roll,
) -> InventoryRow {
    let own = seat.role == Role::OwnPassword;
    let wrong_phone = phone.profile == Profile::WrongPhoneAtIp;
    let listed = if wrong_phone {
        seat.other_mac
    } else {
        phone.mac
    };
    let mut row = InventoryRow {
        mac: listed.to_string(),
        label: phone.label.clone(),
        extension: phone.extension.clone(),
        model: phone.model.to_owned(),
        address: phone.address.to_string(),
        port: Some(phone.port),
        scheme: phone.scheme.to_string(),
        site: phone.site.clone(),
        tags,
        protected: seat.role == Role::Profile(Profile::Normal) && roll.below(60) == 0,
        ..InventoryRow::default()
    };
    if own && phone.auth != Auth::None {
        row.username.clone_from(&phone.username);
        row.password = phone.password.clone();
    }
    if row.protected {
        row.tags.push("vip".to_owned());
        "Ask first".clone_into(&mut row.notes);
    }
    row
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PORTS: Ports = Ports {
        http: 8080,
        https: 8443,
        sip: 0,
        refused: 1,
        black_hole: 2,
    };

    #[test]
    fn the_same_settings_are_the_same_fleet() {
        let config = FleetConfig::demo(300);
        assert_eq!(phones(&config, PORTS), phones(&config, PORTS));
        let other = phones(&config.clone().with_seed(9), PORTS);
        assert_ne!(phones(&config, PORTS), other);
    }

    #[test]
    fn identities_and_addresses_are_distinct() {
        let fleet = phones(&FleetConfig::demo(50_000), PORTS);
        let macs: BTreeSet<_> = fleet.iter().map(|phone| phone.mac).collect();
        let listed: BTreeSet<_> = fleet.iter().map(|phone| &phone.inventory.mac).collect();
        let addresses: BTreeSet<_> = fleet.iter().map(|phone| phone.address).collect();
        assert_eq!(macs.len(), 50_000);
        assert_eq!(listed.len(), 50_000);
        assert_eq!(addresses.len(), 50_000);
        assert!(addresses.iter().all(Ipv4Addr::is_loopback));
    }

    #[test]
    fn a_wrong_phone_is_listed_as_another() {
        let config = FleetConfig::uniform(Profile::WrongPhoneAtIp, 2, TransportSecurity::Pinned);
        for phone in phones(&config, PORTS) {
            assert_ne!(phone.inventory.mac, phone.mac.to_string());
        }
    }

    #[test]
    fn own_passwords_are_listed_and_wrong_ones_are_not() {
        let site = SiteConfig::new("Kiel", 2).with_passwords(1, 1);
        let fleet = phones(&FleetConfig::default().with_site(site), PORTS);
        let listed: Vec<_> = fleet
            .iter()
            .filter(|phone| phone.inventory.password == phone.password)
            .collect();
        assert_eq!(listed.len(), 1);
        assert!(
            fleet
                .iter()
                .all(|phone| phone.password.as_str() != "simulated")
        );
    }
}
