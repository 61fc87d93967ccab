//! HTTP and HTTPS to one phone.
//!
//! Owns the connection, the exchange and the rules of signing in. No pool, no redirect, no
//! proxy, no cookie, no decompression, no repetition: one connection carries one request, and
//! the only second request is the answer to a challenge.

mod answer;
mod auth;
mod conversation;
mod exchange;
mod line;
mod request;
mod rules;

pub(crate) use self::answer::{Answer, Ending, Heard};
pub(crate) use self::conversation::Conversation;
