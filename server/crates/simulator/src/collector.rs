//! A receiver of logs that is not there: a real socket that takes syslog and HTTP.
//!
//! Owns its own reading of both, so that what is sent is judged by somebody else's code. For
//! tests; it listens on loopback only and answers one connection at a time.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

/// How a receiver behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// Takes everything.
    Takes,
    /// Reads so many messages, then resets the connection and keeps none of the rest.
    Resets(usize),
    /// Reads everything, keeps nothing, and never ends the connection.
    Silent,
    /// Answers HTTP with this status and keeps nothing.
    Answers(u16),
    /// Takes HTTP bodies of at most so many bytes, and answers 413 to longer ones.
    Limits(usize),
}

/// One thing that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Request line and headers of HTTP; empty for syslog.
    pub head: String,
    /// The message, or the body.
    pub text: String,
}

/// A receiver.
pub struct Collector {
    address: SocketAddr,
    manners: Arc<Mutex<Manners>>,
    taken: watch::Sender<Vec<Taken>>,
    _task: AbortOnDropHandle<()>,
}

impl Collector {
    /// One on a free port of loopback, with TLS where there is a configuration for it.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(tls: Option<Arc<ServerConfig>>) -> std::io::Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::open(address, tls, Manners::Takes).await
    }

    /// One on this address that behaves so from its first connection on.
    ///
    /// # Errors
    /// When somebody else has the address.
    pub async fn at(address: SocketAddr, manners: Manners) -> std::io::Result<Self> {
        Self::open(address, None, manners).await
    }

    async fn open(
        address: SocketAddr,
        tls: Option<Arc<ServerConfig>>,
        manners: Manners,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let manners = Arc::new(Mutex::new(manners));
        let (taken, _) = watch::channel(Vec::new());
        let acceptor = tls.map(TlsAcceptor::from);
        let serving = serve(listener, acceptor, Arc::clone(&manners), taken.clone());
        Ok(Self {
            address,
            manners,
            taken,
            _task: AbortOnDropHandle::new(tokio::spawn(serving)),
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the next connection on it behaves so.
    pub fn behave(&self, manners: Manners) {
        *self.manners.lock().unwrap_or_else(PoisonError::into_inner) = manners;
    }

    /// What it has taken.
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.borrow().clone()
    }

    /// What it has taken, as soon as that is enough.
    pub async fn once(&self, enough: impl FnMut(&Vec<Taken>) -> bool) -> Vec<Taken> {
        let mut taken = self.taken.subscribe();
        // The sender lives as long as this does.
        let mut enough = enough;
        loop {
            let now = taken.borrow_and_update().clone();
            if enough(&now) || taken.changed().await.is_err() {
                return now;
            }
        }
    }
}

async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    manners: Arc<Mutex<Manners>>,
    taken: watch::Sender<Vec<Taken>>,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        let manners = *manners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Manners::Resets(_) = manners {
            let _ = stream.set_zero_linger();
        }
        match &tls {
            None => talk(stream, manners, &taken).await,
            Some(acceptor) => {
                if let Ok(stream) = acceptor.accept(stream).await {
                    talk(stream, manners, &taken).await;
                }
            }
        }
    }
}

async fn talk<S>(mut stream: S, manners: Manners, taken: &watch::Sender<Vec<Taken>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Ok(first) = stream.read_u8().await else {
        return;
    };
    if first.is_ascii_digit() {
        let kept = messages(&mut stream, first, manners).await;
        taken.send_modify(|taken| taken.extend(kept));
    } else {
        request(&mut stream, first, manners, taken).await;
    }
    // Dropped as it is, with something unread, it is a reset.
    if !matches!(manners, Manners::Resets(_)) {
        let _ = stream.shutdown().await;
    }
}

/// RFC 6587, section 3.4.1: a count of octets, a space, and so many octets, again and again.
async fn messages<S>(stream: &mut S, first: u8, manners: Manners) -> Vec<Taken>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut kept = Vec::new();
    let mut next = Some(first);
    while let Some(digit) = next {
        if matches!(manners, Manners::Resets(most) if kept.len() >= most) {
            break;
        }
        let mut digits = vec![digit];
        while let Ok(byte) = stream.read_u8().await {
            if byte == b' ' {
                break;
            }
            digits.push(byte);
        }
        let count = String::from_utf8_lossy(&digits).parse().unwrap_or(0);
        let mut message = vec![0; count];
        if stream.read_exact(&mut message).await.is_err() {
            break;
        }
        kept.push(Taken {
            head: String::new(),
            text: String::from_utf8_lossy(&message).into_owned(),
        });
        next = stream.read_u8().await.ok();
    }
    if manners == Manners::Silent {
        // Holds the line; only dropping the receiver ends it.
        std::future::pending::<()>().await;
    }
    kept
}

async fn request<S>(stream: &mut S, first: u8, manners: Manners, taken: &watch::Sender<Vec<Taken>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(asked) = read_request(stream, first).await else {
        return;
    };
    let status = match manners {
        Manners::Silent => return std::future::pending().await,
        Manners::Answers(status) => status,
        Manners::Limits(most) if asked.text.len() > most => 413,
        Manners::Takes | Manners::Resets(_) | Manners::Limits(_) => 204,
    };
    if (200..300).contains(&status) {
        taken.send_modify(|taken| taken.push(asked));
    }
    let answer = format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn read_request<S>(stream: &mut S, first: u8) -> Option<Taken>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut head = vec![first];
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let fits = name.eq_ignore_ascii_case("content-length");
        fits.then(|| value.parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some(Taken {
        head,
        text: String::from_utf8_lossy(&body).into_owned(),
    })
}
