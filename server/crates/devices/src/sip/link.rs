//! One connection to a SIP server, shared by all that is asked of it.
//!
//! Owns the task that writes requests and gives out answers. *Invariant:* whoever handed a
//! request in hears of it: its answer, that the connection is gone (it may have been sent), or,
//! when it was never begun, that it surely was not sent.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use carillon_domain::Cause;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, interval, timeout};
use zeroize::Zeroizing;

use super::answer::{SipAnswer, parse};
use super::frame::Framer;
use crate::wire::Wire;

/// Requests that may wait to be written.
const QUEUE: usize = 64;
/// How long one request may take to be written.
const WRITE: Duration = Duration::from_secs(5);
/// How often the waiting are counted.
const TICK: Duration = Duration::from_secs(5);
/// A connection that nobody needs is closed after so long.
const IDLE: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// Not a byte of the request was written.
    NotSent,
    /// It may have been sent.
    MaybeSent(Cause),
}

type Reply = oneshot::Sender<Result<SipAnswer, Lost>>;

struct Errand {
    branch: String,
    request: Zeroizing<Vec<u8>>,
    reply: Reply,
}

/// A handle on the connection; the connection ends with its last handle.
#[derive(Clone)]
pub(super) struct Link {
    errands: mpsc::Sender<Errand>,
    local: SocketAddr,
}

impl Link {
    /// Takes a fresh connection over.
    pub(super) fn over(wire: Wire, local: SocketAddr) -> Self {
        let (errands, inbox) = mpsc::channel(QUEUE);
        tokio::spawn(Keeper::new(wire, inbox).run());
        Self { errands, local }
    }

    /// Our end, as requests have to name it.
    pub(super) const fn local(&self) -> SocketAddr {
        self.local
    }

    pub(super) fn is_open(&self) -> bool {
        !self.errands.is_closed()
    }

    /// Whether anybody but the one who keeps it holds a handle.
    pub(super) fn is_needed(&self) -> bool {
        self.is_open() && self.errands.strong_count() > 1
    }

    /// Sends a request and waits for its final answer.
    pub(super) async fn ask(
        &self,
        branch: &str,
        request: Zeroizing<Vec<u8>>,
    ) -> Result<SipAnswer, Lost> {
        let (reply, answer) = oneshot::channel();
        let errand = Errand {
            branch: branch.to_owned(),
            request,
            reply,
        };
        if self.errands.send(errand).await.is_err() {
            return Err(Lost::NotSent);
        }
        answer.await.unwrap_or(Err(Lost::NotSent))
    }
}

struct Keeper {
    wire: Wire,
    inbox: mpsc::Receiver<Errand>,
    waiting: HashMap<String, Reply>,
    framer: Framer,
    needed: Instant,
}

impl Keeper {
    fn new(wire: Wire, inbox: mpsc::Receiver<Errand>) -> Self {
        Self {
            wire,
            inbox,
            waiting: HashMap::new(),
            framer: Framer::default(),
            needed: Instant::now(),
        }
    }

    async fn run(mut self) {
        let end = self.serve().await;
        self.inbox.close();
        for (_, reply) in self.waiting.drain() {
            let _gone = reply.send(Err(Lost::MaybeSent(end)));
        }
        // What is left in the inbox was never begun: its replies are dropped unanswered.
    }

    /// Serves until there is no more sense in it; the cause for those who still wait.
    async fn serve(&mut self) -> Cause {
        let mut buffer = vec![0; 16 * 1024];
        let mut ticks = interval(TICK);
        loop {
            tokio::select! {
                errand = self.inbox.recv() => {
                    let Some(errand) = errand else {
                        return Cause::ConnectionReset;
                    };
                    if !self.begin(errand).await {
                        return Cause::ConnectionReset;
                    }
                }
                read = self.wire.read(&mut buffer) => match read {
                    Ok(length) if length > 0 => {
                        if !self.heard(&buffer[..length]) {
                            return Cause::BadAnswer;
                        }
                    }
                    _ => return Cause::ConnectionReset,
                },
                _ = ticks.tick() => {
                    self.waiting.retain(|_, reply| !reply.is_closed());
                    if !self.waiting.is_empty() {
                        self.needed = Instant::now();
                    } else if self.needed.elapsed() >= IDLE {
                        return Cause::ConnectionReset;
                    }
                }
            }
        }
    }

    /// Writes a request; false when the connection is gone.
    async fn begin(&mut self, errand: Errand) -> bool {
        if errand.reply.is_closed() {
            return true;
        }
        self.needed = Instant::now();
        self.waiting.insert(errand.branch, errand.reply);
        let writing = async {
            self.wire.write_all(&errand.request).await?;
            self.wire.flush().await
        };
        matches!(timeout(WRITE, writing).await, Ok(Ok(())))
    }

    /// Gives out the answers in what came; false when it cannot be read as SIP.
    fn heard(&mut self, bytes: &[u8]) -> bool {
        self.framer.add(bytes);
        loop {
            match self.framer.next() {
                // Requests and what nobody waits for are left alone.
                Ok(Some(message)) => self.give(parse(&message)),
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    fn give(&mut self, answer: Option<SipAnswer>) {
        if let Some(answer) = answer.filter(|answer| !answer.is_provisional())
            && let Some(reply) = self.waiting.remove(&answer.branch)
        {
            let _gone = reply.send(Ok(answer));
        }
    }
}
