//! The only way to a phone.
//!
//! Owns the [`Guard`] of addresses, the [`Gateway`] over HTTP, HTTPS, SIP and the PBX, and what every answer
//! and every failure means as a cause. Knows no store and no job: one [`Delivery`] in, one
//! outcome out.
//!
//! *Invariant:* one delivery carries at most one request that the phone can execute; nothing is
//! repeated, followed, pooled or sent to an address that the guard did not just pass.

mod auth;
mod connect;
pub mod delivery;
mod excerpt;
pub mod gateway;
pub mod guard;
mod http;
mod patience;
pub mod pbx;
pub mod sip;
mod text;
pub mod tls;
mod verdict;
mod wire;

pub use delivery::{Credential, Delivery, InvalidPath, Limits, PathAndQuery, Target};
pub use gateway::{Entropy, Fetched, Gateway, GatewayConfig, GatewayError, Now, Turn};
pub use guard::{Blocked, Guard, GuardConfig};
pub use sip::{ActionBody, Hop, Message, Notify, Pbx, PbxInterface};
