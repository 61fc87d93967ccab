//! What is to be sent to one phone by SIP.
//!
//! Owns the value, and that nothing in it can change the message around it. A body has no
//! `Debug`: it may carry a dialled number.

use std::net::IpAddr;
use std::sync::Arc;

use carillon_domain::Mac;
use carillon_domain::sip::{SipAddress, SipTransport};

use crate::delivery::Credential;

/// One NOTIFY.
#[derive(Clone)]
pub struct Notify {
    /// The phone, for the log.
    pub mac: Mac,
    /// Where it is sent.
    pub hop: Hop,
    /// Whom it asks for: the address of record, or where the phone listens.
    pub to: SipAddress,
    /// Who sends.
    pub from: SipAddress,
    /// What it tells.
    pub message: Message,
    /// The credential that the SIP server, or the phone, asks for.
    pub credential: Option<Arc<Credential>>,
    /// The realm that the credential is for. Nobody else gets a proof of it.
    pub realm: String,
    /// Whether the address is known to be that of several phones: an answer is then that of one.
    pub shared: bool,
}

/// The next hop of a NOTIFY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// What carries the messages.
    pub transport: SipTransport,
    /// The name that its certificate has to bear; `None`: any name, as with phones.
    pub tls_name: Option<String>,
    /// PEM of the authority of its certificate.
    pub ca_pem: Option<Arc<str>>,
    /// Whether it is a SIP server that passes messages on; else it is the phone.
    pub passes_on: bool,
    /// NOTIFYs a second that it is given at most.
    pub rate: u16,
    /// How it is asked for the NOTIFY, where it is a PBX that sends it in our place.
    pub pbx: Option<Pbx>,
}

/// A PBX that sends NOTIFYs in our place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pbx {
    /// Which one, and how it is spoken to.
    pub interface: PbxInterface,
    /// Whether it may be given its password in clear, where it asks for it so.
    pub password_in_clear: bool,
}

/// How a PBX is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PbxInterface {
    /// The manager interface of Asterisk.
    Ami,
    /// The event socket of `FreeSWITCH`.
    Esl {
        /// Its SIP profile where the phones are registered.
        profile: String,
    },
}

/// What a NOTIFY tells.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// A command of the catalogue.
    ActionUri(ActionBody),
    /// To look at its configuration.
    CheckSync {
        /// Whether it restarts.
        reboot: bool,
    },
}

impl Message {
    /// The value of `Event`.
    pub(crate) const fn event(&self) -> &'static str {
        match self {
            Self::ActionUri(_) => "ACTION-URI",
            Self::CheckSync { reboot: true } => "check-sync;reboot=true",
            Self::CheckSync { reboot: false } => "check-sync;reboot=false",
        }
    }

    /// The body.
    pub(crate) fn body(&self) -> Option<&str> {
        match self {
            Self::ActionUri(body) => Some(&body.0),
            Self::CheckSync { .. } => None,
        }
    }
}

/// The body of an `ACTION-URI`: `key=OK`.
#[derive(Clone, PartialEq, Eq)]
pub struct ActionBody(String);

/// The text cannot be sent as it stands. Does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a body that can be sent as it stands")]
pub struct Unsendable;

impl ActionBody {
    /// The longest that is sent: a NOTIFY has to fit one datagram.
    pub const MAX_BYTES: usize = 512;

    /// Takes one line of plain characters.
    pub fn parse(text: impl Into<String>) -> Result<Self, Unsendable> {
        let text = text.into();
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if plain && !text.is_empty() && text.len() <= Self::MAX_BYTES {
            Ok(Self(text))
        } else {
            Err(Unsendable)
        }
    }
}
