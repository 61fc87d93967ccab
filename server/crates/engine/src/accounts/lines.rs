//! Who hashes a password next.
//!
//! Owns how many hash at once, and who waits for how long. *Invariant:* never more at once than
//! there are cores, whoever they are, so that their memory is bounded; a flood is turned away rather
//! than queued without end. No source keeps others out: where a line is full, one who comes from a
//! source of which fewer wait takes the place of the last of the source of which most do. Who is turned
//! away is told when to come again, not all at the same moment: else they come all at once, most of them
//! in vain, and nobody hashes until they come the next time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::oneshot::{self, Receiver, Sender};
use tokio::time::Instant;

use crate::error::{EngineError, Result};

/// So many wait in one line.
const WAITING: usize = 16;
const LONGEST_WAIT: Duration = Duration::from_secs(2);
const SECOND: Duration = Duration::from_secs(1);
/// A crowd is spread over so many seconds.
const SPREAD: usize = 8;
const LINES: usize = 3;

/// In which line somebody waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    /// Whoever comes.
    Anybody,
    /// Whoever signs in where somebody did before.
    Known,
    /// Whoever is signed in, and shows once more who they are.
    SignedIn,
}

/// Of whom the shares are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// An address, or an account.
    Of(String),
    /// By itself.
    One(u64),
}

/// The lines before the same places; cheap to clone.
#[derive(Clone)]
pub(super) struct Lines(Arc<Mutex<State>>);

struct State {
    free: usize,
    lines: [VecDeque<Waiter>; LINES],
    /// Which line is the first to be asked.
    turn_of: usize,
    hashing: Vec<Source>,
    turned_away: TurnedAway,
    next: u64,
}

/// One in a line; told once when it is their turn, and dropped where another takes their place.
struct Waiter {
    number: u64,
    source: Source,
    tell: Sender<()>,
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

impl State {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn busy(&mut self) -> EngineError {
        let retry_after = self.turned_away.comes_again(Instant::now());
        EngineError::Busy { retry_after }
    }

    /// Makes room at the end of a line, or not: by turning away the last of whom most wait there.
    fn has_room(&mut self, line: Line, source: &Source) -> bool {
        let line = &mut self.lines[line as usize];
        if line.len() < WAITING {
            return true;
        }
        let waiting = |source: &Source| line.iter().filter(|one| one.source == *source).count();
        let (mine, mut most, mut last) = (waiting(source), 0, 0);
        for (at, one) in line.iter().enumerate() {
            let share = waiting(&one.source);
            if share >= most {
                (most, last) = (share, at);
            }
        }
        let fair = most > mine + 1;
        if fair {
            line.remove(last);
        }
        fair
    }

    /// Gives free places to those whose turn it is: the lines by turns, and in each the first of
    /// whom nobody hashes already.
    fn hand_on(&mut self) {
        while self.free > 0 {
            let mut lines = (0..LINES).map(|after| (self.turn_of + after) % LINES);
            let Some(line) = lines.find(|line| !self.lines[*line].is_empty()) else {
                return;
            };
            self.turn_of = (line + 1) % LINES;
            let idle = |one: &Waiter| !self.hashing.contains(&one.source);
            let at = self.lines[line].iter().position(idle).unwrap_or(0);
            if let Some(next) = self.lines[line].remove(at) {
                self.take(next.source);
                // Who left meanwhile gives it back by leaving.
                let _left = next.tell.send(());
            }
        }
    }

    fn take(&mut self, source: Source) {
        self.free -= 1;
        self.hashing.push(source);
    }

    fn give_back(&mut self, source: &Source) {
        if let Some(at) = self.hashing.iter().position(|one| one == source) {
            self.hashing.swap_remove(at);
            self.free += 1;
        }
        self.hand_on();
    }
}

/// A place where one hashes; given back when it is dropped.
pub(super) struct Turn {
    lines: Lines,
    source: Source,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.lines.state().give_back(&self.source);
    }
}

