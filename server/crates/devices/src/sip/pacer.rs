//! How fast a SIP server is sent to.
//!
//! Owns the line before each destination and its next free moment. Whoever leaves the line takes
//! no turn from those behind.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync;
use tokio::time::{Instant, sleep_until};

/// Destinations that are remembered before the idle ones are forgotten.
const MAX_KEPT: usize = 1024;
/// A turn may be made up for that came so much too late: a timer is coarser than a high rate.
const LATE: Duration = Duration::from_millis(2);

/// The next free moment; held by whoever is next in line.
type Place = Arc<sync::Mutex<Instant>>;

/// The paces of all destinations.
#[derive(Default)]
pub(super) struct Pacer(Mutex<HashMap<SocketAddr, Place>>);

impl Pacer {
    /// Waits for a turn among at most `rate` a second.
    pub(super) async fn turn(&self, to: SocketAddr, rate: u16) {
        let place = self.place(to, Instant::now());
        let mut next = place.lock().await;
        sleep_until(*next).await;
        *next = after(*next, Instant::now(), rate);
    }

    fn place(&self, to: SocketAddr, now: Instant) -> Place {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MAX_KEPT {
            // A place that somebody waits for is locked.
            places.retain(|_, place| place.try_lock().map_or(true, |next| *next > now));
        }
        Arc::clone(places.entry(to).or_insert_with(|| Place::new(now.into())))
    }
}

/// When the turn after one is that was due at `due` and is taken at `now`.
fn after(due: Instant, now: Instant, rate: u16) -> Instant {
    let taken = if now.duration_since(due) > LATE {
        now
    } else {
        due
    };
    taken + Duration::from_secs(1) / u32::from(rate.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_as_far_apart_as_the_rate_says() {
        let due = Instant::now();
        let ms = Duration::from_millis;
        assert_eq!(after(due, due, 200), due + ms(5));
        assert_eq!(after(due, due + ms(1), 200), due + ms(5));
        assert_eq!(after(due, due + ms(900), 200), due + ms(905));
        assert_eq!(after(due, due, 0), due + ms(1000));
    }

    #[tokio::test]
    async fn whoever_leaves_the_line_takes_no_turn_from_others() {
        let pacer = Pacer::default();
        let to = SocketAddr::from(([10, 0, 0, 1], 5060));
        pacer.turn(to, 1).await;
        for _ in 0..100 {
            let waiting = pacer.turn(to, 1);
            assert!(tokio::time::timeout(Duration::ZERO, waiting).await.is_err());
        }
        let next = *pacer.place(to, Instant::now()).lock().await;
        assert!(next <= Instant::now() + Duration::from_secs(1));
    }

    #[test]
    fn whom_nobody_sends_to_is_forgotten() {
        let (pacer, now) = (Pacer::default(), Instant::now());
        for port in 1..=2000 {
            pacer.place(SocketAddr::from(([10, 0, 0, 1], port)), now);
        }
        let later = now + Duration::from_secs(1);
        pacer.place(SocketAddr::from(([10, 0, 0, 2], 1)), later);
        assert!(pacer.0.lock().expect("a lock").len() <= MAX_KEPT);
    }
}
