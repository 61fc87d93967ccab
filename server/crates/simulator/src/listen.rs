//! The sockets of a fleet.
//!
//! Owns binding the two listeners, and the two kinds of address where nobody answers.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

/// Callers that may wait to be taken.
const BACKLOG: u32 = 4096;

/// A port that drops every attempt to connect: its queue is full and nobody empties it.
#[derive(Debug)]
pub(crate) struct BlackHole {
    pub(crate) port: u16,
    _listener: TcpListener,
    _stuffing: Vec<TcpStream>,
}

/// A port that refuses every attempt to connect: bound, so that nobody else gets it, and
/// never listened on.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) port: u16,
    _socket: TcpSocket,
}

fn bound(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(port != 0)?;
    // Every address of 127.0.0.0/8 needs to be answered; all others are turned away at accept.
    socket.bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))?;
    Ok(socket)
}

/// Listens on a port of every loopback address. The next fleet can have the same one at once, also where
/// this one took any free port: what is left of its connections stands in nobody's way.
pub(crate) fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = bound(port)?;
    socket.set_reuseaddr(true)?;
    socket.listen(BACKLOG)
}

impl Refused {
    pub(crate) fn reserve() -> io::Result<Self> {
        let socket = bound(0)?;
        Ok(Self {
            port: socket.local_addr()?.port(),
            _socket: socket,
        })
    }
}

impl BlackHole {
    pub(crate) async fn dig() -> io::Result<Self> {
        let listener = bound(0)?.listen(0)?;
        let port = listener.local_addr()?.port();
        let mut stuffing = Vec::new();
        // The queue takes one or two; the first attempt that hangs shows that it is full.
        while stuffing.len() < 8 {
            let attempt = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
            match timeout(Duration::from_millis(100), attempt).await {
                Ok(stream) => stuffing.push(stream?),
                Err(_) => break,
            }
        }
        Ok(Self {
            port,
            _listener: listener,
            _stuffing: stuffing,
        })
    }
}
