//! Randomness.
//!
//! Owns the one place that asks the operating system for random bytes. Everything else is handed
//! a [`Random`], so that tests can seed it.

use std::fmt;
use std::sync::{Arc, Mutex};

use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};
use rand::{Rng as _, TryRng as _};

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoEntropy;

/// A source of random bytes fit for secrets.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Random {
    /// The operating system's generator.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A repeatable generator, for tests only.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(
            seed,
        )))))
    }

    /// Fills a buffer.
    ///
    /// # Errors
    /// Only when the operating system fails.
    pub fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        match &self.0 {
            Source::System => SysRng.try_fill_bytes(buffer).map_err(|_| NoEntropy),
            Source::Seeded(generator) => {
                let mut generator = generator
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                generator.fill_bytes(buffer);
                Ok(())
            }
        }
    }

    /// A fresh array.
    ///
    /// # Errors
    /// Only when the operating system fails.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], NoEntropy> {
        let mut buffer = [0; N];
        self.fill(&mut buffer)?;
        Ok(buffer)
    }

    /// Sixteen bytes that nobody foretells, for what is no secret: the client nonce of a Digest
    /// answer (RFC 7616 §3.4). They come from a generator of this thread, which the operating system
    /// seeds now and then: thousands of phones a second do not ask the system each.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the module that owns randomness"
    )]
    pub fn nonce(&self) -> [u8; 16] {
        let mut nonce = [0; 16];
        match &self.0 {
            Source::System => rand::rng().fill_bytes(&mut nonce),
            Source::Seeded(generator) => {
                let generator = generator.lock();
                generator
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .fill_bytes(&mut nonce);
            }
        }
        nonce
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}
