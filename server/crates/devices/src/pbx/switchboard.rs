//! The connections to PBXs: one for each, opened when it is needed.
//!
//! Owns whose turn it is on one. *Invariants:* one command at a time, and none on a connection
//! whose last command has no answer; a failure to open one counts for all who waited for it. The
//! guard is asked before each command.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use carillon_domain::Cause;
use carillon_domain::outcome::Outcome;
use carillon_domain::sip::SipTransport;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep, timeout};
use zeroize::Zeroizing;

use super::framer::{Framer, Packet};
use super::session::Session;
use super::{Ending, ami, esl};
use crate::delivery::Credential;
use crate::excerpt::Excerpt;
use crate::gateway::Entropy;
use crate::sip::{Notify, Pass, Pbx, PbxInterface, connect};
use crate::tls::TlsClient;

/// The measure of time, as SIP has it.
const T1: Duration = Duration::from_millis(500);
/// How long a sign-in may take: four seconds.
const SIGN_IN: u32 = 8;
/// How long an answer may take: eight.
const ANSWER: u32 = 16;
/// How long a connection is kept that nobody needs.
const IDLE: u32 = 64;
/// Places that are remembered before those that nobody needs now are forgotten.
const MAX_KEPT: usize = 64;

/// What tells connections apart: where to, what is spoken, whom to trust there, who
/// signs in, and whether in clear.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    address: SocketAddr,
    is_ami: bool,
    password_in_clear: bool,
    tls: Option<(Option<String>, Option<Arc<str>>)>,
    who: [u8; 32],
}

#[derive(Default)]
struct Place {
    session: Option<Session>,
    /// Whether a task looks after the session's end.
    is_watched: bool,
    failed: Option<(Instant, Ending)>,
}

type Slot = tokio::sync::Mutex<Place>;

/// The one place at a PBX, taken: nobody else is sent there until it is dropped.
pub(crate) struct Taken {
    place: OwnedMutexGuard<Place>,
    /// Since when it was wanted.
    asked: Instant,
}

impl Taken {
    /// What went wrong for all who waited, while this one did.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure().is_some()
    }

    fn failure(&self) -> Option<&Ending> {
        let failed = self.place.failed.as_ref();
        let since = failed.filter(|(when, _)| *when >= self.asked);
        since.map(|(_, ending)| ending)
    }
}

impl Place {
    /// For all who wait for it now.
    fn fail(&mut self, ending: Ending) {
        self.failed = Some((Instant::now(), ending));
    }
}

/// One command, ready to be given.
struct Errand<'a> {
    notify: &'a Notify,
    pbx: &'a Pbx,
    credential: &'a Credential,
    id: String,
    command: Zeroizing<Vec<u8>>,
}

