//! A running fleet.
//!
//! Owns the listeners, the phones behind them and the tasks of their connections. When it is
//! dropped or stopped, nothing of it is left.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use carillon_domain::Mac;
use carillon_domain::phone::Scheme;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::answer::Answer;
use crate::config::{ConfigError, FleetConfig, Timing};
use crate::connection::{self, Call};
use crate::decide::{self, Scene, Verdict};
use crate::inventory;
use crate::ledger::{Disposition, Entry, Ledger};
use crate::listen::{self, BlackHole, Refused};
use crate::password::Password;
use crate::phone::{PhoneStatus, SimulatedPhone, SimulatedSite};
use crate::plan::{self, Ports};
use crate::profile::{Auth, Profile};
use crate::request::Request;
use crate::state::State;
use crate::tls::{Tls, TlsError};

/// Simulated phones on real sockets.
#[derive(Debug)]
pub struct Fleet {
    inner: Arc<Inner>,
    tasks: TaskTracker,
    stop: DropGuard,
    /// Sockets that only need to exist.
    _deaf: (Option<Refused>, Option<BlackHole>),
}

/// Why a fleet did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings make no fleet.
    #[error("the fleet cannot be built")]
    Config(#[from] ConfigError),
    /// A port cannot be had.
    #[error("cannot listen on port {0}")]
    Listen(u16, #[source] io::Error),
    /// An address where nobody answers cannot be set up.
    #[error("cannot set up the addresses where nobody answers")]
    Deaf(#[source] io::Error),
    /// The ledger's file cannot be opened.
    #[error("cannot open the ledger's file")]
    Ledger(#[source] io::Error),
    /// TLS cannot be set up.
    #[error("cannot set up TLS of the phones")]
    Tls(#[from] TlsError),
}

/// The fleet has no such phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fleet has no phone {0}")]
pub struct UnknownPhone(pub Mac);

/// What connections share.
#[derive(Debug)]
pub(crate) struct Inner {
    facts: Vec<SimulatedPhone>,
    pub(crate) phones: Vec<Phone>,
    by_address: HashMap<Ipv4Addr, usize>,
    by_mac: HashMap<Mac, usize>,
    sites: Vec<SimulatedSite>,
    pub(crate) ledger: Ledger,
    pub(crate) timing: Timing,
    ports: Ports,
    seed: u64,
    start: Instant,
    numbers: AtomicU64,
    tls: Tls,
}

/// What changes of one phone.
#[derive(Debug)]
pub(crate) struct Phone {
    state: Mutex<State>,
    /// Connections open just now.
    pub(crate) open: AtomicU32,
    key: Mutex<Key>,
}

/// A phone's key, once somebody has asked for it.
#[derive(Debug, Default)]
struct Key {
    generation: u32,
    config: Option<Arc<ServerConfig>>,
}

/// Locks what nobody can leave half-changed: a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fleet {
    /// Builds the phones and opens their ports. Returns when they answer.
    ///
    /// # Errors
    /// When the settings make no fleet, or a port or file cannot be had.
    pub async fn start(config: FleetConfig) -> Result<Self, StartError> {
        config.check()?;
        let http = bind(config.http_port)?;
        let https = bind(config.https_port)?;
        let deaf = deaf(&config).await.map_err(StartError::Deaf)?;
        let ports = Ports {
            http: port(&http)?,
            https: port(&https)?,
            refused: deaf.0.as_ref().map_or(0, |socket| socket.port),
            black_hole: deaf.1.as_ref().map_or(0, |hole| hole.port),
        };
        let inner = Arc::new(Inner::new(&config, ports)?);
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        for (listener, scheme) in [(http, Scheme::Http), (https, Scheme::Https)] {
            let door = FrontDoor {
                fleet: Arc::clone(&inner),
                scheme,
                tasks: tasks.clone(),
                stop: stop.clone(),
            };
            tasks.spawn(async move { door.open(listener).await });
        }
        Ok(Self {
            inner,
            tasks,
            stop: stop.drop_guard(),
            _deaf: deaf,
        })
    }

    /// Closes every socket and waits until all tasks have ended.
    pub async fn stop(self) {
        drop(self.stop);
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Port of the HTTP listener.
    pub fn http_port(&self) -> u16 {
        self.inner.ports.http
    }

    /// Port of the HTTPS listener.
    pub fn https_port(&self) -> u16 {
        self.inner.ports.https
    }

    /// Every phone, in order of sites and addresses.
    pub fn phones(&self) -> &[SimulatedPhone] {
        &self.inner.facts
    }

    /// The phone that really has this MAC address.
    pub fn phone(&self, mac: Mac) -> Option<&SimulatedPhone> {
        let number = self.inner.by_mac.get(&mac)?;
        self.inner.facts.get(*number)
    }

    /// Every site, with the credential that the inventory should have for it.
    pub fn sites(&self) -> &[SimulatedSite] {
        &self.inner.sites
    }

    /// The phone list for the product's import, mistakes included.
    pub fn inventory_csv(&self) -> String {
        inventory::csv(self.inner.facts.iter().map(|phone| &phone.inventory))
    }

    /// What the phones saw and did.
    pub fn ledger(&self) -> Ledger {
        self.inner.ledger.clone()
    }

    /// Time since the start, as the ledger counts it.
    pub fn elapsed(&self) -> Duration {
        self.inner.start.elapsed()
    }

    /// How a phone is just now.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn status(&self, mac: Mac) -> Result<PhoneStatus, UnknownPhone> {
        let number = self.number(mac)?;
        let now = self.elapsed();
        let state = self.inner.state(number);
        Ok(PhoneStatus {
            up: state.is_up(now) && state.profile.is_there(),
            uptime: now.saturating_sub(state.booted_at),
            reboots: state.reboots,
            firmware: state.firmware.clone(),
            dnd: state.dnd,
            always_forward: state.always.clone(),
            busy_forward: state.busy.clone(),
            no_answer_forward: state.no_answer.clone(),
            volume: state.volume,
            screen: state.screen.clone(),
            provisioned: state.provisioned,
            connections: self.inner.phones[number].open.load(Relaxed),
        })
    }

    /// Makes a phone behave otherwise from now on. What the profile says about authentication
    /// goes with it; ports in the inventory stay.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn set_profile(&self, mac: Mac, profile: Profile) -> Result<(), UnknownPhone> {
        self.change(mac, |state| {
            state.profile = profile;
            if let Some(auth) = profile.auth() {
                state.auth = auth;
            }
        })
    }

    /// Makes a phone ask for its password otherwise.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn set_auth(&self, mac: Mac, auth: Auth) -> Result<(), UnknownPhone> {
        self.change(mac, |state| state.auth = auth)
    }

    /// Gives a phone another password.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn set_password(&self, mac: Mac, password: &str) -> Result<(), UnknownPhone> {
        self.change(mac, |state| state.password = Password::from(password))
    }

    /// Presses OK on a phone that shows "Allow remote control?".
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn accept_prompt(&self, mac: Mac) -> Result<(), UnknownPhone> {
        self.change(mac, |state| state.accepted = true)
    }

    /// Pulls a phone's plug.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn power_off(&self, mac: Mac) -> Result<(), UnknownPhone> {
        self.change(mac, |state| {
            state.down_until = Duration::MAX;
            state.booted_at = Duration::MAX;
        })
    }

    /// Puts the plug back, or ends a reboot: the phone answers at once.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn power_on(&self, mac: Mac) -> Result<(), UnknownPhone> {
        let now = self.elapsed();
        self.change(mac, |state| {
            if !state.is_up(now) {
                state.down_until = now;
                state.booted_at = now;
            }
        })
    }

    /// Gives a phone another TLS key, as a replaced or reset phone has.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn change_key(&self, mac: Mac) -> Result<(), UnknownPhone> {
        let mut key = lock(&self.inner.phones[self.number(mac)?].key);
        key.generation += 1;
        key.config = None;
        Ok(())
    }

    /// SHA-256 of a phone's public key, hexadecimal; `None` when the fleet has no such phone.
    pub fn tls_pin(&self, mac: Mac) -> Option<String> {
        let number = self.number(mac).ok()?;
        let generation = lock(&self.inner.phones[number].key).generation;
        self.inner.tls.pin(mac, generation).ok()
    }

    fn number(&self, mac: Mac) -> Result<usize, UnknownPhone> {
        let found = self.inner.by_mac.get(&mac).copied();
        found.ok_or(UnknownPhone(mac))
    }

    fn change(&self, mac: Mac, change: impl FnOnce(&mut State)) -> Result<(), UnknownPhone> {
        change(&mut self.inner.state(self.number(mac)?));
        Ok(())
    }
}

