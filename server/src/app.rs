//! What every handler can reach.
//!
//! Owns the engine and the few facts about this process that pages and programs are told. Cheap
//! to clone; made once, in `startup.rs`.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use carillon_contract::frame::Banner;
use carillon_engine::Engine;
use carillon_engine::audit::{Anchors, Notary};
use carillon_engine::error::EngineError;
use carillon_engine::random::Random;
use carillon_engine::streams::Streams;
use ipnet::IpNet;
use tokio_util::sync::CancellationToken;

use crate::oidc::Provider;
use crate::origin::Origins;
use crate::places::Places;
use crate::policy::Violations;
use crate::router::table::Route;

/// What every handler can reach.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    engine: Engine,
    facts: Facts,
    routes: Vec<Route>,
    ready: AtomicBool,
    stopping: CancellationToken,
    places: Places,
    inhabited: AtomicBool,
    violations: Violations,
}

/// What stays the same as long as the process lives.
#[derive(Clone)]
pub struct Facts {
    /// Names under which browsers know us.
    pub origins: Origins,
    /// Proxies whose forwarded headers count.
    pub proxies: Vec<IpNet>,
    /// The file with the code by which the first account is made.
    pub setup_file: PathBuf,
    /// What every page says as long as this process lives.
    pub banners: Vec<Banner>,
    /// Where random names come from.
    pub random: Random,
    /// Signs the audit log; absent where nothing is served.
    pub notary: Option<Notary>,
    /// Bring records to receivers; absent where there are none, and while it is sealed.
    pub streams: Option<Streams>,
    /// Bring checkpoints to receivers.
    pub anchors: Option<Anchors>,
    /// By which people may sign in, where there is one.
    pub provider: Option<Provider>,
}

impl App {
    /// Around an engine that is ready to work.
    pub fn new(engine: Engine, facts: Facts, routes: Vec<Route>) -> Self {
        Self(Arc::new(Inner {
            engine,
            facts,
            routes,
            ready: AtomicBool::new(true),
            stopping: CancellationToken::new(),
            places: Places::default(),
            inhabited: AtomicBool::new(false),
            violations: Violations::default(),
        }))
    }

    /// The use cases.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// Names under which browsers know us.
    pub fn origins(&self) -> &Origins {
        &self.0.facts.origins
    }

    /// Whether there is an account. From then on there always is one, and the file with the setup
    /// code is gone.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn is_inhabited(&self) -> Result<bool, EngineError> {
        if self.0.inhabited.load(Ordering::Acquire) {
            return Ok(true);
        }
        if self.engine().setup_needed().await? {
            return Ok(false);
        }
        match std::fs::remove_file(&self.0.facts.setup_file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                // The code in it is void all the same.
                tracing::warn!(%error, "the file with the setup code could not be removed");
            }
            _ => {}
        }
        self.0.inhabited.store(true, Ordering::Release);
        Ok(true)
    }

    /// What browsers reported of pages that broke their content policy.
    pub fn violations(&self) -> &Violations {
        &self.0.violations
    }

    /// Signs the audit log.
    pub fn notary(&self) -> Option<&Notary> {
        self.0.facts.notary.as_ref()
    }

    /// Bring records to receivers.
    pub fn streams(&self) -> Option<&Streams> {
        self.0.facts.streams.as_ref()
    }

    /// Bring checkpoints to receivers.
    pub fn anchors(&self) -> Option<&Anchors> {
        self.0.facts.anchors.as_ref()
    }

    /// By which people may sign in, where there is one.
    pub fn provider(&self) -> Option<&Provider> {
        self.0.facts.provider.as_ref()
    }

    /// Proxies whose forwarded headers count.
    pub fn proxies(&self) -> &[IpNet] {
        &self.0.facts.proxies
    }

    /// What every page says as long as this process lives.
    pub fn banners(&self) -> &[Banner] {
        &self.0.facts.banners
    }

    /// Every route there is.
    pub fn routes(&self) -> &[Route] {
        &self.0.routes
    }

    /// Whether new work is taken.
    pub fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
    }

    /// From now on says that it is not ready, and ends the event streams.
    pub fn begin_stop(&self) {
        self.0.ready.store(false, Ordering::Release);
        self.0.stopping.cancel();
    }

    /// Resolves when the process begins to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.0.stopping.clone()
    }

    /// Random bytes for names and nonces that guard nothing by themselves; zeros where the
    /// operating system has none.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        self.0.facts.random.bytes().unwrap_or([0; N])
    }

    /// A name for a request.
    pub fn new_request_id(&self) -> String {
        hex::encode(self.random_bytes::<8>())
    }

    /// What each account has only some of at once.
    pub fn places(&self) -> &Places {
        &self.0.places
    }
}
