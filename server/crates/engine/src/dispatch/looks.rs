//! Looking whether a phone restarts: it goes away, and answers again.
//!
//! Owns what counts as away. *Invariant:* says no more than was seen; one lost look proves
//! nothing, nor does a connection that is taken and behaves oddly.

use std::time::Duration;

use carillon_devices::Limits;
use carillon_domain::outcome::Outcome;
use carillon_domain::{Cause, Mac};
use tokio::time::Instant;

use crate::Engine;
use crate::dispatch::delivery::Desk;
use crate::dispatch::verify::{Finding, question};

/// How soon a look that would change the picture is made again. One lost look is no restart, and
/// no return.
const AGAIN: Duration = Duration::from_millis(100);

/// What one look saw.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// A whole answer, whatever it says.
    Answers,
    /// No connection, or one that was closed again at once.
    Away,
    /// A connection, and no answer on it.
    Mute,
    /// Nothing: its address may not be contacted any more.
    Forbidden,
    /// Nothing: the phone could not be looked at.
    Nothing,
}

impl Sight {
    const fn of(outcome: &Outcome) -> Self {
        match outcome.cause {
            _ if outcome.http_status.is_some() => Self::Answers,
            Some(Cause::BlockedAddress) => Self::Forbidden,
            Some(Cause::Unreachable | Cause::Refused | Cause::TimeoutConnect) => Self::Away,
            _ if outcome.reached => Self::Mute,
            _ => Self::Nothing,
        }
    }
}

/// Whether a phone goes away and answers again.
pub(super) async fn comes_back(engine: &Engine, desk: &Desk, mac: Mac) -> Finding {
    let patience = &engine.dispatch.patience;
    let (started, mut seen) = (Instant::now(), Seen::default());
    for (look, pause) in patience.looks.iter().enumerate() {
        tokio::time::sleep(*pause).await;
        let gone = seen.gone_after.is_some();
        let sight = twice_in_doubt(engine, desk, mac, gone).await;
        if let Some(finding) = seen.note(sight, tenths(started.elapsed())) {
            return finding;
        }
        if seen.gone_after.is_none() && look + 1 >= patience.looks_before_gone {
            break;
        }
    }
    seen.end(tenths(started.elapsed()))
}

/// A phone is away when two looks in a row find nobody; one that is away takes connections again
/// when two in a row were taken.
async fn twice_in_doubt(engine: &Engine, desk: &Desk, mac: Mac, gone: bool) -> Sight {
    let sight = see(engine, desk, mac).await;
    let in_doubt = if gone { Sight::Mute } else { Sight::Away };
    if sight != in_doubt {
        return sight;
    }
    tokio::time::sleep(AGAIN).await;
    see(engine, desk, mac).await
}

/// What all looks at one phone saw.
#[derive(Default)]
struct Seen {
    gone_after: Option<Duration>,
    looks: usize,
    answers: usize,
    last: Option<Sight>,
}

impl Seen {
    /// Notes a look; the proof, when this was it.
    fn note(&mut self, sight: Sight, passed: Duration) -> Option<Finding> {
        self.looks += 1;
        self.answers += usize::from(sight == Sight::Answers);
        self.last = Some(sight);
        match (sight, self.gone_after) {
            (Sight::Away, None) => self.gone_after = Some(passed),
            (Sight::Answers, Some(gone)) => {
                return Some(Finding::Proof(format!(
                    "went away within {gone:?} and answered again after {passed:?}"
                )));
            }
            _ => {}
        }
        None
    }

    /// What it came to without proof.
    fn end(&self, passed: Duration) -> Finding {
        let (looks, answers) = (self.looks, self.answers);
        match (self.gone_after, self.last) {
            (Some(gone), Some(Sight::Away)) => Finding::Gone(format!(
                "went away within {gone:?} and did not answer again within {passed:?}"
            )),
            (Some(gone), Some(Sight::Forbidden)) => Finding::NoProof(format!(
                "went away within {gone:?}; its address may not be contacted any more, so nobody looked whether it came back"
            )),
            (Some(gone), Some(Sight::Nothing)) => Finding::NoProof(format!(
                "went away within {gone:?}; could not be looked at after that"
            )),
            (Some(gone), _) => Finding::NoProof(format!(
                "went away within {gone:?}; takes connections again and gives no answer, {passed:?} on"
            )),
            (None, Some(Sight::Forbidden)) => {
                Finding::NoProof("its address may not be contacted any more".to_owned())
            }
            (None, Some(Sight::Nothing) | None) => {
                Finding::NoProof("could not be looked at".to_owned())
            }
            (None, _) if answers == looks => {
                Finding::NoProof(format!("did not go away within {passed:?}"))
            }
            (None, _) => Finding::NoProof(format!(
                "was not seen to go away within {passed:?}; answered {answers} of {looks} looks"
            )),
        }
    }
}

const fn tenths(time: Duration) -> Duration {
    Duration::from_millis(time.as_millis() as u64 / 100 * 100)
}

/// Looks once: any answer will do, no password is sent.
async fn see(engine: &Engine, desk: &Desk, mac: Mac) -> Sight {
    let Some(mut question) = question(engine, desk, mac).await else {
        return Sight::Nothing;
    };
    question.credential = None;
    question.looking = true;
    question.limits = Limits::within(Duration::from_secs(3));
    let _place = engine.dispatch.looking().await;
    Sight::of(&engine.gateway.fetch(question).await.outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came_to(sights: &[Sight]) -> String {
        let mut seen = Seen::default();
        for sight in sights {
            assert!(seen.note(*sight, Duration::from_secs(1)).is_none());
        }
        match seen.end(Duration::from_secs(9)) {
            Finding::NoProof(words) => words,
            Finding::Gone(words) => format!("gone: {words}"),
            Finding::Proof(_) | Finding::Another(_) => "proof".to_owned(),
        }
    }

    #[test]
    fn of_a_phone_that_nobody_may_look_at_nothing_is_said() {
        let gone = came_to(&[Sight::Answers, Sight::Away, Sight::Away]);
        assert!(gone.starts_with("gone: "), "{gone}");
        for last in [Sight::Forbidden, Sight::Nothing] {
            let words = came_to(&[Sight::Away, last]);
            assert!(words.starts_with("went away within 1s; "), "{words}");
            assert!(!words.contains("connections"), "{words}");
            assert!(!words.contains("did not answer"), "{words}");
        }
        let never = came_to(&[Sight::Answers, Sight::Forbidden]);
        assert_eq!(never, "its address may not be contacted any more");
    }
}
