//! The manager interface of Asterisk.
//!
//! Owns its words: the greeting, the sign-in by challenge, and `PJSIPNotify`. The password itself
//! is given only where the challenge is refused and the profile or the way lets it go in clear.

use carillon_domain::Cause;
use md5::{Digest, Md5};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::Ending;
use super::framer::Packet;
use super::session::{Lost, Said, Session};
use crate::delivery::Credential;
use crate::sip::Notify;
use crate::text::Text;

/// How an Asterisk greets.
const GREETING: &str = "Asterisk Call Manager";
/// What a variable can hold as it is: a comma ends it, and quotes, brackets and backslashes are
/// taken out or change what follows.
const ASIDE: &[u8] = b",\"\\()[]";

/// The command for a phone; `None` where it cannot be written so that it arrives as it is.
pub(super) fn command(notify: &Notify, id: &str) -> Option<Zeroizing<Vec<u8>>> {
    let body = notify.message.body();
    if body.is_some_and(|body| body.bytes().any(|byte| ASIDE.contains(&byte))) {
        return None;
    }
    let mut text = Text::new("\r\n");
    text.header("Action", "PJSIPNotify")?;
    text.header("ActionID", id)?;
    text.header("Endpoint", notify.to.user())?;
    text.header("Variable", &format!("Event={}", notify.message.event()))?;
    if let Some(body) = body {
        text.header("Variable", "Content-Type=message/sipfrag")?;
        text.header("Variable", &format!("Content={body}"))?;
    }
    Some(text.with_body(""))
}

/// What a message says to the question with this id; `None` when it is about something else.
pub(super) fn read(packet: &Packet, id: &str) -> Option<Said> {
    let response = packet.get("Response")?;
    if packet.get("ActionID") != Some(id) {
        return None;
    }
    let message = packet.get("Message").unwrap_or_default().to_owned();
    Some(match response.to_ascii_lowercase().as_str() {
        "success" => Said::Taken(message),
        "error" => Said::Refused(message),
        _ => Said::Nonsense,
    })
}

/// Signs in.
pub(super) async fn sign_in(
    session: &mut Session,
    credential: &Credential,
    id: &str,
    in_clear: bool,
) -> Result<(), Ending> {
    let greeting = session.hear_line().await.map_err(before)?;
    if !greeting.starts_with(GREETING) {
        return Err(Ending {
            cause: Cause::PbxRefused,
            said: greeting,
        });
    }
    // Each question has a name of its own: no answer counts for two.
    let (asking, telling) = (format!("{id}-challenge"), format!("{id}-login"));
    let proof = match challenge(session, &asking).await? {
        Some(challenge) => proof(credential, &challenge),
        None if in_clear => password(credential),
        None => return Err(Ending::silent(Cause::AuthNotAllowedInClear)),
    };
    let login = login(credential, &telling, &proof).ok_or(Ending::silent(Cause::NoCredential))?;
    session.say(&login).await.map_err(before)?;
    let said = session.answer(|packet| read(packet, &telling)).await;
    said.map_err(before)?.signed_in()
}

fn before(lost: Lost) -> Ending {
    Ending::silent(lost.before())
}

/// Asks for a challenge; `None` where there is none to be had.
async fn challenge(session: &mut Session, id: &str) -> Result<Option<String>, Ending> {
    let mut text = Text::new("\r\n");
    let written = text.header("Action", "Challenge");
    let written = written.and_then(|()| text.header("ActionID", id));
    let written = written.and_then(|()| text.header("AuthType", "MD5"));
    written.ok_or(Ending::silent(Cause::PbxRefused))?;
    session.say(&text.with_body("")).await.map_err(before)?;
    loop {
        let packet = session.hear().await.map_err(before)?;
        match read(&packet, id) {
            // A proof of nothing could be had beforehand, and used again.
            Some(Said::Taken(_)) => match packet.get("Challenge") {
                Some("") => return Err(Ending::silent(Cause::PbxRefused)),
                challenge => return Ok(challenge.map(str::to_owned)),
            },
            Some(_) => return Ok(None),
            None => {}
        }
    }
}

type Header = (&'static str, Zeroizing<String>);

fn proof(credential: &Credential, challenge: &str) -> [Header; 2] {
    let password = credential.password.expose_secret();
    let text = Zeroizing::new(format!("{challenge}{password}"));
    let key = Zeroizing::new(hex::encode(Md5::digest(text.as_bytes())));
    [("AuthType", Zeroizing::new("MD5".to_owned())), ("Key", key)]
}

fn password(credential: &Credential) -> [Header; 2] {
    let password = credential.password.expose_secret().to_owned();
    let plain = Zeroizing::new("plain".to_owned());
    [("AuthType", plain), ("Secret", Zeroizing::new(password))]
}

fn login(credential: &Credential, id: &str, proof: &[Header]) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Text::new("\r\n");
    text.header("Action", "Login")?;
    text.header("ActionID", id)?;
    text.header("Username", &credential.username)?;
    for (name, value) in proof {
        text.header(name, value)?;
    }
    text.header("Events", "off")?;
    Some(text.with_body(""))
}
