//! The connections to SIP servers: one for each destination, opened when it is needed.
//!
//! Owns who opens one and who waits for it. *Invariants:* while one is being opened nobody opens a
//! second, and a failure to open it counts for all who waited for it; beside those that carry
//! something now, at most [`MAX_KEPT`] are kept.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use carillon_domain::Cause;
use carillon_domain::sip::SipTransport;
use rustls::pki_types::ServerName;
use tokio::time::{Instant, timeout_at};

use super::answer::SipAnswer;
use super::clockwork;
use super::conversation::Asking;
use super::link::{Link, Lost};
use super::notify::Hop;
use crate::connect::Way;
use crate::delivery::Limits;
use crate::patience::Patience;
use crate::tls::TlsClient;
use crate::wire::Wire;

/// Destinations that are remembered before those that carry nothing now are forgotten, with their
/// connections: a fleet that is spoken to straight would leave one with each phone.
const MAX_KEPT: usize = 64;

/// What tells connections apart: where to, and whom to trust there.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    address: SocketAddr,
    tls: Option<(Option<String>, Option<Arc<str>>)>,
}

#[derive(Default)]
struct Place {
    link: Option<Link>,
    failed: Option<(Instant, Cause)>,
}

type Slot = Arc<tokio::sync::Mutex<Place>>;

/// All connections.
#[derive(Default)]
pub(super) struct Links(Mutex<HashMap<Key, Slot>>);

impl Links {
    /// Sends a request over the connection to `address` and waits for its final answer.
    pub(super) async fn ask(
        &self,
        tls: &TlsClient,
        address: SocketAddr,
        asking: &Asking<'_>,
    ) -> Result<SipAnswer, Cause> {
        let end = clockwork::end(Instant::now(), asking.t1());
        for _ in 0..2 {
            let link = self.link(tls, address, asking.hop()).await?;
            let request = asking.write(link.local())?;
            let asked = link.ask(asking.branch(), request);
            match timeout_at(end, asked).await {
                Err(_) => return Err(Cause::SipTimeout),
                Ok(Ok(answer)) if asking.is_answered_by(&answer) => return Ok(answer),
                Ok(Ok(_)) => return Err(Cause::BadAnswer),
                Ok(Err(Lost::MaybeSent(cause))) => return Err(cause),
                // The connection had been closed meanwhile: once more, on a fresh one.
                Ok(Err(Lost::NotSent)) => {}
            }
        }
        Err(Cause::Refused)
    }

    async fn link(&self, tls: &TlsClient, address: SocketAddr, hop: &Hop) -> Result<Link, Cause> {
        let asked = Instant::now();
        let slot = self.slot(address, hop);
        let mut place = slot.lock().await;
        if let Some(link) = place.link.as_ref().filter(|link| link.is_open()) {
            return Ok(link.clone());
        }
        if let Some((_, cause)) = place.failed.filter(|(when, _)| *when >= asked) {
            return Err(cause);
        }
        match open(tls, address, hop).await {
            Ok(link) => {
                place.link = Some(link.clone());
                Ok(link)
            }
            Err(cause) => {
                *place = Place {
                    link: None,
                    failed: Some((Instant::now(), cause)),
                };
                Err(cause)
            }
        }
    }

    fn slot(&self, address: SocketAddr, hop: &Hop) -> Slot {
        let tls = (hop.transport == SipTransport::Tls)
            .then(|| (hop.tls_name.clone(), hop.ca_pem.clone()));
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MAX_KEPT {
            slots.retain(|_, slot| is_needed(slot));
        }
        Arc::clone(slots.entry(Key { address, tls }).or_default())
    }
}

/// Whether somebody is about to open the connection, or it carries something now.
fn is_needed(slot: &Slot) -> bool {
    let carries = |place: &Place| place.link.as_ref().is_some_and(Link::is_needed);
    Arc::strong_count(slot) > 1 || slot.try_lock().is_ok_and(|place| carries(&place))
}

async fn open(tls: &TlsClient, address: SocketAddr, hop: &Hop) -> Result<Link, Cause> {
    let wire = connect(tls, address, hop).await?;
    let local = wire.local_address().map_err(|_| Cause::Refused)?;
    Ok(Link::over(wire, local))
}

/// Opens a connection to the next hop. Nothing of a command has left when this fails.
pub(crate) async fn connect(
    tls: &TlsClient,
    address: SocketAddr,
    hop: &Hop,
) -> Result<Wire, Cause> {
    let limits = Limits::default();
    let verifier = tls.sip_verifier(hop.ca_pem.as_deref(), hop.tls_name.is_some());
    let way = Way {
        address,
        tls_name: tls_name(address, hop)?,
        limits: &limits,
        deadline: Instant::now() + limits.whole,
        tls,
        verifier: &verifier,
        looking: false,
        piece_by_piece: false,
    };
    way.open(&mut Patience::default())
        .await
        .map_err(|not_opened| not_opened.cause)
}

/// Whom TLS has to be spoken with; `None` without TLS.
fn tls_name(address: SocketAddr, hop: &Hop) -> Result<Option<ServerName<'static>>, Cause> {
    if hop.transport != SipTransport::Tls {
        return Ok(None);
    }
    let Some(name) = &hop.tls_name else {
        return Ok(Some(ServerName::from(address.ip())));
    };
    let name = ServerName::try_from(name.clone()).map_err(|_| Cause::TlsFailed)?;
    Ok(Some(name))
}
