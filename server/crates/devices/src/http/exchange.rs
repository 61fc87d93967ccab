//! One request and its answer on one connection.
//!
//! Owns every bound on what a phone may answer, and the line between "surely not sent" and "may
//! have happened". The connection is driven by the one who waits for the answer: no task is left
//! behind, and dropping it hangs up.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use carillon_domain::Cause;
use http::StatusCode;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::answer::Answer;
use super::request::Get;
use crate::delivery::Limits;
use crate::patience::Patience;
use crate::wire::{Meter, Wire};

/// Bytes of a status line with its headers.
const MAX_HEAD: usize = 16 * 1024;
/// Lines of headers.
const MAX_HEADERS: usize = 64;
/// Interim answers before the real one.
const MAX_INTERIM: u32 = 8;
/// Bytes of a body that explains a refusal.
const MAX_REFUSAL: usize = 64 * 1024;
/// Bytes of a challenge's body that are read to keep its connection.
const MAX_CHALLENGE: usize = 16 * 1024;
/// How long the end of a challenge's body is waited for.
const CHALLENGE_PATIENCE: Duration = Duration::from_millis(500);

/// How long a phone that promised nothing has to close a connection unasked.
const CLOSING_GRACE: Duration = Duration::from_millis(10);
/// The same where nothing is to be done but to look: a phone that hangs up at once is away, and
/// on a busy machine that takes a moment to be seen.
const LOOKING_GRACE: Duration = Duration::from_millis(50);

/// A connection that can carry a request.
pub(super) struct Link {
    sender: SendRequest<Empty<Bytes>>,
    /// Gone once it is closed.
    connection: Option<Connection<TokioIo<Wire>, Empty<Bytes>>>,
    meter: Arc<Meter>,
}

/// Why there is no answer.
pub(super) enum NoAnswer {
    /// The connection was gone before the request's first byte: it surely was not sent.
    NotSent,
    /// It may have been sent.
    Lost(Cause),
}

impl Link {
    /// Puts HTTP on a connection. In a box: what waits for an answer carries it through every step,
    /// a thousand times at once.
    pub(super) async fn over(wire: Wire) -> Result<Box<Self>, NoAnswer> {
        let meter = wire.meter();
        let (sender, connection) = Builder::new()
            .max_buf_size(MAX_HEAD)
            .max_headers(MAX_HEADERS)
            .title_case_headers(true)
            .handshake(TokioIo::new(wire))
            .await
            .map_err(|_| NoAnswer::NotSent)?;
        Ok(Box::new(Self {
            sender,
            connection: Some(connection),
            meter,
        }))
    }

