//! Answers that stand in an HTTP/2 connection because nobody asks for more of them.
//!
//! There each answer waits for room that the peer gives it, while the socket stays free: so what
//! is watched is the answer itself. *Invariant:* an answer that is ready and is not taken for so
//! long ends its connection; one that is not ready (an event stream) may rest.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::Response;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Whether somebody asks for the next part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Yes,
    NotYet,
}

/// A body that says when it is asked for more.
struct Watched {
    body: Body,
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
    response.map(|body| Body::new(Watched { body, wanted }))
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

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.wanted.send_replace(Wanted::Yes);
        let came = Pin::new(&mut self.body).poll_frame(cx);
        if came.is_ready() {
            self.wanted.send_replace(Wanted::NotYet);
        }
        came
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
