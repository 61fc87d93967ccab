//! Hashing of account passwords.
//!
//! Owns the cost of a hash. *Invariant:* never hashes on the threads that serve requests, and never
//! without a slot: [`super::lines`] says how many there are.

use std::sync::Arc;

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::breached::Breached;
use super::lines::{Line, Lines, Turn};
use super::throttle::{Door, network_of};
use crate::error::{EngineError, Result};
use crate::random::Random;

/// What one hash costs: Argon2id, version 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// The cost is below what is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("password hashes need at least 19456 KiB and 2 passes, or 47104 KiB and 1 pass")]
pub struct TooCheap;

impl Default for Cost {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

impl Cost {
    /// A cost of one's own, no cheaper than the floor.
    ///
    /// # Errors
    /// [`TooCheap`].
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, TooCheap> {
        let enough = (memory_kib >= 19_456 && passes >= 2) || (memory_kib >= 47_104 && passes >= 1);
        if enough && lanes >= 1 {
            Ok(Self {
                memory_kib,
                passes,
                lanes,
            })
        } else {
            Err(TooCheap)
        }
    }

    fn algorithm(self) -> Result<Argon2<'static>> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| EngineError::Internal("the cost of password hashes"))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

/// A password hash in its usual text form; wiped on drop.
pub type HashText = Zeroizing<String>;

/// What came of comparing a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// It is the password.
    pub matches: bool,
    /// The stored hash is cheaper than what is asked for today.
    pub outdated: bool,
}

/// Hashes passwords, so many at once and no more; cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    cost: Cost,
    lines: Lines,
    /// Who is refused before they come to a line.
    pub(super) door: Door,
    breached: Option<Arc<Breached>>,
}

/// The right to hash one password now.
pub struct Slot {
    cost: Cost,
    turn: Turn,
}

impl Hasher {
    /// Hashes at most `at_once` passwords at once.
    pub fn new(cost: Cost, at_once: usize) -> Self {
        Self {
            cost,
            lines: Lines::new(at_once),
            door: Door::default(),
            breached: None,
        }
    }

    /// Knows passwords that new ones must not be.
    #[must_use]
    pub fn refusing(mut self, breached: Option<Breached>) -> Self {
        self.breached = breached.map(Arc::new);
        self
    }

    /// Whether a new password is known from a breach.
    ///
    /// # Errors
    /// When the file of those cannot be read.
    pub async fn is_breached(&self, password: &SecretString) -> Result<bool> {
        let Some(breached) = self.breached.clone() else {
            return Ok(false);
        };
        let password = password.clone();
        let look = move || breached.knows(password.expose_secret());
        let looked = tokio::task::spawn_blocking(look).await;
        let looked = looked.map_err(|_| EngineError::Internal("looking up a password"))?;
        looked.map_err(|error| {
            tracing::error!(%error, "the file of breached passwords cannot be read");
            EngineError::Internal("the file of breached passwords")
        })
    }

    /// Waits for a turn, two seconds at most and behind sixteen others at most. Whoever comes this
    /// way makes room for nobody.
    ///
    /// # Errors
    /// [`EngineError::Busy`].
    pub async fn slot(&self) -> Result<Slot> {
        self.slot_of(Line::Anybody, None).await
    }

    /// The same for somebody who comes from this address, and shares with all who do.
    pub(super) async fn slot_of_address(&self, ip: Option<&str>) -> Result<Slot> {
        let source = ip.map(|ip| format!("address {}", network_of(ip)));
        self.slot_of(Line::Anybody, source).await
    }

    /// The same in a browser in which this account signed in before. A flood of strangers does not
    /// stand before it, nor one from browsers of another account.
    pub(super) async fn slot_of_browser(&self, account: &str, ip: Option<&str>) -> Result<Slot> {
        let source = Some(format!("account {account}"));
        match self.slot_of(Line::Known, source).await {
            Err(EngineError::Busy { .. }) => self.slot_of_address(ip).await,
            slot => slot,
        }
    }

    /// The same for whoever is signed in with this account: neither sign-ins nor the sessions of
    /// other accounts stand before them.
    pub(super) async fn slot_of_session(&self, user_id: &str) -> Result<Slot> {
        let source = Some(format!("account {user_id}"));
        self.slot_of(Line::SignedIn, source).await
    }

    async fn slot_of(&self, line: Line, source: Option<String>) -> Result<Slot> {
        let turn = self.lines.turn(line, source).await?;
        let cost = self.cost;
        Ok(Slot { cost, turn })
    }

