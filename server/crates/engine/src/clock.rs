//! Time.
//!
//! Owns the one place that asks the system clock. Everything else is handed a [`Clock`], so that
//! tests own the time.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use carillon_domain::Timestamp;

/// A source of instants.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<Manual>),
}

/// A clock in the hands of a test: what it shows, and how much time has passed.
struct Manual {
    shown: AtomicI64,
    passed: AtomicI64,
}

/// From when this process counts the time that passes.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock {
    /// The clock of this machine.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is moved; clones move together.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(Manual {
            shown: AtomicI64::new(start.micros()),
            passed: AtomicI64::new(0),
        })))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => system_now(),
            Source::Manual(manual) => Timestamp::from_micros(manual.shown.load(Ordering::SeqCst)),
        }
    }

    /// Time that has passed, whatever anybody did to the clock meanwhile.
    pub fn passed(&self) -> Duration {
        match &self.0 {
            Source::System => START.elapsed(),
            Source::Manual(manual) => {
                let micros = manual.passed.load(Ordering::SeqCst);
                Duration::from_micros(u64::try_from(micros).unwrap_or_default())
            }
        }
    }

    /// Lets time pass on a manual clock; the system clock takes no orders.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(manual) = &self.0 {
            let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            manual.passed.fetch_add(by, Ordering::SeqCst);
            manual.shown.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Sets a manual clock forward or back by so many seconds, without any time passing.
    pub fn set_by(&self, seconds: i64) {
        if let Source::Manual(manual) = &self.0 {
            manual
                .shown
                .fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one permitted look at the system clock"
)]
fn system_now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
