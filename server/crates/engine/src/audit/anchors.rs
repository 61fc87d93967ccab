//! Anchors over the network: each signed checkpoint goes to receivers outside.
//!
//! Owns one task for each. *Invariant:* an anchor that is not reached is said and tried again; it
//! keeps nobody from signing, and holds up no other anchor. What an anchor is told in secret goes to
//! that anchor only, and never in clear over a network.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use carillon_domain::Timestamp;
use carillon_receivers::{Destination, Dialer, Failure, Message, Request, Severity, Verb};
use carillon_store::{CheckpointRow, Store};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::note::MARK;
use crate::clock::Clock;
use crate::error::Result;
use crate::random::Random;
use crate::streams::{Pace, Waiting};

/// What anchors work with.
pub struct AnchorsParts {
    /// The log.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// The way to receivers.
    pub dialer: Dialer,
    /// How syslog messages call this server.
    pub host: String,
    /// How time is spent.
    pub pace: Pace,
}

/// One anchor of the settings.
#[derive(Clone, Debug)]
pub struct AnchorConfig {
    /// Where it is.
    pub receiver: Destination,
    /// What it is told in `Authorization`, where it speaks HTTP; nobody else is told.
    pub authorization: Option<SecretString>,
}

impl AnchorConfig {
    /// How the database knows it again; its path may be a secret.
    fn id(&self) -> String {
        hex::encode(Sha256::digest(self.receiver.whole()))
    }
}

/// How one anchor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorState {
    /// Where it is, as people may see it.
    pub receiver: String,
    /// The records under the last checkpoint that it is known to have.
    pub reached: i64,
    /// Since when it lacks one.
    pub behind: Option<Timestamp>,
    /// Why.
    pub problem: Option<String>,
}

/// The anchors of this process. Cheap to clone.
#[derive(Clone)]
pub struct Anchors {
    shared: Arc<Shared>,
    tasks: TaskTracker,
}

struct Shared {
    parts: AnchorsParts,
    stop: CancellationToken,
    states: Mutex<Vec<AnchorState>>,
}

impl Shared {
    fn states(&self) -> MutexGuard<'_, Vec<AnchorState>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, index: usize, change: impl FnOnce(&mut AnchorState)) {
        if let Some(state) = self.states().get_mut(index) {
            change(state);
        }
    }
}

impl Anchors {
    /// Begins to send to each of these. What one lacks since before this process began is known
    /// from the database.
    ///
    /// # Errors
    /// When that cannot be read.
    pub async fn start(parts: AnchorsParts, anchors: Vec<AnchorConfig>) -> Result<Self> {
        let mut states = Vec::with_capacity(anchors.len());
        for anchor in &anchors {
            let reached = parts.store.anchor_reached(&anchor.id()).await?;
            let lacks = parts.store.checkpoint_over(reached).await?;
            states.push(AnchorState {
                receiver: anchor.receiver.to_string(),
                reached,
                behind: lacks.map(|row| row.at),
                problem: None,
            });
        }
        let started = Self {
            shared: Arc::new(Shared {
                states: Mutex::new(states),
                stop: CancellationToken::new(),
                parts,
            }),
            tasks: TaskTracker::new(),
        };
        for (index, to) in anchors.into_iter().enumerate() {
            let shared = Arc::clone(&started.shared);
            started.tasks.spawn(Anchor { index, to, shared }.run());
        }
        Ok(started)
    }

    /// How they are, in the order of the settings.
    pub fn states(&self) -> Vec<AnchorState> {
        self.shared.states().clone()
    }

    /// Since when one of them lacks a checkpoint.
    pub fn behind(&self) -> Option<Timestamp> {
        let states = self.shared.states();
        states.iter().filter_map(|state| state.behind).min()
    }

    /// Ends them, after one more try to hand over what was signed last.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

struct Anchor {
    index: usize,
    to: AnchorConfig,
    shared: Arc<Shared>,
}

impl Anchor {
    async fn run(self) {
        let parts = &self.shared.parts;
        let (mut reached, mut waiting) = (0, Waiting::default());
        loop {
            let stopping = self.shared.stop.is_cancelled();
            let pause = if self.look(&mut reached).await {
                waiting.over();
                parts.pace.look
            } else {
                waiting.next(&parts.pace, &parts.random)
            };
            if stopping {
                return;
            }
            tokio::select! {
                () = self.shared.stop.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Whether the anchor has all that was signed.
    async fn look(&self, reached: &mut i64) -> bool {
        let parts = &self.shared.parts;
        let row = match parts.store.last_checkpoint().await {
            Ok(Some(row)) if row.size > *reached => row,
            Ok(_) => return true,
            Err(error) => {
                tracing::warn!(%error, "the last checkpoint cannot be read");
                return false;
            }
        };
        let sent = self.send(&row).await;
        // An earlier try whose answer was lost may have brought it there, or another node, to a
        // place that takes each name once.
        let there = sent.as_ref().is_err_and(is_there);
        match sent {
            Err(failure) if !there => {
                self.failed(&failure);
                false
            }
            _ => {
                *reached = row.size;
                self.keep(row.size).await;
                self.shared.change(self.index, |state| {
                    (state.reached, state.behind, state.problem) = (row.size, None, None);
                });
                true
            }
        }
    }

    /// Keeps how far it is for the next process. If that fails, the last checkpoint is offered
    /// once more.
    async fn keep(&self, size: i64) {
        let kept = async {
            let mut unit = self.shared.parts.store.begin().await?;
            unit.anchor_reached(&self.to.id(), size).await?;
            unit.commit_bookkeeping().await
        };
        if let Err(error) = kept.await {
            let anchor = &self.to.receiver;
            tracing::warn!(%anchor, %error, "how far the anchor is was not kept");
        }
    }

    fn failed(&self, failure: &Failure) {
        let now = self.shared.parts.clock.now();
        let problem = Some(failure.to_string());
        self.shared.change(self.index, |state| {
            if state.problem != problem {
                let anchor = &self.to.receiver;
                tracing::warn!(%anchor, %failure, "the anchor was not reached");
            }
            state.behind.get_or_insert(now);
            state.problem = problem;
        });
    }

    async fn send(&self, row: &CheckpointRow) -> Result<(), Failure> {
        let parts = &self.shared.parts;
        if self.to.receiver.scheme().is_syslog() {
            let text = format!("{MARK}{}", STANDARD.encode(&row.note));
            let message = Message {
                severity: Severity::Informational,
                at: row.at,
                host: &parts.host,
                id: "checkpoint",
                number: row.size.unsigned_abs(),
                text: &text,
            };
            parts.dialer.syslog(&self.to.receiver, &[message]).await
        } else {
            parts
                .dialer
                .request(&self.to.receiver, self.file(row))
                .await
        }
    }

    /// A file of its own for each checkpoint, where none of that name is yet.
    fn file(&self, row: &CheckpointRow) -> Request {
        let token = self.to.authorization.as_ref();
        let token = token.filter(|_| self.to.receiver.keeps_secrets());
        let mut headers = vec![("if-none-match", "*".to_owned())];
        headers.extend(token.map(|token| ("authorization", token.expose_secret().to_owned())));
        Request {
            verb: Verb::Put,
            below: format!("checkpoint-{:020}.txt", row.size),
            content_type: "text/plain; charset=utf-8",
            headers,
            body: Bytes::from(format!("{}\n", row.note)),
        }
    }
}

/// Whether the receiver says that it has the file already.
const fn is_there(failure: &Failure) -> bool {
    matches!(failure, Failure::Status { status: 412, .. })
}
