//! Opens connections to phones and SIP servers.
//!
//! Owns connecting to exactly the address that the guard passed, TLS on top, and the causes of
//! what fails before anything is sent.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use carillon_domain::Cause;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::delivery::Limits;
use crate::patience::Patience;
use crate::tls::{PhoneVerifier, TlsClient};
use crate::wire::Wire;

/// How to open a connection.
pub(crate) struct Way<'a> {
    pub(crate) address: SocketAddr,
    /// Whether TLS goes on top, with somebody of this name.
    pub(crate) tls_name: Option<ServerName<'static>>,
    pub(crate) limits: &'a Limits,
    /// When the whole exchange has to be over.
    pub(crate) deadline: Instant,
    pub(crate) tls: &'a TlsClient,
    pub(crate) verifier: &'a Arc<PhoneVerifier>,
    /// Whether hanging up instead of a TLS session counts as refusing the connection.
    pub(crate) looking: bool,
    /// Whether a piece is only sent once what was sent before is answered: then none has to wait
    /// for company, and nothing needs to be said about that.
    pub(crate) piece_by_piece: bool,
}

/// Why there is no connection, and whether anything answered.
pub(crate) struct NotOpened {
    pub(crate) cause: Cause,
    pub(crate) reached: bool,
}

impl NotOpened {
    const fn away(cause: Cause) -> Self {
        Self {
            cause,
            reached: false,
        }
    }

    const fn there(cause: Cause) -> Self {
        Self {
            cause,
            reached: true,
        }
    }
}

impl Way<'_> {
    /// Opens the connection. Nothing of a request has left when this fails.
    pub(crate) async fn open(&self, patience: &mut Patience) -> Result<Wire, NotOpened> {
        let stream = self.connect(patience).await?;
        match self.tls_name.clone() {
            None => Ok(Wire::plain(stream)),
            // Large, and most phones speak plain HTTP: those do not carry it.
            Some(name) => Box::pin(self.handshake(stream, name, patience)).await,
        }
    }

    async fn connect(&self, patience: &mut Patience) -> Result<TcpStream, NotOpened> {
        let deadline = self.deadline.min(Instant::now() + self.limits.connect);
        let stream = patience
            .until(deadline, TcpStream::connect(self.address))
            .await
            .map_err(|_| NotOpened::away(Cause::TimeoutConnect))?
            .map_err(|error| NotOpened::away(cause_of(&error)))?;
        if self.tls_name.is_some() || !self.piece_by_piece {
            // Where it fails the request goes out all the same, a little later.
            let _ = stream.set_nodelay(true);
        }
        self.check_ends(&stream)?;
        Ok(stream)
    }

    fn check_ends(&self, stream: &TcpStream) -> Result<(), NotOpened> {
        let peer = stream
            .peer_addr()
            .map_err(|_| NotOpened::away(Cause::Refused))?;
        if peer != self.address {
            return Err(NotOpened::away(Cause::BlockedAddress));
        }
        // On loopback a socket can be given the very port that it connects to, and then talks to
        // itself: nobody listens there.
        if stream.local_addr().is_ok_and(|local| local == peer) {
            return Err(NotOpened::away(Cause::Refused));
        }
        Ok(())
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        name: ServerName<'static>,
        patience: &mut Patience,
    ) -> Result<Wire, NotOpened> {
        let deadline = self.deadline.min(Instant::now() + self.limits.tls);
        let connecting = self.tls.connector(self.verifier).connect(name, stream);
        match patience.until(deadline, connecting).await {
            Ok(Ok(stream)) => Ok(Wire::tls(stream)),
            _ if self.verifier.identity_changed() => {
                Err(NotOpened::there(Cause::TlsIdentityChanged))
            }
            Ok(Err(error)) if self.looking && hung_up(&error) => {
                Err(NotOpened::away(Cause::Refused))
            }
            _ => Err(NotOpened::there(Cause::TlsFailed)),
        }
    }
}

fn hung_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
    )
}

/// The cause of a connection that was not made.
///
/// Whatever is neither a refusal nor a timeout is "no way there": no route, host down, a local
/// firewall, no local port.
pub(crate) fn cause_of(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted => Cause::Refused,
        io::ErrorKind::TimedOut => Cause::TimeoutConnect,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Cause::Unreachable,
        _ => {
            tracing::warn!(%error, "cannot open a connection");
            Cause::Unreachable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_to_connect_is_surely_not_sent() {
        for (kind, expected) in [
            (io::ErrorKind::ConnectionRefused, Cause::Refused),
            (io::ErrorKind::ConnectionReset, Cause::Refused),
            (io::ErrorKind::TimedOut, Cause::TimeoutConnect),
            (io::ErrorKind::HostUnreachable, Cause::Unreachable),
            (io::ErrorKind::NetworkUnreachable, Cause::Unreachable),
            (io::ErrorKind::AddrNotAvailable, Cause::Unreachable),
            (io::ErrorKind::PermissionDenied, Cause::Unreachable),
            (io::ErrorKind::Other, Cause::Unreachable),
        ] {
            let cause = cause_of(&kind.into());
            assert_eq!(cause, expected, "{kind}");
            assert!(cause.surely_not_sent());
        }
    }
}
