//! SIP NOTIFY to one phone, straight or through the site's SIP server.
//!
//! Owns a client and nothing but a client: it writes one kind of request and reads answers
//! (RFC 3261, non-INVITE client transactions). It listens nowhere, follows no redirect, resolves
//! no name.
//!
//! A library was weighed against this: a whole stack of dialogs and servers would have been
//! tied to one exact version, hides a refused connection behind a timeout, opens connections
//! without bound and reads one challenge of several; going round all that is as long as what
//! stands here, which shares the guard, TLS and Digest with HTTP.
//!
//! *Invariant:* one [`Notify`] is one command: copies that are sent again belong to one
//! transaction, and a second transaction follows only a complete 401 or 407.

mod agent;
mod answer;
mod clockwork;
mod conversation;
mod datagram;
mod frame;
mod link;
mod links;
mod notify;
mod pacer;
mod request;
mod verdict;

pub(crate) use self::agent::Agent;
pub(crate) use self::conversation::Pass;
pub(crate) use self::links::connect;
pub use self::notify::{ActionBody, Hop, Message, Notify, Pbx, PbxInterface, Unsendable};

/// Reads bytes as a phone's or a SIP server's answer and says the status: for tests with hostile
/// bytes. `None` when they are no answer.
pub fn status_of(bytes: &[u8]) -> Option<u16> {
    answer::parse(bytes).map(|answer| answer.status)
}

/// Reads bytes as a stream of messages and counts the answers in it, for tests with hostile
/// bytes. `None` when the stream would be given up.
pub fn answers_in(bytes: &[u8]) -> Option<usize> {
    let mut framer = frame::Framer::default();
    framer.add(bytes);
    let mut answers = 0;
    loop {
        match framer.next() {
            Ok(Some(message)) => answers += usize::from(answer::parse(&message).is_some()),
            Ok(None) => return Some(answers),
            Err(frame::Broken) => return None,
        }
    }
}
