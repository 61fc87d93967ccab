//! An installation with a simulated fleet in its inventory.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use carillon_devices::{Gateway, GatewayConfig, Guard, GuardConfig};
use carillon_domain::event::Event;
use carillon_domain::job::JobRequest;
use carillon_domain::phone::{Phone, Site};
use carillon_domain::{JobState, Mac, TargetState};
use carillon_engine::accounts::{Cost, Hasher};
use carillon_engine::dispatch::{self, Dispatch, Patience, Recovered};
use carillon_engine::jobs::Submission;
use carillon_engine::secrets::{self, KeySource};
use carillon_engine::{Asker, Caller, Clock, Engine, Feed, Parts, Random};
use carillon_simulator::{Fleet, FleetConfig};
use carillon_store::testing::{TestDatabase, raw, sign_orders};
use carillon_store::{AuditQuery, CredentialRow, JobSnapshot, Store, TargetQuery, TargetRow};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::watch;

pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) fleet: Fleet,
    place: Place,
}

/// Where the data of one test lives.
#[derive(Clone)]
pub(crate) struct Place {
    directory: Arc<TempDir>,
    url: String,
}

pub(crate) async fn on_sqlite<F: Future<Output = ()> + Send + 'static>(
    case: impl FnOnce(Place) -> F,
) {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let url = format!("sqlite:{}", directory.path().join("carillon.db").display());
    case(Place { directory, url }).await;
}

pub(crate) async fn on_postgres<F: Future<Output = ()> + Send + 'static>(
    case: impl FnOnce(Place) -> F,
) {
    let Some(server) = std::env::var_os("CARILLON_TEST_POSTGRES_URL") else {
        eprintln!("skipped: CARILLON_TEST_POSTGRES_URL is not set");
        return;
    };
    let database = TestDatabase::create(server.to_str().unwrap(), "dispatch")
        .await
        .unwrap();
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let place = Place {
        directory,
        url: database.url(),
    };
    // In a task of its own, so that the database goes even when the case fails.
    let ended = tokio::spawn(case(place)).await;
    database.drop_if_there().await.unwrap();
    if let Err(failure) = ended {
        std::panic::resume_unwind(failure.into_panic());
    }
}

pub(crate) fn caller() -> Caller {
    Caller::for_tests(Asker {
        ip: Some("10.9.8.7".to_owned()),
        ..Asker::clone(&Caller::system())
    })
}

/// A signal, or a second, as for whoever waits for one: after a restart on the same files another node
/// may have made the change.
async fn changed(changes: &mut watch::Receiver<u64>) {
    let signal = tokio::time::timeout(Duration::from_secs(1), changes.changed()).await;
    assert!(!matches!(signal, Ok(Err(_))), "the feed ended");
}

impl House {
    /// A fleet, its inventory, and a dispatcher that runs.
    pub(crate) async fn new(place: Place, config: FleetConfig) -> Self {
        Self::with(place, config, (Clock::system(), patience())).await
    }

    /// The same, with a clock that the test may set.
    pub(crate) async fn with_clock(place: Place, config: FleetConfig, clock: Clock) -> Self {
        Self::with(place, config, (clock, patience())).await
    }

    /// The same with another rhythm.
    pub(crate) async fn patient(place: Place, config: FleetConfig, patience: Patience) -> Self {
        Self::with(place, config, (Clock::system(), patience)).await
    }

    async fn with(place: Place, config: FleetConfig, time: (Clock, Patience)) -> Self {
        let fleet = Fleet::start(config).await.unwrap();
        let engine = engine(&place, time).await;
        engine.store.migrate().await.unwrap();
        sign_orders(&engine.store).await.unwrap();
        let house = Self {
            engine,
            fleet,
            place,
        };
        house.fill_inventory().await;
        dispatch::start(&house.engine, "test").await.unwrap();
        house
    }

    /// Forgets the running engine, as a crash does, and starts another on the same files.
    pub(crate) async fn restart_after_crash(&mut self) -> Recovered {
        self.engine = engine(&self.place, (Clock::system(), patience())).await;
        dispatch::start(&self.engine, "test").await.unwrap()
    }

    async fn fill_inventory(&self) {
        let (store, now) = (&self.engine.store, self.engine.clock.now());
        let mut unit = store.begin().await.unwrap();
        for site in self.fleet.sites() {
            let place = secrets::Place::credential(site.credential.as_str(), 1);
            let password = site.password.as_str().as_bytes();
            let sealed = self
                .engine
                .keyring()
                .unwrap()
                .seal(&self.engine.random, &place, password)
                .unwrap();
            let credential = CredentialRow {
                name: site.credential.clone(),
                username: site.username.clone(),
                secret: sealed,
                secret_version: 1,
                phone: None,
                changed_at: now,
                version: 1,
            };
            unit.insert_credential(&credential).await.unwrap();
            let site = Site {
                slug: site.slug.clone(),
                name: site.name.clone(),
                transport_security: site.transport_security,
                ca_pem: None,
                credential: Some(site.credential.clone()),
                max_down_percent: 20,
            };
            unit.insert_site(&site, now).await.unwrap();
        }
        unit.insert_phones(&self.phones(), now).await.unwrap();
        unit.commit_bookkeeping().await.unwrap();
    }

