//! The signer: a small process that holds the key of the log, and the server's way to it.
//!
//! Owns what the two say to each other over a local socket, and what the signer remembers.
//! *Invariant:* no two checkpoints of one signer contradict each other, whatever it is asked and
//! by whom: it signs what continues the last one by an RFC 9162 proof, and nothing without having
//! written that down first.

mod client;
mod memory;
mod rule;
mod serve;
mod wire;

pub(super) use client::Offer;
pub use client::{RemoteSigner, SignedLast, SignerFault};
pub use memory::{Memory, MemoryError};
pub use rule::Signer;
pub use serve::{bind, serve};
pub use wire::Why;
