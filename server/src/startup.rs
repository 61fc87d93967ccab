//! Start and stop: the only `new` of the store, the gateway, the engine, the router.
//!
//! Owns the order. *Invariant:* what an earlier run left in flight is known as such before the
//! first request is taken.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use carillon_contract::frame::Banner;
use carillon_devices::{Gateway, GatewayConfig, Guard, GuardConfig};
use carillon_engine::accounts::{Breached, Cost, Hasher};
use carillon_engine::audit::Notary;
use carillon_engine::dispatch::{self, Dispatch, Patience};
use carillon_engine::{Clock, Engine, Feed, Parts, Random};
use carillon_store::{DataDirLock, Store, StoreError};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::config::{Database, Settings};
use crate::local;
use crate::problem::chain;
use crate::router;
use crate::tls::Certificate;

use receivers::Outside;

pub(crate) use keys::source as key_source;
pub(crate) use limits::forbid_core_dumps;
pub(crate) use notary::{journal, public_key};

mod data_dir;
mod front;
mod keys;
mod limits;
mod metrics;
mod notary;
mod own_addresses;
mod receivers;
mod sign_on;
mod signals;
mod soundness;
mod sweep;

pub use signals::{Ended, Signals};

/// In flight at the stop: the longest exchange with a phone, a SIP transaction without an answer,
/// and a little more.
const DRAIN: Duration = Duration::from_secs(34);
/// Requests of browsers at the stop.
const LAST_REQUESTS: Duration = Duration::from_secs(3);
/// Connections that wait to be taken.
const BACKLOG: u32 = 1024;

/// Why the server did not start. One plain line.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings or the files that they name are wrong.
    #[error("{0}")]
    Configuration(String),
    /// It failed.
    #[error("{0}")]
    Failed(String),
}

impl StartError {
    fn failed(what: &str, source: &dyn std::error::Error) -> Self {
        Self::Failed(format!("{what}: {}", chain(source)))
    }
}

/// An engine over an open database; nothing is sent and nothing is served.
pub struct Opened {
    /// The use cases.
    pub engine: Engine,
    /// Held as long as this process serves a SQLite database.
    _lock: Option<DataDirLock>,
}

/// Opens the database of these settings for this process alone.
///
/// # Errors
/// [`StartError`]; also when another process has the SQLite database.
pub async fn open(settings: &Settings, own: &[SocketAddr]) -> Result<Opened, StartError> {
    data_dir::prepare(&settings.data_dir)?;
    let lock = lock(settings)?;
    soundness::not_lost(settings)?;
    let engine = engine(settings, own).await?;
    Ok(Opened {
        engine,
        _lock: lock,
    })
}

/// Opens the database for reading beside a running server.
///
/// # Errors
/// [`StartError`].
pub async fn open_beside(settings: &Settings) -> Result<Opened, StartError> {
    let engine = engine(settings, &[]).await?;
    Ok(Opened {
        engine,
        _lock: None,
    })
}

/// Where the database is; on Postgres with its password.
pub(crate) fn database_url(settings: &Settings) -> String {
    match &settings.database {
        Database::Sqlite(url) => url.clone(),
        Database::Postgres(url) => url.expose_secret().to_owned(),
    }
}

/// The file of a SQLite database.
pub fn sqlite_file(settings: &Settings) -> Option<PathBuf> {
    match &settings.database {
        Database::Sqlite(url) => {
            let rest = url.strip_prefix("sqlite:").unwrap_or(url);
            Some(PathBuf::from(rest.strip_prefix("//").unwrap_or(rest)))
        }
        Database::Postgres(_) => None,
    }
}

fn lock(settings: &Settings) -> Result<Option<DataDirLock>, StartError> {
    let Some(file) = sqlite_file(settings) else {
        return Ok(None);
    };
    match DataDirLock::take(&file) {
        Ok(lock) => Ok(Some(lock)),
        Err(StoreError::Conflict) => Err(StartError::Failed(format!(
            "another carillon uses {}: stop it, or give this one another --data-dir",
            file.display()
        ))),
        Err(error) => Err(StartError::failed("the database cannot be locked", &error)),
    }
}

