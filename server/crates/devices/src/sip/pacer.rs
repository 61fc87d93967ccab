//! How fast a SIP server is sent to.
//!
//! Owns the next free moment of each destination.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Destinations that are remembered before the idle ones are forgotten.
const MAX_KEPT: usize = 1024;

/// The paces of all destinations.
#[derive(Default)]
pub(super) struct Pacer(Mutex<HashMap<SocketAddr, Instant>>);

impl Pacer {
    /// Waits for a turn among at most `rate` a second.
    pub(super) async fn turn(&self, to: SocketAddr, rate: u16) {
        sleep_until(self.next(to, rate, Instant::now())).await;
    }

    fn next(&self, to: SocketAddr, rate: u16, now: Instant) -> Instant {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() >= MAX_KEPT {
            free.retain(|_, next| *next > now);
        }
        let next = free.entry(to).or_insert(now);
        let turn = (*next).max(now);
        *next = turn + Duration::from_secs(1) / u32::from(rate.max(1));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_as_far_apart_as_the_rate_says_and_for_each_by_itself() {
        let (pacer, now) = (Pacer::default(), Instant::now());
        let (one, other) = (
            SocketAddr::from(([10, 0, 0, 1], 5060)),
            SocketAddr::from(([10, 0, 0, 2], 5060)),
        );
        let after = |to, at| pacer.next(to, 200, at).duration_since(now).as_millis();
        let first: Vec<_> = (0..4).map(|_| after(one, now)).collect();
        assert_eq!(first, [0, 5, 10, 15]);
        assert_eq!(after(other, now), 0);
        let later = now + Duration::from_secs(1);
        assert_eq!([after(one, later), after(one, later)], [1000, 1005]);
    }

    #[test]
    fn whom_nobody_sends_to_is_forgotten() {
        let (pacer, now) = (Pacer::default(), Instant::now());
        for port in 1..=2000 {
            pacer.next(SocketAddr::from(([10, 0, 0, 1], port)), 2000, now);
        }
        let later = now + Duration::from_secs(1);
        pacer.next(SocketAddr::from(([10, 0, 0, 2], 1)), 2000, later);
        assert_eq!(pacer.0.lock().expect("a lock").len(), 1);
    }
}
