//! The reference: connect, ask, read, close, and nothing else.
//!
//! Owns the loop that shows what the machine can do. It knows no database and keeps nothing but
//! a count.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::measure::{Measured, Meter, skew};
use crate::{Outcome, child};

/// What both sides ask of every phone.
pub(crate) const TARGET: &str = "/servlet?key=OK";
const WHOLE: Duration = Duration::from_secs(8);

/// What the loop is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BareOrder {
    pub(crate) file: std::path::PathBuf,
    pub(crate) in_flight: usize,
    pub(crate) username: String,
    pub(crate) password: String,
}

struct Work {
    phones: Vec<SocketAddr>,
    next: AtomicUsize,
    username: String,
    password: String,
}

/// The process of the reference.
pub(crate) async fn serve(order: BareOrder) -> Outcome<()> {
    let work = Arc::new(Work {
        phones: serde_json::from_slice(&std::fs::read(&order.file)?)?,
        next: AtomicUsize::new(0),
        username: order.username,
        password: order.password,
    });
    let meter = Meter::start();
    let started = Instant::now();
    let mut loops = JoinSet::new();
    for _ in 0..order.in_flight {
        loops.spawn(go(work.clone(), started));
    }
    let mut answered = Vec::with_capacity(work.phones.len());
    while let Some(of_one) = loops.join_next().await {
        answered.extend(of_one?);
    }
    let measured = meter.end(started.elapsed());
    child::answer(&Measured {
        well: answered.len(),
        skew_ms: skew(&answered),
        ..measured
    })
}

/// When the phones that one loop asked had answered, in milliseconds from the start.
async fn go(work: Arc<Work>, started: Instant) -> Vec<f64> {
    let mut answered = Vec::new();
    loop {
        let number = work.next.fetch_add(1, Ordering::Relaxed);
        let Some(address) = work.phones.get(number) else {
            return answered;
        };
        let asked = tokio::time::timeout(WHOLE, ask(*address, &work.username, &work.password));
        if matches!(asked.await, Ok(Some(200))) {
            answered.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
    }
}

async fn ask(address: SocketAddr, username: &str, password: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(1024);
    let request = format!("GET {TARGET} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let head = read(&mut stream, &mut buffer).await?;
    if head.status != 401 {
        return Some(head.status);
    }
    let proof = digest(&head.challenge?, username, password)?;
    let request = format!(
        "GET {TARGET} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\nAuthorization: {proof}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    buffer.clear();
    Some(read(&mut stream, &mut buffer).await?.status)
}

struct Head {
    status: u16,
    challenge: Option<String>,
}

/// Reads one answer with its body.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Head> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|part| part == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let text = std::str::from_utf8(&buffer[..end]).ok()?;
    let head = Head {
        status: text.split(' ').nth(1)?.parse().ok()?,
        challenge: field(text, "www-authenticate: "),
    };
    let length: usize = field(text, "content-length: ")?.parse().ok()?;
    while buffer.len() < end + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

fn field(head: &str, name: &str) -> Option<String> {
    let starts = |line: &&str| {
        line.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    let line = head.lines().find(starts)?;
    Some(line[name.len()..].to_owned())
}

fn digest(challenge: &str, username: &str, password: &str) -> Option<String> {
    let quoted = |name: &str| {
        let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
        rest.split('"').next()
    };
    let (realm, nonce) = (quoted("realm")?, quoted("nonce")?);
    let hash = |text: String| hex::encode(Md5::digest(text));
    let one = hash(format!("{username}:{realm}:{password}"));
    let two = hash(format!("GET:{TARGET}"));
    let response = hash(format!("{one}:{nonce}:00000001:0a4f113b:auth:{two}"));
    Some(format!(
        "Digest username=\"{username}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{TARGET}\", \
         algorithm=MD5, qop=auth, nc=00000001, cnonce=\"0a4f113b\", response=\"{response}\""
    ))
}
