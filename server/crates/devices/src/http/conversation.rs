//! The rules of signing in: what is said to a phone, in which order, and what is never said.
//!
//! First contact carries no credentials; what is remembered is sent at once; a password goes in
//! clear only where somebody chose plain HTTP for the site, and never to a phone that is
//! remembered to ask better. One credential attempt, and one more for a stale nonce.
//!
//! *Invariant:* a second request is only ever sent after a complete 401 to the first.

use std::net::SocketAddr;

use carillon_domain::Cause;
use carillon_domain::phone::{AuthScheme, Scheme, TransportSecurity};
use http::HeaderValue;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::answer::{Answer, Ending, Heard};
use super::auth::{self, Asked, DigestChallenge};
use super::connect::Way;
use super::exchange::{Link, NoAnswer};
use super::request::{self, Extra, Keep};
use crate::delivery::{Credential, Delivery};
use crate::gateway::Entropy;
use crate::tls::TlsClient;

/// One delivery under way.
pub(crate) struct Conversation<'a> {
    tls: &'a TlsClient,
    entropy: &'a Entropy,
    delivery: &'a Delivery,
    address: SocketAddr,
    deadline: Instant,
    /// The key that the phone has to show: the remembered one, else that of the first connection.
    pin: Option<String>,
    learned_auth: Option<AuthScheme>,
    reached: bool,
}

/// What a request says about who asks.
enum Proof {
    /// Nothing.
    None,
    /// A header.
    Header(HeaderValue),
    /// The login in the query.
    Query(Zeroizing<String>),
}

