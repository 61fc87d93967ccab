//! Commands on this machine: beside a running server through a socket, else straight.
//!
//! Owns what such a command may be and how it is done; `cli/` only says it. *Invariant:* the same
//! function does the work on both ways, and what it changes is audited as `local:<uid>`.

pub mod client;
pub mod command;
pub mod execute;
mod inventory;
mod keys;
mod networks;
mod rows;
pub mod server;
mod streams;

/// Name of the socket in the data directory.
pub const SOCKET: &str = "carillon.sock";
