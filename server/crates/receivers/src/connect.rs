//! Opens the connection to a receiver.
//!
//! Owns resolving, connecting to exactly an address that the guard passed, and TLS on top.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use carillon_domain::Timestamp;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::destination::{Destination, Host};
use crate::failure::Failure;
use crate::guard::Guard;
use crate::trust::{NoTrust, Trust};

/// How long each step may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Asking for the addresses of a name, connecting, and TLS: each.
    pub open: Duration,
    /// From the first byte to the receiver's word that it took everything.
    pub exchange: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            open: Duration::from_secs(5),
            exchange: Duration::from_secs(30),
        }
    }
}

/// Reaches receivers. Cheap to clone.
#[derive(Clone)]
pub struct Dialer(Arc<Inner>);

struct Inner {
    guard: Guard,
    /// None where this machine knows no authority.
    tls: Option<Arc<ClientConfig>>,
    limits: Limits,
}

/// A connection, whatever lies below.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

impl Dialer {
    /// One for these receivers.
    ///
    /// # Errors
    /// When the certificates are none.
    pub fn new(
        guard: Guard,
        trust: &Trust,
        limits: Limits,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Self, NoTrust> {
        let tls = trust.client(Arc::new(now))?.map(Arc::new);
        Ok(Self(Arc::new(Inner { guard, tls, limits })))
    }

    /// Whether a receiver over TLS can be believed to be itself.
    pub fn trusts_somebody(&self) -> bool {
        self.0.tls.is_some()
    }

    pub(crate) fn limits(&self) -> Limits {
        self.0.limits
    }

    /// A fresh connection to a receiver.
    pub(crate) async fn open(&self, to: &Destination) -> Result<Box<dyn Wire>, Failure> {
        let stream = self.connect(to).await?;
        if to.scheme.is_private() {
            self.secure(to, stream).await
        } else {
            Ok(Box::new(stream))
        }
    }

    async fn connect(&self, to: &Destination) -> Result<TcpStream, Failure> {
        let mut failure = Failure::NoAddress;
        for address in self.addresses(to).await? {
            let passed = match self.0.guard.check(to, address) {
                Ok(passed) => passed,
                Err(why) => {
                    failure = Failure::Blocked(why);
                    continue;
                }
            };
            match timeout(self.0.limits.open, TcpStream::connect(passed)).await {
                Err(_) => failure = Failure::Silent,
                Ok(Err(error)) => failure = Failure::of_connect(&error),
                Ok(Ok(stream)) if is_there(&stream, passed) => return Ok(stream),
                Ok(Ok(_)) => failure = Failure::Refused,
            }
        }
        Err(failure)
    }

    async fn addresses(&self, to: &Destination) -> Result<Vec<IpAddr>, Failure> {
        let name = match &to.host {
            Host::Address(address) => return Ok(vec![*address]),
            Host::Name(name) => name.as_str(),
        };
        let asked = tokio::net::lookup_host((name, to.port));
        let found = timeout(self.0.limits.open, asked).await;
        let found = found.map_err(|_| Failure::NoAddress)?;
        let found = found.map_err(|_| Failure::NoAddress)?;
        Ok(found.map(|address| address.ip()).collect())
    }

    async fn secure(&self, to: &Destination, stream: TcpStream) -> Result<Box<dyn Wire>, Failure> {
        let name = ServerName::try_from(to.name());
        let name = name.map_err(|_| Failure::Tls("the name is no host name".to_owned()))?;
        let trusted = self.0.tls.clone();
        let trusted = trusted.ok_or_else(Failure::no_authorities)?;
        let connector = TlsConnector::from(trusted);
        match timeout(self.0.limits.open, connector.connect(name, stream)).await {
            Err(_) => Err(Failure::Silent),
            Ok(Err(error)) => Err(Failure::Tls(error.to_string())),
            Ok(Ok(stream)) => Ok(Box::new(stream)),
        }
    }
}

/// Whether the other end is the address that was passed, and not this very socket: on loopback a
/// socket can be given the port that it connects to.
fn is_there(stream: &TcpStream, passed: SocketAddr) -> bool {
    // Where it fails the last bytes leave a little later.
    let _ = stream.set_nodelay(true);
    let peer = stream.peer_addr().ok();
    peer == Some(passed) && stream.local_addr().ok() != peer
}
