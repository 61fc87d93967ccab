//! Answers that stand in an HTTP/2 connection because nobody asks for more of them.
//!
//! There each answer waits for room that the peer gives it, while the socket stays free: so what
//! is watched is the answer itself. *Invariant:* an answer that is ready and is not taken for so
//! long ends its connection; one that is not ready (an event stream) may rest.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::Response;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

type FrameResult = Result<Frame<Bytes>, axum::Error>;

/// Whether somebody asks for the next part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Yes,
    NotYet,
}

/// Whoever takes so many bytes in the time takes the answer: a whole page as one piece would look as
/// if it stood.
const PIECE: usize = 16 << 10;

/// A body that says when it is asked for more, and is given in pieces.
struct Watched {
    body: Body,
    /// What is left of a part that was longer than a piece.
    rest: Bytes,
    wanted: watch::Sender<Wanted>,
}

/// Watches that an answer is taken; `gone` is told when it is not.
pub(super) fn watch(
    response: Response<Body>,
    patience: Duration,
    gone: &CancellationToken,
) -> Response<Body> {
    if response.body().is_end_stream() {
        return response;
    }
    let (wanted, told) = watch::channel(Wanted::NotYet);
    let gone = gone.clone();
    tokio::spawn(async move {
        if stands(told, patience).await {
            gone.cancel();
        }
    });
    response.map(|body| {
        Body::new(Watched {
            body,
            rest: Bytes::new(),
            wanted,
        })
    })
}

/// `true` once nobody asked for more in time; `false` when the answer is over.
async fn stands(mut told: watch::Receiver<Wanted>, patience: Duration) -> bool {
    loop {
        let rests = *told.borrow_and_update() == Wanted::Yes;
        let changed = told.changed();
        let came = if rests {
            changed.await
        } else {
            match tokio::time::timeout(patience, changed).await {
                Ok(came) => came,
                Err(_) => return true,
            }
        };
        if came.is_err() {
            return false;
        }
    }
}

impl Watched {
    fn next_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<FrameResult>> {
        if self.rest.is_empty() {
            let data = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                ended => return Poll::Ready(ended),
            };
            self.rest = data;
        }
        let size = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(size)))))
    }
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<FrameResult>> {
        self.wanted.send_replace(Wanted::Yes);
        let came = self.next_piece(cx);
        if came.is_ready() {
            self.wanted.send_replace(Wanted::NotYet);
        }
        came
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, body) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// A peer that takes a page slowly takes some of it in time: it is not given as one part.
    #[tokio::test]
    async fn a_long_part_is_given_in_pieces() {
        let page = vec![7; 2 * PIECE + 9];
        let response = Response::new(Body::from(page.clone()));
        let gone = CancellationToken::new();
        let mut body = watch(response, Duration::from_mins(1), &gone).into_body();
        assert_eq!(body.size_hint().exact(), Some(page.len() as u64));
        let mut sizes = Vec::new();
        while let Some(frame) = body.frame().await {
            let data = frame.expect("no error").into_data().expect("data");
            sizes.push(data.len());
        }
        assert_eq!(sizes, [PIECE, PIECE, 9]);
    }
}
