//! When a request is sent again, and when nobody waits any more.
//!
//! Owns timers E and F of RFC 3261 §17.1.2. Timer K, which keeps a finished transaction to catch
//! late copies of its answer, needs no time here: what comes late meets a closed socket, or a
//! connection on which no transaction has its branch.

use std::time::Duration;

use tokio::time::Instant;

/// How long a message is taken to be on its way, there and back.
pub(crate) const T1: Duration = Duration::from_millis(500);
/// The longest pause between copies, in T1.
const T2: u32 = 8;
/// The end, in T1: 32 s.
const TIMER_F: u32 = 64;

/// When nobody waits any more for the answer to a request that leaves now.
pub(super) fn end(now: Instant, t1: Duration) -> Instant {
    now + t1 * TIMER_F
}

/// The timers of one transaction over something that loses messages.
pub(super) struct Clockwork {
    t1: Duration,
    again: Instant,
    pause: Duration,
    end: Instant,
    proceeding: bool,
}

/// What it is time for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Another copy.
    Copy,
    /// To give up.
    End,
}

impl Clockwork {
    /// Of a request whose first copy leaves now.
    pub(super) fn new(now: Instant, t1: Duration) -> Self {
        Self {
            t1,
            again: now + t1,
            pause: t1,
            end: end(now, t1),
            proceeding: false,
        }
    }

    /// When to look again.
    pub(super) fn next(&self) -> Instant {
        self.again.min(self.end)
    }

    /// What the next look is for. Winds the clockwork for the one after it.
    pub(super) fn strike(&mut self) -> Due {
        if self.again >= self.end {
            return Due::End;
        }
        let longest = self.t1 * T2;
        self.pause = if self.proceeding {
            longest
        } else {
            (self.pause * 2).min(longest)
        };
        self.again += self.pause;
        Due::Copy
    }

    /// Somebody is at it: from the next copy on, they are as far apart as they get.
    pub(super) fn proceeds(&mut self) {
        self.proceeding = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When copies leave and when the wait ends, in milliseconds.
    fn times(provisional_after: usize) -> Vec<u128> {
        let start = Instant::now();
        let mut clockwork = Clockwork::new(start, T1);
        let mut times = vec![0];
        loop {
            if times.len() > provisional_after {
                clockwork.proceeds();
            }
            times.push(clockwork.next().duration_since(start).as_millis());
            if clockwork.strike() == Due::End {
                return times;
            }
        }
    }

    #[test]
    fn copies_leave_when_the_standard_says() {
        let expected = [
            0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500, 32_000,
        ];
        assert_eq!(times(usize::MAX), expected);
    }

    #[test]
    fn after_an_interim_answer_copies_are_rare() {
        let expected = [
            0, 500, 4_500, 8_500, 12_500, 16_500, 20_500, 24_500, 28_500, 32_000,
        ];
        assert_eq!(times(0), expected);
    }
}
