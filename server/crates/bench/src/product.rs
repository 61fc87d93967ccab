//! The product: engine, gateway and database as the server puts them together.
//!
//! Owns one run of one job: inventory, submission, dispatch. Every intent, result and audit
//! record is durable; nothing is switched off.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use carillon_devices::{Gateway, GatewayConfig, Guard, GuardConfig};
use carillon_domain::job::JobRequest;
use carillon_domain::{Cause, JobState, Mac, TargetState, Timestamp};
use carillon_engine::accounts::{Cost, Hasher};
use carillon_engine::dispatch::{self, Dispatch};
use carillon_engine::inventory::{CredentialInput, ImportOnce, SiteInput};
use carillon_engine::jobs::Submission;
use carillon_engine::secrets::KeySource;
use carillon_engine::{Caller, Clock, Engine, Feed, Parts, Random};
use carillon_store::{Store, TargetQuery, TargetRow};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::evidence::{self, Evidence};
use crate::measure::{Measured, Meter, skew};
use crate::phones::{Phones, SiteFacts};
use crate::{Outcome, child, durable};

/// Requests at once, as the server's own default.
const LIMIT: usize = 1_024;

/// What the product is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ProductOrder {
    pub(crate) phones: Phones,
    /// Where the key file goes, and the database where it is SQLite.
    pub(crate) folder: PathBuf,
    pub(crate) database: Option<String>,
    pub(crate) in_flight: usize,
    pub(crate) timeout_ms: u32,
    /// Whether to tell what became of every phone.
    pub(crate) targets: bool,
    /// Whether to look what evidence cost.
    #[serde(default)]
    pub(crate) evidence: bool,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ProductRun {
    pub(crate) measured: Measured,
    pub(crate) targets: Vec<TargetFacts>,
    #[serde(default)]
    pub(crate) evidence: Option<Evidence>,
}

/// What became of one phone, in the job's order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TargetFacts {
    pub(crate) mac: Mac,
    pub(crate) state: TargetState,
    pub(crate) cause: Option<Cause>,
    pub(crate) duration_ms: i64,
}

/// The process of the product.
pub(crate) async fn serve(order: ProductOrder) -> Outcome<()> {
    let engine = engine(&order).await?;
    fill(&engine, &order.phones).await?;
    dispatch::start(&engine, "bench").await?;
    let mut run = run(&engine, &order).await?;
    if !order.targets {
        run.targets.clear();
    }
    let clock = engine.clock.clone();
    dispatch::stop(&engine, move || clock.now()).await?;
    child::answer(&run)
}

async fn run(engine: &Engine, order: &ProductOrder) -> Outcome<ProductRun> {
    let request = request(order)?;
    let meter = Meter::start();
    let submitting = Instant::now();
    let job = engine
        .submit_job(&Caller::system(), &request, Submission::default())
        .await?
        .id;
    let started = Instant::now();
    let submit_kib = meter.peak_kib();
    let signals = durable::watch(engine, &job);
    until_finished(engine, &job).await?;
    let elapsed = started.elapsed();
    let mut measured = meter.end(elapsed);
    measured.submit_kib = submit_kib;
    measured.submit_seconds = started.duration_since(submitting).as_secs_f64();
    let targets = engine
        .store
        .target_batch(&job, &TargetQuery::default(), -1, 1_000_000)
        .await?;
    if targets.len() != order.phones.all.len() {
        return Err(format!("the job has {} phones", targets.len()).into());
    }
    measured.well = targets.iter().filter(|row| took(row)).count();
    measured.skew_ms = skew(&answered(&targets));
    measured.durable_ms = durable::delays(engine, &job, &targets, signals.await?).await?;
    let evidence = if order.evidence {
        Some(evidence::cost(engine, &order.folder, elapsed).await?)
    } else {
        None
    };
    Ok(ProductRun {
        measured,
        evidence,
        targets: targets.iter().map(facts).collect(),
    })
}

/// When each phone had answered, in milliseconds.
fn answered(targets: &[TargetRow]) -> Vec<f64> {
    let instants = targets.iter().filter_map(|row| row.finished_at);
    instants.map(|at| at.micros() as f64 / 1_000.0).collect()
}