/// Somebody in a line, who leaves it when dropped.
struct Waiting {
    lines: Lines,
    line: Line,
    number: u64,
    source: Source,
    told: Option<Receiver<()>>,
}

impl Waiting {
    async fn turn(mut self) -> Result<Turn> {
        let told = match &mut self.told {
            Some(told) => tokio::time::timeout(LONGEST_WAIT, told).await,
            None => Ok(Ok(())),
        };
        if !matches!(told, Ok(Ok(()))) {
            let busy = self.lines.state().busy();
            return Err(busy);
        }
        self.told = None;
        Ok(Turn {
            lines: self.lines.clone(),
            source: self.source.clone(),
        })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(mut told) = self.told.take() else {
            return;
        };
        let mut state = self.lines.state();
        match told.try_recv() {
            Ok(()) => state.give_back(&self.source),
            Err(TryRecvError::Empty) => {
                state.lines[self.line as usize].retain(|one| one.number != self.number);
            }
            Err(TryRecvError::Closed) => {}
        }
    }
}

/// What comes of asking for a turn.
enum Asked {
    Now(Turn),
    Waits(Waiting),
}

impl Lines {
    /// So many at once, one at least.
    pub(super) fn new(at_once: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: at_once.max(1),
            lines: [const { VecDeque::new() }; LINES],
            turn_of: 0,
            hashing: Vec::new(),
            turned_away: TurnedAway {
                since: Instant::now(),
                count: 0,
            },
            next: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place, as soon as it is one's turn. Without a source, one is by oneself.
    pub(super) async fn turn(&self, line: Line, source: Option<String>) -> Result<Turn> {
        match self.ask(line, source)? {
            Asked::Now(turn) => Ok(turn),
            Asked::Waits(waiting) => waiting.turn().await,
        }
    }

    fn ask(&self, line: Line, source: Option<String>) -> Result<Asked> {
        let mut state = self.state();
        let number = state.number();
        let source = source.map_or(Source::One(number), Source::Of);
        let lines = self.clone();
        // With a place free nobody waits.
        if state.free > 0 {
            state.take(source.clone());
            return Ok(Asked::Now(Turn { lines, source }));
        }
        if !state.has_room(line, &source) {
            return Err(state.busy());
        }
        let (tell, told) = oneshot::channel();
        let waiter = Waiter {
            number,
            source: source.clone(),
            tell,
        };
        state.lines[line as usize].push_back(waiter);
        Ok(Asked::Waits(Waiting {
            lines,
            line,
            number,
            source,
            told: Some(told),
        }))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use futures_util::{FutureExt as _, poll};

    use super::*;

    async fn turn(lines: &Lines) -> Result<Turn> {
        lines.turn(Line::Anybody, None).await
    }

    fn of<'a>(
        lines: &'a Lines,
        line: Line,
        source: &str,
    ) -> impl Future<Output = Result<Turn>> + use<'a> {
        lines.turn(line, Some(source.to_owned()))
    }

    /// Places that are all taken, and who has them.
    async fn full(at_once: usize) -> (Lines, Vec<Turn>) {
        let lines = Lines::new(at_once);
        let taken = join_all((0..at_once).map(|_| turn(&lines))).await;
        let taken = taken.into_iter().collect::<Result<Vec<_>>>().unwrap();
        (lines, taken)
    }

