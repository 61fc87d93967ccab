//! One receiver's courier.
//!
//! Owns the way of one batch: read from the cursor, sent, confirmed, cursor moved on.

use std::sync::Arc;
use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::event::{Actor, Event, EventResult};
use carillon_receivers::Failure;
use carillon_store::{Holder, StoreError, StreamEntry, StreamRow};
use serde_json::json;

use super::StreamConfig;
use super::batch::Batch;
use super::desk::Shared;
use super::letter;
use super::secret::Secrets;
use super::waiting::Waiting;
use crate::error::{EngineError, Result};

/// Longer than a batch may take with all its steps, and than any pause after a failure.
const LEASE: Duration = Duration::from_mins(2);
const NO_SECRET: &str = "there is no secret to sign with yet: make one and give it to the receiver";
const SEALED: &str = "the secret cannot be opened with the keys at hand: make a new one";
const UNREADABLE: &str = "a record cannot be read: carillon audit verify names it";

/// One courier.
pub(super) struct Courier {
    pub(super) config: StreamConfig,
    pub(super) shared: Arc<Shared>,
}

/// What one turn came to.
enum Turn {
    /// Nothing is there to be sent, or somebody else sends it.
    Idle,
    /// A batch was taken.
    Sent,
    /// The receiver wants less at once.
    Smaller,
    /// The receiver takes nothing; it may have said for how long.
    Stood(Option<Duration>),
}