fn bind(port: u16) -> Result<TcpListener, StartError> {
    listen::listen(port).map_err(|error| StartError::Listen(port, error))
}

fn port(listener: &TcpListener) -> Result<u16, StartError> {
    let address = listener.local_addr();
    address
        .map(|address| address.port())
        .map_err(|error| StartError::Listen(0, error))
}

/// Sets up the addresses where nobody answers, as far as the fleet needs them.
async fn deaf(config: &FleetConfig) -> io::Result<(Option<Refused>, Option<BlackHole>)> {
    let has = |profile| {
        config
            .sites
            .iter()
            .any(|site| site.profiles.contains_key(&profile))
    };
    let refused = has(Profile::Refused).then(Refused::reserve).transpose()?;
    let hole = if has(Profile::BlackHole) {
        Some(BlackHole::dig().await?)
    } else {
        None
    };
    Ok((refused, hole))
}

impl Inner {
    fn new(config: &FleetConfig, ports: Ports) -> Result<Self, StartError> {
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

    fn note(&self, scene: &Scene<'_>, request: &Request, verdict: Option<&Verdict>) {
        self.ledger.append(&Entry {
            at: scene.now,
            mac: scene.phone.mac,
            listener: scene.listener,
            target: &request.asked.shown,
            carried: crate::auth::carried(request),
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
            listener,
            target: "",
            carried: carillon_domain::phone::AuthScheme::None,
            authenticated: false,
            disposition: Disposition::BadRequest,
            status: Some(400),
            executed: None,
        });
        Answer::page(400, "Bad request")
    }

    /// Whether a phone takes a connection just now; it counts as open when it does.
    fn takes(&self, number: usize, listener: Scheme) -> bool {
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

/// One of the two listeners.
struct FrontDoor {
    fleet: Arc<Inner>,
    scheme: Scheme,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl FrontDoor {
    async fn open(self, listener: TcpListener) {
        loop {
            // Cancel-safe: a connection that is not yet accepted stays in the queue.
            let Some(accepted) = self.stop.run_until_cancelled(listener.accept()).await else {
                return;
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer),
                Err(error) => {
                    // Out of descriptors, most likely: give the open calls time to end.
                    tracing::warn!(%error, "a simulated phone cannot take a connection");
                    sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        let Some(called) = loopback(&stream, peer) else {
            return drop(stream);
        };
        if called == plan::ELSEWHERE {
            self.fleet.ledger.lured();
        }
        let phone = self.fleet.by_address.get(&called).copied();
        let Some(phone) = phone.filter(|number| self.fleet.takes(*number, self.scheme)) else {
            self.fleet.ledger.turned_away();
            return connection::reset(stream);
        };
        // Answers are one write; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let call = Call {
            fleet: Arc::clone(&self.fleet),
            phone,
            listener: self.scheme,
        };
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(connection::serve(call, stream))
                .await
        });
    }
}

/// The loopback address that was called, from loopback.
fn loopback(stream: &TcpStream, peer: SocketAddr) -> Option<Ipv4Addr> {
    match (stream.local_addr().ok()?.ip(), peer.ip()) {
        (IpAddr::V4(called), IpAddr::V4(peer)) if called.is_loopback() && peer.is_loopback() => {
            Some(called)
        }
        _ => None,
    }
}
