//! What the operating system asks of us.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::StartError;

/// Signals that come so soon after the first ask for the same stop.
const SAME_ORDER: Duration = Duration::from_millis(500);

/// How a stop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// In good order.
    Clean,
    /// By a second signal, while nothing was being sent.
    AtOnce,
    /// By a second signal or the time, while something was.
    Unrecorded,
}

/// SIGTERM, SIGINT and SIGHUP.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// From now on these signals no longer end the process by themselves. Call it before the
    /// start: one that comes while the server starts then stops it in good order afterwards.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn listen() -> Result<Self, StartError> {
        let listen = || -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
                hang_up: signal(SignalKind::hangup())?,
            })
        };
        listen().map_err(|error| StartError::failed("signals cannot be received", &error))
    }

    /// Resolves at SIGTERM or SIGINT; calls `reload` at each SIGHUP before.
    pub(crate) async fn wait_for_stop(&mut self, reload: impl Fn()) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => reload(),
            }
        }
    }

    /// Resolves when somebody loses patience. What comes right after the first is the same order,
    /// sent twice: to the process and to its group, by a terminal and by what started it.
    pub(super) async fn second(&mut self) {
        let mut at_once = std::pin::pin!(tokio::time::sleep(SAME_ORDER));
        loop {
            tokio::select! {
                () = &mut at_once => break,
                () = self.next() => {}
            }
        }
        self.next().await;
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