impl Courier {
    /// Sends until it is stopped.
    pub(super) async fn run(self) {
        let (mut waiting, mut batch) = (Waiting::default(), Batch::default());
        let stop = self.shared.stop.clone();
        loop {
            let turn = tokio::select! {
                () = stop.cancelled() => return,
                turn = self.turn(&mut batch) => turn,
            };
            let pause = self.pause(turn, &mut waiting);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn pause(&self, turn: Result<Turn>, waiting: &mut Waiting) -> Duration {
        let parts = &self.shared.parts;
        match turn {
            Ok(Turn::Idle) => {
                waiting.over();
                parts.pace.look
            }
            Ok(Turn::Sent) => {
                waiting.over();
                Duration::ZERO
            }
            Ok(Turn::Smaller) => Duration::ZERO,
            Ok(Turn::Stood(asked)) => {
                let pause = waiting.next(&parts.pace, &parts.random);
                asked.map_or(pause, |asked| asked.max(pause))
            }
            Err(error) => {
                let stream = &self.config.name;
                tracing::warn!(%stream, %error, "the stream cannot read the log");
                waiting.next(&parts.pace, &parts.random)
            }
        }
    }

    async fn turn(&self, batch: &mut Batch) -> Result<Turn> {
        let row = self.row().await?;
        let store = &self.shared.parts.store;
        let size = i64::try_from(store.audit_head().await?.size()).unwrap_or(i64::MAX);
        if row.next > size {
            return self
                .stood(&row, "the log is shorter than what was sent of it", None)
                .await;
        }
        if row.next == size || !self.hold().await? {
            return Ok(Turn::Idle);
        }
        // Somebody else may have sent these while this process did not hold the stream.
        let row = self.row().await?;
        let mut entries = match store.stream_entries(row.next, batch.most()).await {
            Err(StoreError::Inconsistent { .. }) => {
                return self.stood(&row, UNREADABLE, None).await;
            }
            entries => entries?,
        };
        Batch::shorten(&mut entries);
        let Some(last) = entries.last() else {
            return Ok(Turn::Idle);
        };
        let to = last.seq + 1;
        match self.deliver(&row, &entries).await? {
            Ok(()) => {
                batch.was_taken();
                self.took(&row, to).await
            }
            Err(Trouble::Failed(failure)) if failure.is_too_large() && batch.halve(&entries) => {
                Ok(Turn::Smaller)
            }
            Err(Trouble::NoSecret) => self.stood(&row, NO_SECRET, None).await,
            Err(Trouble::Sealed) => self.stood(&row, SEALED, None).await,
            Err(Trouble::Failed(failure)) => {
                self.stood(&row, &failure.to_string(), failure.again_in())
                    .await
            }
        }
    }

    /// Where the stream is, as everybody may see it.
    async fn row(&self) -> Result<StreamRow> {
        let row = self.shared.parts.store.stream(&self.config.name).await?;
        let row = row.ok_or(EngineError::NotFound)?;
        self.shared.show(&row);
        Ok(row)
    }

    /// Whether this process sends. Where several share a database one does, until it is done or
    /// was silent for long.
    async fn hold(&self) -> Result<bool> {
        let parts = &self.shared.parts;
        if !parts.store.is_shared() {
            return Ok(true);
        }
        let now = parts.clock.now();
        let holder = Holder {
            name: &self.shared.holder,
            now,
            until: now.plus(LEASE),
        };
        let mut unit = parts.store.begin().await?;
        let holds = unit.hold_stream(&self.config.name, holder).await?;
        unit.commit_bookkeeping().await?;
        Ok(holds)
    }

    async fn deliver(
        &self,
        row: &StreamRow,
        entries: &[StreamEntry],
    ) -> Result<Result<(), Trouble>> {
        let parts = &self.shared.parts;
        let to = &self.config.receiver;
        let sent = if to.scheme().is_syslog() {
            let host = parts.host.as_str();
            let messages: Vec<_> = entries.iter().map(|e| letter::message(e, host)).collect();
            parts.dialer.syslog(to, &messages).await
        } else {
            let secrets = match Secrets::open(&parts.keyring, row) {
                Ok(Some(secrets)) => secrets,
                Ok(None) => return Ok(Err(Trouble::NoSecret)),
                Err(error) => {
                    tracing::error!(stream = %row.name, %error, "the secret cannot be opened");
                    return Ok(Err(Trouble::Sealed));
                }
            };
            let request = letter::webhook(entries, &secrets, parts.clock.now());
            parts.dialer.request(to, request).await
        };
        Ok(sent.map_err(Trouble::Failed))
    }

    async fn took(&self, row: &StreamRow, to: i64) -> Result<Turn> {
        let parts = &self.shared.parts;
        let now = parts.clock.now();
        let mut unit = parts.store.begin().await?;
        let moved = unit.advance_stream(&row.name, (row.next, to), now).await?;
        if moved && row.told_at.is_some() {
            let mut event = self.event(now, "stream.resumed", row);
            event.detail["records"] = json!(to - row.next);
            unit.record(&[event]).await?.commit().await?;
        } else {
            unit.commit_bookkeeping().await?;
        }
        if row.failing_since.is_some() {
            tracing::info!(stream = %row.name, "the receiver takes records again");
        }
        self.row().await?;
        Ok(Turn::Sent)
    }

    async fn stood(&self, row: &StreamRow, why: &str, again: Option<Duration>) -> Result<Turn> {
        let parts = &self.shared.parts;
        let now = parts.clock.now();
        if row.problem.as_deref() != Some(why) {
            tracing::warn!(stream = %row.name, receiver = %self.config.receiver, %why, "the stream stands still");
            let mut unit = parts.store.begin().await?;
            unit.stream_stands(&row.name, why, now).await?;
            unit.commit_bookkeeping().await?;
        }
        let long = row
            .failing_since
            .is_some_and(|since| now.since(since) >= parts.pace.alert);
        if long && row.told_at.is_none() {
            let mut event = self.event(now, "stream.stalled", row);
            event.result = EventResult::Failed;
            event.detail["problem"] = json!(why);
            event.detail["since"] = json!(row.failing_since);
            let mut unit = parts.store.begin().await?;
            if unit.stream_told(&row.name, now).await? {
                unit.record(&[event]).await?.commit().await?;
                tracing::error!(stream = %row.name, %why, "the stream has stood still for long");
            }
        }
        self.row().await?;
        Ok(Turn::Stood(again))
    }

    fn event(&self, now: Timestamp, action: &str, row: &StreamRow) -> Event {
        let mut event = Event::new(now, Actor::system(), action);
        let receiver = self.config.receiver.to_string();
        event.detail = json!({ "stream": row.name, "receiver": receiver });
        event
    }
}

/// Why a batch was not taken.
enum Trouble {
    NoSecret,
    /// The secret was sealed with a key that is not here.
    Sealed,
    Failed(Failure),
}
