//! Which way a claim takes: HTTP, or SIP NOTIFY, sent by us or by a PBX, and whether the other one
//! follows.
//!
//! Owns the choice. *Invariants:* SIP follows HTTP only after what surely did not reach the phone,
//! or after a refusal where the site allows it, and as a claim of its own; after an outcome that
//! nobody knows, nothing follows.

use std::sync::Arc;

use carillon_devices::{ActionBody, Credential, Hop, Message, Notify, Pbx, PbxInterface};
use carillon_domain::action::{CheckedAction, uri};
use carillon_domain::job::{TransportChoice, may_take_second_way, may_try_again};
use carillon_domain::outcome::Transport;
use carillon_domain::sip::{NotifyWay, SipAddress, SipProfile, SipTransport, SipUse};
use carillon_domain::{Cause, TargetState};
use carillon_store::{CallRow, ClaimedTarget, TargetResult};
use tokio::time::Instant;

use crate::dispatch::facts::JobFacts;
use crate::dispatch::sip_desks::{SipDesk, SipDesks};

/// The way of one claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// HTTP, and nothing behind it.
    Http,
    /// HTTP; SIP comes next where the cause allows it.
    HttpThenSip {
        /// Also after the phone refused.
        after_forbidden: bool,
    },
    /// SIP, from the beginning.
    Sip,
    /// SIP, because HTTP did not reach the phone.
    SipAfterHttp,
}

impl Way {
    /// Chooses for a claim.
    pub(super) fn of(
        choice: TransportChoice,
        action: &CheckedAction,
        (target, phone): (&ClaimedTarget, &CallRow),
        desks: &SipDesks,
    ) -> Self {
        let sip = desks.of(phone).filter(|desk| {
            action.entry().travels_by_sip() && next_hop(&desk.profile, phone).is_some()
        });
        let by_http = action.entry().travels_by_http() && phone.address.is_some();
        match (choice, sip) {
            (TransportChoice::Http | TransportChoice::Https, _) => Self::Http,
            (TransportChoice::Auto, None) if action.entry().travels_by_http() => Self::Http,
            (TransportChoice::Auto, Some(desk))
                if by_http && desk.profile.used == SipUse::Second =>
            {
                let after_forbidden = desk.profile.after_forbidden;
                // Nobody judged the phones of one address together for a way that may not be taken.
                if desks.is_shared(desk, phone) {
                    Self::Http
                } else if follows(target, after_forbidden) {
                    Self::SipAfterHttp
                } else {
                    Self::HttpThenSip { after_forbidden }
                }
            }
            (TransportChoice::Auto | TransportChoice::Sip, _) => Self::Sip,
        }
    }

    pub(super) const fn is_sip(self) -> bool {
        matches!(self, Self::Sip | Self::SipAfterHttp)
    }

    /// Which try this is: HTTP and SIP after it are one.
    pub(super) const fn tries(self, attempts: u32) -> u32 {
        match self {
            Self::SipAfterHttp => attempts.div_ceil(2),
            _ => attempts,
        }
    }

    /// Whether looking at the phone over HTTP can tell anything: not where HTTP has just failed.
    pub(super) const fn may_be_looked_at(self, phone: &CallRow) -> bool {
        match self {
            Self::Http | Self::HttpThenSip { .. } => true,
            Self::Sip => phone.address.is_some(),
            Self::SipAfterHttp => false,
        }
    }

    /// Lets a phone that HTTP did not reach wait for its second way. True when it does.
    pub(super) fn goes_on(self, result: &mut TargetResult) -> bool {
        let Self::HttpThenSip { after_forbidden } = self else {
            return false;
        };
        let may = |cause| may_take_second_way(cause, after_forbidden);
        let goes_on = result.state == TargetState::Failed && result.cause.is_some_and(may);
        if goes_on {
            result.state = TargetState::Waiting;
            result.retry_at = Some(result.at);
        }
        goes_on
    }
}

/// Whether the attempt before this one was over HTTP and ended so that SIP comes next.
fn follows(target: &ClaimedTarget, after_forbidden: bool) -> bool {
    let by_http = matches!(
        target.target.transport,
        Some(Transport::Http | Transport::Https)
    );
    let may = |cause| may_take_second_way(cause, after_forbidden);
    by_http && target.last_cause.is_some_and(may)
}

