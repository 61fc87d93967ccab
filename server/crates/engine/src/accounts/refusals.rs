//! Refusals that anybody could cause without end, on their way to the audit log.
//!
//! Owns how they reach it: each by itself, and beyond a rate counted in one record a minute, so
//! that nobody can fill the disk with them. *Invariant:* what is remembered here is bounded, and a
//! count that was begun is written when its minute ends or this node stops.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::event::{Event, EventResult};
use carillon_domain::role::Permission;
use serde_json::{Value, json};

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

/// So many in a minute are recorded one by one, for each source.
const PER_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_mins(1);
/// So many sources are told apart; all others count as one.
const SOURCES: usize = 10_000;
const OTHERS: &str = "others";

static RECENT: Mutex<BTreeMap<String, Minute>> = Mutex::new(BTreeMap::new());

struct Minute {
    began: Timestamp,
    tries: u32,
    /// Beyond the rate: counted, and not recorded yet.
    untold: u32,
}

/// How one refusal reaches the audit log.
#[derive(Debug, PartialEq, Eq)]
enum Telling {
    ByItself,
    /// It begins a count, which somebody has to write.
    BeginsCount,
    Counted,
}

fn note(source: &str, now: Timestamp) -> Telling {
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    if recent.len() >= SOURCES {
        recent.retain(|_, minute| minute.untold > 0 || now < minute.began.plus(MINUTE));
    }
    let known = recent.contains_key(source) || recent.len() < SOURCES;
    let source = if known { source } else { OTHERS };
    let minute = recent.entry(source.to_owned()).or_insert(Minute {
        began: now,
        tries: 0,
        untold: 0,
    });
    if now < minute.began || minute.began.plus(MINUTE) <= now {
        (minute.began, minute.tries) = (now, 0);
    }
    minute.tries = minute.tries.saturating_add(1);
    if minute.tries <= PER_MINUTE {
        return Telling::ByItself;
    }
    minute.untold = minute.untold.saturating_add(1);
    if minute.untold == 1 {
        Telling::BeginsCount
    } else {
        Telling::Counted
    }
}

/// The count of a source, which starts anew.
fn take(source: &str) -> u32 {
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    let mut taken = |name: &str| recent.get_mut(name).map(|m| std::mem::take(&mut m.untold));
    taken(source).or_else(|| taken(OTHERS)).unwrap_or(0)
}

impl Engine {
    /// Records that somebody asked for what they may not: for which route, and which permission
    /// they lack.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn record_denied(
        &self,
        caller: &Caller,
        what: &str,
        lacks: Option<Permission>,
    ) -> Result<()> {
        let mut event = caller.event(self.clock.now(), "access.denied");
        event.result = EventResult::Denied;
        event.detail = json!({ "what": what, "lacks": lacks });
        let source = format!("denied {}", caller.actor.id);
        self.record_refusal(&source, event, json!({ "what": "several" }))
            .await
    }

    /// Records a refusal. Beyond sixty a minute from one source they are counted in one record,
    /// which says this instead of what the single one says.
    pub(super) async fn record_refusal(
        &self,
        source: &str,
        event: Event,
        counted: Value,
    ) -> Result<()> {
        match note(source, event.at) {
            Telling::ByItself => self.record_alone(event).await,
            Telling::BeginsCount => {
                let event = Event {
                    detail: counted,
                    ..event
                };
                self.count_refusals(source.to_owned(), event);
                Ok(())
            }
            Telling::Counted => Ok(()),
        }
    }

    /// Waits for the end of the minute and writes how many there were.
    fn count_refusals(&self, source: String, mut event: Event) {
        let engine = self.clone();
        self.dispatch.tasks.spawn(async move {
            tokio::select! {
                () = engine.dispatch.stopping() => {}
                () = tokio::time::sleep(MINUTE) => {}
            }
            event.at = engine.clock.now();
            if let Some(detail) = event.detail.as_object_mut() {
                detail.insert("count".to_owned(), take(&source).into());
            }
            if let Err(error) = engine.record_alone(event).await {
                tracing::error!(%error, "a count of refusals was not recorded");
            }
        });
    }

    async fn record_alone(&self, event: Event) -> Result<()> {
        let unit = self.store.begin().await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_sixty_a_minute_they_are_counted() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        for _ in 0..60 {
            assert_eq!(note("beyond", at(1)), Telling::ByItself);
        }
        assert_eq!(note("beyond", at(2)), Telling::BeginsCount);
        assert_eq!(note("beyond", at(3)), Telling::Counted);
        assert_eq!(note("another", at(3)), Telling::ByItself);
        assert_eq!(take("beyond"), 2);
        assert_eq!(note("beyond", at(62)), Telling::ByItself);
        assert_eq!(take("beyond"), 0);
    }
}
