//! All couriers of this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use carillon_receivers::Dialer;
use carillon_store::{Store, StreamRow};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::courier::Courier;
use super::{Pace, StreamConfig};
use crate::clock::Clock;
use crate::error::Result;
use crate::random::Random;
use crate::secrets::Keyring;

/// What couriers work with.
pub struct StreamsParts {
    /// The log and the cursors.
    pub store: Store,
    /// Opens the secrets that sign.
    pub keyring: Keyring,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// The way to receivers.
    pub dialer: Dialer,
    /// How syslog messages call this server.
    pub host: String,
    /// How couriers spend their time.
    pub pace: Pace,
}

/// The couriers of this process. Cheap to clone.
#[derive(Clone)]
pub struct Streams {
    shared: Arc<Shared>,
    names: Arc<Vec<String>>,
    tasks: TaskTracker,
}

pub(super) struct Shared {
    pub(super) parts: StreamsParts,
    /// A name that no other process has.
    pub(super) holder: String,
    pub(super) stop: CancellationToken,
    seen: Mutex<BTreeMap<String, StreamRow>>,
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, BTreeMap<String, StreamRow>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn show(&self, row: &StreamRow) {
        self.seen().insert(row.name.clone(), row.clone());
    }
}

impl Streams {
    /// Sends every stream of the settings off.
    ///
    /// # Errors
    /// When the database does not take them.
    pub async fn start(parts: StreamsParts, configs: Vec<StreamConfig>) -> Result<Self> {
        let mut unit = parts.store.begin().await?;
        for config in &configs {
            let receiver = config.receiver.to_string();
            unit.ensure_stream(&config.name, &receiver).await?;
        }
        unit.commit_bookkeeping().await?;
        let holder = hex::encode(parts.random.bytes::<16>()?);
        let streams = Self {
            names: Arc::new(configs.iter().map(|config| config.name.clone()).collect()),
            shared: Arc::new(Shared {
                parts,
                holder,
                stop: CancellationToken::new(),
                seen: Mutex::default(),
            }),
            tasks: TaskTracker::new(),
        };
        for config in configs {
            let shared = Arc::clone(&streams.shared);
            streams.tasks.spawn(Courier { config, shared }.run());
        }
        Ok(streams)
    }

    /// Ends them. What was on its way may come twice; nothing is lost.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        let released = async {
            let mut unit = self.shared.parts.store.begin().await?;
            unit.release_streams(&self.shared.holder).await?;
            unit.commit_bookkeeping().await
        };
        if let Err(error) = released.await {
            tracing::warn!(%error, "the streams were not given back; another node takes them later");
        }
    }

    /// The names of the settings.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Those that people were told of: their receivers have taken nothing for long.
    pub fn stalled(&self) -> Vec<StreamRow> {
        let seen = self.shared.seen();
        let told = seen.values().filter(|row| row.told_at.is_some());
        told.cloned().collect()
    }
}