impl Proof {
    const fn is_given(&self) -> bool {
        !matches!(self, Self::None)
    }
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
            tls,
            entropy,
            delivery,
            address,
            deadline: started + delivery.limits.whole,
            pin: delivery.pin.clone(),
            learned_auth: None,
            reached: false,
        }
    }

    /// Holds the conversation.
    pub(crate) async fn hold(mut self) -> Heard {
        let ending = match self.converse().await {
            Ok(ending) => ending,
            Err(cause) => Ending::Failure(cause),
        };
        Heard {
            ending,
            learned_auth: self
                .learned_auth
                .filter(|learned| *learned != self.delivery.auth),
            learned_pin: match self.delivery.pin {
                None => self.pin,
                Some(_) => None,
            },
            reached: self.reached,
        }
    }

    async fn converse(&mut self) -> Result<Ending, Cause> {
        let proof = self.first_proof()?;
        let given = proof.is_given();
        let keep = self.keep_after(&proof);
        let (answer, link) = self.ask(proof, keep, None).await?;
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
        link: Link,
    ) -> Result<Ending, Cause> {
        if let Some(cause) = self.refuses(asked.as_ref()) {
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
        let (answer, _) = self.ask(Proof::Header(header), Keep::Close, None).await?;
        Ok(signed_in(answer))
    }

    async fn answer_digest(
        &mut self,
        credential: &Credential,
        challenge: DigestChallenge,
        refused: Answer,
        link: Link,
    ) -> Result<Ending, Cause> {
        let target = self.delivery.path_and_query.as_str();
        let Some(header) = challenge.answer(credential, target, (self.entropy)()) else {
            return Ok(Ending::SignIn(Cause::AuthFailed, refused));
        };
        let link = self.still_open(link, &refused).await;
        let proof = Proof::Header(header);
        let (answer, link) = self.ask(proof, Keep::Close, link).await?;
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
        let Some(header) = challenge.answer(credential, target, (self.entropy)()) else {
            return Ok(Ending::SignIn(Cause::AuthFailed, refused));
        };
        let (answer, _) = self.ask(Proof::Header(header), Keep::Close, None).await?;
        Ok(signed_in(answer))
    }

    async fn still_open(&self, mut link: Link, answer: &Answer) -> Option<Link> {
        let promised = answer.promises_to_stay();
        let open = answer.complete && link.stays_open(promised, self.deadline).await;
        open.then_some(link)
    }

    /// What the first request carries.
    fn first_proof(&self) -> Result<Proof, Cause> {
        let Some(credential) = self.delivery.credential.as_deref() else {
            return Ok(Proof::None);
        };
        match self.delivery.auth {
            AuthScheme::Basic if self.basic_is_safe() => {
                Ok(auth::basic(credential).map_or(Proof::None, Proof::Header))
            }
            AuthScheme::LegacyLogin if self.password_may_be_shown() => Ok(Proof::Query(
                auth::login_path(&self.delivery.path_and_query, credential),
            )),
            // It has no form without the password, so there is nothing to ask first.
            AuthScheme::LegacyLogin => Err(Cause::AuthNotAllowedInClear),
            _ => Ok(Proof::None),
        }
    }

    /// Why the password is not given to a phone that asks for it like this.
    fn refuses(&self, asked: Option<&Asked>) -> Option<Cause> {
        let (asked, _) = asked.zip(self.delivery.credential.as_deref())?;
        if self.is_downgrade(asked) {
            return Some(Cause::AuthDowngraded);
        }
        (!self.password_may_be_shown()).then_some(Cause::AuthNotAllowedInClear)
    }

    fn is_downgrade(&self, asked: &Asked) -> bool {
        matches!(asked, Asked::Basic) && self.in_clear() && self.asked_better_before()
    }

    fn in_clear(&self) -> bool {
        self.delivery.target.scheme == Scheme::Http
    }

    /// Over TLS, or at a site where somebody chose plain HTTP.
    fn password_may_be_shown(&self) -> bool {
        !self.in_clear() || self.delivery.security == TransportSecurity::PlainHttp
    }

    fn asked_better_before(&self) -> bool {
        let digest = matches!(
            self.delivery.auth,
            AuthScheme::DigestMd5 | AuthScheme::DigestSha256
        );
        digest || self.delivery.pin.is_some()
    }

    fn basic_is_safe(&self) -> bool {
        self.password_may_be_shown() && !(self.in_clear() && self.asked_better_before())
    }

    /// The connection is kept only where a Digest challenge may come back on it.
    fn keep_after(&self, proof: &Proof) -> Keep {
        let may_be_challenged = matches!(
            self.delivery.auth,
            AuthScheme::Unknown | AuthScheme::DigestMd5 | AuthScheme::DigestSha256
        );
        let may_answer = self.delivery.credential.is_some() && self.password_may_be_shown();
        if may_be_challenged && may_answer && !proof.is_given() {
            Keep::ForChallenge
        } else {
            Keep::Close
        }
    }

    /// Remembers what was asked for. Not a downgrade, or the next one would no longer be one; and
    /// not over a choice that a person made.
    fn learn(&mut self, asked: Option<&Asked>) {
        if self.delivery.auth != AuthScheme::LegacyLogin
            && let Some(asked) = asked.filter(|asked| !self.is_downgrade(asked))
        {
            self.learned_auth = Some(asked.scheme());
        }
    }

    /// A phone that answers without a password is remembered as such, unless it is remembered to
    /// ask for Digest: forgetting that would open the way to asking for Basic next.
    fn learn_from_success(&mut self, answer: &Answer, given: bool) {
        if !given
            && self.delivery.auth == AuthScheme::Unknown
            && (200..300).contains(&answer.status)
        {
            self.learned_auth = Some(AuthScheme::None);
        }
    }

    /// Sends one request, on the given connection or a fresh one.
    async fn ask(
        &mut self,
        proof: Proof,
        keep: Keep,
        link: Option<Link>,
    ) -> Result<(Answer, Link), Cause> {
        let given = proof.is_given();
        let (target, authorization) = match proof {
            Proof::None => (self.plain_target(), None),
            Proof::Header(header) => (self.plain_target(), Some(header)),
            Proof::Query(target) => (target, None),
        };
        let (mut answer, link) = match link {
            Some(link) => self.send_on(link, &target, authorization, keep).await?,
            None => self.send_fresh(&target, authorization, keep).await?,
        };
        answer.after_credentials = given;
        Ok((answer, link))
    }

    fn plain_target(&self) -> Zeroizing<String> {
        Zeroizing::new(self.delivery.path_and_query.as_str().to_owned())
    }

    /// Sends on the challenge's connection; on a fresh one if that was gone before a first byte.
    async fn send_on(
        &mut self,
        mut link: Link,
        target: &Zeroizing<String>,
        authorization: Option<HeaderValue>,
        keep: Keep,
    ) -> Result<(Answer, Link), Cause> {
        match self
            .exchange(&mut link, target, authorization.clone(), keep)
            .await
        {
            Ok(answer) => Ok((answer, link)),
            Err(NoAnswer::NotSent) => {
                drop(link);
                self.send_fresh(target, authorization, keep).await
            }
            Err(NoAnswer::Lost(cause)) => Err(cause),
        }
    }

    async fn send_fresh(
        &mut self,
        target: &Zeroizing<String>,
        authorization: Option<HeaderValue>,
        keep: Keep,
    ) -> Result<(Answer, Link), Cause> {
        let sent = async {
            let mut link = self.open().await?;
            let answer = self
                .exchange(&mut link, target, authorization, keep)
                .await?;
            Ok((answer, link))
        };
        sent.await.map_err(|failure| match failure {
            // Accepted and closed again before a byte left: as good as refused.
            NoAnswer::NotSent => Cause::Refused,
            NoAnswer::Lost(cause) => cause,
        })
    }

    async fn exchange(
        &self,
        link: &mut Link,
        target: &Zeroizing<String>,
        authorization: Option<HeaderValue>,
        keep: Keep,
    ) -> Result<Answer, NoAnswer> {
        let extra = Extra {
            authorization,
            keep,
        };
        let request = request::host(self.address, self.delivery.target.scheme)
            .and_then(|host| request::get(target, &host, extra, link.meter()));
        // A parsed path and an address always make a request.
        let request = request.ok_or(NoAnswer::Lost(Cause::Unsupported))?;
        link.exchange(request, &self.delivery.limits, self.deadline)
            .await
    }

    async fn open(&mut self) -> Result<Link, NoAnswer> {
        let verifier = self.tls.verifier(self.delivery, self.pin.as_deref());
        let way = Way {
            address: self.address,
            scheme: self.delivery.target.scheme,
            limits: &self.delivery.limits,
            deadline: self.deadline,
            tls: self.tls,
            verifier: &verifier,
        };
        let opened = way.open().await;
        match opened {
            Ok(wire) => {
                self.reached = true;
                // The second connection has to show the key of the first.
                self.pin = verifier.seen_pin().map(str::to_owned).or(self.pin.take());
                Link::over(wire).await
            }
            Err(failure) => {
                self.reached |= failure.reached;
                Err(NoAnswer::Lost(failure.cause))
            }
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
