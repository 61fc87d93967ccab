//! Lines of a text protocol.
//!
//! Owns that one line stays one line. *Invariant:* no line holds a line end or another control
//! character, whatever its parts were made of: such a text is not written.

use zeroize::Zeroizing;

/// A head that is being written. Wiped when dropped: it may carry a password.
pub(crate) struct Text {
    bytes: Zeroizing<Vec<u8>>,
    end: &'static str,
}

impl Text {
    /// An empty one whose lines end so.
    pub(crate) fn new(end: &'static str) -> Self {
        Self {
            bytes: Zeroizing::default(),
            end,
        }
    }

    /// A name and a value; `None` where they are no line.
    pub(crate) fn header(&mut self, name: &str, value: &str) -> Option<()> {
        self.line(&Zeroizing::new(format!("{name}: {value}")))
    }

    /// One line; `None` where it is not one.
    pub(crate) fn line(&mut self, line: &str) -> Option<()> {
        if line.chars().any(char::is_control) {
            return None;
        }
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.extend_from_slice(self.end.as_bytes());
        Some(())
    }

    /// The head, an empty line, and what follows it as it is.
    pub(crate) fn with_body(mut self, body: &str) -> Zeroizing<Vec<u8>> {
        self.bytes.extend_from_slice(self.end.as_bytes());
        self.bytes.extend_from_slice(body.as_bytes());
        self.bytes
    }
}
