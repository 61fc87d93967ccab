//! The networks in which phones may be contacted, narrower than the server's settings.
//!
//! Owns the choice, what it would mean for the phones that are there, and that every node follows
//! it. *Invariants:* nothing here widens what the settings allow; a choice that somebody else wrote
//! into the database lets nothing through; a choice that is older than the one followed is not
//! followed.

mod effect;
mod stored;

use std::net::IpAddr;

use carillon_domain::networks::Stored;
use carillon_domain::role::Permission;
use carillon_domain::{FieldError, Timestamp};
use carillon_store::{EgressRow, StoreError};
use ipnet::IpNet;

use crate::Engine;
use crate::caller::Caller;
use crate::changes::{Change, Made};
use crate::error::{EngineError, Result};

pub use effect::{Effect, Seen};

/// More are a mistake, or belong into the network's own firewall.
pub const MOST: usize = 200;
/// More mistakes than these are not told at once.
const MOST_ERRORS: usize = 20;

/// What is allowed, what was chosen, and what holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Networks {
    /// What the settings of this server allow: the outer bound.
    pub allowed: Vec<IpNet>,
    /// What somebody chose; none = all that is allowed.
    pub chosen: Vec<IpNet>,
    /// What both have in common.
    pub in_force: Vec<IpNet>,
    /// How the choice stands in the database.
    pub stored: Stored,
    /// Who chose last, and when.
    pub changed: Option<(String, Timestamp)>,
}

impl Engine {
    /// What holds now.
    ///
    /// # Errors
    /// Denied to all but who administers.
    pub async fn networks(&self, caller: &Caller) -> Result<Networks> {
        caller.require(Permission::Administer)?;
        let (stored, row) = self.stored_networks().await?;
        Ok(Networks {
            allowed: self.gateway.outer_guard().networks().to_vec(),
            chosen: row.as_ref().map(parsed).unwrap_or_default(),
            in_force: self.guard().networks().to_vec(),
            stored,
            changed: row.map(|row| (row.changed_by, row.changed_at)),
        })
    }

    /// Narrows the networks to these, or opens all that the settings allow where none is named; or asks
    /// another administrator for that. Holds at once on this node, and on every other before it sends
    /// anything more.
    ///
    /// # Errors
    /// Denied; invalid where one is wider than the settings; a conflict where the phones, the sites or
    /// the choice are others than those that were looked at, or the choice is forged.
    pub async fn change_networks(
        &self,
        caller: &Caller,
        wanted: &[IpNet],
        seen: &Seen,
        reason: &str,
    ) -> Result<Made> {
        caller.require_administrator()?;
        self.keyring()?;
        let effect = self.networks_effect(caller, wanted).await?;
        if effect.seen != *seen {
            return Err(look_again());
        }
        let wanted = wanted.to_vec();
        let change = Change::Networks { wanted, effect };
        self.make_change(caller, &change, reason).await
    }

    /// A number above that of every choice before, also of one that was lost: nodes that follow
    /// that one would take a lower number for an older choice.
    pub(crate) fn next_number(&self, seen: &Seen, now: Timestamp) -> i64 {
        let last = seen.version.max(self.gateway.number());
        now.micros().max(last + 1)
    }

    /// Puts what stands in the database in force on this node.
    ///
    /// # Errors
    /// Only when the storage fails; then what was in force stays so.
    pub async fn follow_networks(&self) -> Result<()> {
        let read = self.store.egress().await;
        self.follow(&read);
        self.believed(read).await.map(drop)
    }

    /// The same for who has nobody to tell of an error: every second it is tried again.
    pub(crate) async fn follow_or_tell(&self) {
        if let Err(error) = self.follow_networks().await {
            tracing::error!(%error, "the networks that hold now cannot be read; trying again");
        }
    }

    /// Puts what was read in force. What somebody else wrote lets nothing through.
    pub(crate) fn follow(&self, read: &Result<Option<EgressRow>, StoreError>) {
        match read {
            Ok(None) => self.gateway.follow(0, None),
            Ok(Some(row)) if row.networks.is_empty() => self.gateway.follow(row.version, None),
            Ok(Some(row)) => self.gateway.follow(row.version, Some(&parsed(row))),
            Err(StoreError::Forged(_)) => self.gateway.follow(self.gateway.number(), Some(&[])),
            Err(_) => {}
        }
    }

    /// Refuses what the settings do not allow, and too many.
    fn check_narrower(&self, wanted: &[IpNet]) -> Result<()> {
        let outer = self.gateway.outer_guard();
        let wrong = |message: String| FieldError::new("networks", "wider", message);
        let mut errors: Vec<FieldError> = wanted
            .iter()
            .filter_map(|network| outer.narrowed(&[*network]).err())
            .map(|blocked| wrong(blocked.to_string()))
            .collect();
        if wanted.len() > MOST {
            errors.push(wrong(format!("name at most {MOST} networks")));
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(EngineError::Invalid(errors))
        }
    }
}

pub(crate) fn look_again() -> EngineError {
    let message = "the phones, the sites or the networks changed since you looked: look again";
    EngineError::Conflict(message.to_owned())
}

/// Reads networks as people write them, apart by blanks, commas or lines. An address alone is a
/// network of its own.
///
/// # Errors
/// Every text that is none.
pub fn read(text: &str) -> Result<Vec<IpNet>> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
    let (mut networks, mut errors) = (Vec::new(), Vec::new());
    for word in words.filter(|word| !word.is_empty()) {
        match network(word) {
            Ok(network) => networks.push(network),
            Err(message) => errors.push(FieldError::new("networks", "invalid", message)),
        }
    }
    if errors.is_empty() {
        Ok(IpNet::aggregate(&networks))
    } else {
        errors.truncate(MOST_ERRORS);
        Err(EngineError::Invalid(errors))
    }
}

fn network(word: &str) -> std::result::Result<IpNet, String> {
    if let Ok(address) = word.parse::<IpAddr>() {
        return Ok(IpNet::from(address));
    }
    let shown: String = word.chars().filter(|c| !c.is_control()).take(50).collect();
    match strictly(word) {
        Some(network) if network.trunc() == network => Ok(network),
        Some(network) => Err(format!(
            "{shown} is an address within {}: write the network",
            network.trunc()
        )),
        None => Err(format!(
            "{shown} is no network: write one such as 10.20.0.0/16"
        )),
    }
}

/// Reads one network as strictly as an address of a phone: leading zeros are octal to some programs.
pub fn strictly(word: &str) -> Option<IpNet> {
    let (address, length) = word.split_once('/')?;
    let bits: u8 = length.parse().ok()?;
    let plain = bits.to_string() == length;
    IpNet::new(address.parse().ok()?, bits)
        .ok()
        .filter(|_| plain)
}

/// A text that is no network was not written by us; what is left is narrower.
fn parsed(row: &EgressRow) -> Vec<IpNet> {
    let networks = row.networks.iter().map(|text| text.parse());
    networks.filter_map(Result::ok).collect()
}

pub(crate) fn texts(networks: &[IpNet]) -> Vec<String> {
    networks.iter().map(ToString::to_string).collect()
}
