//! What came of one delivery.
//!
//! Owns the value that travels from a transport to the record. Knows no sockets.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::phone::{AuthScheme, Scheme};
use crate::{Cause, TargetState, closed_list};

closed_list! {
    /// The way a delivery took.
    Transport {
        /// HTTP in clear.
        Http = "http",
        /// HTTP over TLS.
        Https = "https",
        /// SIP NOTIFY.
        Sip = "sip",
        /// A NOTIFY that an Asterisk was asked for, through its manager interface.
        Ami = "ami",
        /// A NOTIFY that a `FreeSWITCH` was asked for, through its event socket.
        Esl = "esl",
    }
}

impl Transport {
    /// Whether a NOTIFY carried it, whoever sent that: nothing of the phone's web server is told.
    pub const fn is_notify(self) -> bool {
        matches!(self, Self::Sip | Self::Ami | Self::Esl)
    }
}

impl From<Scheme> for Transport {
    fn from(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Http => Self::Http,
            Scheme::Https => Self::Https,
        }
    }
}

/// What one delivery to one phone came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// `None`: the phone answered 2xx.
    pub cause: Option<Cause>,
    /// The status it answered, when it answered.
    pub http_status: Option<u16>,
    /// The way taken.
    pub transport: Transport,
    /// From the first packet to the last.
    pub duration: Duration,
    /// At most 2 KiB of the answer, made safe to show: no control or bidi characters.
    pub excerpt: String,
    /// What was learned about how the phone asks for its password.
    pub learned_auth: Option<AuthScheme>,
    /// The key seen, when none was pinned before: hexadecimal SHA-256 of the public key.
    pub learned_pin: Option<String>,
    /// The key seen instead of the pinned one, where that stopped the delivery.
    pub other_pin: Option<String>,
    /// Whether anything at the address answered at all.
    pub reached: bool,
    /// Whether a phone may have carried it out although the answer says "no": it is that of a SIP
    /// server in between, or of one phone among several.
    pub answered_by_another: bool,
}

impl Outcome {
    /// The state this ends in without verification.
    pub const fn state(&self) -> TargetState {
        match self.cause {
            None => TargetState::Acknowledged,
            Some(_) if self.answered_by_another => TargetState::Unknown,
            Some(cause) => cause.state(),
        }
    }
}
