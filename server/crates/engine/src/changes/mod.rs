//! What one administrator asks for and another decides about.
//!
//! Owns the acts that are for two: taking away somebody else's second factor, the limits and rules, who
//! needs a second factor, the networks of the phones, and that phones leave. *Invariants:* where another administrator could
//! decide, none of them comes true by one; who decides is a person with an account and is not who asked;
//! what comes true is exactly what was shown, while what it changes is as it was then; of two answers
//! one counts. Somebody on the server's machine has no account here and asks nobody.

mod apply;
mod ask;
mod decide;
mod deletion;
mod digest;
mod list;
mod told;

use std::collections::BTreeSet;
use std::time::Duration;

use carillon_domain::ChangeKind;
use carillon_domain::role::{Permission, Role};
use carillon_store::{Keeps, Order};
use ipnet::IpNet;
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::error::Result;
use crate::jobs::Rules;
use crate::networks::{Effect, texts};

pub(crate) use deletion::Leaving;
pub use deletion::{DELETED_ALONE, MOST_DELETED};
pub(crate) use digest::{digest, digest_of};
pub use list::WaitingChange;

/// How long a request waits for somebody to decide.
pub const WAITS: Duration = Duration::from_mins(30);
/// The place of the networks.
const PHONES: &str = "phones";

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// It holds.
    AtOnce,
    /// It waits under this id for another administrator.
    Asked(String),
    /// It was so already: nothing was done, and nobody is asked.
    Unchanged,
}

/// A change that is for two.
pub(crate) enum Change {
    /// The account with this id and name loses its second factor.
    SecondFactorReset { id: String, name: String },
    /// These rules.
    Rules(Rules),
    /// These roles need a second factor.
    SecondFactorRoles(BTreeSet<Role>),
    /// These networks, and what they do to the phones.
    Networks { wanted: Vec<IpNet>, effect: Effect },
    /// These phones leave the inventory.
    PhonesDeletion(Leaving),
}

impl Change {
    /// Fails unless the caller may make it or ask for it.
    fn require(&self, caller: &Caller) -> Result<()> {
        match self {
            // A token deletes a phone; what is for two is for people.
            Self::PhonesDeletion(_) => caller.require(Permission::ManageInventory),
            _ => caller.require_administrator(),
        }
    }

    /// What a unit keeps that makes it.
    const fn keeps(&self) -> Keeps {
        keeps(self.kind())
    }

    /// Whether it is of one phone, which nobody has to be asked for where nobody is there.
    const fn is_of_one_phone(&self) -> bool {
        matches!(self, Self::PhonesDeletion(leaving) if leaving.macs.len() == 1)
    }

    const fn kind(&self) -> ChangeKind {
        match self {
            Self::SecondFactorReset { .. } => ChangeKind::SecondFactorReset,
            Self::Rules(_) => ChangeKind::Rules,
            Self::SecondFactorRoles(_) => ChangeKind::SecondFactorRoles,
            Self::Networks { .. } => ChangeKind::Networks,
            Self::PhonesDeletion(_) => ChangeKind::PhonesDeletion,
        }
    }

    /// What it changes.
    fn subject(&self) -> String {
        match self {
            Self::SecondFactorReset { id, .. } => id.clone(),
            Self::Rules(_) => Order::Rules.as_str().to_owned(),
            Self::SecondFactorRoles(_) => Order::SecondFactor.as_str().to_owned(),
            Self::Networks { .. } => PHONES.to_owned(),
            Self::PhonesDeletion(leaving) => leaving.subject(),
        }
    }

    /// Whether it would leave everything as it stands.
    fn is_nothing(&self, base: &Value) -> bool {
        match self {
            Self::SecondFactorReset { .. } => false,
            Self::PhonesDeletion(_) => base["value"].as_array().is_none_or(Vec::is_empty),
            _ => base["value"] == self.asked(),
        }
    }

    /// What is asked for.
    fn asked(&self) -> Value {
        match self {
            Self::SecondFactorReset { name, .. } => json!({ "user": name }),
            Self::Rules(rules) => json!(rules),
            Self::SecondFactorRoles(roles) => json!(roles),
            Self::Networks { wanted, .. } => json!(texts(wanted)),
            Self::PhonesDeletion(leaving) => json!({ "delete": leaving.macs }),
        }
    }
}

/// What a unit keeps that makes a change of this kind: with a phone goes perhaps somebody's reach.
const fn keeps(kind: ChangeKind) -> Keeps {
    match kind {
        ChangeKind::PhonesDeletion => Keeps::AccountsAndWays,
        _ => Keeps::Accounts,
    }
}
