//! Two thousand connections that are slow on purpose.
//!
//! Owns the three ways: heads and bodies that never end, and answers that nobody reads, with one
//! byte now and then. Their addresses are as few as leave room for others: the server's manual says
//! what more of them do. Whether one is still held is looked for on the server's side: a peer that does not
//! read sees no end that stands behind what it has not read.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Looking, Times, address, alone, fill, told};
use crate::server::Server;
use crate::web::{Web, socket};
use crate::{Outcome, machine, report};

const CROWD: usize = 2_000;
const ADDRESSES: usize = 15;
/// Answers that are asked for at once and not read: more than sockets hold.
const ASKED: usize = 100;
/// Between two looks whether one was ended, and so many of them between two bytes.
const LOOK: Duration = Duration::from_millis(500);
const LOOKS: u32 = 10;
/// After so many looks the server's side has been looked at since the connection was made.
const SEEN: u32 = 4;
/// They are gone by then.
const BOUND: Duration = Duration::from_secs(70);
/// Nobody waits for longer.
const LONGEST: Duration = Duration::from_secs(150);

type Held = watch::Receiver<HashSet<SocketAddrV4>>;

/// How one is slow.
#[derive(Clone, Copy)]
enum Way {
    Head,
    Body,
    Reading,
}

/// What became of one.
struct Gone {
    /// Ended at once: one too many of its address.
    at_once: bool,
    /// How long it was held; `None` = until nobody waited any more.
    held: Option<Duration>,
}

pub(super) async fn measure(program: &Path) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(program, folder.path(), 1)?;
    fill(&server, folder.path())?;
    let browser = server.browser(0).await?;
    let before = [alone(&browser, false).await?, alone(&browser, true).await?];
    let style = style(&server.base).await?;
    let looking = [false, true].map(|anew| (anew, browser.again()));
    let mut people = Vec::new();
    for (anew, browser) in looking {
        people.push(Looking::begin(browser.await?, anew));
    }
    let gone = crowd(&server.base, &style).await?;
    let mut meanwhile = Vec::new();
    for person in people {
        meanwhile.push(person.end().await?);
    }
    tell_crowd(&gone)?;
    tell_pages(&before, &meanwhile)
}

/// The largest file that anybody may read.
async fn style(base: &str) -> Outcome<String> {
    let mut web = Web::connect(base, None).await?;
    let page = web.page("/sign-in").await?;
    let (_, rest) = page
        .split_once("rel=\"stylesheet\"")
        .ok_or("no stylesheet")?;
    let (_, rest) = rest.split_once("href=\"").ok_or("no stylesheet")?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}

/// All of them come at once; answers when none is left.
async fn crowd(base: &str, style: &str) -> Outcome<Vec<Gone>> {
    let authority = base.trim_start_matches("http://").to_owned();
    let mut slow = JoinSet::new();
    let held = watch_held(authority.parse()?);
    for number in 0..CROWD {
        let (authority, style) = (authority.clone(), style.to_owned());
        let source = address(number, ADDRESSES);
        let way = [Way::Head, Way::Body, Way::Reading][number / ADDRESSES % 3];
        let held = held.clone();
        slow.spawn(async move { be_slow(source, &authority, (way, &style), held).await });
    }
    let mut gone = Vec::new();
    while let Some(one) = slow.join_next().await {
        gone.push(one??);
    }
    Ok(gone)
}

/// Who is held by the server or for it, looked at again and again while somebody wants to know.
fn watch_held(server: SocketAddr) -> Held {
    let (told, held) = watch::channel(HashSet::new());
    tokio::spawn(async move {
        while told.send(machine::held_for(server.port())).is_ok() {
            tokio::time::sleep(LOOK).await;
        }
    });
    held
}

async fn be_slow(
    source: Ipv4Addr,
    authority: &str,
    (way, style): (Way, &str),
    held: Held,
) -> Outcome<Gone> {
    let mut stream = socket(source, authority).await?;
    let own = stream.local_addr()?;
    let is_held = || matches!(own, SocketAddr::V4(own) if held.borrow().contains(&own));
    let started = Instant::now();
    // One too many of its address is ended before that.
    let at_once = stream
        .write_all(first(way, authority, style).as_bytes())
        .await
        .is_err();
    for look in 1.. {
        if started.elapsed() > LONGEST {
            return Ok(Gone {
                at_once: false,
                held: None,
            });
        }
        tokio::time::sleep(LOOK).await;
        if at_once
            || is_ended(&stream).await?
            || (look >= SEEN && !is_held())
            || (look % LOOKS == 0 && !one_byte(&mut stream, way).await)
        {
            break;
        }
    }
    let held = started.elapsed();
    Ok(Gone {
        at_once: held < LOOK * 3,
        held: Some(held),
    })
}

fn first(way: Way, authority: &str, style: &str) -> String {
    match way {
        Way::Head => format!("GET / HTTP/1.1\r\nHost: {authority}\r\nX-"),
        Way::Body => format!(
            "POST /sign-in HTTP/1.1\r\nHost: {authority}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\ncsrf="
        ),
        Way::Reading => format!("GET {style} HTTP/1.1\r\nHost: {authority}\r\n\r\n").repeat(ASKED),
    }
}

/// Whether the server ended it, also where something is left to read.
async fn is_ended(stream: &TcpStream) -> Outcome<bool> {
    let ready = stream.ready(Interest::READABLE | Interest::WRITABLE);
    // Neither readable nor writable: it is held, and says nothing.
    let Ok(ready) = tokio::time::timeout(Duration::from_millis(1), ready).await else {
        return Ok(false);
    };
    Ok(ready?.is_read_closed())
}

/// One byte more; `false` where the connection is over.
async fn one_byte(stream: &mut TcpStream, way: Way) -> bool {
    match way {
        Way::Head | Way::Body => stream.write_all(b"x").await.is_ok(),
        Way::Reading => !matches!(stream.read(&mut [0]).await, Ok(0) | Err(_)),
    }
}

fn tell_crowd(gone: &[Gone]) -> Outcome<()> {
    let at_once = gone.iter().filter(|one| one.at_once).count();
    let left = gone.iter().filter(|one| one.held.is_none()).count();
    let longest = gone.iter().filter_map(|one| one.held).max();
    let longest = longest.unwrap_or_default();
    report::line(
        "\n| slow connections | addresses | ended at once | the last was held s | left after 150 s | gone within 70 s |",
    )?;
    report::line("|---|---|---|---|---|---|")?;
    report::line(&format!(
        "| {} | {ADDRESSES} | {at_once} | **{:.1}** | {left} | {} |",
        gone.len(),
        longest.as_secs_f64(),
        told(left == 0 && longest <= BOUND)
    ))
}

fn tell_pages(before: &[Times], meanwhile: &[Times]) -> Outcome<()> {
    report::line("\n| the overview | pages | p50 ms | p99 ms | slowest ms | p99 below 500 ms |")?;
    report::line("|---|---|---|---|---|---|")?;
    for (when, all) in [("before", before), ("meanwhile", meanwhile)] {
        for (how, times) in ["on one connection", "each on a new one"].iter().zip(all) {
            let (cells, kept) = (times.cells(), times.kept());
            report::line(&format!("| {when}, {how} | {cells} | {kept} |"))?;
        }
    }
    Ok(())
}