async fn engine(settings: &Settings, own: &[SocketAddr]) -> Result<Engine, StartError> {
    let url = database_url(settings);
    let (clock, random) = (Clock::system(), Random::system());
    let store = Store::open(&url).await.map_err(|error| unusable(&error))?;
    let run = carillon_engine::audit::run(&random);
    let run = run.map_err(|error| StartError::failed("this start has no id", &error))?;
    let store = store.in_run(run);
    let keyring = keys::open(settings, &store, &clock, &random).await?;
    let gateway = gateway(guard(settings, own), &clock, &random)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Engine::new(Parts {
        store,
        gateway,
        keyring,
        hasher: Hasher::new(Cost::default(), cores).refusing(breached(settings)?),
        clock,
        random,
        feed: Feed::default(),
        dispatch: Dispatch::new(limits::in_flight(settings.max_in_flight))
            .with_patience(patience(settings))
            .with_min_free(settings.min_free),
    }))
}

/// The file of passwords that are known from breaches, where one is set.
fn breached(settings: &Settings) -> Result<Option<Breached>, StartError> {
    let Some(path) = settings.breached.as_deref() else {
        return Ok(None);
    };
    Breached::open(path).map(Some).map_err(|error| {
        let path = path.display();
        StartError::Configuration(format!("--breached-passwords {path}: {error}"))
    })
}

/// What an operator has to change is a matter of configuration; the rest may pass by itself.
fn unusable(error: &StoreError) -> StartError {
    match error {
        StoreError::Unusable(why) => StartError::Configuration(why.clone()),
        other => StartError::failed("the database cannot be opened", other),
    }
}

/// Phones on loopback are simulated ones.
fn patience(settings: &Settings) -> Patience {
    if settings.egress.loopback {
        Patience::for_simulated_phones()
    } else {
        Patience::default()
    }
}

fn guard(settings: &Settings, own: &[SocketAddr]) -> Guard {
    let mut own_addresses = own.to_vec();
    if let Database::Postgres(url) = &settings.database {
        own_addresses.extend(data_dir::postgres_address(url.expose_secret()));
    }
    // Wherever this server listens: nothing on this machine is a phone.
    own_addresses.extend(own_addresses::of_the_machine(0));
    Guard::new(GuardConfig {
        networks: settings.egress.networks.clone(),
        ports: settings.egress.ports.clone(),
        allow_loopback: settings.egress.loopback,
        own_addresses,
    })
}

fn gateway(guard: Guard, clock: &Clock, random: &Random) -> Result<Gateway, StartError> {
    let (clock, random) = (clock.clone(), random.clone());
    Gateway::new(GatewayConfig {
        guard,
        entropy: Arc::new(move || random.nonce()),
        now: Arc::new(move || clock.now()),
    })
    .map_err(|error| StartError::failed("phones cannot be reached", &error))
}

