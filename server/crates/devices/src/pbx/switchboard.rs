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
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep, timeout};

use super::errand::{Errand, Key};
use super::framer::Framer;
use super::session::Session;
use super::{Ending, ami, esl};
use crate::excerpt::Excerpt;
use crate::gateway::Entropy;
use crate::sip::{Notify, Pass, Pbx, connect};
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
    /// Why no connection could be made ready; this one hears it, all others what is theirs of it.
    unready: Option<Ending>,
}

impl Taken {
    /// What went wrong for this one, or for all who waited while it did.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure().is_some()
    }

    fn failure(&self) -> Option<&Ending> {
        if self.unready.is_some() {
            return self.unready.as_ref();
        }
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

    /// Waits for the place at a PBX, first come, first served, for as long as that takes, and
    /// signs in there. `None` where nothing can be asked of it. Whoever may not leave any more
    /// once this is over has asked for nothing.
    pub(crate) async fn place(
        &self,
        (notify, pbx): (&Notify, &Pbx),
        pass: Pass<'_>,
    ) -> Option<Taken> {
        let errand = self.errand(notify, pbx).ok()?;
        let mut taken = self.take(&errand).await;
        if !taken.has_failed() {
            taken.unready = self.make_ready(&mut taken.place, &errand, pass).await.err();
        }
        Some(taken)
    }

    fn errand<'a>(&self, notify: &'a Notify, pbx: &'a Pbx) -> Result<Errand<'a>, Ending> {
        Errand::of(notify, pbx, hex::encode((self.entropy)()))
    }

    async fn take(&self, errand: &Errand<'_>) -> Taken {
        let asked = Instant::now();
        let place = self.slot(errand).lock_owned().await;
        Taken {
            place,
            asked,
            unready: None,
        }
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
        let errand = self.errand(notify, pbx)?;
        let taken = match taken {
            Some(taken) => taken,
            None => self.take(&errand).await,
        };
        if let Some(ending) = taken.failure() {
            return Err(ending.clone());
        }
        let mut place = taken.place;
        let mut session = self.session(&mut place, &errand, pass).await?;
        let (ending, is_sound) = errand.run(&mut session, self.t1 * ANSWER).await;
        if is_sound {
            self.keep(&mut place, session);
        } else if ending.cause == Cause::TimeoutAnswer {
            // Those behind it wait no more: they would only hear the same silence.
            place.fail(Ending::silent(Cause::TimeoutConnect));
        }
        Ok(ending)
    }

    async fn make_ready(
        &self,
        place: &mut OwnedMutexGuard<Place>,
        errand: &Errand<'_>,
        pass: Pass<'_>,
    ) -> Result<(), Ending> {
        let session = self.session(place, errand, pass).await?;
        self.keep(place, session);
        Ok(())
    }

    fn keep(&self, place: &mut OwnedMutexGuard<Place>, session: Session) {
        place.session = Some(session);
        self.watch(place);
    }

    /// A connection that carries a command, as far as the guard passes it now. What goes wrong
    /// with it counts for all who wait.
    async fn session(
        &self,
        place: &mut Place,
        errand: &Errand<'_>,
        pass: Pass<'_>,
    ) -> Result<Session, Ending> {
        let address = pass().map_err(Ending::silent)?;
        let session = self.kept_or_fresh(place, address, errand).await;
        session.inspect_err(|ending| place.fail(ending.for_others()))
    }

    /// The kept connection where it still stands, or a fresh one. It is taken out of its place:
    /// whoever stops in the middle leaves no half of an answer to the next.
    async fn kept_or_fresh(
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
