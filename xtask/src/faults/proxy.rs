//! A proxy that breaks connections on purpose, one thread for each.
//!
//! Owns the ways in which a network fails between us and a phone or a database. It listens on
//! loopback only.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// How connections through the proxy end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// They do not: everything goes through.
    Nothing,
    /// Reset as soon as the connection is made.
    AtOnce,
    /// Reset after so many bytes of the request; they do not reach the phone.
    BeforeRequest(usize),
    /// The request arrives, then the connection is reset before any answer.
    AfterRequest,
    /// So many bytes of the answer, then a reset.
    DuringAnswer(usize),
    /// So many bytes of the answer, then a clean end.
    ShortAnswer(usize),
    /// The request arrives, the answer never does, the connection stays.
    NoAnswer,
    /// The answer comes one byte after another, with pauses, and whole.
    Trickle,
    /// The answer comes late, and whole.
    Late(Duration),
}

/// The longest that a silent connection is held.
const HELD: Duration = Duration::from_secs(20);
const DRIP: Duration = Duration::from_millis(2);

/// A listening proxy. It stops listening when dropped.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    pub(super) broken: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl Proxy {
    /// Listens on `here` (port 0 = any) and speaks to `there`; requests with credentials are
    /// broken, the questions before them go through.
    pub(super) fn start(here: &str, there: SocketAddr, how: Break) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{here}: {error}");
        let listener = TcpListener::bind(here).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (broken, over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (count, ended) = (broken.clone(), over.clone());
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let count = count.clone();
                std::thread::spawn(move || {
                    // A connection that breaks is what this is for.
                    let _broken = exchange(&socket, there, how, &count);
                });
            }
        });
        Ok(Self {
            address,
            broken,
            over,
        })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the listener, so that it sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

/// Requests of one connection, until one of them is broken.
fn exchange(
    caller: &TcpStream,
    there: SocketAddr,
    how: Break,
    broken: &AtomicUsize,
) -> std::io::Result<()> {
    if how == Break::AtOnce {
        broken.fetch_add(1, Ordering::SeqCst);
        return reset(caller);
    }
    let phone = TcpStream::connect(there)?;
    phone.set_read_timeout(Some(HELD))?;
    caller.set_read_timeout(Some(HELD))?;
    loop {
        let request = head(caller)?;
        if request.is_empty() {
            return phone.shutdown(Shutdown::Both);
        }
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let target = text.contains("\r\nauthorization:") && how != Break::Nothing;
        if !target {
            (&phone).write_all(&request)?;
            let answer = answer(&phone)?;
            (&*caller).write_all(&answer)?;
            continue;
        }
        broken.fetch_add(1, Ordering::SeqCst);
        return break_it(caller, &phone, &request, how);
    }
}

fn break_it(
    mut caller: &TcpStream,
    mut phone: &TcpStream,
    request: &[u8],
    how: Break,
) -> std::io::Result<()> {
    if let Break::BeforeRequest(bytes) = how {
        phone.write_all(&request[..bytes.min(request.len() - 1)])?;
        phone.shutdown(Shutdown::Both)?;
        return reset(caller);
    }
    phone.write_all(request)?;
    let answer = answer(phone)?;
    match how {
        Break::AfterRequest => reset(caller),
        Break::DuringAnswer(bytes) => {
            caller.write_all(&answer[..bytes.min(answer.len())])?;
            // Let the bytes arrive before the reset overtakes them.
            std::thread::sleep(Duration::from_millis(50));
            reset(caller)
        }
        Break::ShortAnswer(bytes) => {
            caller.write_all(&answer[..bytes.min(answer.len())])?;
            caller.shutdown(Shutdown::Both)
        }
        Break::NoAnswer => {
            let mut nothing = [0; 1];
            let _given_up = caller.read(&mut nothing)?;
            Ok(())
        }
        Break::Trickle => {
            for byte in &answer {
                caller.write_all(&[*byte])?;
                std::thread::sleep(DRIP);
            }
            caller.shutdown(Shutdown::Both)
        }
        Break::Late(pause) => {
            std::thread::sleep(pause);
            caller.write_all(&answer)?;
            caller.shutdown(Shutdown::Both)
        }
        Break::Nothing | Break::AtOnce | Break::BeforeRequest(_) => Ok(()),
    }
}

/// Reads one request without a body.
fn head(mut socket: &TcpStream) -> std::io::Result<Vec<u8>> {
    let (mut read, mut byte) = (Vec::new(), [0; 1]);
    while !read.ends_with(b"\r\n\r\n") {
        if socket.read(&mut byte)? == 0 {
            return Ok(Vec::new());
        }
        read.push(byte[0]);
    }
    Ok(read)
}

/// Reads one answer: its head, and as much body as it announces.
fn answer(mut socket: &TcpStream) -> std::io::Result<Vec<u8>> {
    let mut whole = head(socket)?;
    let text = String::from_utf8_lossy(&whole).to_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    socket.read_exact(&mut body)?;
    whole.extend(body);
    Ok(whole)
}

/// Closes with a reset instead of a farewell.
fn reset(socket: &TcpStream) -> std::io::Result<()> {
    rustix::net::sockopt::set_socket_linger(socket, Some(Duration::ZERO))?;
    Ok(())
}
