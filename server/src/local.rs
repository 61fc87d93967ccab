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

use carillon_domain::event::{Actor, ActorKind};
use carillon_domain::role::Role;
use carillon_engine::Caller;

/// Name of the socket in the data directory.
pub const SOCKET: &str = "carillon.sock";

/// Somebody on this machine who owns the data directory, or root.
pub fn caller(uid: u32) -> Caller {
    Caller {
        actor: Actor {
            kind: ActorKind::Local,
            id: uid.to_string(),
            name: format!("local:{uid}"),
            auth: "socket".to_owned(),
            session: String::new(),
        },
        role: Role::Admin,
        user_id: None,
        ip: None,
        reach: carillon_domain::Reach::everything(),
    }
}
