//! The Gateway: one delivery in, one outcome out.
//!
//! Owns the guard in force and the TLS settings. Keeps nothing about phones: what a delivery
//! taught is in its outcome, and the caller remembers it.
//!
//! *Invariant:* the address is checked here, immediately before the socket is opened.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use carillon_domain::outcome::{Outcome, Transport};
use carillon_domain::{Cause, Mac, Timestamp};
use ipnet::IpNet;
use tokio::time::Instant;

use crate::delivery::Delivery;
use crate::excerpt::Excerpt;
use crate::guard::Guard;
use crate::http::{Conversation, Ending, Heard};
use crate::pbx::{Switchboard, Taken};
use crate::sip::{Agent, Notify, Pbx};
use crate::tls::TlsClient;
use crate::verdict;

/// Gives 16 fresh random bytes: the client nonce of a Digest answer.
pub type Entropy = Arc<dyn Fn() -> [u8; 16] + Send + Sync>;

/// Gives the time, for the validity of certificates.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a [`Gateway`] is made of.
pub struct GatewayConfig {
    /// Which addresses may be contacted.
    pub guard: Guard,
    /// Randomness.
    pub entropy: Entropy,
    /// The clock.
    pub now: Now,
}

/// Why no gateway could be made.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The TLS library refused its settings.
    #[error("cannot set up TLS to phones")]
    Tls(#[source] rustls::Error),
}

/// An answer with its body.
pub struct Fetched {
    /// What came of it.
    pub outcome: Outcome,
    /// The body of a 2xx answer, at most [`crate::Limits::body`] bytes; empty otherwise. Hostile
    /// input.
    pub body: Vec<u8>,
    /// Whether the body is whole.
    pub complete: bool,
}

/// The turn of one NOTIFY: at a PBX it keeps all others away until it is used or dropped.
pub struct Turn(Option<Taken>);

/// The guard in force, and the number of the list that it follows.
struct InForce {
    number: i64,
    guard: Arc<Guard>,
}

/// The only way to a phone.
pub struct Gateway {
    outer: Guard,
    guard: RwLock<InForce>,
    tls: TlsClient,
    sip: Agent,
    pbx: Switchboard,
    entropy: Entropy,
}

impl Gateway {
    /// Makes a gateway behind a guard.
    pub fn new(config: GatewayConfig) -> Result<Self, GatewayError> {
        let tls = || TlsClient::new(Arc::clone(&config.now)).map_err(GatewayError::Tls);
        Ok(Self {
            guard: RwLock::new(InForce {
                number: 0,
                guard: Arc::new(config.guard.clone()),
            }),
            outer: config.guard,
            tls: tls()?,
            sip: Agent::new(tls()?, Arc::clone(&config.entropy)),
            pbx: Switchboard::new(tls()?, Arc::clone(&config.entropy)),
            entropy: config.entropy,
        })
    }

    /// The same gateway with another measure of SIP's time (RFC 3261: T1, half a second), from
    /// which all its timers follow, and those of a PBX. For tests: half a minute of silence is long.
    #[must_use]
    pub fn with_sip_t1(self, t1: Duration) -> Self {
        Self {
            sip: self.sip.with_t1(t1),
            pbx: self.pbx.with_t1(t1),
            ..self
        }
    }

