//! As much HTTP as it takes to use the product's API: one request, one answer, one connection.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// The product answers within this, or something is wrong with it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A way to a running product, with a token.
#[derive(Clone)]
pub(super) struct Api {
    address: String,
    token: String,
    /// Lines of the head besides, as of a browser.
    lines: String,
    patience: Duration,
}

/// Status, cookies and body.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Names and values of what a browser would keep.
    cookies: Vec<String>,
    pub(super) body: String,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    fn expect(self, what: &str) -> Result<Value, String> {
        if (200..300).contains(&self.status) {
            return Ok(self.json());
        }
        let said: String = self.body.chars().take(300).collect();
        Err(format!("{what} was answered {}: {said}", self.status))
    }
}

impl Api {
    pub(super) fn new(address: &str, token: &str) -> Self {
        Self {
            address: address.to_owned(),
            token: token.to_owned(),
            lines: String::new(),
            patience: PATIENCE,
        }
    }

    /// The same as a browser in which this account has signed in.
    pub(super) fn signed_in(&self, name: &str, password: &str) -> Result<Self, String> {
        let mut browser = self.clone();
        let page = browser.send("GET", "/sign-in", "", "")?;
        let token = page.body.split_once("name=\"csrf\" value=\"");
        let token = token.and_then(|(_, rest)| rest.split('"').next());
        let token = token.ok_or("the page to sign in has no token")?;
        let password = password.replace(' ', "+");
        let fields = format!("csrf={token}&username={name}&password={password}&next=/jobs");
        browser.keep(&page);
        let kind = "application/x-www-form-urlencoded";
        let entered = browser.send("POST", "/sign-in", kind, &fields)?;
        if entered.status != 303 {
            return Err(format!("{name} was answered {}", entered.status));
        }
        browser.keep(&entered);
        Ok(browser)
    }

    fn keep(&mut self, answer: &Answer) {
        let cookies = answer.cookies.join("; ");
        self.lines = format!("Cookie: {cookies}\r\nSec-Fetch-Site: same-origin\r\n");
    }

    /// The same with another limit on waiting.
    pub(super) fn within(&self, patience: Duration) -> Self {
        Self {
            patience,
            ..self.clone()
        }
    }

    /// `GET`, below `/api/v1`; anything but success is an error.
    pub(super) fn get(&self, path: &str) -> Result<Value, String> {
        let answer = self.send("GET", &format!("/api/v1{path}"), "", "")?;
        answer.expect(&format!("GET {path}"))
    }

    /// `POST` of JSON, below `/api/v1`; anything but success is an error.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.try_post(path, body)?.expect(&format!("POST {path}"))
    }

    /// `POST` of JSON, whatever the answer.
    pub(super) fn try_post(&self, path: &str, body: &Value) -> Result<Answer, String> {
        let path = format!("/api/v1{path}");
        self.send("POST", &path, "application/json", &body.to_string())
    }

    /// Any request. HTTP/1.0, so that the end of the answer is the end of the connection.
    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: &str,
    ) -> Result<Answer, String> {
        let failed = |error: std::io::Error| format!("{method} {path}: {error}");
        let mut socket = TcpStream::connect(&self.address).map_err(failed)?;
        socket
            .set_read_timeout(Some(self.patience))
            .map_err(failed)?;
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{}\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            self.token,
            self.lines,
            body.len()
        );
        socket.write_all(head.as_bytes()).map_err(failed)?;
        socket.write_all(body.as_bytes()).map_err(failed)?;
        let mut text = Vec::new();
        socket.read_to_end(&mut text).map_err(failed)?;
        answer(&text).ok_or_else(|| format!("{method} {path}: no answer"))
    }
}

fn answer(text: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(text);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let cookies = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let is_kept = name.eq_ignore_ascii_case("set-cookie");
        value.split(';').next().filter(|_| is_kept)
    });
    Some(Answer {
        cookies: cookies.map(str::to_owned).collect(),
        status: head.split_whitespace().nth(1)?.parse().ok()?,
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::answer;

    #[test]
    fn an_answer_is_status_and_body() {
        let read = answer(b"HTTP/1.0 409 Conflict\r\nA: b\r\n\r\n{\"x\":1}");
        let read = read.map(|answer| (answer.status, answer.json()["x"].as_i64()));
        assert_eq!(read, Some((409, Some(1))));
        assert!(answer(b"HTTP/1.0").is_none());
    }
}
