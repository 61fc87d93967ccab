//! Requests that were refused for what they are, and those that failed on our side, for the audit log.
//!
//! Owns how many records of them there are. *Invariant:* of one kind, one account or address has two
//! records a minute, the first one and how many more there were; all strangers together have no more
//! than sixty, and one with the number of all others. So nobody fills the log with them.

use carillon_domain::Timestamp;
use carillon_domain::event::{Event, EventResult};
use serde_json::json;

use super::refusals::{Telling, note, take};
use super::sign_in::unknown;
use super::throttle::network_of;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// So many records a minute are made of all strangers together, of each kind.
const OF_STRANGERS: u32 = 60;
/// The name of all strangers together; what it counts is nobody's in particular.
const STRANGERS: &str = "others, all";
/// The codes of fields that name what is never contacted.
const NEVER: [&str; 2] = ["blocked", "blocked_address"];
const BLOCKED: &str = "blocked_address";

/// A request that was refused, or that failed.
#[derive(Clone, Copy, Debug)]
pub struct Refused<'r> {
    /// Who asked, where somebody is known.
    pub caller: Option<&'r Caller>,
    /// From where.
    pub ip: Option<&'r str>,
    /// For what: method and route, never what was in it.
    pub what: &'r str,
    /// The stable word of the reason.
    pub why: &'r str,
    /// Whether the fault is ours.
    pub ours: bool,
}

impl Refused<'_> {
    fn event(&self, now: Timestamp) -> Event {
        let action = if self.ours {
            "request.failed"
        } else {
            "request.refused"
        };
        let mut event = match self.caller {
            Some(caller) => caller.event(now, action),
            None => Event::new(now, unknown(""), action),
        };
        if event.ip.is_none() {
            event.ip = self.ip.map(str::to_owned);
        }
        event.result = if self.ours {
            EventResult::Failed
        } else {
            EventResult::Denied
        };
        event.detail = json!({ "what": self.what, "why": self.why });
        event
    }

    fn telling(&self, now: Timestamp) -> Telling {
        match self.caller {
            // An account's tokens count for it.
            Some(caller) => {
                let account = caller.user_id.as_deref().unwrap_or(&caller.actor.id);
                note(1, (self.why, account), now)
            }
            None => of_stranger((self.why, &network_of(self.ip.unwrap_or_default())), now),
        }
    }
}

/// What a stranger causes is told by a record of its own only while there are few of them.
fn of_stranger((why, source): (&str, &str), now: Timestamp) -> Telling {
    let own = note(1, (why, source), now);
    if own == Telling::Counted {
        return own;
    }
    let of_all = note(OF_STRANGERS, (STRANGERS, why), now);
    if of_all == Telling::ByItself {
        return own;
    }
    if let Telling::BeginsCount(name) = own {
        // It is counted with the others instead.
        take(&name);
    }
    of_all
}

impl Engine {
    /// Records that a request was refused for what it is, or failed.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn record_refused(&self, refused: &Refused<'_>) -> Result<()> {
        let now = self.clock.now();
        let event = refused.event(now);
        let several = Event {
            detail: json!({ "what": "several", "why": refused.why }),
            ..event.clone()
        };
        self.record_as(refused.telling(now), event, several).await
    }

    /// Passes on what came of a change, and records it where it named an address that is never
    /// contacted.
    pub(crate) async fn told_if_blocked<T>(
        &self,
        caller: &Caller,
        what: &str,
        came: Result<T>,
    ) -> Result<T> {
        let blocked = match &came {
            Err(EngineError::Invalid(errors)) => {
                errors.iter().any(|error| NEVER.contains(&&*error.code))
            }
            _ => false,
        };
        if blocked {
            self.record_blocked(caller, what).await?;
        }
        came
    }

    /// Records that somebody named an address that is never contacted.
    pub(crate) async fn record_blocked(&self, caller: &Caller, what: &str) -> Result<()> {
        let refused = Refused {
            caller: Some(caller),
            ip: None,
            what,
            why: BLOCKED,
            ours: false,
        };
        self.record_refused(&refused).await
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
    fn a_crowd_of_strangers_has_sixty_records_and_one() {
        let many = ("many", "10.0.0.1");
        assert_eq!(of_stranger(many, at(1)), Telling::ByItself);
        let begins = Telling::BeginsCount("many 10.0.0.1".to_owned());
        assert_eq!(of_stranger(many, at(2)), begins);
        for _ in 0..100 {
            assert_eq!(of_stranger(many, at(3)), Telling::Counted);
        }
        assert_eq!(take("many 10.0.0.1"), 101);
        let mut told = 2;
        for n in 0..1_000 {
            let source = format!("10.1.{}.{}", n / 250, n % 250);
            told += usize::from(of_stranger(("many", &source), at(4)) != Telling::Counted);
        }
        // Sixty by themselves, and the one that counts the others.
        assert_eq!(told, 61);
        assert_eq!(take("others, all many"), 1_000 - 58);
        assert_eq!(of_stranger(many, at(62)), Telling::ByItself);
        assert_eq!(of_stranger(("other", "10.0.0.1"), at(4)), Telling::ByItself);
    }
}