    pub(super) const fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Sends a request and reads its answer.
    pub(super) async fn exchange(
        &mut self,
        request: Get,
        (limits, deadline): (&Limits, Instant),
        patience: &mut Patience,
    ) -> Result<Answer, NoAnswer> {
        self.meter.mark();
        let head = self.head(request, (limits, deadline), patience).await?;
        let (head, body) = head.into_parts();
        let bounds = body_bounds(head.status, limits, deadline);
        let (body, complete) = self.body(body, bounds, patience).await;
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            complete,
            after_credentials: false,
        })
    }

    /// Whether the phone kept the connection open for another request.
    ///
    /// HTTP/1.1 keeps it without a word, but small web servers close without a word too, and a
    /// request lost that way would be "may have happened". So where the phone did not promise,
    /// its closing is waited for a moment.
    pub(super) async fn stays_open(
        &mut self,
        promised: bool,
        deadline: Instant,
        patience: &mut Patience,
    ) -> bool {
        let grace = if promised {
            Duration::ZERO
        } else {
            CLOSING_GRACE
        };
        self.stays_open_for(grace, deadline, patience).await
    }

    /// Whether a connection that was just made is not closed again at once.
    pub(super) async fn is_taken(&mut self, deadline: Instant, patience: &mut Patience) -> bool {
        self.stays_open_for(LOOKING_GRACE, deadline, patience).await
    }

    async fn stays_open_for(
        &mut self,
        grace: Duration,
        deadline: Instant,
        patience: &mut Patience,
    ) -> bool {
        let until = deadline.min(Instant::now() + CHALLENGE_PATIENCE);
        let ready = patience.until(until, self.ready()).await;
        if ready != Ok(true) {
            return false;
        }
        if !grace.is_zero() {
            let until = deadline.min(Instant::now() + grace);
            let _ = patience.until(until, self.closed()).await;
        }
        self.ready().await
    }

    async fn closed(&mut self) {
        poll_fn(|cx| {
            self.poll_connection(cx);
            match self.connection {
                None => Poll::Ready(()),
                Some(_) => Poll::Pending,
            }
        })
        .await;
    }

    async fn ready(&mut self) -> bool {
        poll_fn(|cx| {
            self.poll_connection(cx);
            if self.connection.is_none() {
                return Poll::Ready(false);
            }
            self.sender.poll_ready(cx).map(|ready| ready.is_ok())
        })
        .await
    }

    async fn head(
        &mut self,
        request: Get,
        (limits, deadline): (&Limits, Instant),
        patience: &mut Patience,
    ) -> Result<http::Response<Incoming>, NoAnswer> {
        let meter = Arc::clone(&self.meter);
        let first_byte = deadline.min(Instant::now() + limits.first_byte);
        let sending = self.sender.send_request(request);
        let mut answer = pin!(self.drive(sending));
        let mut driven = patience.until(first_byte, &mut answer).await;
        if driven.is_err() && meter.has_read() {
            driven = patience.until(deadline, &mut answer).await;
        }
        match driven {
            Ok(Driven::Done(Ok(response))) => Ok(response),
            Ok(Driven::Done(Err(error))) => Err(no_answer(&error, &meter)),
            Ok(Driven::TooManyInterim) => Err(NoAnswer::Lost(Cause::BadAnswer)),
            Err(_) if meter.has_written() => Err(NoAnswer::Lost(Cause::TimeoutAnswer)),
            Err(_) => Err(NoAnswer::NotSent),
        }
    }

    async fn body(
        &mut self,
        mut body: Incoming,
        (limit, until): (usize, Instant),
        patience: &mut Patience,
    ) -> (Vec<u8>, bool) {
        let mut read = Vec::new();
        loop {
            let frame = patience.until(until, self.drive(body.frame())).await;
            let data = match frame {
                Ok(Driven::Done(None)) => return (read, true),
                Ok(Driven::Done(Some(Ok(frame)))) => frame.into_data().unwrap_or_default(),
                _ => return (read, false),
            };
            let room = limit - read.len();
            read.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                return (read, false);
            }
        }
    }

    /// Waits for something that the connection brings, while keeping the connection going.
    async fn drive<F: Future>(&mut self, future: F) -> Driven<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            self.poll_connection(cx);
            if self.meter.interim() > MAX_INTERIM {
                return Poll::Ready(Driven::TooManyInterim);
            }
            future.as_mut().poll(cx).map(Driven::Done)
        })
        .await
    }

    fn poll_connection(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && Pin::new(connection).poll(cx).is_ready()
        {
            self.connection = None;
        }
    }
}

enum Driven<T> {
    Done(T),
    TooManyInterim,
}

/// How much of a body is read, and until when.
fn body_bounds(status: StatusCode, limits: &Limits, deadline: Instant) -> (usize, Instant) {
    if status == StatusCode::UNAUTHORIZED {
        return (
            MAX_CHALLENGE,
            deadline.min(Instant::now() + CHALLENGE_PATIENCE),
        );
    }
    if status.is_success() {
        (limits.body, deadline)
    } else {
        (limits.body.min(MAX_REFUSAL), deadline)
    }
}

/// What an error says, given what had been written by then.
fn no_answer(error: &hyper::Error, meter: &Meter) -> NoAnswer {
    if !meter.has_written() {
        return NoAnswer::NotSent;
    }
    NoAnswer::Lost(if error.is_parse_too_large() {
        Cause::TooLarge
    } else if error.is_parse() {
        Cause::BadAnswer
    } else if is_bad_tls(error) {
        // A broken record is garbage like any other; an alert is a way of hanging up.
        Cause::BadAnswer
    } else {
        Cause::ConnectionReset
    })
}

fn is_bad_tls(error: &hyper::Error) -> bool {
    std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<io::Error>())
        .and_then(io::Error::get_ref)
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        .is_some_and(|error| !matches!(error, rustls::Error::AlertReceived(_)))
}