    /// A hash that no password has, of the cost of a real one: compared with for names that do
    /// not exist, so that they take as long.
    ///
    /// # Errors
    /// Only when the operating system gives no random bytes.
    pub fn decoy(&self, random: &Random) -> Result<HashText> {
        let params = self.cost.algorithm()?;
        let broken = |_| EngineError::Internal("a decoy hash");
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: params
                .params()
                .try_into()
                .map_err(|_| EngineError::Internal("a decoy hash"))?,
            salt: Some(Salt::new(&random.bytes::<16>()?).map_err(broken)?),
            hash: Some(Output::new(&random.bytes::<32>()?).map_err(broken)?),
        };
        Ok(Zeroizing::new(hash.to_string()))
    }
}

impl Slot {
    /// Hashes a new password.
    ///
    /// Dropping the future does not stop the hash; its slot is given back when it is done.
    ///
    /// # Errors
    /// Only when the operating system gives no random bytes.
    pub async fn hash(self, password: SecretString, random: &Random) -> Result<HashText> {
        let salt = random.bytes::<16>()?;
        self.run(move |cost| {
            let hash = cost
                .algorithm()?
                .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
                .map_err(|_| EngineError::Internal("hashing a password"))?;
            Ok(Zeroizing::new(hash.to_string()))
        })
        .await
    }

    /// Compares a password with a stored hash, at the cost that the hash names.
    ///
    /// Dropping the future does not stop the hash; its slot is given back when it is done.
    ///
    /// # Errors
    /// When the stored hash cannot be read.
    pub async fn verify(self, password: SecretString, stored: HashText) -> Result<Verdict> {
        self.run(move |cost| {
            let unreadable = || EngineError::Internal("a stored password hash");
            let hash = PasswordHash::new(&stored).map_err(|_| unreadable())?;
            let params = Params::try_from(&hash).map_err(|_| unreadable())?;
            let typed = password.expose_secret().as_bytes();
            let matches = cost.algorithm()?.verify_password(typed, &hash).is_ok();
            Ok(Verdict {
                matches,
                outdated: cost.exceeds(&params),
            })
        })
        .await
    }

    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(Cost) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let task = tokio::task::spawn_blocking(move || {
            let done = work(self.cost);
            drop(self.turn);
            done
        });
        task.await
            .map_err(|_| EngineError::Internal("hashing a password"))?
    }
}

impl Cost {
    fn exceeds(self, params: &Params) -> bool {
        self.memory_kib > params.m_cost()
            || self.passes > params.t_cost()
            || self.lanes > params.p_cost()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn cheap_settings_are_refused() {
        assert!(Cost::new(19_456, 2, 1).is_ok());
        assert!(Cost::new(47_104, 1, 1).is_ok());
        assert_eq!(Cost::new(19_455, 2, 1), Err(TooCheap));
        assert_eq!(Cost::new(19_456, 1, 1), Err(TooCheap));
        assert_eq!(Cost::new(19_456, 2, 0), Err(TooCheap));
    }

    #[tokio::test]
    async fn only_the_password_matches() {
        let hasher = Hasher::new(Cost::default(), 1);
        let slot = hasher.slot().await.unwrap();
        let hash = slot
            .hash(password("bells at noon"), &Random::system())
            .await
            .unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        for (typed, matches) in [("bells at noon", true), ("bells at noon ", false)] {
            let slot = hasher.slot().await.unwrap();
            let verdict = slot.verify(password(typed), hash.clone()).await.unwrap();
            assert_eq!(
                verdict,
                Verdict {
                    matches,
                    outdated: false
                }
            );
        }
        let dearer = Hasher::new(Cost::new(19_456, 3, 1).unwrap(), 1);
        let slot = dearer.slot().await.unwrap();
        let verdict = slot.verify(password("bells at noon"), hash).await.unwrap();
        assert_eq!(
            verdict,
            Verdict {
                matches: true,
                outdated: true
            }
        );
    }

    #[tokio::test]
    async fn a_decoy_costs_the_same_and_matches_nothing() {
        let hasher = Hasher::new(Cost::default(), 1);
        let decoy = hasher.decoy(&Random::system()).unwrap();
        assert!(decoy.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let slot = hasher.slot().await.unwrap();
        let verdict = slot.verify(password(""), decoy).await.unwrap();
        assert_eq!(
            verdict,
            Verdict {
                matches: false,
                outdated: false
            }
        );
    }
}
