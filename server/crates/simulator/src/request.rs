//! Requests as they come in.
//!
//! Owns reading one request head, bounded in size, fields and patience.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

use crate::query::Asked;

/// One request's head, as far as a phone cares.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) asked: Asked,
    pub(crate) authorization: Option<String>,
    /// The caller wants one answer only.
    pub(crate) close: bool,
}

/// What came of reading.
#[derive(Debug)]
pub(crate) enum Incoming {
    Request(Box<Request>),
    /// Not HTTP, or more of it than a phone reads.
    Bad,
    /// The caller went away, or said nothing for too long.
    Gone,
}

const START: usize = 1024;
const LARGEST: usize = 16 * 1024;
const FIELDS: usize = 64;

/// Reads the next request of a connection; `buffer` keeps what came beyond it.
pub(crate) async fn read<R: AsyncRead + Unpin>(
    wire: &mut R,
    buffer: &mut Vec<u8>,
    patience: Duration,
) -> Incoming {
    buffer.reserve(START);
    loop {
        if !buffer.is_empty()
            && let Some(done) = parse(buffer)
        {
            return done;
        }
        match timeout(patience, wire.read_buf(buffer)).await {
            Ok(Ok(1..)) => {}
            _ => return Incoming::Gone,
        }
    }
}

/// `None`: more bytes are needed.
fn parse(buffer: &mut Vec<u8>) -> Option<Incoming> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let length = match head.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if buffer.len() < LARGEST => return None,
        Ok(httparse::Status::Partial) | Err(_) => return Some(Incoming::Bad),
    };
    let target = head.path.unwrap_or_default().to_owned();
    let request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        asked: Asked::parse(&target),
        target,
        authorization: field(&head, "authorization").map(str::to_owned),
        close: head.version == Some(0)
            || field(&head, "connection").is_some_and(|v| v.eq_ignore_ascii_case("close")),
    };
    buffer.drain(..length);
    Some(Incoming::Request(Box::new(request)))
}

fn field<'a>(head: &httparse::Request<'_, 'a>, name: &str) -> Option<&'a str> {
    let found = head
        .headers
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(found.value).ok()
}