    fn phones(&self) -> Vec<Phone> {
        let phone = |p: &carillon_simulator::SimulatedPhone| {
            let mut phone = Phone::new(p.inventory.mac.parse().unwrap());
            phone.label.clone_from(&p.label);
            phone.extension.clone_from(&p.extension);
            p.model.clone_into(&mut phone.model);
            phone.site = Some(p.site.clone());
            let address = p.inventory.address.parse().ok();
            phone.address = address.map(IpAddr::V4);
            phone.port = p.inventory.port;
            phone.scheme = phone.address.map(|_| p.scheme);
            phone.sip_uri.clone_from(&p.inventory.sip_uri);
            phone
        };
        self.fleet.phones().iter().map(phone).collect()
    }

    pub(crate) async fn submit(&self, request: serde_json::Value) -> String {
        let request: JobRequest = serde_json::from_value(request).unwrap();
        let made = self
            .engine
            .submit_job(&caller(), &request, Submission::default())
            .await;
        made.unwrap().id
    }

    /// A reboot of every phone, with these options; not verified and without
    /// regard to sites unless they say so.
    pub(crate) async fn reboot(&self, mut options: serde_json::Value) -> String {
        if options.get("verify").is_none() {
            options["verify"] = json!(false);
        }
        if options.get("site_max_down_percent").is_none() {
            options["site_max_down_percent"] = json!(100);
        }
        self.submit(json!({
            "action": "Reboot", "targets": {"filter": ""}, "reason": "test", "options": options,
        }))
        .await
    }

    /// Waits until the job has reached one of these states; its counts add up all the way.
    pub(crate) async fn until(&self, job: &str, states: &[JobState]) -> JobSnapshot {
        let mut changes = self.engine.feed.watch_job(job);
        loop {
            let snapshot = self.engine.job(&caller(), job).await.unwrap();
            assert_eq!(snapshot.job.counts.total(), snapshot.job.total);
            if states.contains(&snapshot.job.state) {
                return snapshot;
            }
            changed(&mut changes).await;
        }
    }

    pub(crate) async fn finished(&self, job: &str) -> JobSnapshot {
        self.until(job, &[JobState::Finished, JobState::Cancelled])
            .await
    }

    /// Waits until so many phones of a job are in this state.
    pub(crate) async fn until_there_are(&self, job: &str, count: i64, state: TargetState) {
        let mut changes = self.engine.feed.watch_job(job);
        loop {
            let now = self.engine.job(&caller(), job).await.unwrap();
            if now.job.counts.get(state) >= count {
                return;
            }
            changed(&mut changes).await;
        }
    }

    pub(crate) async fn targets(&self, job: &str) -> Vec<TargetRow> {
        let all = TargetQuery::default();
        self.engine
            .store
            .target_batch(job, &all, -1, 100_000)
            .await
            .unwrap()
    }

    pub(crate) async fn events(&self) -> Vec<Event> {
        let all = AuditQuery::default();
        let rows = self
            .engine
            .store
            .audit_batch(&all, -1, 1_000_000)
            .await
            .unwrap();
        rows.into_iter().map(|row| row.event).collect()
    }

    /// Both verifiers find nothing in what was written here.
    pub(crate) async fn fits_the_log(&self) {
        let (store, clock) = (&self.engine.store, &self.engine.clock);
        crate::verifiers::find_nothing(store, clock, self.place.directory.path()).await;
    }

    /// Runs a statement behind the store's back.
    pub(crate) async fn raw(&self, statement: &str) {
        raw(&self.place.url, statement).await.unwrap();
    }

    /// How often each phone executed an action, by its own ledger.
    pub(crate) fn executed(&self, action: &str, mac: Mac) -> u32 {
        self.fleet
            .ledger()
            .executed(action)
            .get(&mac)
            .copied()
            .unwrap_or(0)
    }
}

/// Another node over the same data, which sends nothing.
pub(crate) async fn another(place: &Place) -> Engine {
    engine(place, (Clock::system(), patience())).await
}

async fn engine(place: &Place, (clock, patience): (Clock, Patience)) -> Engine {
    let source = KeySource::File(place.directory.path().join("secret.keys"));
    let keyring = match source.load() {
        Ok(keyring) => keyring,
        Err(_) => source.create(&Random::system(), clock.now()).unwrap(),
    };
    Engine::new(Parts {
        store: Store::open(&place.url)
            .await
            .unwrap()
            .in_run(carillon_engine::audit::run(&Random::system()).unwrap()),
        gateway: gateway(&clock),
        keyring: Some(keyring),
        hasher: Hasher::new(Cost::default(), 1),
        clock,
        random: Random::system(),
        feed: Feed::default(),
        dispatch: Dispatch::new(512).with_patience(patience),
    })
}

/// Simulated phones restart within a second here.
pub(crate) fn patience() -> Patience {
    let millis = std::time::Duration::from_millis;
    Patience {
        // Longer than any phone of these tests stays away, also where a look takes no time.
        looks: std::iter::repeat_n(millis(100), 100).collect(),
        looks_before_gone: 12,
        questions: vec![millis(20), millis(100)],
        again: millis(50),
        between_commands: std::time::Duration::ZERO,
        away: millis(300),
    }
}

fn gateway(clock: &Clock) -> Gateway {
    let now = clock.clone();
    Gateway::new(GatewayConfig {
        guard: Guard::new(GuardConfig {
            allow_loopback: true,
            ..GuardConfig::default()
        }),
        entropy: Arc::new(|| Random::system().bytes().unwrap()),
        now: Arc::new(move || now.now()),
    })
    .unwrap()
}

/// Whether a state says that the phone took the command.
pub(crate) fn took(state: TargetState) -> bool {
    matches!(state, TargetState::Acknowledged | TargetState::Verified)
}
