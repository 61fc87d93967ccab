//! A peer that does not read what it asked for.
//!
//! Owns how long an answer may stand before it. *Invariant:* whoever takes nothing loses the
//! connection, and taking a little now and then does not buy more time than it is worth. That goes
//! for what the kernel keeps as well, also after the socket was closed.

use std::future::Future as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// What a byte that was taken buys: a thousand a second are enough for ever.
const FOR_A_BYTE: Duration = Duration::from_millis(1);

/// So much of an answer waits in the kernel for the peer, or a little more. Else it takes megabytes,
/// which then count as taken.
const UNSENT: u32 = 128 << 10;

/// The kernel keeps little of an answer, and not for longer than the peer is waited for: it would go on
/// asking a peer that is there and takes nothing for minutes after the connection was closed, with all
/// that is left in its memory.
pub(super) fn tell_kernel(socket: &TcpStream, most: Duration) {
    let socket = SockRef::from(socket);
    let told = socket
        .set_tcp_user_timeout(Some(most))
        .and_then(|()| socket.set_tcp_notsent_lowat(UNSENT));
    if let Err(error) = told {
        tracing::debug!(%error, "the kernel keeps answers for as long as it likes");
    }
}

/// A socket whose peer may be waited for so long in all.
pub(super) struct Patient<S> {
    socket: S,
    most: Duration,
    left: Duration,
    waits: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<S> Patient<S> {
    pub(super) const fn new(socket: S, most: Duration) -> Self {
        Self {
            socket,
            most,
            left: most,
            waits: None,
        }
    }

    /// What came of handing something to the socket.
    fn told<T>(
        &mut self,
        came: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        match came {
            Poll::Pending => self.wait(cx),
            Poll::Ready(Ok(done)) => {
                self.took(bytes(&done));
                Poll::Ready(Ok(done))
            }
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }

    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let left = self.left;
        let (_, end) = self.waits.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + left)))
        });
        ready!(end.as_mut().poll(cx));
        let error = io::Error::new(io::ErrorKind::TimedOut, "the peer does not read");
        Poll::Ready(Err(error))
    }

    fn took(&mut self, bytes: usize) {
        let waited = self.waits.take().map(|(since, _)| since.elapsed());
        self.left = left_after(self.left, waited.unwrap_or_default(), bytes).min(self.most);
    }
}

/// How long a peer may still be waited for that took so many bytes after so long.
fn left_after(left: Duration, waited: Duration, bytes: usize) -> Duration {
    let bought = FOR_A_BYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
    left.saturating_sub(waited).saturating_add(bought)
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let came = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.told(came, |bytes| *bytes, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let came = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.told(came, |bytes| *bytes, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let came = Pin::new(&mut self.socket).poll_flush(cx);
        self.told(came, |()| 0, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let came = Pin::new(&mut self.socket).poll_shutdown(cx);
        self.told(came, |()| 0, cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn who_takes_nothing_is_given_up() {
        let (ours, _theirs) = duplex(1024);
        let mut ours = Patient::new(ours, Duration::from_millis(20));
        let refused = ours.write_all(&[7; 2048]).await;
        let error = refused.expect_err("it was taken");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_takes_all_gets_all() {
        let (ours, mut theirs) = duplex(16);
        let mut ours = Patient::new(ours, Duration::from_mins(1));
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            theirs.read_to_end(&mut all).await.map(|_| all)
        });
        ours.write_all(&vec![7; 50_000]).await.expect("written");
        ours.shutdown().await.expect("closed");
        let all = reading.await.expect("joined").expect("read");
        assert_eq!(all, vec![7; 50_000]);
    }

    #[test]
    fn little_now_and_then_buys_little_time() {
        let second = Duration::from_secs(1);
        let mut left = second * 30;
        for _ in 0..3 {
            left = left_after(left, second * 10, 1);
        }
        assert!(left < Duration::from_millis(10), "a byte in ten seconds");
        left = left_after(second * 30, second * 2, 2000);
        assert_eq!(left, second * 30, "a slow line");
        assert_eq!(left_after(second, second * 5, 0), Duration::ZERO);
    }
}
