//! Why a receiver did not take what was sent, in words for people.

use std::io;
use std::time::Duration;

/// Why a receiver did not take what was sent. *Invariant:* says nothing of what was sent, and
/// nothing of an address beyond its host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The guard refused every address.
    #[error("the receiver's address is not allowed: {0}")]
    Blocked(String),
    /// The name has no address.
    #[error("the receiver's name has no address")]
    NoAddress,
    /// No connection.
    #[error("the receiver refuses connections")]
    Refused,
    /// No connection within the time.
    #[error("the receiver does not answer")]
    Silent,
    /// No way there.
    #[error("there is no way to the receiver")]
    Unreachable,
    /// No TLS session.
    #[error("no TLS session with the receiver: {0}")]
    Tls(String),
    /// The connection ended before the receiver had taken everything.
    #[error("the receiver hung up before it had taken everything")]
    HungUp,
    /// The receiver did not say within the time that it took everything.
    #[error("the receiver did not say in time that it took everything")]
    NotConfirmed,
    /// The receiver answered something else than yes.
    #[error("the receiver answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// When it wants to be asked again.
        again: Option<Duration>,
    },
    /// What answered is no HTTP.
    #[error("the receiver's answer cannot be read")]
    Unreadable,
}

impl Failure {
    /// How long the receiver asks to be left alone.
    pub const fn again_in(&self) -> Option<Duration> {
        match self {
            Self::Status { again, .. } => *again,
            _ => None,
        }
    }

    /// Whether the receiver takes less at once.
    pub const fn is_too_large(&self) -> bool {
        matches!(self, Self::Status { status: 413, .. })
    }

    /// Nobody is known who could vouch for a receiver.
    pub(crate) fn no_authorities() -> Self {
        let text =
            "this machine has no certificates of authorities: install them, or give --receiver-ca";
        Self::Tls(text.to_owned())
    }

    pub(crate) fn of_connect(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted => Self::Refused,
            io::ErrorKind::TimedOut => Self::Silent,
            _ => Self::Unreachable,
        }
    }
}
