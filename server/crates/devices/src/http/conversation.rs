//! What is said to a phone, in which order.
//!
//! First contact carries no credentials; what is remembered is sent at once. One credential
//! attempt, and one round more for a stale nonce.
//!
//! *Invariant:* a second request is only ever sent after a complete 401 to the first.

use std::net::SocketAddr;

use carillon_domain::Cause;
use carillon_domain::phone::AuthScheme;
use tokio::time::Instant;

use super::answer::{Answer, Ending, Heard};
use super::auth::{self, Asked, DigestChallenge};
use super::exchange::Link;
use super::line::{Line, Proof};
use super::request::Keep;
use super::rules::Rules;
use crate::delivery::{Credential, Delivery};
use crate::gateway::Entropy;
use crate::tls::TlsClient;

/// One delivery under way.
pub(crate) struct Conversation<'a> {
    entropy: &'a Entropy,
    delivery: &'a Delivery,
    rules: Rules<'a>,
    line: Line<'a>,
    learned_auth: Option<AuthScheme>,
}

impl<'a> Conversation<'a> {
    pub(crate) fn new(
        tls: &'a TlsClient,
        entropy: &'a Entropy,
        delivery: &'a Delivery,
        address: SocketAddr,
        started: Instant,
    ) -> Self {
        Self {
            entropy,
            delivery,
            rules: Rules(delivery),
            line: Line::new(tls, delivery, address, started),
            learned_auth: None,
        }
    }

    /// Holds the conversation.
    pub(crate) async fn hold(mut self) -> Heard {
        let ending = match self.converse().await {
            Ok(ending) => ending,
            Err(cause) => Ending::Failure(cause),
        };
        Heard {
            learned_auth: self
                .learned_auth
                .filter(|learned| *learned != self.delivery.auth),
            reached: self.line.reached(),
            other_pin: self.line.other_pin().map(str::to_owned),
            learned_pin: match ending {
                // Two connections, two keys: neither is worth remembering.
                Ending::Failure(Cause::TlsIdentityChanged) => None,
                _ => self.line.into_learned_pin(),
            },
            ending,
        }
    }

    async fn converse(&mut self) -> Result<Ending, Cause> {
        let proof = self.rules.first_proof()?;
        let given = proof.is_given();
        let keep = self.rules.keep_after(&proof);
        let (answer, link) = self.line.ask(proof, keep, None).await?;
        if answer.status != 401 {
            self.learn_from_success(&answer, given);
            return Ok(Ending::Answer(answer));
        }
        let asked = auth::strongest(&answer.headers);
        if given {
            self.learn(asked.as_ref());
            return Ok(Ending::SignIn(Cause::AuthFailed, answer));
        }
        self.sign_in(asked, answer, link).await
    }

    /// Answers a 401 to a request without credentials.
    async fn sign_in(
        &mut self,
        asked: Option<Asked>,
        answer: Answer,
        link: Box<Link>,
    ) -> Result<Ending, Cause> {
        if let Some(cause) = self.rules.refuses(asked.as_ref()) {
            return Ok(Ending::SignIn(cause, answer));
        }
        self.learn(asked.as_ref());
        let Some(credential) = self.delivery.credential.as_deref() else {
            return Ok(Ending::SignIn(Cause::NoCredential, answer));
        };
        match asked {
            Some(Asked::Basic) => {
                // Some phones take one connection at a time.
                drop(link);
                self.answer_basic(credential, answer).await
            }
            Some(Asked::Digest(challenge)) => {
                self.answer_digest(credential, challenge, answer, link)
                    .await
            }
            // It wants something that we do not speak: the password would not help.
            None => Ok(Ending::SignIn(Cause::AuthFailed, answer)),
        }
    }

    async fn answer_basic(
        &mut self,
        credential: &Credential,
        refused: Answer,
    ) -> Result<Ending, Cause> {
        let Some(header) = auth::basic(credential) else {
            return Ok(Ending::SignIn(Cause::AuthFailed, refused));
        };
        let (answer, _) = self
            .line
            .ask(Proof::Header(header), Keep::Close, None)
            .await?;
        Ok(signed_in(answer))
    }

    async fn answer_digest(
        &mut self,
        credential: &Credential,
        challenge: DigestChallenge,
        refused: Answer,
        link: Box<Link>,
    ) -> Result<Ending, Cause> {
        let target = self.delivery.path_and_query.as_str();
        let Some(header) = auth::digest(&challenge, credential, target, (self.entropy)()) else {
            return Ok(Ending::SignIn(Cause::AuthFailed, refused));
        };
        let link = self.line.still_open(link, &refused).await;
        let proof = Proof::Header(header);
        let (answer, link) = self.line.ask(proof, Keep::Close, link).await?;
        drop(link);
        match stale(&answer) {
            Some(fresh) => self.answer_stale(credential, &fresh, answer).await,
            None => Ok(signed_in(answer)),
        }
    }

    /// The one round more that a nonce grown old is worth.
    async fn answer_stale(
        &mut self,
        credential: &Credential,
        challenge: &DigestChallenge,
        refused: Answer,
    ) -> Result<Ending, Cause> {
        let target = self.delivery.path_and_query.as_str();
        let Some(header) = auth::digest(challenge, credential, target, (self.entropy)()) else {
            return Ok(Ending::SignIn(Cause::AuthFailed, refused));
        };
        let (answer, _) = self
            .line
            .ask(Proof::Header(header), Keep::Close, None)
            .await?;
        Ok(signed_in(answer))
    }

    fn learn(&mut self, asked: Option<&Asked>) {
        if let Some(asked) = asked.filter(|asked| self.rules.may_learn(asked)) {
            self.learned_auth = Some(asked.scheme());
        }
    }

    fn learn_from_success(&mut self, answer: &Answer, given: bool) {
        if !given && (200..300).contains(&answer.status) && self.rules.may_learn_openness() {
            self.learned_auth = Some(AuthScheme::None);
        }
    }
}

/// The fresh challenge of an answer that only found the nonce too old.
fn stale(answer: &Answer) -> Option<DigestChallenge> {
    if answer.status != 401 {
        return None;
    }
    match auth::strongest(&answer.headers) {
        Some(Asked::Digest(challenge)) if challenge.is_stale() => Some(challenge),
        _ => None,
    }
}

fn signed_in(answer: Answer) -> Ending {
    if answer.status == 401 {
        Ending::SignIn(Cause::AuthFailed, answer)
    } else {
        Ending::Answer(answer)
    }
}
