//! What a person takes back or confirms of what contact with a phone has taught.

use carillon_domain::Mac;
use carillon_domain::phone::AuthScheme;
use carillon_domain::role::Permission;
use carillon_store::{Keeps, PhoneRow};
use serde_json::{Value, json};

use super::{finish, record};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

enum Change<'p> {
    SignIn(AuthScheme),
    Pin(Option<&'p str>),
}

impl Engine {
    /// Forgets how a phone asks for its password: the next contact learns it anew.
    ///
    /// # Errors
    /// Denied, or not found.
    pub async fn forget_sign_in(&self, caller: &Caller, mac: Mac) -> Result<()> {
        let learn = Change::SignIn(AuthScheme::Unknown);
        self.change_trust(caller, mac, learn).await
    }

    /// Chooses the old login form for a phone that knows nothing else. It puts user name and
    /// password into the address of each request, so nobody gets there but by this choice.
    ///
    /// # Errors
    /// Denied, or not found.
    pub async fn choose_legacy_login(&self, caller: &Caller, mac: Mac) -> Result<()> {
        let legacy = Change::SignIn(AuthScheme::LegacyLogin);
        self.change_trust(caller, mac, legacy).await
    }

    /// Forgets a phone's pinned key: the next contact pins the one it shows.
    ///
    /// # Errors
    /// Denied, or not found.
    pub async fn forget_pin(&self, caller: &Caller, mac: Mac) -> Result<()> {
        self.change_trust(caller, mac, Change::Pin(None)).await
    }

    /// Pins the key that somebody has compared with the phone's: SHA-256 in hexadecimal.
    ///
    /// # Errors
    /// Denied, not found, or no such digest.
    pub async fn confirm_pin(&self, caller: &Caller, mac: Mac, pin: &str) -> Result<()> {
        let pin: String = pin.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
        let pin = pin.to_ascii_lowercase();
        if pin.len() != 64 || !pin.bytes().all(|b| b.is_ascii_hexdigit()) {
            let message = "a key's digest has 64 hexadecimal digits";
            return Err(EngineError::invalid("pin", "invalid", message));
        }
        self.change_trust(caller, mac, Change::Pin(Some(&pin)))
            .await
    }

    async fn change_trust(&self, caller: &Caller, mac: Mac, change: Change<'_>) -> Result<()> {
        caller.require(Permission::ManageInventory)?;
        let now = self.clock.now();
        let groups = self.groups_of_phone(caller, mac).await?;
        let mut unit = caller.begin_keeping(&self.store, Keeps::Ways).await?;
        let row = unit
            .phones_by_macs(&[mac])
            .await?
            .pop()
            .ok_or(EngineError::NotFound)?;
        let action = match change {
            Change::SignIn(scheme) => {
                unit.set_auth_scheme(mac, scheme, now).await?;
                if scheme == AuthScheme::Unknown {
                    "phone.sign_in_forgotten"
                } else {
                    "phone.sign_in_chosen"
                }
            }
            Change::Pin(pin) => {
                unit.set_tls_pin(mac, pin, now).await?;
                if pin.is_some() {
                    "phone.pin_confirmed"
                } else {
                    "phone.pin_forgotten"
                }
            }
        };
        let mut event = record::of_phone(caller, now, action, &row.phone);
        event.groups = groups;
        event.detail = detail(&row, &change);
        finish(unit, &[event]).await
    }
}

fn detail(row: &PhoneRow, change: &Change<'_>) -> Value {
    match change {
        Change::SignIn(scheme) => json!({"old": row.contact.auth_scheme, "new": scheme}),
        Change::Pin(pin) => json!({"old": row.contact.tls_pin, "new": pin}),
    }
}
