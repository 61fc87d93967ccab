//! The way in.
//!
//! Owns the two accept loops: who may connect, which phone is called, and whether it takes the
//! call. Never answers anything from or to an address outside `127.0.0.0/8`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use carillon_domain::phone::Scheme;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::{self, Call};
use crate::plan;
use crate::switchboard::Switchboard;

/// One of the two listeners.
pub(crate) struct FrontDoor {
    pub(crate) fleet: Arc<Switchboard>,
    pub(crate) scheme: Scheme,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl FrontDoor {
    pub(crate) async fn open(self, listener: TcpListener) {
        loop {
            // Cancel-safe: a connection that is not yet accepted stays in the queue.
            let Some(accepted) = self.stop.run_until_cancelled(listener.accept()).await else {
                return;
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer),
                Err(error) => {
                    // Out of descriptors, most likely: give the open calls time to end.
                    tracing::warn!(%error, "a simulated phone cannot take a connection");
                    sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        let Some(called) = loopback(&stream, peer) else {
            return drop(stream);
        };
        if called == plan::ELSEWHERE {
            self.fleet.ledger.lured();
        }
        let phone = self.fleet.by_address.get(&called).copied();
        let Some(phone) = phone.filter(|number| self.fleet.takes(*number, self.scheme)) else {
            self.fleet.ledger.turned_away();
            return connection::reset(stream);
        };
        // Answers are one write; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let call = Call {
            fleet: Arc::clone(&self.fleet),
            phone,
            listener: self.scheme,
        };
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(connection::serve(call, stream))
                .await
        });
    }
}

/// The loopback address that was called, from loopback.
fn loopback(stream: &TcpStream, peer: SocketAddr) -> Option<Ipv4Addr> {
    match (stream.local_addr().ok()?.ip(), peer.ip()) {
        (IpAddr::V4(called), IpAddr::V4(peer)) if called.is_loopback() && peer.is_loopback() => {
            Some(called)
        }
        _ => None,
    }
}