/// A server that takes requests.
pub struct Server {
    app: App,
    opened: Opened,
    address: SocketAddr,
    metrics: Option<SocketAddr>,
    setup_code: Option<SecretString>,
    certificate: Option<Arc<Certificate>>,
    notary: Notary,
    outside: Outside,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Starts everything in its order.
///
/// # Errors
/// [`StartError`]; then nothing is left running.
pub async fn start(settings: &Settings, banners: Vec<Banner>) -> Result<Server, StartError> {
    let socket = front::reserve(settings.listen, "listen")?;
    let metrics = metrics::reserve(settings)?;
    let address = socket
        .local_addr()
        .map_err(|error| StartError::failed("the address is not known", &error))?;
    let certificate = front::certificate(settings)?;
    forbid_core_dumps();
    let mut own = own_addresses::of(address);
    own.extend(metrics.iter().map(|place| place.address));
    let opened = open(settings, &own).await?;
    let engine = opened.engine.clone();
    let required = settings.receivers.anchor_required;
    if required.is_some() {
        let why = "dangerous jobs wait until it is known how far the anchors outside are";
        engine.dispatch.refuse_dangerous(Some(why.to_owned()));
    }
    soundness::check(settings, &engine.store).await?;
    if engine.keyring.is_some() {
        let node = data_dir::node_name();
        dispatch::start(&engine, &node)
            .await
            .map_err(|error| StartError::failed("what was in flight is not known", &error))?;
    }
    let setup_code = keys::setup_code(settings, &engine).await?;
    let notary = notary::open(settings, &engine).await?;
    let mut facts = front::facts(settings, address, banners, &engine);
    facts.notary = Some(notary.clone());
    let outside = Outside::start(settings, &engine, (&own, &facts.origins), &notary).await?;
    (facts.streams, facts.anchors) = (outside.streams.clone(), outside.anchors.clone());
    let watched = (engine.clone(), notary.clone());
    facts.provider = sign_on::provider(settings, facts.origins.public())?;
    let (app, router) = router::build(engine, facts);
    let listener = socket
        .listen(BACKLOG)
        .map_err(|error| StartError::failed("nobody can connect", &error))?;
    let stop = CancellationToken::new();
    let front = front::open(settings, listener, certificate.as_ref())?;
    let tasks = TaskTracker::new();
    tasks.spawn(front.serve(router, stop.clone()));
    let metrics_address = metrics.as_ref().map(|place| place.address);
    if let Some(place) = metrics {
        place.serve(app.clone(), &tasks, stop.clone())?;
    }
    let keep = sweep::Keep {
        numbers: settings.keep_numbers,
        addresses: settings.keep_addresses,
    };
    sweep::sweep(&opened.engine, keep).await;
    tasks.spawn(sweep::run(opened.engine.clone(), keep, stop.clone()));
    tasks.spawn(notary::run(notary.clone(), stop.clone()));
    tasks.spawn(outside.clone().watch(watched, required, stop.clone()));
    local::server::start(settings, &app, &tasks, &stop)?;
    tracing::info!(%address, "serving");
    Ok(Server {
        app,
        opened,
        address,
        metrics: metrics_address,
        setup_code,
        certificate,
        notary,
        outside,
        tasks,
        stop,
    })
}

impl Server {
    /// The address that was bound.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where programs on this machine read `/metrics`, if they may.
    pub const fn metrics(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// The origin that browsers use.
    pub fn url(&self) -> String {
        self.app.origins().public().to_string()
    }

    /// The use cases.
    pub const fn engine(&self) -> &Engine {
        &self.opened.engine
    }

    /// Where the first administrator is made, while there is none.
    pub fn setup_link(&self) -> Option<String> {
        let code = self.setup_code.as_ref()?.expose_secret();
        Some(format!("{}/setup?code={code}", self.url()))
    }

    /// Serves until SIGTERM or SIGINT, and says how that ended.
    pub async fn run_until_signal(self, mut signals: Signals) -> Ended {
        signals.wait_for_stop(|| self.reload_certificate()).await;
        tracing::info!("stopping");
        let engine = self.engine().clone();
        tokio::select! {
            clean = self.stop() => if clean { Ended::Clean } else { Ended::Unrecorded },
            () = signals.second() => match engine.dispatch.in_flight() {
                0 => Ended::AtOnce,
                _ => Ended::Unrecorded,
            },
        }
    }

    /// Ends in good order: not ready, nothing new sent, what is in flight recorded, closed.
    /// `false` when something in flight could not be recorded: its claims stay as they are, and
    /// the next start tells of them.
    pub async fn stop(self) -> bool {
        self.app.begin_stop();
        let drained = self.drain().await;
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(LAST_REQUESTS, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("requests were cut off at the stop");
        }
        if !drained {
            // Whatever holds the database up would hold its closing up as well.
            return false;
        }
        notary::last_look(&self.notary).await;
        self.outside.stop().await;
        self.opened.engine.store.close().await;
        tracing::info!("stopped");
        true
    }

    /// Lets what is in flight end, and writes down what came of it; says whether it could.
    async fn drain(&self) -> bool {
        let engine = &self.opened.engine;
        let drained = dispatch::stop(engine, || engine.clock.now());
        match tokio::time::timeout(DRAIN, drained).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => tracing::error!(error = %chain(&error), "the end was not recorded"),
            Err(_) => tracing::error!("what was in flight could not be recorded in time"),
        }
        false
    }

    fn reload_certificate(&self) {
        let Some(certificate) = &self.certificate else {
            return;
        };
        match certificate.reload() {
            Ok(()) => tracing::info!("the certificate was read again"),
            Err(error) => tracing::error!(%error, "the old certificate stays in use"),
        }
    }
}