fn took(row: &TargetRow) -> bool {
    row.state == TargetState::Acknowledged
}

fn facts(row: &TargetRow) -> TargetFacts {
    TargetFacts {
        mac: row.mac,
        state: row.state,
        cause: row.cause,
        duration_ms: row.duration_ms.unwrap_or(0),
    }
}

fn request(order: &ProductOrder) -> Outcome<JobRequest> {
    Ok(serde_json::from_value(json!({
        "action": "OK",
        "targets": {"filter": ""},
        "reason": "benchmark",
        "options": {
            "window": order.in_flight, "timeout_ms": order.timeout_ms, "max_auth_failed": 0,
            "include_protected": true, "canary": 0, "max_failed_percent": 100,
            "site_max_down_percent": 100,
        },
    }))?)
}

async fn until_finished(engine: &Engine, job: &str) -> Outcome<()> {
    let mut changes = engine.feed.watch_jobs();
    loop {
        let state = engine.store.job(job).await?.map(|row| row.state);
        if state.is_none_or(JobState::is_terminal) {
            return Ok(());
        }
        changes.changed().await?;
    }
}

async fn engine(order: &ProductOrder) -> Outcome<Engine> {
    let clock = Clock::system();
    let keys = KeySource::File(order.folder.join("secret.keys"));
    let keyring = match keys.load() {
        Ok(keyring) => keyring,
        Err(_) => keys.create(&Random::system(), clock.now())?,
    };
    let url = order
        .database
        .clone()
        .unwrap_or_else(|| format!("sqlite:{}", order.folder.join("carillon.db").display()));
    let store = Store::open(&url).await?;
    let store = store.in_run(carillon_engine::audit::run(&Random::system())?);
    store.migrate().await?;
    carillon_engine::rows::adopt_rows(&store, &keyring, clock.now()).await?;
    Ok(Engine::new(Parts {
        store,
        gateway: gateway(&clock)?,
        keyring: Some(keyring),
        hasher: Hasher::new(Cost::default(), 1),
        clock,
        random: Random::system(),
        feed: Feed::default(),
        dispatch: Dispatch::new(LIMIT),
    }))
}

fn gateway(clock: &Clock) -> Outcome<Gateway> {
    let now = clock.clone();
    Ok(Gateway::new(GatewayConfig {
        guard: Guard::new(GuardConfig {
            allow_loopback: true,
            ..GuardConfig::default()
        }),
        entropy: Arc::new(|| Random::system().nonce()),
        now: Arc::new(move || now.now()),
    })?)
}

/// Fills an empty inventory; a filled one only learns the ports of today.
async fn fill(engine: &Engine, phones: &Phones) -> Outcome<()> {
    let caller = Caller::system();
    if engine.store.sites().await?.is_empty() {
        for site in &phones.sites {
            add_site(engine, &caller, site).await?;
        }
    }
    import(engine, &caller, &phones.list).await
}

async fn add_site(engine: &Engine, caller: &Caller, site: &SiteFacts) -> Outcome<()> {
    let credential = CredentialInput {
        name: site.credential.clone(),
        username: site.username.clone(),
        password: Some(SecretString::from(site.password.clone())),
    };
    engine.create_credential(caller, &credential).await?;
    let input = SiteInput {
        slug: site.slug.clone(),
        name: site.name.clone(),
        transport_security: site.security,
        ca_pem: None,
        credential: Some(site.credential.clone()),
        max_down_percent: 100,
    };
    engine.create_site(caller, &input).await?;
    Ok(())
}

async fn import(engine: &Engine, caller: &Caller, list: &Path) -> Outcome<()> {
    let list = std::fs::read(list)?;
    let report = engine
        .import_once(caller, list, ImportOnce::default())
        .await?;
    match report.errors.first() {
        None => Ok(()),
        Some(error) => {
            Err(format!("the phone list, line {}: {}", error.line, error.problem).into())
        }
    }
}

/// The clock of a run, for those who compare instants.
pub(crate) fn now(engine: &Engine) -> Timestamp {
    engine.clock.now()
}