/// The cause with which a claim ends that has no way left: it waited for SIP after HTTP, and SIP was
/// taken away meanwhile. Another try over HTTP is not what was asked for.
pub(super) fn without_second_way(
    way: Way,
    facts: &JobFacts,
    target: &ClaimedTarget,
) -> Option<Cause> {
    let by_http = matches!(
        target.target.transport,
        Some(Transport::Http | Transport::Https)
    );
    let cause = target.last_cause.filter(|_| by_http && !way.is_sip())?;
    let tries = u32::try_from(target.target.attempts).unwrap_or(u32::MAX);
    let again = tries <= facts.options.retries.saturating_add(1)
        && may_try_again(facts.action.entry().class, cause);
    (!again).then_some(cause)
}

/// Whom a NOTIFY asks for, and the address that it is sent to.
fn next_hop(
    profile: &SipProfile,
    phone: &CallRow,
) -> Option<(SipAddress, (std::net::IpAddr, u16))> {
    let account: SipAddress = phone.sip_uri.parse().ok()?;
    if let Some(proxy) = profile.proxy {
        return Some((account, (proxy, profile.port())));
    }
    if profile.way.is_pbx() {
        return None;
    }
    let literal = account.host_address();
    let address = literal.or(phone.address)?;
    let port = literal.and(account.port()).unwrap_or(profile.port());
    Some((account.at(address, port), (address, port)))
}

/// A NOTIFY, and what it was made of.
pub(super) struct Written {
    pub(super) notify: Notify,
    pub(super) desk: Arc<SipDesk>,
    pub(super) phone: CallRow,
    pub(super) include_protected: bool,
    /// What is known from before says nothing of it.
    pub(super) made: Instant,
}

impl Written {
    /// Whether it may still leave as things are now. Learns on the way whom else it reaches.
    pub(super) fn holds(&mut self, now: &SipDesks) -> bool {
        self.notify.shared |= now.is_shared(&self.desk, &self.phone);
        let spares = self.include_protected || !now.reaches_protected(&self.desk, &self.phone);
        spares && now.stand_as(&self.desk, &self.phone)
    }
}

/// The NOTIFY for a phone, or why there is none.
pub(super) fn notify(
    facts: &JobFacts,
    phone: &CallRow,
    desks: &SipDesks,
    credential: Option<Arc<Credential>>,
) -> Result<Written, Cause> {
    let desk = desks.of(phone).ok_or(Cause::NoAddress)?;
    let include_protected = facts.options.include_protected;
    if !include_protected && desks.reaches_protected(desk, phone) {
        return Err(Cause::AddressOfOthers);
    }
    Ok(Written {
        notify: write(&facts.action, phone, (desk, desks), credential)?,
        desk: Arc::clone(desk),
        phone: phone.clone(),
        include_protected,
        made: Instant::now(),
    })
}

fn write(
    action: &CheckedAction,
    phone: &CallRow,
    (desk, desks): (&SipDesk, &SipDesks),
    credential: Option<Arc<Credential>>,
) -> Result<Notify, Cause> {
    let profile = &desk.profile;
    let (to, (address, port)) = next_hop(profile, phone).ok_or(Cause::NoAddress)?;
    let named = profile.proxy.is_some() && profile.transport == SipTransport::Tls;
    Ok(Notify {
        mac: phone.mac,
        hop: Hop {
            address,
            port,
            transport: profile.transport,
            tls_name: named.then(|| profile.tls_name.clone()),
            ca_pem: desk.ca_pem.clone(),
            passes_on: profile.proxy.is_some(),
            rate: profile.rate,
            pbx: pbx(profile),
        },
        shared: desks.is_shared(desk, phone),
        to,
        from: profile.from.clone(),
        realm: profile.realm().to_owned(),
        message: message(action, phone).ok_or(Cause::Unsupported)?,
        credential,
    })
}

/// How the PBX of a site is asked, where it has one.
fn pbx(profile: &SipProfile) -> Option<Pbx> {
    let interface = match profile.way {
        NotifyWay::Sip => return None,
        NotifyWay::Ami => PbxInterface::Ami,
        NotifyWay::Esl => PbxInterface::Esl {
            profile: profile.pbx_profile.clone(),
        },
    };
    Some(Pbx {
        interface,
        password_in_clear: profile.password_in_clear,
    })
}

fn message(action: &CheckedAction, phone: &CallRow) -> Option<Message> {
    if let Some(reboot) = action.check_sync() {
        return Some(Message::CheckSync { reboot });
    }
    let body = uri::notify_body(action, phone.dial_form)?;
    Some(Message::ActionUri(ActionBody::parse(body.as_str()).ok()?))
}
