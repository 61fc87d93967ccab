//! From a claimed target to a delivery.
//!
//! Owns where a request goes and with which credential, over HTTP as over SIP. *Invariant:* a
//! password is opened only here, just before it is sent, and leaves in nothing but the delivery.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use carillon_devices::{Credential, Delivery, Limits, PathAndQuery, Target};
use carillon_domain::action::{CheckedAction, uri};
use carillon_domain::job::{EffectiveOptions, TransportChoice};
use carillon_domain::phone::{Scheme, TransportSecurity};
use carillon_domain::{Cause, Mac};
use carillon_store::{Call, CallRow, CredentialRow, SiteRow};
use tokio::time::Instant;

use crate::Engine;
use crate::dispatch::believed;
use crate::dispatch::facts::JobFacts;
use crate::dispatch::line::Line;
use crate::dispatch::recorder::Granted;
use crate::dispatch::refusals::Carried;
use crate::dispatch::sip_desks::SipDesks;
use crate::dispatch::way::{self, Way, Written};
use crate::error::Result;
use crate::secrets::Place;

/// How long the rules of sites hold before they are read again.
const SITES_FOR: Duration = Duration::from_secs(1);

/// What all deliveries of one job share.
pub(super) struct Desk {
    facts: Arc<JobFacts>,
    sites: RwLock<Arc<Sites>>,
    /// Before SIP servers.
    pub(super) line: Line,
}

impl Desk {
    /// Reads a job that can run; `None` when it is gone, or somebody else wrote it.
    pub(super) async fn open(engine: &Engine, job: &str) -> Result<Option<Self>> {
        let read = engine.store.job_to_run(job).await;
        let Some((row, believed)) = engine.believed(read).await? else {
            return Ok(None);
        };
        let Some((list, believed)) = believed::list_of(engine, job, believed).await? else {
            return Ok(None);
        };
        let facts = JobFacts::read(engine, (row, believed), list).await?;
        Ok(Some(Self {
            facts: Arc::new(facts),
            sites: RwLock::new(Arc::new(Sites::read(engine).await?)),
            line: Line::default(),
        }))
    }

    /// Reads the rules of the sites again, if that is a second ago: a long job goes on by the rule that
    /// holds now.
    pub(super) async fn look_again(&self, engine: &Engine) -> Result<()> {
        if self.rules().at.elapsed() < SITES_FOR {
            return Ok(());
        }
        let now = Arc::new(Sites::read(engine).await?);
        *self.sites.write().unwrap_or_else(PoisonError::into_inner) = now;
        Ok(())
    }

    fn rules(&self) -> Arc<Sites> {
        let sites = self.sites.read().unwrap_or_else(PoisonError::into_inner);
        sites.clone()
    }

    pub(super) const fn facts(&self) -> &Arc<JobFacts> {
        &self.facts
    }

    pub(super) fn window(&self) -> usize {
        self.facts.options.window.max(1) as usize
    }

    fn site(&self, phone: &CallRow) -> Option<Rule> {
        self.rules().all.get(phone.site.as_deref()?).cloned()
    }
}

/// How a site's phones are spoken to, with its own authority.
type Rule = (TransportSecurity, Option<Arc<str>>);

/// The rules of all sites, and when they were read.
struct Sites {
    all: HashMap<String, Rule>,
    at: Instant,
}

impl Sites {
    async fn read(engine: &Engine) -> Result<Self> {
        let at = Instant::now();
        let rows = engine.store.sites().await?.into_iter();
        let rule = |row: SiteRow| {
            let ca = row.site.ca_pem.as_deref().map(Arc::from);
            (row.site.slug, (row.site.transport_security, ca))
        };
        Ok(Self {
            all: rows.map(rule).collect(),
            at,
        })
    }
}

/// What is sent.
pub(super) enum Sending {
    /// A request over HTTP.
    Request(Box<Delivery>),
    /// A NOTIFY.
    Notify(Box<Written>),
}

/// What is to be sent, or why there is nothing, and the credential that it carries.
pub(super) struct Prepared {
    pub(super) sending: Result<Sending, Cause>,
    pub(super) credential: Option<Carried>,
    pub(super) way: Way,
    /// Whether looking at the phone afterwards can tell anything.
    pub(super) may_be_looked_at: bool,
}

impl Prepared {
    /// A claim that ends with nothing sent.
    const fn left_out(cause: Cause) -> Self {
        Self {
            sending: Err(cause),
            credential: None,
            way: Way::Http,
            may_be_looked_at: false,
        }
    }
}

/// The credential with which one phone is called, opened.
pub(super) fn opened(engine: &Engine, call: &Call) -> Option<Arc<Credential>> {
    let sealed = call.credential.as_ref()?;
    open_credential(engine, sealed)
}

