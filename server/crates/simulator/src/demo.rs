//! The fleet of the demo.
//!
//! Owns its sites and what is wrong in them: enough of everything that a reboot of one site
//! fails for many reasons, on a few phones.

use carillon_domain::phone::TransportSecurity::{Pinned, PlainHttp};

use crate::config::{FleetConfig, SiteConfig, Timing};
use crate::password::Password;
use crate::profile::{Auth, Profile};
use crate::roll::Roll;

/// Of 180 phones outside Hamburg: the sites and how many each has.
const SHARES: &[(&str, u32)] = &[
    ("Kiel", 40),
    ("Berlin", 50),
    ("München", 40),
    ("Wien", 25),
    ("Leipzig", 15),
];
const SHARED: u32 = 180;
/// Hamburg, where the troubles are, needs so many for each trouble to have a phone and for all
/// of them together to stay at the tenth at which a job of disruptive actions does not yet stop
/// itself.
const HAMBURG: u32 = 120;
/// Smaller demos have no site behind a NAT.
const NAT_FROM: u32 = 100;

impl FleetConfig {
    /// The demo's fleet: several sites, most phones well, some broken in the ways real ones are.
    ///
    /// Hamburg has 120 phones of which twelve fail a reboot for ten reasons; with fewer than 240
    /// phones in all, half of them are in Hamburg and fewer of them fail. Kiel has forty of 300 phones,
    /// and three of these do not come back from a restart.
    pub fn demo(phones: u32) -> Self {
        Self::demo_of(phones, 0)
    }

    /// The same, with some of the phones behind a NAT, where only the fleet's SIP server reaches
    /// them.
    pub fn demo_with_nat(phones: u32) -> Self {
        let nat = if phones < NAT_FROM { 0 } else { phones / 25 };
        Self::demo_of(phones, nat)
    }

    fn demo_of(phones: u32, nat: u32) -> Self {
        let hamburg = HAMBURG.min(phones / 2);
        let mut config = Self {
            timing: Timing {
                slow_ms: 5_000,
                ..Timing::default()
            },
            ..Self::default()
        }
        .with_site(self::hamburg(hamburg));
        let others = phones - hamburg;
        let mut left = others - nat;
        for (name, share) in SHARES {
            let mut size = (u64::from(others) * u64::from(*share) / u64::from(SHARED)) as u32;
            // Whoever works at home is of the largest of these sites; the others keep their phones.
            if *name == "Berlin" {
                size -= nat;
            }
            left -= size;
            config = config.with_site(site(name, size));
        }
        config = config.with_site(site("Zürich", left));
        config = config.with_site(SiteConfig::new("Home offices", nat).behind_nat());
        config.sites.retain(|site| site.phones > 0);
        for (site, number) in config.sites.iter_mut().zip(0..) {
            let secret = Roll::fork(config.seed, 0x7061_7373 + number).next() >> 24;
            site.password = Password::from(format!("{}-{secret:010x}", site.slug()));
        }
        config
    }
}

/// What fails in Hamburg, worst first, so that a smaller one keeps the most telling ones.
const TROUBLES: &[(Profile, u32)] = &[
    (Profile::ForbiddenIp, 2),
    (Profile::PromptOnce, 1),
    (Profile::Refused, 1),
    (Profile::TlsLegacyOnly, 1),
    (Profile::NotFound, 1),
    (Profile::ServerError, 1),
    (Profile::Silent, 1),
    (Profile::Garbage, 1),
    (Profile::BlackHole, 1),
    (Profile::RebootReset, 1),
    (Profile::Slow, 1),
];

fn hamburg(phones: u32) -> SiteConfig {
    let wrong = (phones / 50).min(2);
    let mut site = SiteConfig::new("Hamburg", phones)
        .with_security(Pinned)
        .with_auth(Auth::Basic)
        .with_passwords((phones / 20).min(2), wrong);
    let (mut failing, mut well) = ((phones / 10).saturating_sub(wrong), phones / 10);
    for (profile, count) in TROUBLES {
        let left = if is_well(*profile) {
            &mut well
        } else {
            &mut failing
        };
        let count = (*count).min(*left);
        *left -= count;
        site = site.with(*profile, count);
    }
    site
}

/// Whether a phone does what it is told all the same, only not plainly.
const fn is_well(profile: Profile) -> bool {
    matches!(profile, Profile::RebootReset | Profile::Slow)
}

fn site(name: &str, phones: u32) -> SiteConfig {
    let site = SiteConfig::new(name, phones);
    let some = |of: u32| phones / of;
    match name {
        "Berlin" => site
            .with_auth(Auth::Digest)
            .with(Profile::Slow, some(40))
            .with(Profile::Refused, some(40))
            .with(Profile::WrongPhoneAtIp, some(80))
            .with_passwords(some(20), some(80)),
        "Kiel" => site
            .with_auth(Auth::Basic)
            .with(Profile::NeverReturns, 3 * some(40)),
        "München" => site
            .with_auth(Auth::DigestSha256)
            .with(Profile::Noop200, some(25))
            .with(Profile::Dark, some(50)),
        "Wien" => site
            .with_security(PlainHttp)
            .with_auth(Auth::Basic)
            .with(Profile::RedirectHttps, some(15))
            .with(Profile::RebootReset, some(15)),
        "Leipzig" => site
            .with_security(PlainHttp)
            .with_auth(Auth::None)
            .with_models(&["T46G", "T21E2", "T40G"])
            .with(Profile::Serial, some(10)),
        _ => site
            .with_security(PlainHttp)
            .with_auth(Auth::Digest)
            .with(Profile::DigestClose, some(4))
            .with(Profile::ServerError, some(20)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_size_of_demo_can_be_built() {
        for phones in [0, 1, 2, 10, 39, 80, 300, 10_000, 50_000] {
            for config in [
                FleetConfig::demo(phones),
                FleetConfig::demo_with_nat(phones),
            ] {
                assert_eq!(config.total(), phones as usize);
                config.check().expect("buildable");
            }
        }
    }

    #[test]
    fn three_of_forty_phones_in_kiel_stay_away() {
        for config in [FleetConfig::demo(300), FleetConfig::demo_with_nat(300)] {
            let kiel = config.sites.iter().find(|site| site.name == "Kiel");
            let kiel = kiel.expect("there");
            assert_eq!(kiel.phones, 40);
            let lost = BTreeMap::from([(Profile::NeverReturns, 3)]);
            assert_eq!(kiel.profiles, lost);
        }
    }

    #[test]
    fn hamburg_fails_for_many_reasons_on_a_tenth_of_its_phones() {
        let config = FleetConfig::demo(300);
        let hamburg = config
            .sites
            .iter()
            .find(|site| site.name == "Hamburg")
            .expect("there");
        let failing: u32 = TROUBLES
            .iter()
            .filter(|(profile, _)| !is_well(*profile))
            .map(|(profile, _)| hamburg.profiles.get(profile).copied().unwrap_or(0))
            .sum();
        assert_eq!(hamburg.phones, 120);
        assert!(hamburg.profiles.len() >= 9);
        assert_eq!(failing + hamburg.wrong_password, 12);
    }
}