    /// The guard in force, for checks at import, at edit and when a job is queued.
    pub fn guard(&self) -> Arc<Guard> {
        let in_force = self.guard.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&in_force.guard)
    }

    /// The guard of the server's settings, which nothing widens.
    pub const fn outer_guard(&self) -> &Guard {
        &self.outer
    }

    /// The number of the list that is followed; 0 before the first.
    pub fn number(&self) -> i64 {
        let in_force = self.guard.read().unwrap_or_else(PoisonError::into_inner);
        in_force.number
    }

    /// Puts what this list and the outer bound have in common in force, unless a list with a higher
    /// number is: whoever read an older one is late. `None` = the whole outer bound.
    pub fn follow(&self, number: i64, networks: Option<&[IpNet]>) {
        let guard = match networks {
            Some(networks) => self.outer.within(networks),
            None => self.outer.clone(),
        };
        let mut in_force = self.guard.write().unwrap_or_else(PoisonError::into_inner);
        if number >= in_force.number {
            let guard = Arc::new(guard);
            *in_force = InForce { number, guard };
        }
    }

    /// Delivers one request and says what came of it.
    ///
    /// Ends within [`crate::Limits::whole`]. Dropping the future closes the connection; the
    /// phone may have carried the request out by then.
    pub async fn deliver(&self, delivery: Delivery) -> Outcome {
        let started = Instant::now();
        let heard = self.converse(&delivery, started).await;
        let cause = heard.ending.cause(verdict::of_command);
        outcome(&delivery, &heard, cause, started.elapsed())
    }

    /// Asks for something to read: `phonecfg=get` or a screenshot.
    ///
    /// As [`Self::deliver`], with the body of a 2xx answer in place of its excerpt.
    pub async fn fetch(&self, delivery: Delivery) -> Fetched {
        let started = Instant::now();
        let heard = self.converse(&delivery, started).await;
        let cause = heard.ending.cause(verdict::of_answer);
        let mut outcome = outcome(&delivery, &heard, cause, started.elapsed());
        let (body, complete) = match heard.ending {
            Ending::Answer(answer) if cause.is_none() => {
                // What was asked for is personal: accounts, a screen. It is no part of a record.
                outcome.excerpt.clear();
                (answer.body, answer.complete)
            }
            _ => (Vec::new(), false),
        };
        Fetched {
            outcome,
            body,
            complete,
        }
    }

    /// Waits until a NOTIFY may leave, as fast as its SIP server or PBX is to be sent to. Nobody
    /// waits for what the guard refuses.
    ///
    /// A PBX takes one command after the other: the wait for its one place is part of this and
    /// has no end of its own, and so is signing in there. Whoever drops the future leaves the line.
    pub async fn turn(&self, notify: &Notify) -> Turn {
        let hop = &notify.hop;
        let pass = || self.pass(notify.mac, hop.address, hop.port);
        let Ok(address) = pass() else {
            return Turn(None);
        };
        let taken = match &hop.pbx {
            Some(pbx) => self.pbx.place((notify, pbx), &pass).await,
            None => None,
        };
        // What went wrong for all who waited sends nothing: it needs no pace.
        if !taken.as_ref().is_some_and(Taken::has_failed) {
            self.sip.turn(address, hop.rate).await;
        }
        Turn(taken)
    }

    /// Sends one NOTIFY without a turn: at a PBX as soon as its place is free, else at once.
    pub async fn notify(&self, notify: Notify) -> Outcome {
        self.notify_in_turn(notify, Turn(None)).await
    }

    /// Sends one NOTIFY, whose [`Self::turn`] has come, and says what came of it.
    ///
    /// Ends by the timers of SIP: half a minute without an answer, for the request and for the
    /// proof that a challenge asks for. A PBX has less for its sign-in and its answer.
    pub async fn notify_in_turn(&self, notify: Notify, turn: Turn) -> Outcome {
        let hop = &notify.hop;
        let pass = || self.pass(notify.mac, hop.address, hop.port);
        // Whoever sends asks again before each request.
        let outcome = match (pass(), &hop.pbx) {
            (Err(cause), pbx) => unsent(pbx.as_ref().map_or(Transport::Sip, Pbx::transport), cause),
            (Ok(_), None) => self.sip.send(&notify, &pass).await,
            (Ok(_), Some(pbx)) => self.pbx.send((&notify, pbx), turn.0, &pass).await,
        };
        told(notify.mac, outcome)
    }

    async fn converse(&self, delivery: &Delivery, started: Instant) -> Heard {
        let target = delivery.target;
        match self.pass(delivery.mac, target.address, target.port) {
            Ok(address) => {
                Conversation::new(&self.tls, &self.entropy, delivery, address, started)
                    .hold()
                    .await
            }
            Err(cause) => Heard::nothing(cause),
        }
    }

    /// The one place where an address is passed, whatever the transport.
    fn pass(&self, mac: Mac, address: IpAddr, port: u16) -> Result<SocketAddr, Cause> {
        self.guard().check(address, port).map_err(|blocked| {
            tracing::debug!(phone.mac = %mac, %blocked, "address refused");
            blocked.cause()
        })
    }
}

/// Nothing was tried.
const fn unsent(transport: Transport, cause: Cause) -> Outcome {
    Outcome {
        cause: Some(cause),
        http_status: None,
        transport,
        duration: Duration::ZERO,
        excerpt: String::new(),
        learned_auth: None,
        learned_pin: None,
        other_pin: None,
        reached: false,
        answered_by_another: false,
    }
}

fn outcome(
    delivery: &Delivery,
    heard: &Heard,
    cause: Option<Cause>,
    duration: Duration,
) -> Outcome {
    let answer = heard.ending.answer();
    let outcome = Outcome {
        cause,
        http_status: answer.map(|answer| answer.status),
        transport: delivery.target.scheme.into(),
        duration,
        excerpt: answer
            .filter(|answer| !answer.body.is_empty())
            .map(|answer| Excerpt::without_secrets_of(delivery).of(&answer.body))
            .unwrap_or_default(),
        learned_auth: heard.learned_auth,
        learned_pin: heard.learned_pin.clone(),
        other_pin: heard.other_pin.clone(),
        reached: heard.reached,
        answered_by_another: false,
    };
    told(delivery.mac, outcome)
}

fn told(mac: Mac, outcome: Outcome) -> Outcome {
    tracing::debug!(
        phone.mac = %mac,
        transport = %outcome.transport,
        cause = outcome.cause.map(tracing::field::display),
        status = outcome.http_status,
        "delivered"
    );
    outcome
}
