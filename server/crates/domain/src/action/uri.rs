//! The requests that carry actions.
//!
//! Owns the one place where a path and query for a phone are written. *Invariant:* whatever the
//! parameters, the query has exactly the parts that the action asks for, `key` first.

use std::fmt;
use std::fmt::Write as _;

use secrecy::{ExposeSecret, SecretString};

use super::{CheckedAction, Key};
use crate::phone::{DialForm, UrlForm};

/// The documented ways to ask for a picture of the screen, newest first.
pub const SCREENSHOTS: [&str; 4] = [
    "/screencapture",
    "/screencapture/download",
    "/servlet?command=screenshot",
    "/servlet?m=mod_action&command=screenshot",
];

/// Path and query of one request. It may hold a dialled number, so it prints without the query.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestTarget(String);

impl RequestTarget {
    /// For the request line, and for nothing else.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RequestTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.0.split('?').next().unwrap_or_default();
        write!(f, "{path}?…")
    }
}

/// The request for an action, in the forms that a phone understands.
pub fn request_target(action: &CheckedAction, form: UrlForm, dial: DialForm) -> RequestTarget {
    RequestTarget(write(action, form, dial, Numbers::InFull))
}

/// The same with dialled numbers masked: what people see before they send.
pub fn shown(action: &CheckedAction, form: UrlForm, dial: DialForm) -> String {
    write(action, form, dial, Numbers::Masked)
}

/// The old form with user and password in the query, for phones that somebody chose it for.
///
/// `None` for a picture of the screen: no guide has a form for it.
pub fn legacy_login(
    action: &CheckedAction,
    form: UrlForm,
    dial: DialForm,
    username: &str,
    password: &SecretString,
) -> Option<SecretString> {
    let query = query(action, dial, Numbers::InFull)?;
    let mut text = format!("{}?p=login&q=login&username=", form.path());
    encode_all(username, &mut text);
    text.push_str("&pwd=");
    encode_all(password.expose_secret(), &mut text);
    text.push_str("&jumpto=URI&");
    text.push_str(&query);
    Some(SecretString::from(text))
}

/// The body of the SIP NOTIFY for an action. `None` where there is none: for what has a path of
/// its own, for several keys in a row, and for events that say it all.
///
/// What stands in a URL percent-encoded stands here as it is, as in the guides' examples.
pub fn notify_body(action: &CheckedAction, dial: DialForm) -> Option<NotifyBody> {
    let shown = body(action, dial, Numbers::InFull)?;
    Some(NotifyBody(shown))
}

/// The same with dialled numbers masked: what people see before they send.
pub fn notify_shown(action: &CheckedAction, dial: DialForm) -> String {
    if let Some(reboot) = action.check_sync() {
        return format!("NOTIFY Event: check-sync;reboot={reboot}");
    }
    let body = body(action, dial, Numbers::Masked).unwrap_or_default();
    format!("NOTIFY Event: ACTION-URI {body}")
}

fn body(action: &CheckedAction, dial: DialForm, numbers: Numbers) -> Option<String> {
    if !action.entry().travels_by_sip() || action.check_sync().is_some() {
        return None;
    }
    let query = query(action, dial, numbers)?;
    let raw = percent_decoded(&query);
    debug_assert!(
        raw.bytes()
            .all(|byte| byte.is_ascii_graphic() || numbers == Numbers::Masked)
    );
    Some(raw)
}

/// Undoes [`encode`]: its input is what this module wrote.
fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut raw = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at(part.len().min(2));
        match u8::from_str_radix(digits, 16) {
            Ok(byte) if byte.is_ascii() => raw.push(char::from(byte)),
            _ => {
                raw.push('%');
                raw.push_str(digits);
            }
        }
        raw.push_str(rest);
    }
    raw
}

/// The body of a NOTIFY. It may hold a dialled number, so it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct NotifyBody(String);

impl NotifyBody {
    /// For the message, and for nothing else.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    InFull,
    Masked,
}

fn write(action: &CheckedAction, form: UrlForm, dial: DialForm, numbers: Numbers) -> String {
    match query(action, dial, numbers) {
        Some(query) => format!("{}?{query}", form.path()),
        None => SCREENSHOTS[0].to_owned(),
    }
}

/// The query; `None` where the action has a path of its own.
fn query(action: &CheckedAction, dial: DialForm, numbers: Numbers) -> Option<String> {
    let text = match action.entry().name {
        "screenshot" => return None,
        "phonecfg" => phonecfg(action),
        "sequence" => format!("key={}", sequence(action.keys(), action, numbers)),
        "number" => number(action, dial, numbers),
        name => key(name, action, numbers),
    };
    Some(text)
}

/// `key=VALUE`, with what the action's parameters add to the value.
fn key(name: &str, action: &CheckedAction, numbers: Numbers) -> String {
    let mut text = format!("key={name}");
    if let Some(index) = action.small("n") {
        let _ = write!(text, "{index}");
    }
    if let Some(id) = action.text("call_id") {
        text.push(':');
        encode(id, &mut text);
    }
    if action.dialled().is_some() {
        text.push('=');
        text.push_str(&digits(action, numbers));
    }
    if let Some(seconds) = action.small("seconds") {
        let _ = write!(text, "={seconds}");
    }
    text
}

fn number(action: &CheckedAction, dial: DialForm, numbers: Numbers) -> String {
    let prefix = match dial {
        DialForm::Key => "key=number=",
        DialForm::Bare => "number=",
    };
    let mut text = format!("{prefix}{}", digits(action, numbers));
    if let Some(uri) = action.text("outgoing_uri") {
        text.push_str("&outgoing_uri=");
        encode(uri, &mut text);
    }
    text
}

fn phonecfg(action: &CheckedAction) -> String {
    let mut text = "phonecfg=get".to_owned();
    for name in ["accounts", "dnd", "fw"] {
        if let Some(bit) = action.bit(name) {
            let _ = write!(text, "&{name}={}", u8::from(bit));
        }
    }
    text
}

fn sequence(keys: &[Key], action: &CheckedAction, numbers: Numbers) -> String {
    let names: Vec<String> = match numbers {
        Numbers::InFull => keys.iter().map(Key::to_string).collect(),
        Numbers::Masked => super::keys::masked(keys),
    };
    debug_assert_eq!(action.entry().name, "sequence");
    names.join(";")
}

fn digits(action: &CheckedAction, numbers: Numbers) -> String {
    let mut text = String::new();
    match (action.dialled(), numbers) {
        (Some(number), Numbers::InFull) => encode(number.as_str(), &mut text),
        (Some(number), Numbers::Masked) => text.push_str(&number.masked()),
        (None, _) => {}
    }
    text
}

/// Writes what may stand raw as it is: guides show `*`, `@` and `:` so, and some phones read
/// nothing else. All the rest is percent-encoded.
fn encode(value: &str, text: &mut String) {
    encode_except(value, b"*@:._-", text);
}

/// Writes only letters, digits and `._-` raw.
fn encode_all(value: &str, text: &mut String) {
    encode_except(value, b"._-", text);
}

fn encode_except(value: &str, raw: &[u8], text: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || raw.contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests;