/// A credential that cannot be opened is none: the phone will say that it wants one.
fn open_credential(engine: &Engine, row: &CredentialRow) -> Option<Arc<Credential>> {
    let place = Place::credential(row.name.as_str(), row.secret_version);
    match engine.keyring().ok()?.open_text(&place, &row.secret) {
        Ok(password) => Some(Arc::new(Credential {
            username: row.username.clone(),
            password,
        })),
        Err(error) => {
            tracing::error!(%error, credential.name = row.name, "a stored credential cannot be opened");
            None
        }
    }
}

/// The deliveries of a chunk of claims, in their order; a cause where one cannot be made. Each
/// credential is opened once.
pub(super) fn prepare(
    engine: &Engine,
    desk: &Desk,
    sip: &SipDesks,
    granted: &[Granted],
) -> Vec<Prepared> {
    let mut opened = Opened::new();
    let prepared = granted
        .iter()
        .map(|granted| prepare_granted(engine, (desk, sip), granted, &mut opened));
    prepared.collect()
}

type Opened<'a> = HashMap<&'a str, Option<Arc<Credential>>>;

fn prepare_granted<'a>(
    engine: &Engine,
    (desk, desks): (&'a Desk, &'a SipDesks),
    granted: &'a Granted,
    opened: &mut Opened<'a>,
) -> Prepared {
    // A phone without a row was deleted since the job was made.
    let Some(call) = &granted.call else {
        return Prepared::left_out(Cause::NoAddress);
    };
    // Nobody agreed to that who may: it was protected since the job was made.
    if call.row.protected && !desk.facts.options.include_protected {
        return Prepared::left_out(Cause::Protected);
    }
    let (action, sip) = (&desk.facts.action, desks.of(&call.row));
    let choice = desk.facts.options.transport;
    let claim = (&granted.target, &call.row);
    let way = Way::of(choice, action, claim, desks);
    let sealed = if way.is_sip() {
        sip.and_then(|sip| sip.credential.as_deref())
    } else {
        call.credential.as_deref()
    };
    let credential = sealed.and_then(|row| {
        let open = || open_credential(engine, row);
        opened.entry(&row.name).or_insert_with(open).clone()
    });
    Prepared {
        credential: sealed.filter(|_| credential.is_some()).map(Carried::of),
        sending: if let Some(cause) = way::without_second_way(way, &desk.facts, &granted.target) {
            Err(cause)
        } else if way.is_sip() {
            way::notify(&desk.facts, &call.row, desks, credential)
                .map(|written| Sending::Notify(Box::new(written)))
        } else {
            prepare_one(desk, action, &call.row, credential)
                .map(|delivery| Sending::Request(Box::new(delivery)))
        },
        may_be_looked_at: way.may_be_looked_at(&call.row),
        way,
    }
}

/// The question that tells a phone's settings, to see whether a command had its effect.
pub(super) async fn question(
    engine: &Engine,
    desk: &Desk,
    mac: Mac,
) -> Result<Result<Delivery, Cause>> {
    desk.look_again(engine).await?;
    let calls = engine.store.calls(&[mac], engine.clock.now()).await?;
    let (Some(call), Some(action)) = (calls.get(&mac), CheckedAction::read_settings()) else {
        return Ok(Err(Cause::NoAddress));
    };
    let sealed = call.credential.as_ref();
    let credential = sealed.and_then(|row| open_credential(engine, row));
    Ok(prepare_one(desk, &action, &call.row, credential))
}

fn prepare_one(
    desk: &Desk,
    action: &CheckedAction,
    phone: &CallRow,
    credential: Option<Arc<Credential>>,
) -> Result<Delivery, Cause> {
    let (security, ca_pem) = desk
        .site(phone)
        .unwrap_or((TransportSecurity::Pinned, None));
    let place = place(phone, security, &desk.facts.options).ok_or(Cause::NoAddress)?;
    let path = uri::request_target(action, phone.url_form, phone.dial_form);
    let path = PathAndQuery::parse(path.as_str()).map_err(|_| Cause::Unsupported)?;
    let mut delivery = Delivery::new(phone.mac, place, path);
    delivery.auth = phone.auth_scheme;
    delivery.pin.clone_from(&phone.tls_pin);
    delivery.security = security;
    delivery.ca_pem = ca_pem;
    delivery.limits = Limits::within(desk.facts.options.timeout());
    delivery.credential = credential;
    Ok(delivery)
}

/// Where a phone is spoken to.
pub(super) fn place(
    phone: &CallRow,
    security: TransportSecurity,
    options: &EffectiveOptions,
) -> Option<Target> {
    let usual = match security {
        TransportSecurity::PlainHttp => Scheme::Http,
        TransportSecurity::Pinned | TransportSecurity::PrivateCa => Scheme::Https,
    };
    let scheme = match options.transport {
        TransportChoice::Auto | TransportChoice::Sip => phone.scheme.unwrap_or(usual),
        TransportChoice::Http => Scheme::Http,
        TransportChoice::Https => Scheme::Https,
    };
    let port = phone.port.unwrap_or(scheme.default_port());
    Some(Target {
        address: phone.address?,
        port,
        scheme,
    })
}
