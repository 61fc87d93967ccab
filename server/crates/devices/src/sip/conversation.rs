//! What is said for one command: the request, and the answers to challenges.
//!
//! Owns the order of transactions. *Invariants:* the guard is asked before each; a second one
//! begins only after a complete 401 or 407 that says that nothing was done: not after a 401 where
//! several phones are behind the address, or that comes so late that there may be, of which another
//! may have done it. A proof goes only to
//! the realm that the credential is for, once, and once more when only its nonce was too old.

use std::net::SocketAddr;
use std::time::Duration;

use carillon_domain::Cause;
use carillon_domain::sip::SipTransport;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::agent::Agent;
use super::answer::{Asker, SipAnswer};
use super::notify::{Hop, Notify};
use super::request::{self, Ids, METHOD, Proof, Turn};
use super::{datagram, verdict};
use crate::auth::{self, DigestChallenge, Question};

/// Transactions at most: the request, a proof for a proxy and one for the phone, each once more.
const MAX_TRANSACTIONS: u32 = 5;

/// One request, as its transport needs it.
pub(super) struct Asking<'a> {
    notify: &'a Notify,
    ids: &'a Ids,
    turn: Turn,
    proofs: &'a [Proof],
    t1: Duration,
}

impl Asking<'_> {
    pub(super) const fn t1(&self) -> Duration {
        self.t1
    }

    pub(super) fn write(&self, local: SocketAddr) -> Result<Zeroizing<Vec<u8>>, Cause> {
        let written = request::write(self.notify, self.ids, &self.turn, self.proofs, local);
        written.ok_or(Cause::Unsupported)
    }

    pub(super) fn branch(&self) -> &str {
        &self.turn.branch
    }

    pub(super) const fn hop(&self) -> &Hop {
        &self.notify.hop
    }

    pub(super) fn is_answered_by(&self, answer: &SipAnswer) -> bool {
        answer.fits(&self.turn.branch, &self.ids.call_id, self.turn.number)
    }
}

/// How it ended.
pub(super) enum Ending {
    /// The phone, or a SIP server before it, answered.
    Answer(Option<Cause>, SipAnswer),
    /// There is no answer.
    Failure(Cause),
}

/// Asks the guard where it may go.
pub(crate) type Pass<'a> = &'a (dyn Fn() -> Result<SocketAddr, Cause> + Sync);

/// One command under way.
pub(super) struct Conversation<'a> {
    agent: &'a Agent,
    notify: &'a Notify,
    pass: Pass<'a>,
    ids: Ids,
    proofs: Vec<Proof>,
    stale: bool,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(agent: &'a Agent, notify: &'a Notify, pass: Pass<'a>) -> Self {
        Self {
            agent,
            notify,
            pass,
            ids: Ids::new(&agent.entropy),
            proofs: Vec::new(),
            stale: false,
        }
    }

    /// Holds the conversation.
    pub(super) async fn hold(mut self) -> Ending {
        for number in 1..MAX_TRANSACTIONS {
            let mut answer = match self.ask(number).await {
                Ok(answer) => answer,
                Err(cause) => return Ending::Failure(cause),
            };
            let asker = match answer.status {
                401 => Asker::Server,
                407 => Asker::Proxy,
                _ => return Ending::Answer(verdict::cause(self.notify, &answer), answer),
            };
            if let Err(cause) = self.prove(asker, &mut answer) {
                return Ending::Answer(Some(cause), answer);
            }
        }
        Ending::Failure(Cause::AuthFailed)
    }

    async fn ask(&self, number: u32) -> Result<SipAnswer, Cause> {
        let asking = Asking {
            notify: self.notify,
            ids: &self.ids,
            turn: Turn::new(&self.agent.entropy, number),
            proofs: &self.proofs,
            t1: self.agent.t1,
        };
        let address = (self.pass)()?;
        let asked = Instant::now();
        let answer = match self.notify.hop.transport {
            SipTransport::Udp => datagram::ask(address, &asking).await,
            SipTransport::Tcp | SipTransport::Tls => {
                let links = &self.agent.links;
                links.ask(&self.agent.tls, address, &asking).await
            }
        };
        let is_late = asked.elapsed() > verdict::LATE;
        answer.map(|answer| answer.late(is_late))
    }

    /// Answers a challenge, or says why not.
    fn prove(&mut self, asker: Asker, answer: &mut SipAnswer) -> Result<(), Cause> {
        let given = self.proofs.iter().position(|p| p.header == asker.header());
        let credential = self.notify.credential.as_deref();
        let credential = credential.ok_or(Cause::NoCredential)?;
        if verdict::hides_others(self.notify, answer) {
            return Err(Cause::Sip(answer.status));
        }
        let challenge = digest(answer, asker, &self.notify.realm)?;
        if let Some(given) = given {
            if self.stale || !challenge.is_stale() {
                return Err(Cause::AuthFailed);
            }
            self.stale = true;
            self.proofs.remove(given);
        }
        let uri = self.notify.to.uri();
        let question = Question {
            method: METHOD,
            uri: &uri,
        };
        let value = challenge
            .answer(credential, question, (self.agent.entropy)())
            .ok_or(Cause::Sip(answer.status))?;
        self.proofs.push(Proof {
            header: asker.header(),
            value,
        });
        Ok(())
    }
}

/// The strongest challenge of the realm that the credential is for. SIP knows no Basic, and none
/// is given. Whoever else asks is named in the answer's line, for people.
fn digest(answer: &mut SipAnswer, asker: Asker, realm: &str) -> Result<DigestChallenge, Cause> {
    let of_realm = |challenge: &DigestChallenge| challenge.realm() == realm;
    if let Some(challenge) = auth::strongest_digest(answer.challenges(asker), of_realm) {
        return Ok(challenge);
    }
    let other = auth::strongest_digest(answer.challenges(asker), |_| true);
    let other = other.ok_or(Cause::Sip(answer.status))?;
    let realm = [" (realm \"", other.realm(), "\")"];
    answer.line.extend(realm);
    Err(Cause::NoCredential)
}
