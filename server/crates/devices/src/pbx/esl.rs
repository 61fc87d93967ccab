//! The event socket of `FreeSWITCH`.
//!
//! Owns its words: the sign-in and `sendevent NOTIFY`. Its password always goes as it is: whether
//! it may is asked before a connection is opened.
//!
//! Answers carry no mark of their question. So there is one at a time on a connection, and one
//! without an answer is the last.

use carillon_domain::Cause;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::Ending;
use super::framer::Packet;
use super::session::{Lost, Said, Session};
use crate::delivery::Credential;
use crate::sip::Notify;
use crate::text::Text;

/// The command for a phone; `None` where it cannot be written.
pub(super) fn command(notify: &Notify, profile: &str) -> Option<Zeroizing<Vec<u8>>> {
    let body = notify.message.body().unwrap_or_default();
    // It sends nothing without a type, whatever the event.
    let kind = if body.is_empty() {
        "application/simple-message-summary"
    } else {
        "message/sipfrag"
    };
    let mut text = Text::new("\n");
    text.line("sendevent NOTIFY")?;
    text.header("profile", profile)?;
    text.header("event-string", notify.message.event())?;
    text.header("user", notify.to.user())?;
    text.header("host", notify.to.host())?;
    text.header("content-type", kind)?;
    if !body.is_empty() {
        text.header("content-length", &body.len().to_string())?;
    }
    Some(text.with_body(body))
}

/// What a message says to the command before it; `None` when it is about something else.
pub(super) fn read(packet: &Packet) -> Option<Said> {
    if is_goodbye(packet) {
        return Some(Said::Goodbye);
    }
    if packet.get("Content-Type")? != "command/reply" {
        return None;
    }
    let text = packet.get("Reply-Text").unwrap_or_default();
    Some(if text.starts_with("+OK") {
        Said::Taken(text.to_owned())
    } else if text.starts_with("-ERR") {
        Said::Refused(text.to_owned())
    } else {
        Said::Nonsense
    })
}

/// Whether it hangs up.
pub(super) fn is_goodbye(packet: &Packet) -> bool {
    let kind = packet.get("Content-Type");
    matches!(kind, Some("text/disconnect-notice" | "text/rude-rejection"))
}

/// Signs in.
pub(super) async fn sign_in(session: &mut Session, credential: &Credential) -> Result<(), Ending> {
    let before = |lost: Lost| Ending::silent(lost.before());
    let greeting = session.hear().await.map_err(before)?;
    if is_goodbye(&greeting) {
        return Err(Ending::silent(Cause::Refused));
    }
    if greeting.get("Content-Type") != Some("auth/request") {
        return Err(Ending::silent(Cause::PbxRefused));
    }
    let mut text = Text::new("\n");
    let password = credential.password.expose_secret();
    let line = Zeroizing::new(format!("auth {password}"));
    text.line(&line)
        .ok_or(Ending::silent(Cause::NoCredential))?;
    session.say(&text.with_body("")).await.map_err(before)?;
    session.answer(read).await.map_err(before)?.signed_in()
}
