//! One connection to one phone.
//!
//! Owns its life from the accepted socket to its end. Holds no lock while it waits.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use carillon_domain::phone::Scheme;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::hostile::{self, End};
use crate::profile::Profile;
use crate::request::{self, Incoming, Request};
use crate::switchboard::Switchboard;
use crate::tls;

/// A stream whose socket can be reset.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {
    fn socket(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Ends a connection with a reset instead of a farewell.
pub(crate) fn reset<W: Wire>(wire: W) {
    // A socket that is already gone needs no reset.
    let _ = wire.socket().set_zero_linger();
    drop(wire);
}

/// The phone of a connection; it counts as open until this is dropped.
pub(crate) struct Call {
    pub(crate) fleet: Arc<Switchboard>,
    pub(crate) phone: usize,
    pub(crate) listener: Scheme,
}

impl Drop for Call {
    fn drop(&mut self) {
        self.fleet.phones[self.phone].open.fetch_sub(1, Relaxed);
    }
}

/// Serves a connection to its end.
pub(crate) async fn serve(call: Call, stream: TcpStream) {
    match call.listener {
        Scheme::Http => talk(&call, stream).await,
        Scheme::Https => serve_tls(&call, stream).await,
    }
}

async fn serve_tls(call: &Call, stream: TcpStream) {
    if call.fleet.state(call.phone).profile == Profile::TlsLegacyOnly {
        call.fleet.ledger.failed_handshake();
        return refuse_tls(stream).await;
    }
    let config = match call.fleet.tls_of(call.phone) {
        Ok(config) => config,
        Err(error) => {
            tracing::error!(%error, "a simulated phone has no key");
            return;
        }
    };
    let handshake = TlsAcceptor::from(config).accept(stream);
    match timeout(call.fleet.timing.idle(), handshake).await {
        Ok(Ok(stream)) => talk(call, stream).await,
        _ => call.fleet.ledger.failed_handshake(),
    }
}

/// Reads the greeting and answers as a phone that knows TLS 1.0 only would.
async fn refuse_tls(mut stream: TcpStream) {
    let mut greeting = [0; 2048];
    if let Ok(1..) = stream.read(&mut greeting).await {
        let _ = stream.write_all(&tls::LEGACY_ALERT).await;
        let _ = stream.shutdown().await;
    }
}

async fn talk<W: Wire>(call: &Call, mut wire: W) {
    let mut buffer = Vec::new();
    loop {
        let incoming = request::read(&mut wire, &mut buffer, call.fleet.timing.idle()).await;
        let end = match incoming {
            Incoming::Request(request) => answer(call, &mut wire, &request).await,
            Incoming::Bad => refuse(call, &mut wire).await,
            Incoming::Gone => return,
        };
        match end {
            End::Keep => {}
            End::Close => {
                let _ = wire.shutdown().await;
                return;
            }
            End::Reset => return reset(wire),
        }
    }
}

async fn answer<W: Wire>(call: &Call, wire: &mut W, request: &Request) -> End {
    let Some(verdict) = call.fleet.decide(call.phone, call.listener, request) else {
        return End::Reset;
    };
    if !verdict.wait.is_zero() {
        sleep(verdict.wait).await;
    }
    let drip = std::time::Duration::from_millis(call.fleet.timing.drip_ms);
    match Box::pin(hostile::send(wire, &verdict.answer, verdict.shape, drip)).await {
        Ok(end) => {
            let _ = wire.flush().await;
            end
        }
        Err(_) => End::Reset,
    }
}

async fn refuse<W: Wire>(call: &Call, wire: &mut W) -> End {
    let answer = call.fleet.refuse(call.phone, call.listener);
    let _ = wire.write_all(&answer.bytes()).await;
    End::Close
}
