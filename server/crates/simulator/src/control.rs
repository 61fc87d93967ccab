//! Hands on the phones.
//!
//! Owns what a test may do to a phone of a running fleet: pull its plug, accept its prompt,
//! change its key, its password or its ways.

use std::time::Duration;

use carillon_domain::Mac;

use crate::fleet::{Fleet, UnknownPhone};
use crate::password::Password;
use crate::profile::{Auth, Profile};
use crate::state::State;
use crate::switchboard::lock;

impl Fleet {
    /// Makes a phone behave otherwise from now on. What the profile says about authentication
    /// goes with it; ports in the inventory stay.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn set_profile(&self, mac: Mac, profile: Profile) -> Result<(), UnknownPhone> {
        self.change(mac, |state| {
            state.profile = profile;
            if let Some(auth) = profile.auth() {
                state.auth = auth;
            }
        })
    }

    /// Makes a phone ask for its password otherwise.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn set_auth(&self, mac: Mac, auth: Auth) -> Result<(), UnknownPhone> {
        self.change(mac, |state| state.auth = auth)
    }

    /// Gives a phone another password.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn set_password(&self, mac: Mac, password: &str) -> Result<(), UnknownPhone> {
        self.change(mac, |state| state.password = Password::from(password))
    }

    /// Presses OK on a phone that shows "Allow remote control?".
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn accept_prompt(&self, mac: Mac) -> Result<(), UnknownPhone> {
        self.change(mac, |state| state.accepted = true)
    }

    /// Pulls a phone's plug.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn power_off(&self, mac: Mac) -> Result<(), UnknownPhone> {
        self.change(mac, |state| {
            state.down_until = Duration::MAX;
            state.booted_at = Duration::MAX;
        })
    }

    /// Puts the plug back, or ends a reboot: the phone answers at once.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn power_on(&self, mac: Mac) -> Result<(), UnknownPhone> {
        let now = self.elapsed();
        self.change(mac, |state| {
            if !state.is_up(now) {
                state.down_until = now;
                state.booted_at = now;
            }
        })
    }

    /// Gives a phone another TLS key, as a replaced or reset phone has.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn change_key(&self, mac: Mac) -> Result<(), UnknownPhone> {
        let mut key = lock(&self.inner.phones[self.number(mac)?].key);
        key.generation += 1;
        key.config = None;
        Ok(())
    }

    /// SHA-256 of a phone's public key, hexadecimal; `None` when the fleet has no such phone.
    pub fn tls_pin(&self, mac: Mac) -> Option<String> {
        let number = self.number(mac).ok()?;
        let generation = lock(&self.inner.phones[number].key).generation;
        self.inner.tls.pin(mac, generation).ok()
    }

    fn change(&self, mac: Mac, change: impl FnOnce(&mut State)) -> Result<(), UnknownPhone> {
        change(&mut self.inner.state(self.number(mac)?));
        Ok(())
    }
}
