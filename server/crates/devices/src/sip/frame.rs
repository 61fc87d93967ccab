//! Cuts a stream into messages.
//!
//! Owns the bounds of what one message may be; beyond them the stream is given up.

use super::answer::{MAX_HEAD, body_length, head_end};

/// Bytes of a body that are read past.
const MAX_BODY: usize = 64 * 1024;

/// The stream holds something that is no SIP message within the bounds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// What came and was not cut yet.
#[derive(Default)]
pub(super) struct Framer(Vec<u8>);

impl Framer {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next whole message; `None` when more has to come first.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        // Empty lines between messages keep a connection alive.
        let blank = |byte: &u8| *byte == b'\r' || *byte == b'\n';
        let skip = self.0.iter().take_while(|byte| blank(byte)).count();
        self.0.drain(..skip);
        let Some(head) = head_end(&self.0[..self.0.len().min(MAX_HEAD)]) else {
            let too_long = self.0.len() >= MAX_HEAD;
            return if too_long { Err(Broken) } else { Ok(None) };
        };
        let body = body_length(&self.0[..head]).map_err(|()| Broken)?;
        if body > MAX_BODY {
            return Err(Broken);
        }
        if self.0.len() < head + body {
            return Ok(None);
        }
        Ok(Some(self.0.drain(..head + body).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(framer: &mut Framer) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(message) = framer.next().expect("a whole stream") {
            found.push(String::from_utf8(message).expect("text"));
        }
        found
    }

    #[test]
    fn messages_are_cut_wherever_the_stream_is() {
        let stream = b"\r\n\r\nA\r\nContent-Length: 3\r\n\r\nabcB\r\n\r\n\r\nC\r\nl:1\r\n\r\nx";
        let expected = [
            "A\r\nContent-Length: 3\r\n\r\nabc",
            "B\r\n\r\n",
            "C\r\nl:1\r\n\r\nx",
        ];
        for size in 1..stream.len() {
            let (mut framer, mut found) = (Framer::default(), Vec::new());
            for part in stream.chunks(size) {
                framer.add(part);
                found.extend(all(&mut framer));
            }
            assert_eq!(found, expected, "in parts of {size}");
        }
    }

    #[test]
    fn what_has_no_bounds_is_given_up() {
        for bad in [
            "A\r\nContent-Length: 18446744073709551615\r\n\r\n".to_owned(),
            "A\r\nContent-Length: 65537\r\n\r\n".to_owned(),
            "A\r\nContent-Length: x\r\n\r\n".to_owned(),
            "A".repeat(MAX_HEAD),
        ] {
            let mut framer = Framer::default();
            framer.add(bad.as_bytes());
            assert_eq!(framer.next(), Err(Broken));
        }
    }
}
