//! Who was refused a moment ago, and is refused again before they wait for anything.
//!
//! Owns the memory of that. *Invariant:* it refuses only whom the database refused, no longer than
//! that said, and never for more than a few seconds without asking it again: another node may have
//! set a new password meanwhile. What is remembered is bounded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use carillon_domain::Timestamp;

use super::network_of;
use crate::secrets::{Keyring, Purpose};

/// The database is asked again after so long.
const ASKED_AGAIN: Duration = Duration::from_secs(10);
/// So many are remembered; more are refused by the database alone.
const MOST: usize = 10_000;

/// Names of those who were refused, and until when; cheap to clone.
#[derive(Clone, Default)]
pub(in super::super) struct Door(Arc<Mutex<BTreeMap<String, Shut>>>);

#[derive(Clone, Copy)]
struct Shut {
    until: Timestamp,
    why: &'static str,
}

impl Shut {
    /// One that ends later than any could was begun before the clock was set back.
    fn lasts(self, now: Timestamp) -> bool {
        now < self.until && self.until <= now.plus(ASKED_AGAIN)
    }
}

/// Under which names the tries of one attempt are refused.
pub(in super::super) struct Names {
    pub(super) account: String,
    pub(super) address: Option<String>,
    pub(super) source: Option<String>,
}

impl Names {
    /// Of a stranger: without the version of the password, which is not known at the door.
    pub(in super::super) fn of(keyring: &Keyring, name: &str, ip: Option<&str>) -> Self {
        let network = ip.map(network_of);
        let from = network.as_deref().unwrap_or_default();
        Self {
            account: digest(keyring, &["account", name]),
            address: network
                .as_deref()
                .map(|from| digest(keyring, &["address", from])),
            source: Some(digest(keyring, &["source", name, from])),
        }
    }

    /// Of a browser in which an account signed in before. It may be used for another as well, of
    /// which it is a stranger.
    pub(in super::super) fn of_browser(keyring: &Keyring, browser: &str, name: &str) -> Self {
        Self::one(digest(keyring, &["browser", browser, name]))
    }

    /// Of whoever is signed in with this account.
    pub(in super::super) fn of_proofs(keyring: &Keyring, user_id: &str) -> Self {
        Self::one(digest(keyring, &["proof", user_id]))
    }

    pub(super) fn one(account: String) -> Self {
        Self {
            account,
            address: None,
            source: None,
        }
    }

    /// Where the attempts come from: the address, or the account for callers without one.
    pub(in super::super) fn from(&self) -> &str {
        self.address.as_ref().unwrap_or(&self.account)
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        let others = self.address.iter().chain(&self.source);
        std::iter::once(&self.account).chain(others)
    }
}

fn digest(keyring: &Keyring, names: &[&str]) -> String {
    let mut parts: Vec<&[u8]> = vec![b"door"];
    parts.extend(names.iter().map(|name| name.as_bytes()));
    hex::encode(keyring.mac(Purpose::Throttle, &parts))
}

impl Door {
    /// Why this attempt is refused without a look, if it is.
    pub(in super::super) fn refuses(&self, names: &Names, now: Timestamp) -> Option<&'static str> {
        let shut = self.shut();
        let mut found = names.all().filter_map(|name| shut.get(name));
        found.find(|shut| shut.lasts(now)).map(|shut| shut.why)
    }

    /// Refuses whoever comes under this name, for a while.
    pub(in super::super) fn refuse(
        &self,
        name: &str,
        (until, why): (Timestamp, &'static str),
        now: Timestamp,
    ) {
        let mut shut = self.shut();
        if shut.len() >= MOST {
            shut.retain(|_, shut| shut.lasts(now));
        }
        if shut.len() < MOST {
            let until = until.min(now.plus(ASKED_AGAIN));
            shut.insert(name.to_owned(), Shut { until, why });
        }
    }

    /// Somebody's waiting time ended early: the database is asked again for everybody.
    pub(in super::super) fn open(&self) {
        self.shut().clear();
    }

    fn shut(&self) -> MutexGuard<'_, BTreeMap<String, Shut>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn refuses(door: &Door, name: &str, now: Timestamp) -> bool {
        let names = Names::one(name.to_owned());
        door.refuses(&names, now).is_some()
    }

    #[test]
    fn what_was_refused_is_asked_again_within_seconds() {
        let door = Door::default();
        door.refuse("soon", (at(103), "x"), at(100));
        door.refuse("late", (at(1000), "x"), at(100));
        assert!(refuses(&door, "soon", at(102)) && refuses(&door, "late", at(109)));
        assert!(!refuses(&door, "soon", at(103)) && !refuses(&door, "late", at(110)));
        assert!(!refuses(&door, "late", at(50)), "the clock was set back");
        door.open();
        assert!(!refuses(&door, "late", at(101)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let door = Door::default();
        for n in 0..MOST + 5 {
            door.refuse(&n.to_string(), (at(200), "x"), at(100));
        }
        assert_eq!(door.shut().len(), MOST);
        door.refuse("next", (at(200), "x"), at(150));
        assert!(refuses(&door, "next", at(151)));
        assert_eq!(door.shut().len(), 1);
    }
}
