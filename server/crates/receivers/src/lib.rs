//! The only way to a receiver of the audit log.
//!
//! Owns where receivers may be, the connection to them, and the two languages that they speak:
//! RFC 5424 syslog over TCP or TLS, and HTTP with a signature. Settings name receivers; nobody
//! else does. *Invariant:* nothing is connected to but an address that the guard passed, and what
//! is called taken was confirmed by the receiver.

mod connect;
mod destination;
mod failure;
mod guard;
mod http;
mod signature;
mod syslog;
mod trust;

pub use connect::{Dialer, Limits};
pub use destination::{Destination, NoDestination, Scheme};
pub use failure::Failure;
pub use guard::{Guard, GuardConfig};
pub use http::{Request, Verb};
pub use signature::signature;
pub use syslog::{Message, Severity};
pub use trust::{NoTrust, Trust};
