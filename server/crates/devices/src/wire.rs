//! One socket to a phone, plain or under TLS, that knows what went through it.
//!
//! Owns the count of bytes on which "surely not sent" rests. Counts what was handed to TLS as
//! sent, which errs on the side of "may have happened".

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// What went through a wire since the last mark.
#[derive(Default)]
pub(crate) struct Meter {
    written: AtomicU64,
    read: AtomicU64,
    interim: AtomicU32,
}

impl Meter {
    /// Starts counting anew, for the next request.
    pub(crate) fn mark(&self) {
        self.written.store(0, Ordering::Relaxed);
        self.read.store(0, Ordering::Relaxed);
        self.interim.store(0, Ordering::Relaxed);
    }

    /// Whether the first byte of the request left.
    pub(crate) fn has_written(&self) -> bool {
        self.written.load(Ordering::Relaxed) > 0
    }

    /// Whether the first byte of the answer came.
    pub(crate) fn has_read(&self) -> bool {
        self.read.load(Ordering::Relaxed) > 0
    }

    /// Counts an interim answer.
    pub(crate) fn count_interim(&self) {
        self.interim.fetch_add(1, Ordering::Relaxed);
    }

    /// Interim answers so far.
    pub(crate) fn interim(&self) -> u32 {
        self.interim.load(Ordering::Relaxed)
    }
}

/// The socket.
pub(crate) struct Wire {
    stream: Stream,
    meter: Arc<Meter>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    pub(crate) fn plain(stream: TcpStream) -> Self {
        Self {
            stream: Stream::Plain(stream),
            meter: Arc::default(),
        }
    }

    pub(crate) fn tls(stream: TlsStream<TcpStream>) -> Self {
        Self {
            stream: Stream::Tls(Box::new(stream)),
            meter: Arc::default(),
        }
    }

    /// Our end of it.
    pub(crate) fn local_address(&self) -> io::Result<SocketAddr> {
        match &self.stream {
            Stream::Plain(stream) => stream.local_addr(),
            Stream::Tls(stream) => stream.get_ref().0.local_addr(),
        }
    }

    pub(crate) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    fn count_written(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = &result {
            self.meter
                .written
                .fetch_add(*count as u64, Ordering::Relaxed);
        }
        result
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Tls(stream) => match Pin::new(stream).poll_read(cx, buffer) {
                // Small web servers close without TLS's goodbye. What was cut short is noticed
                // by its length, where it has one.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Poll::Ready(Ok(()))
                }
                other => other,
            },
        };
        let count = buffer.filled().len() - before;
        self.meter.read.fetch_add(count as u64, Ordering::Relaxed);
        result
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        };
        self.count_written(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        };
        self.count_written(result)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            // A request is one piece, and for one the system has a shorter call.
            Stream::Plain(_) => false,
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            // It is dropped next, which says the same with one call less.
            Stream::Plain(_) => Poll::Ready(Ok(())),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
