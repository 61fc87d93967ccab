//! Who hashes a password next.
//!
//! Owns how many hash at once, and who waits for how long. *Invariant:* never more at once than
//! there are cores, whoever they are, so that their memory is bounded; a flood is turned away rather
//! than queued without end, and does not stand before those who are known. Who is turned away is told
//! when to come again, not all at the same moment: else they come all at once, most of them in vain, and
//! nobody hashes until they come the next time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::error::{EngineError, Result};

/// So many wait in one line.
const WAITING: usize = 16;
const LONGEST_WAIT: Duration = Duration::from_secs(2);
const SECOND: Duration = Duration::from_secs(1);
/// A crowd is spread over so many seconds.
const SPREAD: usize = 8;

/// In which line somebody waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    /// Whoever comes.
    Anybody,
    /// Those of whom something is known already.
    Known,
}

/// Two lines before the same places; cheap to clone.
#[derive(Clone)]
pub(super) struct Lines {
    places: Arc<Semaphore>,
    anybody: Waiting,
    known: Waiting,
    turned_away: Arc<Mutex<TurnedAway>>,
}

/// How many were turned away within a second, and when that began.
struct TurnedAway {
    since: Instant,
    count: usize,
}

impl TurnedAway {
    /// When one more of them comes again: as many at the same time as there is room for.
    fn comes_again(&mut self, now: Instant) -> Duration {
        if now.duration_since(self.since) >= SECOND {
            (self.since, self.count) = (now, 0);
        }
        let later = self.count / WAITING % SPREAD;
        self.count += 1;
        LONGEST_WAIT + SECOND * u32::try_from(later).unwrap_or_default()
    }
}

/// Those of one line. Only the first of them stands at the places: so the lines take turns, and
/// nobody waits for more than one of the other line.
#[derive(Clone)]
struct Waiting {
    room: Arc<Semaphore>,
    first: Arc<Semaphore>,
}

impl Waiting {
    fn new() -> Self {
        Self {
            room: Arc::new(Semaphore::new(WAITING)),
            first: Arc::new(Semaphore::new(1)),
        }
    }

    fn is_empty(&self) -> bool {
        self.room.available_permits() == WAITING
    }
}

impl Lines {
    /// So many at once, one at least.
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(at_once.max(1))),
            anybody: Waiting::new(),
            known: Waiting::new(),
            turned_away: Arc::new(Mutex::new(TurnedAway {
                since: Instant::now(),
                count: 0,
            })),
        }
    }

    fn busy(&self) -> EngineError {
        let turned_away = self.turned_away.lock();
        let retry_after = turned_away
            .unwrap_or_else(PoisonError::into_inner)
            .comes_again(Instant::now());
        EngineError::Busy { retry_after }
    }

    /// A place, as soon as it is one's turn.
    pub(super) async fn turn(&self, line: Line) -> Result<OwnedSemaphorePermit> {
        let line = match line {
            Line::Anybody => &self.anybody,
            Line::Known => &self.known,
        };
        if line.is_empty()
            && let Ok(place) = Arc::clone(&self.places).try_acquire_owned()
        {
            return Ok(place);
        }
        let _room = line.room.try_acquire().map_err(|_| self.busy())?;
        let turn = tokio::time::timeout(LONGEST_WAIT, self.wait(line)).await;
        turn.map_err(|_| self.busy())?
    }

    async fn wait(&self, line: &Waiting) -> Result<OwnedSemaphorePermit> {
        let _first = line.first.acquire().await.map_err(|_| self.busy())?;
        let place = Arc::clone(&self.places).acquire_owned();
        place.await.map_err(|_| self.busy())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use futures_util::{FutureExt as _, poll};

    use super::*;

    /// Places that are all taken, and who has them.
    async fn full(at_once: usize) -> (Lines, Vec<OwnedSemaphorePermit>) {
        let lines = Lines::new(at_once);
        let taken = join_all((0..at_once).map(|_| lines.turn(Line::Anybody))).await;
        let taken = taken.into_iter().collect::<Result<Vec<_>>>().unwrap();
        (lines, taken)
    }

    #[tokio::test]
    async fn sixteen_wait_and_the_next_is_turned_away() {
        for at_once in [1, 2, 8] {
            let (lines, taken) = full(at_once).await;
            let mut waiting = join_all((0..WAITING).map(|_| lines.turn(Line::Anybody)));
            assert!(poll!(&mut waiting).is_pending());
            let next = lines.turn(Line::Anybody).now_or_never();
            assert!(matches!(next, Some(Err(EngineError::Busy { .. }))));
            drop(waiting);
            drop(taken);
            assert!(lines.turn(Line::Anybody).now_or_never().unwrap().is_ok());
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let (lines, _taken) = full(2).await;
        let before = tokio::time::Instant::now();
        let turned_away = lines.turn(Line::Anybody).await;
        assert!(matches!(turned_away, Err(EngineError::Busy { .. })));
        assert!(before.elapsed() >= LONGEST_WAIT);
    }

    #[test]
    fn a_crowd_is_told_to_come_again_by_and_by() {
        let (since, count) = (Instant::now(), 0);
        let mut turned_away = TurnedAway { since, count };
        let mut told = |now| turned_away.comes_again(now).as_secs();
        let crowd: Vec<_> = (0..WAITING * SPREAD).map(|_| told(since)).collect();
        for second in 2..10 {
            let at_once = crowd.iter().filter(|told| **told == second).count();
            assert_eq!(at_once, WAITING, "in {second} s");
        }
        assert!(crowd.is_sorted(), "who came first comes first");
        assert_eq!(told(since), 2, "nobody is sent away for longer");
        for _ in 0..WAITING {
            told(since);
        }
        assert_eq!(told(since), 3);
        assert_eq!(told(since + SECOND), 2, "the crowd is over");
    }

    #[tokio::test]
    async fn who_is_known_waits_behind_one_stranger_and_takes_no_place_of_its_own() {
        let (lines, mut taken) = full(2).await;
        let mut strangers = join_all((0..WAITING).map(|_| lines.turn(Line::Anybody)));
        assert!(poll!(&mut strangers).is_pending());
        let mut known = Box::pin(lines.turn(Line::Known));
        assert!(poll!(&mut known).is_pending(), "never more at once");
        drop(taken.pop());
        assert!(poll!(&mut strangers).is_pending());
        assert!(
            poll!(&mut known).is_pending(),
            "that place is the stranger's"
        );
        drop(taken.pop());
        assert!(matches!(poll!(&mut known), std::task::Poll::Ready(Ok(_))));
    }
}
