//! One request to a receiver that speaks HTTP.
//!
//! Owns the exchange: one fresh connection, one request, no redirect, no proxy. What it answers is
//! read no further than its status.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::connect::{Dialer, Wire};
use crate::destination::Destination;
use crate::failure::Failure;

const AGENT: &str = concat!("Carillon/", env!("CARGO_PKG_VERSION"));
/// A receiver may ask for patience, within reason: for less than after what somebody is told that
/// it stands still, and than what another node waits before it takes over.
const LONGEST_PAUSE: u64 = 60;

/// What is asked of a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// To take a message.
    Post,
    /// To keep a file.
    Put,
}

/// One request.
#[derive(Debug)]
pub struct Request {
    /// What is asked.
    pub verb: Verb,
    /// What is added to the destination's path.
    pub below: String,
    /// What kind of text it carries.
    pub content_type: &'static str,
    /// Further headers; one that cannot be written is left out.
    pub headers: Vec<(&'static str, String)>,
    /// What it carries.
    pub body: Bytes,
}

impl Dialer {
    /// Sends one request; done when the receiver says yes.
    ///
    /// # Errors
    /// [`Failure`]: then it may have arrived all the same.
    pub async fn request(&self, to: &Destination, request: Request) -> Result<(), Failure> {
        let request = written(to, request).map_err(|_| Failure::Unreadable)?;
        let wire = self.open(to).await?;
        let answered = timeout(self.limits().exchange, exchange(wire, request)).await;
        answered.map_err(|_| Failure::NotConfirmed)?
    }
}

fn written(to: &Destination, request: Request) -> http::Result<http::Request<Full<Bytes>>> {
    let method = match request.verb {
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
    };
    let joined = request.below.is_empty() || to.path.ends_with('/');
    let slash = if joined { "" } else { "/" };
    let path = format!("{}{slash}{}", to.path, request.below);
    let mut built = http::Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, to.authority())
        .header(USER_AGENT, AGENT)
        .header(CONTENT_TYPE, request.content_type);
    for (name, value) in request.headers {
        if let Ok(mut value) = HeaderValue::try_from(value) {
            value.set_sensitive(true);
            built = built.header(HeaderName::from_static(name), value);
        }
    }
    built.body(Full::new(request.body))
}

async fn exchange(wire: Box<dyn Wire>, request: http::Request<Full<Bytes>>) -> Result<(), Failure> {
    let opened = http1::handshake(TokioIo::new(wire)).await;
    let (mut sender, connection) = opened.map_err(|_| Failure::HungUp)?;
    let _carrier = AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = sender.send_request(request).await.map_err(|error| {
        if error.is_parse() {
            Failure::Unreadable
        } else {
            Failure::HungUp
        }
    })?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(Failure::Status {
        status: answer.status().as_u16(),
        again: again(answer.status(), answer.headers()),
    })
}

fn again(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let waits = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    waits
        .contains(&status)
        .then(|| Duration::from_secs(seconds.min(LONGEST_PAUSE)))
}
