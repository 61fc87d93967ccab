//! A proxy before Postgres that cuts connections in the middle of COMMIT: the worst moment there
//! is, since nobody on this side can know whether it happened.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// On which side of the cut the commit falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The server never sees it.
    Before,
    /// The server does it; its answer is lost.
    After,
    /// The product is cut off first; the server does it a moment later.
    Late,
}

/// Every so many commits one is cut.
const EVERY: usize = 7;
const LATER: Duration = Duration::from_millis(400);
const COMMIT: &[u8] = b"COMMIT\0";

/// The running proxy. It lets everything through until told to cut.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    state: Arc<State>,
}

struct State {
    there: SocketAddr,
    how: Cut,
    cutting: AtomicBool,
    commits: AtomicUsize,
    cuts: AtomicUsize,
}

impl Proxy {
    pub(super) fn start(there: SocketAddr, how: Cut) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let state = Arc::new(State {
            there,
            how,
            cutting: AtomicBool::new(false),
            commits: AtomicUsize::new(0),
            cuts: AtomicUsize::new(0),
        });
        let shared = state.clone();
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let state = shared.clone();
                std::thread::spawn(move || {
                    // A connection that breaks is what this is for.
                    let _broken = carry(&socket, &state);
                });
            }
        });
        Ok(Self { address, state })
    }

    /// From now on cuts, or lets everything through again.
    pub(super) fn cut(&self, cutting: bool) {
        self.state.cutting.store(cutting, Ordering::SeqCst);
    }

    /// How many commits were cut.
    pub(super) fn cuts(&self) -> usize {
        self.state.cuts.load(Ordering::SeqCst)
    }
}

/// Carries one connection both ways until it ends or is cut.
fn carry(client: &TcpStream, state: &State) -> std::io::Result<()> {
    let server = TcpStream::connect(state.there)?;
    let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        let _ended = std::io::copy(&mut from, &mut to);
        let _gone = to.shutdown(Shutdown::Both);
    });
    let mut chunk = [0; 8192];
    loop {
        let length = (&*client).read(&mut chunk)?;
        if length == 0 {
            return server.shutdown(Shutdown::Both);
        }
        let words = &chunk[..length];
        if state.falls_on(words) {
            return cut(client, &server, words, state.how);
        }
        (&server).write_all(words)?;
    }
}

impl State {
    fn falls_on(&self, words: &[u8]) -> bool {
        let commits = words.windows(COMMIT.len()).any(|word| word == COMMIT);
        if !commits || !self.cutting.load(Ordering::SeqCst) {
            return false;
        }
        let chosen = self.commits.fetch_add(1, Ordering::SeqCst) % EVERY == EVERY - 1;
        self.cuts.fetch_add(usize::from(chosen), Ordering::SeqCst);
        chosen
    }
}

fn cut(client: &TcpStream, mut server: &TcpStream, words: &[u8], how: Cut) -> std::io::Result<()> {
    match how {
        Cut::Before => {}
        Cut::After => {
            // Gone before the answer could come.
            client.shutdown(Shutdown::Both)?;
            server.write_all(words)?;
            std::thread::sleep(LATER);
        }
        Cut::Late => {
            client.shutdown(Shutdown::Both)?;
            std::thread::sleep(LATER);
            server.write_all(words)?;
            std::thread::sleep(LATER);
        }
    }
    client.shutdown(Shutdown::Both)?;
    server.shutdown(Shutdown::Both)
}
