//! What the connections of a fleet share.
//!
//! Owns the phones' states and keys, and the way from a called address to a decision that is
//! in the ledger.
//!
//! *Invariant:* a phone's lock is taken before the ledger's, and neither is held over a wait.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use carillon_domain::Mac;
use carillon_domain::outcome::Transport;
use carillon_domain::phone::{AuthScheme, Scheme};
use rustls::ServerConfig;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::auth;
use crate::config::{FleetConfig, Timing};
use crate::decide::{self, Scene, Verdict};
use crate::fleet::StartError;
use crate::ledger::{Disposition, Entry, Ledger};
use crate::phone::{SimulatedPhone, SimulatedSite};
use crate::plan::{self, Ports};
use crate::profile::Profile;
use crate::request::Request;
use crate::sip;
use crate::state::State;
use crate::tls::{Tls, TlsError};

/// What connections share.
#[derive(Debug)]
pub(crate) struct Switchboard {
    pub(crate) facts: Vec<SimulatedPhone>,
    pub(crate) phones: Vec<Phone>,
    pub(crate) by_address: HashMap<Ipv4Addr, usize>,
    pub(crate) by_mac: HashMap<Mac, usize>,
    /// Those that the SIP server knows.
    pub(crate) by_extension: HashMap<String, usize>,
    pub(crate) sites: Vec<SimulatedSite>,
    pub(crate) ledger: Ledger,
    pub(crate) timing: Timing,
    pub(crate) ports: Ports,
    seed: u64,
    pub(crate) start: Instant,
    numbers: AtomicU64,
    pub(crate) tls: Tls,
}

/// What changes of one phone.
#[derive(Debug)]
pub(crate) struct Phone {
    state: Mutex<State>,
    /// Connections open just now.
    pub(crate) open: AtomicU32,
    pub(crate) key: Mutex<Key>,
}

/// A phone's key, once somebody has asked for it.
#[derive(Debug, Default)]
pub(crate) struct Key {
    pub(crate) generation: u32,
    pub(crate) config: Option<Arc<ServerConfig>>,
}

/// Locks what nobody can leave half-changed: a panic elsewhere does not spoil it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The phones that the SIP server knows, by their extensions.
fn registered(facts: &[SimulatedPhone]) -> HashMap<String, usize> {
    let numbered = facts.iter().zip(0..);
    numbered
        .filter(|(phone, _)| !phone.inventory.sip_uri.is_empty())
        .map(|(phone, number)| (phone.extension.clone(), number))
        .collect()
}

impl Switchboard {
    pub(crate) fn new(config: &FleetConfig, ports: Ports) -> Result<Self, StartError> {
        let facts = plan::phones(config, ports);
        let ledger = Ledger::open(config.ledger_file.as_deref()).map_err(StartError::Ledger)?;
        let phone = |facts: &SimulatedPhone| Phone {
            state: Mutex::new(State::new(facts, config.seed)),
            open: AtomicU32::new(0),
            key: Mutex::default(),
        };
        Ok(Self {
            phones: facts.iter().map(phone).collect(),
            by_address: facts.iter().zip(0..).map(|(p, n)| (p.address, n)).collect(),
            by_mac: facts.iter().zip(0..).map(|(p, n)| (p.mac, n)).collect(),
            by_extension: registered(&facts),
            facts,
            sites: plan::sites(config),
            ledger,
            timing: config.timing,
            ports,
            seed: config.seed,
            start: Instant::now(),
            numbers: AtomicU64::new(0),
            tls: Tls::new(config.seed)?,
        })
    }

    pub(crate) fn state(&self, number: usize) -> MutexGuard<'_, State> {
        lock(&self.phones[number].state)
    }

    /// The TLS settings of a phone; its key is made here when nobody asked before.
    pub(crate) fn tls_of(&self, number: usize) -> Result<Arc<ServerConfig>, TlsError> {
        let mut key = lock(&self.phones[number].key);
        if let Some(config) = &key.config {
            return Ok(Arc::clone(config));
        }
        let config = self.tls.phone(self.facts[number].mac, key.generation)?;
        key.config = Some(Arc::clone(&config));
        Ok(config)
    }

    /// Lets a phone decide and writes it down; `None` when it has gone away meanwhile.
    pub(crate) fn decide(
        &self,
        number: usize,
        listener: Scheme,
        request: &Request,
    ) -> Option<Verdict> {
        let scene = Scene {
            phone: &self.facts[number],
            listener,
            now: self.start.elapsed(),
            timing: &self.timing,
            ports: self.ports,
            seed: self.seed,
            number: self.numbers.fetch_add(1, Relaxed),
        };
        let mut state = self.state(number);
        let verdict = state
            .is_up(scene.now)
            .then(|| decide::decide(&scene, &mut state, request));
        // Under the phone's lock, so that the ledger has its requests in the phone's own order.
        self.note(&scene, request, verdict.as_ref());
        verdict
    }

    /// Tells a phone by SIP and writes it down; the status that it answers, if it does.
    pub(crate) fn notify(&self, number: usize, event: &str, body: &str) -> Option<u16> {
        let now = self.start.elapsed();
        let mut state = self.state(number);
        let told = sip::tell(&mut state, (event, body), now, &self.timing);
        // Under the phone's lock, as for HTTP.
        self.ledger.append(&Entry {
            at: now,
            mac: self.facts[number].mac,
            listener: Transport::Sip,
            target: &format!("{event} {body}"),
            carried: AuthScheme::None,
            authenticated: told.executed.is_some(),
            disposition: told.disposition,
            status: told.status,
            executed: told.executed.as_deref(),
        });
        told.status
    }

    fn note(&self, scene: &Scene<'_>, request: &Request, verdict: Option<&Verdict>) {
        self.ledger.append(&Entry {
            at: scene.now,
            mac: scene.phone.mac,
            listener: scene.listener.into(),
            target: &request.asked.shown,
            carried: auth::carried(request),
            authenticated: verdict.is_some_and(|verdict| verdict.authenticated),
            disposition: verdict.map_or(Disposition::Dropped, |verdict| verdict.disposition),
            status: verdict.and_then(Verdict::status),
            executed: verdict.and_then(|verdict| verdict.executed.as_deref()),
        });
    }

    /// Answers what is no request.
    pub(crate) fn refuse(&self, number: usize, listener: Scheme) -> Answer {
        self.ledger.append(&Entry {
            at: self.start.elapsed(),
            mac: self.facts[number].mac,
            listener: listener.into(),
            target: "",
            carried: AuthScheme::None,
            authenticated: false,
            disposition: Disposition::BadRequest,
            status: Some(400),
            executed: None,
        });
        Answer::page(400, "Bad request")
    }

    /// Whether a phone takes a connection just now; it counts as open when it does.
    pub(crate) fn takes(&self, number: usize, listener: Scheme) -> bool {
        let state = self.state(number);
        let open = match listener {
            Scheme::Http => state.profile.takes_http(),
            Scheme::Https => state.profile.takes_https(),
        };
        let phone = &self.phones[number];
        let busy = state.profile == Profile::Serial && phone.open.load(Relaxed) > 0;
        if !open || busy || !state.is_up(self.start.elapsed()) {
            return false;
        }
        let parallel = phone.open.fetch_add(1, Relaxed) + 1;
        self.ledger.connected(parallel);
        true
    }
}
