//! What is said for one command: the request, and the answers to challenges.
//!
//! Owns the order of transactions. *Invariant:* a second transaction begins only after a complete
//! 401 or 407, which says that nothing was done; each asker gets one proof, and one more when only
//! its nonce was too old.

use std::net::SocketAddr;
use std::time::Duration;

use carillon_domain::Cause;
use carillon_domain::sip::SipTransport;
use zeroize::Zeroizing;

use super::agent::Agent;
use super::answer::{Asker, SipAnswer};
use super::notify::{Hop, Notify};
use super::request::{self, Ids, METHOD, Proof, Turn};
use super::{datagram, verdict};
use crate::auth::{self, Asked, DigestChallenge, Question};

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

/// One command under way.
pub(super) struct Conversation<'a> {
    agent: &'a Agent,
    notify: &'a Notify,
    address: SocketAddr,
    ids: Ids,
    proofs: Vec<Proof>,
    stale: bool,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(agent: &'a Agent, notify: &'a Notify, address: SocketAddr) -> Self {
        Self {
            agent,
            notify,
            address,
            ids: Ids::new(&agent.entropy),
            proofs: Vec::new(),
            stale: false,
        }
    }

    /// Holds the conversation.
    pub(super) async fn hold(mut self) -> Ending {
        for number in 1..MAX_TRANSACTIONS {
            let answer = match self.ask(number).await {
                Ok(answer) => answer,
                Err(cause) => return Ending::Failure(cause),
            };
            let asker = match answer.status {
                401 => Asker::Server,
                407 => Asker::Proxy,
                _ => return Ending::Answer(verdict::of(answer.status), answer),
            };
            if let Err(cause) = self.prove(asker, &answer) {
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
        match self.notify.hop.transport {
            SipTransport::Udp => datagram::ask(self.address, &asking).await,
            SipTransport::Tcp | SipTransport::Tls => {
                let links = &self.agent.links;
                links.ask(&self.agent.tls, self.address, &asking).await
            }
        }
    }

    /// Answers a challenge, or says why not.
    fn prove(&mut self, asker: Asker, answer: &SipAnswer) -> Result<(), Cause> {
        let given = self.proofs.iter().position(|p| p.header == asker.header());
        let credential = self.notify.credential.as_deref();
        let credential = credential.ok_or(Cause::NoCredential)?;
        let challenge = digest(answer, asker).ok_or(Cause::AuthFailed)?;
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
            .ok_or(Cause::AuthFailed)?;
        self.proofs.push(Proof {
            header: asker.header(),
            value,
        });
        Ok(())
    }
}

/// The strongest challenge that can be answered. SIP knows no Basic, and none is given.
fn digest(answer: &SipAnswer, asker: Asker) -> Option<DigestChallenge> {
    match auth::strongest(answer.challenges(asker))? {
        Asked::Digest(challenge) => Some(challenge),
        Asked::Basic => None,
    }
}