    #[tokio::test]
    async fn sixteen_wait_and_the_next_is_turned_away() {
        for at_once in [1, 2, 8] {
            let (lines, taken) = full(at_once).await;
            let mut waiting = join_all((0..WAITING).map(|_| turn(&lines)));
            assert!(poll!(&mut waiting).is_pending());
            let next = turn(&lines).now_or_never();
            assert!(matches!(next, Some(Err(EngineError::Busy { .. }))));
            drop(waiting);
            drop(taken);
            assert!(turn(&lines).now_or_never().unwrap().is_ok());
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let (lines, _taken) = full(2).await;
        let before = tokio::time::Instant::now();
        let turned_away = turn(&lines).await;
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

    fn is_turned_away(answer: &std::task::Poll<Result<Turn>>) -> bool {
        let answer = match answer {
            std::task::Poll::Ready(answer) => answer,
            std::task::Poll::Pending => return false,
        };
        matches!(answer, Err(EngineError::Busy { .. }))
    }

    #[tokio::test]
    async fn the_lines_take_turns_and_none_has_a_place_of_its_own() {
        let (lines, mut taken) = full(2).await;
        let mut strangers = join_all((0..WAITING).map(|_| turn(&lines)));
        assert!(poll!(&mut strangers).is_pending());
        let mut known = Box::pin(of(&lines, Line::Known, "a"));
        let mut signed_in = Box::pin(of(&lines, Line::SignedIn, "b"));
        assert!(poll!(&mut known).is_pending(), "never more at once");
        assert!(poll!(&mut signed_in).is_pending());
        drop(taken.pop());
        assert!(poll!(&mut known).is_pending(), "that is the stranger's");
        drop(taken.pop());
        let known = poll!(&mut known);
        assert!(matches!(known, std::task::Poll::Ready(Ok(_))));
        assert!(poll!(&mut signed_in).is_pending());
        drop(known);
        assert!(poll!(&mut signed_in).is_ready());
    }

    #[tokio::test]
    async fn who_fills_a_line_makes_room_for_others() {
        let (lines, _taken) = full(2).await;
        let mut crowd: Vec<_> = (0..WAITING)
            .map(|_| Box::pin(of(&lines, Line::Anybody, "crowd")))
            .collect();
        for one in &mut crowd {
            assert!(poll!(one).is_pending());
        }
        let more = poll!(Box::pin(of(&lines, Line::Anybody, "crowd")));
        assert!(is_turned_away(&more), "one's own make no room for one");
        let mut others: Vec<_> = (0..20)
            .map(|n| Box::pin(of(&lines, Line::Anybody, &n.to_string())))
            .collect();
        for other in others.iter_mut().take(15) {
            assert!(poll!(other).is_pending());
        }
        assert!(poll!(&mut crowd[0]).is_pending(), "each source has one");
        for one in &mut crowd[1..] {
            assert!(is_turned_away(&poll!(one)), "the last come goes first");
        }
        assert!(is_turned_away(&poll!(&mut others[15])));
    }

    #[tokio::test]
    async fn who_does_not_hash_yet_comes_before_who_does() {
        let lines = Lines::new(2);
        let first = of(&lines, Line::Anybody, "crowd").await.unwrap();
        let second = of(&lines, Line::Anybody, "crowd").await.unwrap();
        let mut third = Box::pin(of(&lines, Line::Anybody, "crowd"));
        let mut other = Box::pin(of(&lines, Line::Anybody, "other"));
        assert!(poll!(&mut third).is_pending());
        assert!(poll!(&mut other).is_pending());
        drop(first);
        assert!(poll!(&mut third).is_pending());
        assert!(poll!(&mut other).is_ready());
        drop(second);
        assert!(poll!(&mut third).is_ready());
    }

    #[tokio::test]
    async fn who_leaves_takes_nothing_along() {
        let (lines, mut taken) = full(1).await;
        let mut gone = Box::pin(turn(&lines));
        assert!(poll!(&mut gone).is_pending());
        drop(gone);
        let mut told = Box::pin(turn(&lines));
        assert!(poll!(&mut told).is_pending());
        let mut next = Box::pin(turn(&lines));
        assert!(poll!(&mut next).is_pending());
        taken.clear();
        // It is their turn, and they leave without having heard of it.
        drop(told);
        let turn_of_next = poll!(&mut next);
        assert!(turn_of_next.is_ready());
        drop(turn_of_next);
        assert!(turn(&lines).now_or_never().unwrap().is_ok());
    }
}
