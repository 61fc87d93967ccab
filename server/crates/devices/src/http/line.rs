//! The line to one phone during a delivery.
//!
//! Owns opening connections and putting requests on them, one connection at a time, and that all
//! connections of a delivery lead to the same key.

use std::net::SocketAddr;

use bytes::Bytes;
use carillon_domain::Cause;
use carillon_domain::phone::Scheme;
use http::HeaderValue;
use rustls::pki_types::ServerName;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::answer::Answer;
use super::exchange::{Link, NoAnswer};
use super::request::{self, Extra, Keep};
use crate::connect::Way;
use crate::delivery::{Delivery, Limits};
use crate::patience::Patience;
use crate::tls::TlsClient;

/// The line to one phone.
pub(super) struct Line<'a> {
    tls: &'a TlsClient,
    delivery: &'a Delivery,
    address: SocketAddr,
    /// What the request line and `Host` say. `None` where they cannot be sent.
    plain: Option<Asked>,
    deadline: Instant,
    /// The key that the phone has to show: the remembered one, else that of the first connection.
    pin: Option<String>,
    /// The key that stopped the delivery, because it was another.
    other_pin: Option<String>,
    reached: bool,
    patience: Patience,
}

/// What a request says about who asks.
pub(super) enum Proof {
    /// Nothing.
    None,
    /// A header.
    Header(HeaderValue),
    /// The login in the query.
    Query(Zeroizing<String>),
}

impl Proof {
    pub(super) const fn is_given(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// What the request line asks for, and `Host`.
type Asked = (Bytes, HeaderValue);

fn plain_target(delivery: &Delivery) -> Bytes {
    request::wiped(Zeroizing::new(delivery.path_and_query.as_str().to_owned()))
}

impl<'a> Line<'a> {
    pub(super) fn new(
        tls: &'a TlsClient,
        delivery: &'a Delivery,
        address: SocketAddr,
        started: Instant,
    ) -> Self {
        Self {
            tls,
            delivery,
            address,
            plain: request::host(address, delivery.target.scheme)
                .map(|host| (plain_target(delivery), host)),
            deadline: started + delivery.limits.whole.min(Limits::MAX_WHOLE),
            pin: delivery.pin.clone(),
            other_pin: None,
            reached: false,
            patience: Patience::default(),
        }
    }

    /// Whether anything answered.
    pub(super) const fn reached(&self) -> bool {
        self.reached
    }

    /// The key shown instead of the one that had to be.
    pub(super) fn other_pin(&self) -> Option<&str> {
        self.other_pin.as_deref()
    }

    /// The key of the first contact, where none was remembered.
    pub(super) fn into_learned_pin(self) -> Option<String> {
        match self.delivery.pin {
            None => self.pin,
            Some(_) => None,
        }
    }

    /// The connection, if the phone kept it open behind its answer.
    pub(super) async fn still_open(
        &mut self,
        mut link: Box<Link>,
        answer: &Answer,
    ) -> Option<Box<Link>> {
        let promised = answer.promises_to_stay();
        let until = self.deadline;
        let open = answer.complete && link.stays_open(promised, until, &mut self.patience).await;
        open.then_some(link)
    }

    /// Sends one request, on the given connection or a fresh one.
    pub(super) async fn ask(
        &mut self,
        proof: Proof,
        keep: Keep,
        link: Option<Box<Link>>,
    ) -> Result<(Answer, Box<Link>), Cause> {
        let given = proof.is_given();
        // A parsed path and an address always make a request.
        let plain = self.plain.clone().ok_or(Cause::Unsupported)?;
        let (target, authorization) = match proof {
            Proof::None => (plain, None),
            Proof::Header(header) => (plain, Some(header)),
            Proof::Query(target) => ((request::wiped(target), plain.1), None),
        };
        let (mut answer, link) = match link {
            Some(link) => self.send_on(link, &target, authorization, keep).await?,
            None => self.send_fresh(&target, authorization, keep).await?,
        };
        answer.after_credentials = given;
        Ok((answer, link))
    }

    /// Sends on the challenge's connection; on a fresh one if that was gone before a first byte.
    async fn send_on(
        &mut self,
        mut link: Box<Link>,
        target: &Asked,
        authorization: Option<HeaderValue>,
        keep: Keep,
    ) -> Result<(Answer, Box<Link>), Cause> {
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
        target: &Asked,
        authorization: Option<HeaderValue>,
        keep: Keep,
    ) -> Result<(Answer, Box<Link>), Cause> {
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
        &mut self,
        link: &mut Link,
        (target, host): &Asked,
        authorization: Option<HeaderValue>,
        keep: Keep,
    ) -> Result<Answer, NoAnswer> {
        let extra = Extra {
            authorization,
            keep,
        };
        let request = request::get(target, host, extra, link.meter());
        let request = request.ok_or(NoAnswer::Lost(Cause::Unsupported))?;
        let limits = &self.delivery.limits;
        link.exchange(request, (limits, self.deadline), &mut self.patience)
            .await
    }

    fn tls_name(&self) -> Option<ServerName<'static>> {
        let secure = self.delivery.target.scheme == Scheme::Https;
        secure.then(|| ServerName::from(self.address.ip()))
    }

    async fn open(&mut self) -> Result<Box<Link>, NoAnswer> {
        let verifier = self.tls.verifier(self.delivery, self.pin.as_deref());
        let way = Way {
            address: self.address,
            tls_name: self.tls_name(),
            limits: &self.delivery.limits,
            deadline: self.deadline,
            tls: self.tls,
            verifier: &verifier,
            looking: self.delivery.looking,
            piece_by_piece: true,
        };
        let opened = way.open(&mut self.patience).await;
        match opened {
            Ok(wire) => {
                self.reached = true;
                // The second connection has to show the key of the first.
                self.pin = verifier.seen_pin().map(str::to_owned).or(self.pin.take());
                let mut link = Link::over(wire).await?;
                if self.delivery.looking && !link.is_taken(self.deadline, &mut self.patience).await
                {
                    return Err(NoAnswer::NotSent);
                }
                Ok(link)
            }
            Err(failure) => {
                self.reached |= failure.reached;
                if failure.cause == Cause::TlsIdentityChanged {
                    self.other_pin = verifier.seen_pin().map(str::to_owned);
                }
                Err(NoAnswer::Lost(failure.cause))
            }
        }
    }
}
