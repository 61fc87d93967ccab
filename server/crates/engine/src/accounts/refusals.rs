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
use serde_json::json;

use super::sign_in::unknown;
use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

/// So many in a minute are recorded one by one, for each source.
const PER_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_mins(1);
/// So many sources are told apart; all others of one kind count as one.
const SOURCES: usize = 10_000;
/// How the names begin of all others of one kind together.
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
pub(super) enum Telling {
    ByItself,
    /// It begins a count, which somebody has to write: that of this name.
    BeginsCount(String),
    Counted,
}

/// One more of this kind from this source; so many of them a minute are told by themselves.
pub(super) fn note(most: u32, (kind, source): (&str, &str), now: Timestamp) -> Telling {
    let mut name = format!("{kind} {source}");
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    if recent.len() >= SOURCES {
        recent.retain(|_, minute| minute.untold > 0 || now < minute.began.plus(MINUTE));
    }
    if !recent.contains_key(&name) && recent.len() >= SOURCES {
        name = format!("{OTHERS} {kind}");
    }
    let minute = recent.entry(name.clone()).or_insert(Minute {
        began: now,
        tries: 0,
        untold: 0,
    });
    if now < minute.began || minute.began.plus(MINUTE) <= now {
        (minute.began, minute.tries) = (now, 0);
    }
    minute.tries = minute.tries.saturating_add(1);
    if minute.tries <= most {
        return Telling::ByItself;
    }
    minute.untold = minute.untold.saturating_add(1);
    if minute.untold == 1 {
        Telling::BeginsCount(name)
    } else {
        Telling::Counted
    }
}

/// The count of this name, which starts anew.
pub(super) fn take(name: &str) -> u32 {
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    let minute = recent.get_mut(name);
    minute.map_or(0, |minute| std::mem::take(&mut minute.untold))
}

/// A count of many sources says nothing of the one that began it.
fn of_others(several: Event) -> Event {
    Event {
        actor: unknown(""),
        ip: None,
        ..several
    }
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
        let several = Event {
            detail: json!({ "what": "several" }),
            ..event.clone()
        };
        self.record_refusal(("denied", &caller.actor.id), event, several)
            .await
    }

    /// Records a refusal. Beyond sixty a minute from one source of its kind they are counted in
    /// one record, which is the second one here, with the count.
    pub(super) async fn record_refusal(
        &self,
        source: (&str, &str),
        event: Event,
        several: Event,
    ) -> Result<()> {
        let telling = note(PER_MINUTE, source, event.at);
        self.record_as(telling, event, several).await
    }

    /// Counts a refusal from this source of its kind, and says how it is to be told.
    pub(super) fn note_refusal(&self, source: (&str, &str)) -> Telling {
        note(PER_MINUTE, source, self.clock.now())
    }

    /// Records it by itself, or sees to the record that counts it.
    pub(super) async fn record_as(
        &self,
        telling: Telling,
        event: Event,
        several: Event,
    ) -> Result<()> {
        match telling {
            Telling::ByItself => self.record_alone(event).await,
            Telling::BeginsCount(name) if name.starts_with(OTHERS) => {
                self.count_refusals(name, of_others(several));
                Ok(())
            }
            Telling::BeginsCount(name) => {
                self.count_refusals(name, several);
                Ok(())
            }
            Telling::Counted => Ok(()),
        }
    }

    /// Waits for the end of the minute and writes how many there were.
    fn count_refusals(&self, name: String, mut event: Event) {
        let engine = self.clone();
        self.dispatch.tasks.spawn(async move {
            tokio::select! {
                () = engine.dispatch.stopping() => {}
                () = tokio::time::sleep(MINUTE) => {}
            }
            event.at = engine.clock.now();
            if let Some(detail) = event.detail.as_object_mut() {
                detail.insert("count".to_owned(), take(&name).into());
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

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    // One after the other: what is remembered is one for all.
    #[test]
    fn beyond_sixty_a_minute_they_are_counted() {
        let beyond = ("test", "beyond");
        for _ in 0..60 {
            assert_eq!(note(PER_MINUTE, beyond, at(1)), Telling::ByItself);
        }
        let begins = Telling::BeginsCount("test beyond".to_owned());
        assert_eq!(note(PER_MINUTE, beyond, at(2)), begins);
        assert_eq!(note(PER_MINUTE, beyond, at(3)), Telling::Counted);
        assert_eq!(
            note(PER_MINUTE, ("test", "another"), at(3)),
            Telling::ByItself
        );
        assert_eq!(take("test beyond"), 2);
        assert_eq!(note(PER_MINUTE, beyond, at(62)), Telling::ByItself);
        assert_eq!(take("test beyond"), 0);
        others_count_by_their_kind();
    }

    fn others_count_by_their_kind() {
        for n in 0..SOURCES {
            note(PER_MINUTE, ("test", &n.to_string()), at(70));
        }
        for _ in 0..60 {
            assert_eq!(note(PER_MINUTE, ("a", "x"), at(70)), Telling::ByItself);
        }
        let begins = Telling::BeginsCount("others a".to_owned());
        assert_eq!(note(PER_MINUTE, ("a", "y"), at(70)), begins);
        assert_eq!(note(PER_MINUTE, ("b", "y"), at(70)), Telling::ByItself);
        assert_eq!((take("others a"), take("others b")), (1, 0));
    }
}
