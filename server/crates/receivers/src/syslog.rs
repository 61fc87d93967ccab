//! Syslog: RFC 5424 messages over TCP (RFC 6587) or TLS (RFC 5425), counted by octets.
//!
//! Owns the form of a message, and the one receipt that syslog can give. The protocol has none of
//! its own, and a write that succeeded tells only that the bytes lie in a buffer. So a batch is a
//! connection: after the last message we end our half, and only a receiver that then, and not
//! before, ends its own in good order has read everything.

use std::fmt::Write as _;
use std::io;

use carillon_domain::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::connect::{Dialer, Wire};
use crate::destination::Destination;
use crate::failure::Failure;

/// The facility "log audit".
const FACILITY: u8 = 13;
const APP: &str = "carillon";
/// The sequence of RFC 5424 ends here and begins again at 1.
const LAST_SEQUENCE: u64 = 2_147_483_647;

/// How much somebody should care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of RFC 5424")]
pub enum Severity {
    Warning = 4,
    Notice = 5,
    Informational = 6,
}

/// One message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// How much somebody should care.
    pub severity: Severity,
    /// When what it tells of happened.
    pub at: Timestamp,
    /// The machine that it tells of.
    pub host: &'a str,
    /// What kind of message.
    pub id: &'a str,
    /// Its number; counted on by one from message to message.
    pub number: u64,
    /// What it says.
    pub text: &'a str,
}

impl Message<'_> {
    /// As RFC 5424 writes it.
    fn write(&self, out: &mut String) {
        let priority = FACILITY * 8 + self.severity as u8;
        let sequence = self.number % LAST_SEQUENCE + 1;
        // Text that is not plain ASCII begins with a mark that says it is UTF-8.
        let mark = if self.text.is_ascii() { "" } else { "\u{feff}" };
        // Writing into a string does not fail.
        let _ = write!(
            out,
            "<{priority}>1 {at} {host} {APP} - {id} [meta sequenceId=\"{sequence}\"] {mark}{text}",
            at = self.at,
            host = printable(self.host, 255),
            id = printable(self.id, 32),
            text = self.text,
        );
    }

    /// With the number of its octets before it.
    fn frame(&self, out: &mut Vec<u8>) {
        let mut message = String::with_capacity(128 + self.text.len());
        self.write(&mut message);
        out.extend_from_slice(message.len().to_string().as_bytes());
        out.push(b' ');
        out.extend_from_slice(message.as_bytes());
    }
}

/// Visible ASCII of at most so many letters; `-` where nothing is left.
fn printable(text: &str, most: usize) -> String {
    let visible = text.chars().filter(char::is_ascii_graphic);
    let text: String = visible.take(most).collect();
    if text.is_empty() {
        "-".to_owned()
    } else {
        text
    }
}

impl Dialer {
    /// Sends messages in their order; done when the receiver has read them all.
    ///
    /// # Errors
    /// [`Failure`]: then some of them may have arrived all the same.
    pub async fn syslog(&self, to: &Destination, messages: &[Message<'_>]) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        for message in messages {
            message.frame(&mut bytes);
        }
        let mut wire = self.open(to).await?;
        let handed_over = timeout(self.limits().exchange, hand_over(&mut *wire, &bytes)).await;
        handed_over.map_err(|_| Failure::NotConfirmed)?
    }
}

/// Only an end that answers ours is a receipt: a receiver that ends its half before we ended ours
/// has not seen the last of what we sent.
async fn hand_over(wire: &mut dyn Wire, bytes: &[u8]) -> Result<(), Failure> {
    let cut = |_| Failure::HungUp;
    let (mut answers, mut out) = tokio::io::split(wire);
    let writing = async {
        out.write_all(bytes).await?;
        out.flush().await
    };
    tokio::select! {
        biased;
        _ = end(&mut answers) => return Err(Failure::HungUp),
        written = writing => written.map_err(cut)?,
    }
    // What arrived while the last bytes were written is noticed here.
    tokio::task::yield_now().await;
    tokio::select! {
        biased;
        _ = end(&mut answers) => return Err(Failure::HungUp),
        () = std::future::ready(()) => {}
    }
    out.shutdown().await.map_err(cut)?;
    // Under TLS an end without its farewell is nobody's word: anybody on the way can close a
    // connection.
    end(&mut answers).await.map_err(cut)
}

/// Reads past what the receiver says, up to its end.
async fn end(answers: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut said = [0; 512];
    while answers.read(&mut said).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_as_the_standard_says() {
        let message = Message {
            severity: Severity::Warning,
            at: Timestamp::from_micros(1_764_115_200_123_456),
            host: "carillon.example",
            id: "target.result",
            number: 41,
            text: "{\"seq\":41}",
        };
        let mut frame = Vec::new();
        message.frame(&mut frame);
        let frame = String::from_utf8(frame).unwrap();
        let (count, rest) = frame.split_once(' ').unwrap();
        assert_eq!(count.parse(), Ok(rest.len()));
        assert_eq!(
            rest,
            "<108>1 2025-11-26T00:00:00.123456Z carillon.example carillon - target.result \
             [meta sequenceId=\"42\"] {\"seq\":41}"
        );
    }

    #[test]
    fn what_is_not_ascii_is_marked_and_counted_in_octets() {
        let message = Message {
            severity: Severity::Informational,
            at: Timestamp::from_micros(0),
            host: "a b\u{e4}",
            id: "",
            number: LAST_SEQUENCE,
            text: "Empfang S\u{fc}d",
        };
        let mut frame = Vec::new();
        message.frame(&mut frame);
        let frame = String::from_utf8(frame).unwrap();
        let (count, rest) = frame.split_once(' ').unwrap();
        assert_eq!(count.parse(), Ok(rest.len()));
        assert!(
            rest.contains(" ab carillon - - [meta sequenceId=\"1\"] \u{feff}Empfang"),
            "{rest}"
        );
    }

    #[tokio::test]
    async fn an_end_before_ours_is_no_receipt() {
        let (mut ours, mut theirs) = tokio::io::duplex(1024);
        theirs.shutdown().await.unwrap();
        let early = hand_over(&mut ours, b"1 x").await;
        assert_eq!(early, Err(Failure::HungUp));
        let (mut ours, mut theirs) = tokio::io::duplex(2);
        let handed = tokio::join!(hand_over(&mut ours, b"3 xyz"), async {
            let mut first = [0; 3];
            theirs.read_exact(&mut first).await.unwrap();
            theirs.shutdown().await
        });
        assert_eq!(handed.0, Err(Failure::HungUp), "in the middle of it");
        let (mut ours, mut theirs) = tokio::io::duplex(2);
        let handed = tokio::join!(hand_over(&mut ours, b"3 xyz"), async {
            theirs.read_to_end(&mut Vec::new()).await.unwrap();
            theirs.shutdown().await
        });
        assert_eq!(handed.0, Ok(()));
    }
}
