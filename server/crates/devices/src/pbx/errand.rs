//! One command for a PBX, ready to be given.
//!
//! Owns what it is in the words of that PBX, which connections may carry it, and whether the
//! password itself may go there. It never opens one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use carillon_domain::Cause;
use carillon_domain::sip::SipTransport;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::framer::Packet;
use super::session::Session;
use super::{Ending, ami, esl};
use crate::delivery::Credential;
use crate::sip::{Notify, Pbx, PbxInterface};

/// What tells connections apart: where to, what is spoken, whom to trust there, who
/// signs in, and whether in clear.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    address: SocketAddr,
    is_ami: bool,
    password_in_clear: bool,
    tls: Option<(Option<String>, Option<Arc<str>>)>,
    who: [u8; 32],
}

/// One command, ready to be given.
pub(super) struct Errand<'a> {
    pub(super) notify: &'a Notify,
    pbx: &'a Pbx,
    pub(super) credential: &'a Credential,
    pub(super) id: String,
    command: Zeroizing<Vec<u8>>,
}

impl<'a> Errand<'a> {
    pub(super) fn of(notify: &'a Notify, pbx: &'a Pbx, id: String) -> Result<Self, Ending> {
        let command = match &pbx.interface {
            PbxInterface::Ami => ami::command(notify, &id),
            PbxInterface::Esl { profile } => esl::command(notify, profile),
        };
        let credential = notify.credential.as_deref();
        Ok(Self {
            notify,
            pbx,
            credential: credential.ok_or(Ending::silent(Cause::NoCredential))?,
            id,
            command: command.ok_or(Ending::silent(Cause::Unsupported))?,
        })
    }

    pub(super) fn is_ami(&self) -> bool {
        self.pbx.interface == PbxInterface::Ami
    }

    /// Whether the password itself may go to the PBX.
    pub(super) fn may_tell_password(&self, address: SocketAddr) -> bool {
        self.pbx.password_in_clear
            || self.notify.hop.transport == SipTransport::Tls
            || address.ip().is_loopback()
    }

    pub(super) fn key(&self) -> Key {
        let hop = &self.notify.hop;
        let mut who = Sha256::new();
        who.update(self.credential.username.as_bytes());
        who.update([0]);
        who.update(self.credential.password.expose_secret().as_bytes());
        let tls = || (hop.tls_name.clone(), hop.ca_pem.clone());
        Key {
            address: SocketAddr::new(hop.address, hop.port),
            is_ami: self.is_ami(),
            password_in_clear: self.pbx.password_in_clear,
            tls: (hop.transport == SipTransport::Tls).then(tls),
            who: who.finalize().into(),
        }
    }

    /// Gives the command, and says whether the connection can carry another.
    pub(super) async fn run(&self, session: &mut Session, limit: Duration) -> (Ending, bool) {
        if self.is_ami() {
            let read = |packet: &Packet| ami::read(packet, &self.id);
            session.command(&self.command, limit, read).await
        } else {
            session.command(&self.command, limit, esl::read).await
        }
    }

    /// How the PBX says unasked that it hangs up.
    pub(super) fn is_goodbye(&self) -> fn(&Packet) -> bool {
        if self.is_ami() {
            |_| false
        } else {
            esl::is_goodbye
        }
    }
}

#[cfg(test)]
mod tests {
    use carillon_domain::Mac;

    use super::*;
    use crate::sip::{Hop, Message};

    #[test]
    fn a_password_goes_in_clear_only_where_it_may() {
        use SipTransport::{Tcp, Tls};
        for (address, transport, in_clear, may) in [
            ("10.0.0.5:8021", Tcp, false, false),
            ("10.0.0.5:8021", Tcp, true, true),
            ("10.0.0.5:8021", Tls, false, true),
            ("127.0.0.1:8021", Tcp, false, true),
        ] {
            let address: SocketAddr = address.parse().expect("an address");
            let pbx = Pbx {
                interface: PbxInterface::Ami,
                password_in_clear: in_clear,
            };
            let notify = Notify {
                mac: Mac::from_bytes([0, 0x15, 0x65, 0, 0, 1]),
                hop: Hop {
                    address: address.ip(),
                    port: address.port(),
                    transport,
                    tls_name: None,
                    ca_pem: None,
                    passes_on: true,
                    rate: 1,
                    pbx: Some(pbx.clone()),
                },
                to: "1@pbx".parse().expect("an address"),
                from: "2@pbx".parse().expect("an address"),
                message: Message::CheckSync { reboot: false },
                credential: Some(Arc::new(Credential::new("a", "b"))),
                realm: String::new(),
                shared: false,
            };
            let errand = Errand::of(&notify, &pbx, "1".to_owned()).expect("an errand");
            assert_eq!(
                errand.may_tell_password(address),
                may,
                "{address} {transport}"
            );
        }
    }
}
