//! Messages out of what a PBX sends.
//!
//! Owns where a message ends, and how much of it is read: hostile input. Bodies are passed over;
//! all that matters stands in heads.

/// Bytes of a line.
const MAX_LINE: usize = 8 * 1024;
/// Lines of a head.
const MAX_HEADERS: usize = 256;
/// Bytes of a body.
const MAX_BODY: usize = 1024 * 1024;
/// Bytes that are read while one answer is waited for.
const MAX_HEARD: usize = 4 * 1024 * 1024;

/// It cannot be read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// More than is read.
    TooLarge,
    /// No message.
    Nonsense,
}

/// The head of one message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Packet(Vec<(String, String)>);

impl Packet {
    /// The value of a header.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut headers = self.0.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What came and was not given out yet.
pub(super) struct Framer {
    bytes: Vec<u8>,
    head: Packet,
    /// Bytes of a body that are still to come.
    passing: usize,
    /// Whether messages have bodies.
    has_bodies: bool,
    heard: usize,
}

impl Framer {
    const fn new(has_bodies: bool) -> Self {
        Self {
            bytes: Vec::new(),
            head: Packet(Vec::new()),
            passing: 0,
            has_bodies,
            heard: 0,
        }
    }

    /// For what an Asterisk sends.
    pub(super) const fn of_ami() -> Self {
        Self::new(false)
    }

    /// For what a `FreeSWITCH` sends.
    pub(super) const fn of_esl() -> Self {
        Self::new(true)
    }

    /// Begins to count what is heard anew, for the next answer.
    pub(super) const fn begin(&mut self) {
        self.heard = 0;
    }

    /// Takes what came.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        self.heard += bytes.len();
        if self.heard > MAX_HEARD {
            return Err(Broken::TooLarge);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// The next line, without its end.
    pub(super) fn line(&mut self) -> Result<Option<String>, Broken> {
        let end = self
            .bytes
            .iter()
            .take(MAX_LINE + 1)
            .position(|b| *b == b'\n');
        let Some(end) = end else {
            let too_long = self.bytes.len() > MAX_LINE;
            return if too_long {
                Err(Broken::TooLarge)
            } else {
                Ok(None)
            };
        };
        let line: Vec<u8> = self.bytes.drain(..=end).collect();
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Ok(Some(String::from_utf8_lossy(line).into_owned()))
    }

    /// The next whole head.
    pub(super) fn next(&mut self) -> Result<Option<Packet>, Broken> {
        loop {
            let passed = self.passing.min(self.bytes.len());
            self.bytes.drain(..passed);
            self.passing -= passed;
            if self.passing > 0 {
                return Ok(None);
            }
            let Some(line) = self.line()? else {
                return Ok(None);
            };
            if !line.is_empty() {
                self.note(&line)?;
            } else if !self.head.0.is_empty() {
                let packet = std::mem::take(&mut self.head);
                self.passing = self.body_of(&packet)?;
                return Ok(Some(packet));
            }
        }
    }

    /// A line of a head. What has no name is left alone: outputs of commands, for one.
    fn note(&mut self, line: &str) -> Result<(), Broken> {
        let (name, value) = line.split_once(':').unwrap_or(("", line));
        if self.head.0.len() >= MAX_HEADERS {
            return Err(Broken::TooLarge);
        }
        let header = (name.trim().to_owned(), value.trim().to_owned());
        self.head.0.push(header);
        Ok(())
    }

    fn body_of(&self, packet: &Packet) -> Result<usize, Broken> {
        let Some(length) = packet.get("Content-Length").filter(|_| self.has_bodies) else {
            return Ok(0);
        };
        if !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Broken::Nonsense);
        }
        match length.parse() {
            Ok(length) if length <= MAX_BODY => Ok(length),
            _ => Err(Broken::TooLarge),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(mut framer: Framer, pieces: &[&[u8]]) -> Result<Vec<Packet>, Broken> {
        let mut packets = Vec::new();
        for piece in pieces {
            framer.add(piece)?;
            while let Some(packet) = framer.next()? {
                packets.push(packet);
            }
        }
        Ok(packets)
    }

    #[test]
    fn messages_end_where_they_end() {
        let bytes = b"\r\nResponse: Success\r\nActionID: 7\r\n\r\nEvent: X\r\n\r\n";
        for size in [1, 2, 7, bytes.len()] {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            let packets = heads(Framer::of_ami(), &pieces).expect("messages");
            assert_eq!(packets.len(), 2);
            assert_eq!(packets[0].get("response"), Some("Success"));
            assert_eq!(packets[0].get("actionid"), Some("7"));
            assert_eq!(packets[1].get("Event"), Some("X"));
        }
    }

    #[test]
    fn bodies_are_passed_over() {
        let bytes = b"Content-Type: text/event-plain\nContent-Length: 11\n\nA: b\n\nC: d\nReply-Text: +OK\n\n";
        for size in [1, 3, bytes.len()] {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            let packets = heads(Framer::of_esl(), &pieces).expect("messages");
            assert_eq!(packets.len(), 2);
            assert_eq!(packets[1].get("Reply-Text"), Some("+OK"));
        }
    }

    #[test]
    fn what_has_no_end_is_given_up() {
        let long = vec![b'a'; MAX_LINE + 1];
        let many = b"a: b\n".repeat(MAX_HEADERS + 1);
        let flood = b"Event: x\n\n".repeat(MAX_HEARD / 10 + 1);
        for bytes in [long, many, flood] {
            let pieces: Vec<&[u8]> = bytes.chunks(4096).collect();
            let found = heads(Framer::of_ami(), &pieces);
            assert_eq!(found, Err(Broken::TooLarge));
        }
        for (length, broken) in [
            ("18446744073709551616", Broken::TooLarge),
            ("1048577", Broken::TooLarge),
            ("-1", Broken::Nonsense),
            ("+1", Broken::Nonsense),
        ] {
            let text = format!("Content-Length: {length}\n\n");
            let found = heads(Framer::of_esl(), &[text.as_bytes()]);
            assert_eq!(found, Err(broken), "{length}");
        }
    }
}
