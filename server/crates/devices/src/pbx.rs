//! A PBX that sends NOTIFYs in our place: Asterisk over AMI, `FreeSWITCH` over ESL.
//!
//! Owns clients for both, and one connection to each PBX that carries one command after the
//! other. Subscribes to nothing, follows nothing, asks for nothing but one NOTIFY at a time.
//!
//! *Invariants:* a PBX that took a command is all that is ever claimed: what the phone said is
//! not told. A command is written once; what ends after its first byte may have happened, what
//! ends before it surely has not. What a PBX says is hostile: lines, messages and time have ends.

mod ami;
mod errand;
mod esl;
mod framer;
mod session;
mod switchboard;

use carillon_domain::Cause;
use carillon_domain::outcome::Transport;

use self::framer::Framer;
pub(crate) use self::switchboard::{Switchboard, Taken};
use crate::sip::{Pbx, PbxInterface};

impl Pbx {
    pub(crate) const fn transport(&self) -> Transport {
        match self.interface {
            PbxInterface::Ami => Transport::Ami,
            PbxInterface::Esl { .. } => Transport::Esl,
        }
    }
}

/// How a command, or a sign-in, ended, and what the PBX said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ending {
    cause: Cause,
    said: String,
}

impl Ending {
    const fn silent(cause: Cause) -> Self {
        Self {
            cause,
            said: String::new(),
        }
    }

    /// The same for those who waited for the connection. A password that was refused was refused
    /// once, however many waited behind it.
    fn for_others(&self) -> Self {
        let cause = match self.cause {
            Cause::AuthFailed => Cause::PbxRefused,
            cause => cause,
        };
        Self {
            cause,
            said: self.said.clone(),
        }
    }
}

/// Reads bytes as what an Asterisk says and counts the answers in it, for tests with hostile
/// bytes. `None` when the connection would be given up.
pub fn ami_answers_in(bytes: &[u8]) -> Option<usize> {
    answers_in(Framer::of_ami(), bytes, |packet| {
        ami::read(packet, "1").is_some()
    })
}

/// The same for a `FreeSWITCH`.
pub fn esl_answers_in(bytes: &[u8]) -> Option<usize> {
    answers_in(Framer::of_esl(), bytes, |packet| {
        esl::read(packet).is_some()
    })
}

fn answers_in(
    mut framer: Framer,
    bytes: &[u8],
    is_answer: impl Fn(&framer::Packet) -> bool,
) -> Option<usize> {
    framer.add(bytes).ok()?;
    let mut answers = 0;
    while let Some(packet) = framer.next().ok()? {
        answers += usize::from(is_answer(&packet));
    }
    Some(answers)
}
