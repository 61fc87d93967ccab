//! One connection to a PBX, signed in.
//!
//! Owns writing and reading, one question after the other.

use std::time::Duration;

use carillon_domain::Cause;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::Ending;
use super::framer::{Broken, Framer, Packet};
use crate::wire::Wire;

/// Bytes that are read at once.
const CHUNK: usize = 4096;

/// What a message means for the question that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Yes.
    Taken(String),
    /// No.
    Refused(String),
    /// It hangs up.
    Goodbye,
    /// It is no answer to this question.
    Nonsense,
}

impl Said {
    /// What it means for a sign-in.
    pub(super) fn signed_in(self) -> Result<(), Ending> {
        match self {
            Self::Taken(_) => Ok(()),
            Self::Refused(said) => Err(ending(Cause::AuthFailed, said)),
            Self::Goodbye => Err(Ending::silent(Cause::Refused)),
            Self::Nonsense => Err(Ending::silent(Cause::PbxRefused)),
        }
    }
}

/// Why there is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    Gone,
    Broken(Broken),
}

impl From<Broken> for Lost {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl Lost {
    /// What it means for a command that was written: it may have happened.
    const fn after(self) -> Cause {
        match self {
            Self::Gone => Cause::ConnectionReset,
            Self::Broken(Broken::TooLarge) => Cause::TooLarge,
            Self::Broken(Broken::Nonsense) => Cause::BadAnswer,
        }
    }

    /// What it means before a command was written.
    pub(super) const fn before(self) -> Cause {
        match self {
            Self::Gone => Cause::Refused,
            Self::Broken(_) => Cause::PbxRefused,
        }
    }
}

/// A connection.
pub(super) struct Session {
    wire: Wire,
    framer: Framer,
    /// When it was last needed.
    pub(super) used: Instant,
}

impl Session {
    pub(super) fn over(wire: Wire, framer: Framer) -> Self {
        Self {
            wire,
            framer,
            used: Instant::now(),
        }
    }

    /// Writes a question.
    pub(super) async fn say(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        self.framer.begin();
        let written = self.wire.write_all(bytes).await;
        written.map_err(|_| Lost::Gone)?;
        self.wire.flush().await.map_err(|_| Lost::Gone)
    }

    /// The next message.
    pub(super) async fn hear(&mut self) -> Result<Packet, Lost> {
        loop {
            if let Some(packet) = self.framer.next()? {
                return Ok(packet);
            }
            self.read().await?;
        }
    }

    /// The next line.
    pub(super) async fn hear_line(&mut self) -> Result<String, Lost> {
        loop {
            if let Some(line) = self.framer.line()? {
                return Ok(line);
            }
            self.read().await?;
        }
    }

    /// The first message that answers, as `read` says.
    pub(super) async fn answer(
        &mut self,
        read: impl Fn(&Packet) -> Option<Said>,
    ) -> Result<Said, Lost> {
        loop {
            let packet = self.hear().await?;
            if let Some(said) = read(&packet) {
                return Ok(said);
            }
        }
    }

    /// Gives a command and says how it ended, and whether the connection can carry another.
    pub(super) async fn command(
        &mut self,
        command: &[u8],
        limit: Duration,
        read: impl Fn(&Packet) -> Option<Said>,
    ) -> (Ending, bool) {
        let meter = self.wire.meter();
        meter.mark();
        let asked = async {
            self.say(command).await?;
            self.answer(read).await
        };
        let said = timeout(limit, asked).await;
        self.used = Instant::now();
        if !meter.has_written() {
            return (Ending::silent(Cause::Refused), false);
        }
        match said {
            Ok(Ok(Said::Taken(said))) => (ending(Cause::HandedOver, said), true),
            Ok(Ok(Said::Refused(said))) => (ending(Cause::PbxRefused, said), true),
            Ok(Ok(Said::Nonsense)) => (Ending::silent(Cause::BadAnswer), false),
            Ok(Ok(Said::Goodbye)) => (Ending::silent(Cause::ConnectionReset), false),
            Ok(Err(lost)) => (Ending::silent(lost.after()), false),
            Err(_) => (Ending::silent(Cause::TimeoutAnswer), false),
        }
    }

    /// Reads what came unasked. False when the other side has hung up, as far as is known here.
    pub(super) async fn is_there(&mut self, is_goodbye: impl Fn(&Packet) -> bool) -> bool {
        self.framer.begin();
        loop {
            loop {
                match self.framer.next() {
                    Ok(Some(packet)) if is_goodbye(&packet) => return false,
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => return false,
                }
            }
            match timeout(Duration::ZERO, self.read()).await {
                Err(_) => return true,
                Ok(Ok(())) => {}
                Ok(Err(_)) => return false,
            }
        }
    }

    async fn read(&mut self) -> Result<(), Lost> {
        let mut chunk = [0; CHUNK];
        match self.wire.read(&mut chunk).await {
            Ok(length) if length > 0 => Ok(self.framer.add(&chunk[..length])?),
            _ => Err(Lost::Gone),
        }
    }
}

const fn ending(cause: Cause, said: String) -> Ending {
    Ending { cause, said }
}
