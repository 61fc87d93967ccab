//! One transaction over UDP, on a socket of its own.
//!
//! Owns the copies that leave and the answers that come. The socket is connected: the kernel
//! keeps everybody but the one who was asked away from it, and its refusal concerns nobody else.
//!
//! *Invariant:* "surely not sent" is said only before the first copy, or when the only copy that
//! ever left was sent back by the other side's machine.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use carillon_domain::Cause;
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until};

use super::answer::{SipAnswer, parse};
use super::clockwork::{Clockwork, Due};
use super::conversation::Asking;
use crate::connect::cause_of;

/// Bytes of a datagram that are read: one more than an answer may have.
const MAX_DATAGRAM: usize = 8 * 1024;
/// Datagrams that are no final answer to the request, before nobody listens any more.
const MAX_STRAY: u32 = 512;

/// Sends a request and waits for its final answer.
pub(super) async fn ask(to: SocketAddr, asking: &Asking<'_>) -> Result<SipAnswer, Cause> {
    let socket = open(to).await.map_err(|error| cause_of(&error))?;
    let local = socket.local_addr().map_err(|error| cause_of(&error))?;
    let request = asking.write(local)?;
    if let Err(error) = socket.send(&request).await {
        return Err(cause_of(&error));
    }
    let mut waiting = Waiting {
        clockwork: Clockwork::new(Instant::now(), asking.t1()),
        copies: 1,
        stray: 0,
    };
    let mut buffer = vec![0; MAX_DATAGRAM + 1];
    loop {
        tokio::select! {
            received = socket.recv(&mut buffer) => {
                if let Some(end) = waiting.heard(received, &buffer, asking) {
                    return end;
                }
            }
            () = sleep_until(waiting.clockwork.next()) => {
                if waiting.clockwork.strike() == Due::End {
                    return Err(Cause::SipTimeout);
                }
                // Where it fails, the copy is one of those that get lost.
                let _ = socket.send(&request).await;
                waiting.copies += 1;
            }
        }
    }
}

async fn open(to: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(to).await?;
    // On loopback a socket can be given the very port that it sends to: nobody listens there.
    if socket.local_addr()? == to {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(socket)
}

struct Waiting {
    clockwork: Clockwork,
    copies: u32,
    stray: u32,
}

impl Waiting {
    /// What a datagram, or a refusal, means; `None` when the wait goes on.
    fn heard(
        &mut self,
        received: io::Result<usize>,
        buffer: &[u8],
        asking: &Asking<'_>,
    ) -> Option<Result<SipAnswer, Cause>> {
        match received {
            Ok(length) => {
                let whole = buffer
                    .get(..length)
                    .filter(|bytes| bytes.len() <= MAX_DATAGRAM);
                match whole
                    .and_then(parse)
                    .filter(|answer| asking.is_answered_by(answer))
                {
                    Some(answer) if !answer.is_provisional() => return Some(Ok(answer)),
                    Some(_) => self.clockwork.proceeds(),
                    None => {}
                }
                self.strayed()
            }
            Err(error) if self.copies == 1 && error.kind() == io::ErrorKind::ConnectionRefused => {
                Some(Err(Cause::Refused))
            }
            // An earlier copy may have arrived.
            Err(_) => self.strayed(),
        }
    }

    fn strayed(&mut self) -> Option<Result<SipAnswer, Cause>> {
        self.stray += 1;
        (self.stray > MAX_STRAY).then_some(Err(Cause::BadAnswer))
    }
}
