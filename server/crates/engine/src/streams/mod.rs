//! Streams: every audit record to receivers outside, in order, until they have taken it.
//!
//! Owns the couriers, one for each receiver that settings name. The audit log is their spool: it
//! is durable and ordered already, so a receiver has a cursor into it and nothing is kept twice.
//! *Invariants:* a cursor moves only after the receiver said that it took the records before it;
//! a receiver that takes nothing holds up its own stream and nothing else.

mod batch;
mod courier;
mod desk;
mod letter;
mod secret;
mod waiting;

use std::time::Duration;

use carillon_receivers::Destination;

pub use desk::{Streams, StreamsParts};
pub use waiting::Waiting;

/// One stream of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamConfig {
    /// Its name: the cursor belongs to it, whatever address it has.
    pub name: String,
    /// Where its receiver is.
    pub receiver: Destination,
}

/// How couriers spend their time.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two looks for new records.
    pub look: Duration,
    /// The first pause after a failure; each further one is twice as long.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// A stream that stands still for so long is told to people.
    pub alert: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(1),
            first: Duration::from_secs(1),
            longest: Duration::from_mins(1),
            alert: Duration::from_mins(5),
        }
    }
}
