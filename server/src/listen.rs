//! The accept loop: connections with limits on time and number.
//!
//! Owns TLS towards browsers and the end of connections on a stop. *Invariant:* a peer that says
//! nothing holds a place for seconds, not for ever.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Version};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{ServiceExt as _, service_fn};

use self::patience::Patient;
use crate::middleware::client::Peer;

mod patience;
mod unread;

const MOST_CONNECTIONS: usize = 1024;
const MOST_PER_ADDRESS: usize = 64;
const HEADER_TIME: Duration = Duration::from_secs(10);
/// From the first byte that could come to the first whole request.
const FIRST_REQUEST: Duration = Duration::from_secs(15);
const TLS_TIME: Duration = Duration::from_secs(5);
const KEEP_ALIVE: Duration = Duration::from_mins(1);
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// How long peers are waited for that do not take what they asked for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until the socket takes more.
    pub socket: Duration,
    /// Until a peer that speaks HTTP/2 wants more of one answer.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            socket: Duration::from_secs(30),
            answer: Duration::from_mins(1),
        }
    }
}

/// Takes connections for a router until it is told to stop.
pub struct Front {
    /// Where.
    pub listener: TcpListener,
    /// TLS of our own, if any.
    pub tls: Option<TlsAcceptor>,
    /// Addresses that many browsers share: proxies.
    pub shared: Vec<ipnet::IpNet>,
    /// With peers that do not read.
    pub patience: Patience,
}

impl Front {
    /// Serves until `stop`, then lets running requests end.
    pub async fn serve(self, router: Router, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let per_address = PerAddress::default();
        let front = Arc::new(self);
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                break;
            };
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = front.listener.accept() => accepted,
            };
            let (socket, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    after_error(&error).await;
                    continue;
                }
            };
            let Ok(seat) = front.seat(&per_address, peer) else {
                continue;
            };
            let (front, router, stop) = (Arc::clone(&front), router.clone(), stop.clone());
            tasks.spawn(async move {
                front.connection(socket, peer, router, stop).await;
                drop((place, seat));
            });
        }
        tasks.close();
        tasks.wait().await;
    }

    /// Proxies and this machine hold as many connections as they need. A program on it comes from one
    /// address, unless it takes pains to come from another.
    fn seat(&self, per_address: &PerAddress, peer: SocketAddr) -> Result<Option<Seat>, Full> {
        let ip = peer.ip().to_canonical();
        let here = ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST;
        if here || self.shared.iter().any(|net| net.contains(&ip)) {
            Ok(None)
        } else {
            per_address.take(ip).map(Some)
        }
    }

    async fn connection(
        &self,
        socket: TcpStream,
        peer: SocketAddr,
        router: Router,
        stop: CancellationToken,
    ) {
        // Small answers should leave at once; a socket that refuses this still works.
        let _ = socket.set_nodelay(true);
        let here = socket.local_addr().is_ok_and(|own| own.ip() == peer.ip());
        let peer = Peer {
            address: peer,
            here: here || peer.ip().to_canonical().is_loopback(),
        };
        let patience = self.patience;
        patience::tell_kernel(&socket, patience.socket);
        let socket = Patient::new(socket, patience.socket);
        let ends = (patience, stop);
        match &self.tls {
            None => exchange(socket, peer, router, ends).await,
            Some(acceptor) => match tokio::time::timeout(TLS_TIME, acceptor.accept(socket)).await {
                Ok(Ok(socket)) => exchange(socket, peer, router, ends).await,
                Ok(Err(error)) => tracing::debug!(peer = %peer.address, %error, "no TLS session"),
                Err(_) => tracing::debug!(peer = %peer.address, "the TLS handshake took too long"),
            },
        }
    }
}

/// One connection: requests until it is closed, or until the one that runs at the stop is done.
async fn exchange<S>(
    socket: S,
    peer: Peer,
    router: Router,
    (patience, stop): (Patience, CancellationToken),
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let spoke = Arc::new(Notify::new());
    let gone = CancellationToken::new();
    let (speaks, leaves) = (Arc::clone(&spoke), gone.clone());
    let service = TowerToHyperService::new(service_fn(move |request: Request<Incoming>| {
        speaks.notify_one();
        let streams = request.version() == Version::HTTP_2;
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let (answer, leaves) = (router.clone().oneshot(request), leaves.clone());
        async move {
            let answer = answer.await?;
            Ok::<_, Infallible>(if streams {
                unread::watch(answer, patience.answer, &leaves)
            } else {
                answer
            })
        }
    }));
    let builder = limits();
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(socket), service);
    let mut connection = std::pin::pin!(connection);
    let peer = peer.address;
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stays_silent(&spoke, FIRST_REQUEST) => {
            tracing::debug!(%peer, "a connection asked for nothing");
            return;
        }
        () = gone.cancelled() => {
            tracing::debug!(%peer, "a connection did not take its answers");
            return;
        }
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, error = %error, "a connection ended early");
    }
}

/// Ends when nothing was asked for in time. The limits of the protocols count from the moment when it
/// is known which one is spoken.
async fn stays_silent(spoke: &Notify, limit: Duration) {
    if tokio::time::timeout(limit, spoke.notified()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

fn limits() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(100)
        .max_buf_size(40 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_header_list_size(32 * 1024)
        .max_pending_accept_reset_streams(20)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(HEADER_TIME);
    builder
}

/// Out of descriptors is a state that passes; spinning on it would not help it pass.
async fn after_error(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be taken");
    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
}

/// How many connections each address has.
#[derive(Clone, Default)]
struct PerAddress(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// An address holds all the connections that it may.
struct Full;

/// One of an address's places; given back on drop.
struct Seat {
    counts: PerAddress,
    ip: IpAddr,
}

impl PerAddress {
    fn take(&self, ip: IpAddr) -> Result<Seat, Full> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(ip).or_default();
        if *count >= MOST_PER_ADDRESS {
            return Err(Full);
        }
        *count += 1;
        Ok(Seat {
            counts: self.clone(),
            ip,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_that_asks_for_nothing_ends() {
        stays_silent(&Notify::new(), Duration::from_millis(1)).await;
        let spoke = Notify::new();
        spoke.notify_one();
        let asked = std::pin::pin!(stays_silent(&spoke, Duration::ZERO));
        assert!(futures_util::poll!(asked).is_pending());
    }
}
