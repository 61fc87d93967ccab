//! Answers as they go out.
//!
//! Owns the text of an answer's head and the few pages that phones show.

use std::fmt::Write;

/// One answer with a complete body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: Vec<u8>,
    /// `WWW-Authenticate` or `Location` with its value.
    pub(crate) field: Option<(&'static str, String)>,
    /// The connection stays open for one more request.
    pub(crate) keep: bool,
    /// Answers as the oldest web server did, with HTTP/1.0.
    pub(crate) old: bool,
}

impl Answer {
    /// An answer with an empty body.
    pub(crate) const fn empty(status: u16) -> Self {
        Self::with(status, "text/html", Vec::new())
    }

    /// An answer with a body.
    pub(crate) const fn with(status: u16, kind: &'static str, body: Vec<u8>) -> Self {
        Self {
            status,
            kind,
            body,
            field: None,
            keep: false,
            old: false,
        }
    }

    /// A small page that says one thing.
    pub(crate) fn page(status: u16, text: &str) -> Self {
        let reason = reason(status);
        let page = format!(
            "<html><head><title>{status} {reason}</title></head><body>{text}</body></html>"
        );
        Self::with(status, "text/html", page.into_bytes())
    }

    /// Status line and header up to, and without, the line that announces the length.
    pub(crate) fn head(&self) -> String {
        let mut head = String::with_capacity(256);
        let (version, server) = if self.old {
            ("1.0", "mini_httpd/1.19")
        } else {
            ("1.1", "yealink embed httpd")
        };
        let (status, reason) = (self.status, reason(self.status));
        let _ = write!(
            head,
            "HTTP/{version} {status} {reason}\r\nServer: {server}\r\n"
        );
        if let Some((name, value)) = &self.field {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let connection = if self.keep { "keep-alive" } else { "close" };
        let _ = write!(
            head,
            "Content-Type: {}\r\nConnection: {connection}\r\n",
            self.kind
        );
        head
    }

    /// The whole answer.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = self.head();
        let _ = write!(head, "Content-Length: {}\r\n\r\n", self.body.len());
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        _ => "Internal Server Error",
    }
}
