//! An Asterisk and a `FreeSWITCH` that do exactly what a test wrote.

use std::sync::Arc;

use carillon_devices::{Credential, Notify, Pbx, PbxInterface};
use carillon_domain::outcome::Transport;
use carillon_domain::sip::SipTransport;
use md5::{Digest as _, Md5};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

use crate::peer::Call;
use crate::sip_peer;

/// The password that must show up nowhere but where it is asked for.
pub(crate) const PASSWORD: &str = "canary-7f3e";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Asterisk,
    FreeSwitch,
}

pub(crate) const KINDS: [Kind; 2] = [Kind::Asterisk, Kind::FreeSwitch];

/// `key=OK` for 2041 by a PBX on a port of this machine.
pub(crate) fn notify(kind: Kind, port: u16) -> Notify {
    let interface = match kind {
        Kind::Asterisk => PbxInterface::Ami,
        Kind::FreeSwitch => PbxInterface::Esl {
            profile: "internal".to_owned(),
        },
    };
    let mut notify = sip_peer::notify(port, SipTransport::Tcp);
    notify.credential = Some(Arc::new(Credential::new("carillon", PASSWORD)));
    notify.hop.pbx = Some(Pbx {
        interface,
        password_in_clear: false,
    });
    notify
}

/// The value of a header, whatever its case.
pub(crate) fn header(head: &str, name: &str) -> String {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
}

impl Kind {
    pub(crate) const fn transport(self) -> Transport {
        match self {
            Self::Asterisk => Transport::Ami,
            Self::FreeSwitch => Transport::Esl,
        }
    }

    pub(crate) const fn greeting(self) -> &'static str {
        match self {
            Self::Asterisk => "Asterisk Call Manager/9.0.0\r\n",
            Self::FreeSwitch => "Content-Type: auth/request\n\n",
        }
    }

    /// What it says when it takes a command, and when it does not.
    pub(crate) fn yes(self, command: &str) -> String {
        match self {
            Self::Asterisk => self.told(command, "Success", "NOTIFY sent"),
            Self::FreeSwitch => self.told(command, "+OK", "7f4de4bc-17d7-11dd-b7a0-db4edd065621"),
        }
    }

    pub(crate) fn no(self, command: &str, why: &str) -> String {
        match self {
            Self::Asterisk => self.told(command, "Error", why),
            Self::FreeSwitch => self.told(command, "-ERR", why),
        }
    }

    pub(crate) fn told(self, command: &str, word: &str, why: &str) -> String {
        match self {
            Self::Asterisk => format!(
                "Response: {word}\r\nActionID: {}\r\nMessage: {why}\r\n\r\n",
                header(command, "ActionID")
            ),
            Self::FreeSwitch => {
                format!("Content-Type: command/reply\nReply-Text: {word} {why}\n\n")
            }
        }
    }

    /// Something that nobody asked for.
    pub(crate) const fn event(self) -> &'static str {
        match self {
            Self::Asterisk => "Event: PeerStatus\r\nPrivilege: system,all\r\nResponse: no\r\n\r\n",
            Self::FreeSwitch => {
                "Content-Length: 23\nContent-Type: text/event-plain\n\nReply-Text: +OK no\n\nab\n"
            }
        }
    }

    /// Reads one whole command.
    pub(crate) async fn command<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        call: &mut Call<S>,
    ) -> Option<String> {
        if self == Self::Asterisk {
            return call.request().await;
        }
        let mut text = call.until("\n\n").await?;
        if let Ok(length) = header(&text, "content-length").parse() {
            let mut body = vec![0; length];
            call.stream.read_exact(&mut body).await.ok()?;
            text.push_str(&String::from_utf8(body).ok()?);
        }
        call.note(&text);
        Some(text)
    }

    /// Greets, and takes the sign-in where it is right; false where it is not, or nobody is there.
    pub(crate) async fn signs_in<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        call: &mut Call<S>,
    ) -> bool {
        call.say(self.greeting()).await;
        let Some(asked) = self.sign_in(call).await else {
            return false;
        };
        let right = match self {
            Self::Asterisk => {
                let key = hex::encode(Md5::digest(format!("4711{PASSWORD}")));
                let who = header(&asked, "Username") == "carillon";
                who && header(&asked, "Key") == key && header(&asked, "Events") == "off"
            }
            Self::FreeSwitch => asked == format!("auth {PASSWORD}\n\n"),
        };
        let answer = match (right, self) {
            (true, Self::Asterisk) => self.told(&asked, "Success", "Authentication accepted"),
            (true, Self::FreeSwitch) => self.told(&asked, "+OK", "accepted"),
            (false, _) => self.no(&asked, "wrong"),
        };
        call.say(answer).await && right
    }

    /// Up to the command that carries the proof or the password.
    pub(crate) async fn sign_in<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        call: &mut Call<S>,
    ) -> Option<String> {
        let asked = self.command(call).await?;
        if self == Self::FreeSwitch {
            return Some(asked);
        }
        let challenge = format!(
            "Response: Success\r\nActionID: {}\r\nChallenge: 4711\r\n\r\n",
            header(&asked, "ActionID")
        );
        call.say(challenge).await;
        self.command(call).await
    }
}
