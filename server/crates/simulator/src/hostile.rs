//! Answers that no phone should give.
//!
//! Owns how an answer leaves: whole, or broken in one of the ways that a client must survive.
//! Everything endless ends when the caller goes away or the fleet stops.

use std::fmt::Write;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::answer::Answer;
use crate::profile::Profile;

/// How an answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Whole,
    /// Nothing, and a reset.
    Reset,
    /// The beginning of the head, and a reset.
    Half,
    /// Nothing, ever.
    Never,
    Garbage,
    /// 100, 100, 100 …
    Interim,
    /// One byte at a time.
    Drip,
    /// A body that unpacks to 160 times its size.
    Bomb,
    /// A body of 64 MiB.
    Oversized,
    /// A body without end.
    Endless,
    /// A thousand header fields.
    Crowded,
}

/// What the caller finds on the connection afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Open for one more request.
    Keep,
    /// Closed in good order.
    Close,
    /// Reset.
    Reset,
}

const OVERSIZED: usize = 64 << 20;
const CHUNK: usize = 16 * 1024;
const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
const GARBAGE: &[u8] = b"\x16\x00SSH-2.0-\xff\xfe not\x00HTTP\r\n\r\n\x1b[2J";

impl Shape {
    /// How a phone of this profile sends what passes its gates.
    pub(crate) const fn of(profile: Profile) -> Self {
        match profile {
            Profile::Silent => Self::Never,
            Profile::ResetBefore | Profile::ResetAfter => Self::Reset,
            Profile::ResetDuring => Self::Half,
            Profile::Garbage => Self::Garbage,
            Profile::InterimFlood => Self::Interim,
            Profile::GzipBomb => Self::Bomb,
            Profile::Drip => Self::Drip,
            Profile::OversizedBody => Self::Oversized,
            Profile::EndlessBody => Self::Endless,
            Profile::ThousandHeaders => Self::Crowded,
            _ => Self::Whole,
        }
    }

    /// Whether the caller never gets a final status line.
    pub(crate) const fn has_no_status(self) -> bool {
        matches!(
            self,
            Self::Reset | Self::Never | Self::Garbage | Self::Interim
        )
    }
}

/// Sends the answer in its shape.
///
/// # Errors
/// When the caller went away.
pub(crate) async fn send<W>(
    wire: &mut W,
    answer: &Answer,
    shape: Shape,
    drip: Duration,
) -> io::Result<End>
where
    W: AsyncRead + AsyncWrite + Unpin,
{
    match shape {
        Shape::Whole => {
            wire.write_all(&answer.bytes()).await?;
            return Ok(if answer.keep { End::Keep } else { End::Close });
        }
        Shape::Reset => return Ok(End::Reset),
        Shape::Half => {
            let bytes = answer.bytes();
            wire.write_all(&bytes[..bytes.len().min(40)]).await?;
            wire.flush().await?;
            return Ok(End::Reset);
        }
        Shape::Never => wait_for_the_end(wire).await?,
        Shape::Garbage => wire.write_all(GARBAGE).await?,
        Shape::Interim => repeat(wire, &INTERIM.repeat(100), None).await?,
        Shape::Drip => trickle(wire, &answer.bytes(), drip).await?,
        Shape::Bomb => bomb(wire, answer).await?,
        Shape::Oversized => {
            let length = format!("Content-Length: {OVERSIZED}\r\n\r\n");
            begin(wire, answer, &length).await?;
            repeat(wire, &[b'x'; CHUNK], Some(OVERSIZED / CHUNK)).await?;
        }
        Shape::Endless => {
            begin(wire, answer, "\r\n").await?;
            repeat(wire, &[b'x'; CHUNK], None).await?;
        }
        Shape::Crowded => crowd(wire, answer).await?,
    }
    Ok(End::Close)
}

async fn begin<W: AsyncWrite + Unpin>(wire: &mut W, answer: &Answer, last: &str) -> io::Result<()> {
    wire.write_all((answer.head() + last).as_bytes()).await
}

/// Writes the same bytes a number of times, or until nobody takes them any more.
async fn repeat<W: AsyncWrite + Unpin>(
    wire: &mut W,
    bytes: &[u8],
    times: Option<usize>,
) -> io::Result<()> {
    let mut written = 0;
    while times.is_none_or(|times| written < times) {
        wire.write_all(bytes).await?;
        written += 1;
        // A caller that takes everything must not keep the thread from the others.
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn trickle<W: AsyncWrite + Unpin>(
    wire: &mut W,
    bytes: &[u8],
    pause: Duration,
) -> io::Result<()> {
    for byte in bytes {
        wire.write_all(&[*byte]).await?;
        wire.flush().await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

/// Reads and forgets until the caller closes.
async fn wait_for_the_end<W: AsyncRead + Unpin>(wire: &mut W) -> io::Result<()> {
    let mut ignored = [0; 256];
    while wire.read(&mut ignored).await? > 0 {}
    Ok(())
}

async fn crowd<W: AsyncWrite + Unpin>(wire: &mut W, answer: &Answer) -> io::Result<()> {
    let mut fields = String::with_capacity(64 * 1024);
    for number in 0..1000 {
        let _ = write!(fields, "X-Field-{number}: {:y>40}\r\n", "");
    }
    fields.push_str("Content-Length: 0\r\n\r\n");
    begin(wire, answer, &fields).await
}

async fn bomb<W: AsyncWrite + Unpin>(wire: &mut W, answer: &Answer) -> io::Result<()> {
    let packed = packed_zeros(1 << 20);
    let fields = format!(
        "Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        packed.len()
    );
    begin(wire, answer, &fields).await?;
    wire.write_all(&packed).await
}

/// A gzip stream of about `size` bytes without an end: one zero, then "258 times the last byte"
/// again and again, 13 bits each, in a block of the fixed code.
fn packed_zeros(size: usize) -> Vec<u8> {
    // Magic, deflate, no flags, no time, no hints, unknown system.
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut bits = Bits::default();
    // Not the last block; fixed code, its two bits lowest first.
    bits.push(0b010, 3);
    // The byte 0 is 00110000, highest bit first.
    bits.push(0b0000_1100, 8);
    while bytes.len() < size {
        // Length 258 is 11000101 and distance 1 is 00000, highest bits first.
        bits.push(0b0_0000_1010_0011, 13);
        bits.take_whole(&mut bytes);
    }
    bytes
}

#[derive(Default)]
struct Bits {
    waiting: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        self.waiting |= value << self.count;
        self.count += count;
    }

    fn take_whole(&mut self, bytes: &mut Vec<u8>) {
        while self.count >= 8 {
            bytes.push(self.waiting as u8);
            self.waiting >>= 8;
            self.count -= 8;
        }
    }
}