impl<'a> Errand<'a> {
    fn of(notify: &'a Notify, pbx: &'a Pbx, id: String) -> Result<Self, Ending> {
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

    fn is_ami(&self) -> bool {
        self.pbx.interface == PbxInterface::Ami
    }

    /// Whether the password itself may go to the PBX.
    fn may_tell_password(&self, address: SocketAddr) -> bool {
        self.pbx.password_in_clear
            || self.notify.hop.transport == SipTransport::Tls
            || address.ip().is_loopback()
    }

    fn key(&self) -> Key {
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
    async fn run(&self, session: &mut Session, limit: Duration) -> (Ending, bool) {
        if self.is_ami() {
            let read = |packet: &Packet| ami::read(packet, &self.id);
            session.command(&self.command, limit, read).await
        } else {
            session.command(&self.command, limit, esl::read).await
        }
    }

    /// How the PBX says unasked that it hangs up.
    fn is_goodbye(&self) -> fn(&Packet) -> bool {
        if self.is_ami() {
            |_| false
        } else {
            esl::is_goodbye
        }
    }
}

/// All connections.
pub(crate) struct Switchboard {
    tls: TlsClient,
    entropy: Entropy,
    t1: Duration,
    places: Mutex<HashMap<Key, Arc<Slot>>>,
}

impl Switchboard {
    pub(crate) fn new(tls: TlsClient, entropy: Entropy) -> Self {
        Self {
            tls,
            entropy,
            t1: T1,
            places: Mutex::default(),
        }
    }

    /// The same with another measure of time.
    pub(crate) fn with_t1(self, t1: Duration) -> Self {
        Self { t1, ..self }
    }

    /// Waits for the place at a PBX, first come, first served, for as long as that takes. `None`
    /// where nothing can be asked of it.
    pub(crate) async fn place(&self, notify: &Notify, pbx: &Pbx) -> Option<Taken> {
        let errand = Errand::of(notify, pbx, String::new()).ok()?;
        Some(self.take(&errand).await)
    }

    async fn take(&self, errand: &Errand<'_>) -> Taken {
        let asked = Instant::now();
        let place = self.slot(errand).lock_owned().await;
        Taken { place, asked }
    }

    /// Asks a PBX for a NOTIFY as far as the guard passes it, and says what came of it.
    pub(crate) async fn send(
        &self,
        (notify, pbx): (&Notify, &Pbx),
        taken: Option<Taken>,
        pass: Pass<'_>,
    ) -> Outcome {
        let started = Instant::now();
        let ending = self.ask((notify, pbx), taken, pass).await;
        let ending = ending.unwrap_or_else(|ending| ending);
        let body = notify.message.body().unwrap_or_default();
        let excerpt = Excerpt::without(notify.credential.as_deref(), body);
        Outcome {
            cause: Some(ending.cause),
            http_status: None,
            transport: pbx.transport(),
            duration: started.elapsed(),
            excerpt: excerpt.of(ending.said.as_bytes()),
            learned_auth: None,
            learned_pin: None,
            other_pin: None,
            reached: false,
            answered_by_another: false,
        }
    }

    /// `Err` when nothing was written.
    async fn ask(
        &self,
        (notify, pbx): (&Notify, &Pbx),
        taken: Option<Taken>,
        pass: Pass<'_>,
    ) -> Result<Ending, Ending> {
        let errand = Errand::of(notify, pbx, hex::encode((self.entropy)()))?;
        let taken = match taken {
            Some(taken) => taken,
            None => self.take(&errand).await,
        };
        if let Some(ending) = taken.failure() {
            return Err(ending.clone());
        }
        let mut place = taken.place;
        let address = pass().map_err(Ending::silent)?;
        let session = self.session(&mut place, address, &errand).await;
        let mut session = session.inspect_err(|ending| place.fail(ending.for_others()))?;
        let (ending, is_sound) = errand.run(&mut session, self.t1 * ANSWER).await;
        if is_sound {
            place.session = Some(session);
            self.watch(&mut place);
        } else if ending.cause == Cause::TimeoutAnswer {
            // Those behind it wait no more: they would only hear the same silence.
            place.fail(Ending::silent(Cause::TimeoutConnect));
        }
        Ok(ending)
    }

    /// The kept connection where it still stands, or a fresh one. It is taken out of its place:
    /// whoever stops in the middle leaves no half of an answer to the next.
    async fn session(
        &self,
        place: &mut Place,
        address: SocketAddr,
        errand: &Errand<'_>,
    ) -> Result<Session, Ending> {
        if let Some(mut kept) = place.session.take()
            && kept.is_there(errand.is_goodbye()).await
        {
            return Ok(kept);
        }
        self.open(address, errand).await
    }

    /// Opens a connection and signs in.
    async fn open(&self, address: SocketAddr, errand: &Errand<'_>) -> Result<Session, Ending> {
        let in_clear = errand.may_tell_password(address);
        if !errand.is_ami() && !in_clear {
            return Err(Ending::silent(Cause::AuthNotAllowedInClear));
        }
        let wire = connect(&self.tls, address, &errand.notify.hop).await;
        let wire = wire.map_err(Ending::silent)?;
        let signing_in = async {
            if errand.is_ami() {
                let mut session = Session::over(wire, Framer::of_ami());
                ami::sign_in(&mut session, errand.credential, &errand.id, in_clear).await?;
                return Ok(session);
            }
            let mut session = Session::over(wire, Framer::of_esl());
            esl::sign_in(&mut session, errand.credential).await?;
            Ok(session)
        };
        let signed_in = timeout(self.t1 * SIGN_IN, signing_in).await;
        signed_in.unwrap_or_else(|_| Err(Ending::silent(Cause::TimeoutConnect)))
    }

    fn slot(&self, errand: &Errand<'_>) -> Arc<Slot> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MAX_KEPT {
            places.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(places.entry(errand.key()).or_default())
    }

    /// Has the connection closed when nobody has needed it for a while.
    fn watch(&self, place: &mut OwnedMutexGuard<Place>) {
        if !place.is_watched {
            place.is_watched = true;
            let slot = Arc::downgrade(OwnedMutexGuard::mutex(place));
            tokio::spawn(close_when_idle(slot, self.t1 * IDLE));
        }
    }
}

async fn close_when_idle(slot: Weak<Slot>, idle: Duration) {
    loop {
        sleep(idle / 2).await;
        let Some(slot) = slot.upgrade() else {
            return;
        };
        let mut place = slot.lock().await;
        let session = place.session.as_ref();
        if session.is_none_or(|session| session.used.elapsed() >= idle) {
            place.session = None;
            place.is_watched = false;
            return;
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
