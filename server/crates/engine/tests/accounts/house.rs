//! A fresh installation for one test.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use carillon_devices::{Gateway, GatewayConfig, Guard, GuardConfig};
use carillon_domain::Timestamp;
use carillon_domain::event::Event;
use carillon_domain::role::Role;
use carillon_engine::accounts::{Cost, Hasher, NewUser, SessionContext, SignIn, SignedIn};
use carillon_engine::dispatch::Dispatch;
use carillon_engine::secrets::{KeySource, Keyring, check_keys};
use carillon_engine::{Caller, Clock, Engine, Feed, Parts, Random};
use carillon_store::testing::{TestDatabase, raw};
use carillon_store::{AuditQuery, Store};
use secrecy::SecretString;
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "evening bells ring";
const START: i64 = 1_790_000_000_000_000;

pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
    pub(crate) directory: TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_micros(START));
        let source = KeySource::File(directory.path().join("secret.keys"));
        let keyring = source.create(&Random::system(), clock.now()).unwrap();
        let store = open(&directory).await;
        check_keys(&store, &keyring, clock.now()).await.unwrap();
        carillon_engine::rows::trust(&store, &keyring);
        carillon_store::testing::sign_orders(&store).await.unwrap();
        let engine = engine(store, Some(keyring), clock.clone());
        Self {
            engine,
            clock,
            directory,
        }
    }

    /// With one account of each role, named like the role. No role needs a second factor.
    pub(crate) async fn inhabited() -> Self {
        let house = Self::new().await;
        for &role in Role::ALL {
            house.add(role.as_str(), role).await;
        }
        house
            .engine
            .demand_second_factor(&Caller::system(), &BTreeSet::new(), "")
            .await
            .unwrap();
        house
    }

    pub(crate) async fn add(&self, name: &str, role: Role) {
        let new = NewUser {
            name: name.to_owned(),
            role,
            password: secret(PASSWORD),
        };
        self.engine.add_user(&Caller::system(), new).await.unwrap();
    }

    pub(crate) async fn try_password(&self, name: &str, password: &str) -> Option<SignedIn> {
        self.try_from_address(name, password, "10.0.0.1").await
    }

    pub(crate) async fn try_from_address(
        &self,
        name: &str,
        password: &str,
        ip: &str,
    ) -> Option<SignedIn> {
        let attempt = SignIn {
            name: name.to_owned(),
            password: secret(password),
            ip: Some(ip.to_owned()),
            agent: "test browser".to_owned(),
            ..SignIn::default()
        };
        self.engine.sign_in(attempt).await.unwrap()
    }

    pub(crate) async fn enter(&self, name: &str) -> SignedIn {
        self.try_password(name, PASSWORD).await.expect("signed in")
    }

    pub(crate) async fn session(&self, token: &SecretString) -> Option<SessionContext> {
        let ip = Some("10.0.0.2".to_owned());
        self.engine.authenticate_session(token, ip).await.unwrap()
    }

    /// Changes the database behind Carillon's back.
    pub(crate) async fn raw(&self, statement: &str) {
        let file = self.directory.path().join("carillon.db");
        let url = url(&self.directory, &file.display().to_string()).await;
        raw(&url, statement).await.unwrap();
    }

    /// Both verifiers find nothing in what was written here.
    pub(crate) async fn fits_the_log(&self) {
        let store = &self.engine.store;
        crate::verifiers::find_nothing(store, &self.clock, self.directory.path()).await;
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// All audit records, oldest first.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let all = self
            .engine
            .store
            .audit_batch(&AuditQuery::default(), -1, 1000)
            .await
            .unwrap();
        all.into_iter().map(|row| row.event).collect()
    }

    pub(crate) async fn actions(&self) -> Vec<String> {
        self.events()
            .await
            .into_iter()
            .map(|event| event.action)
            .collect()
    }

    /// Every byte that the database has on disk.
    pub(crate) fn bytes_on_disk(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.directory.path()).unwrap();
        let paths: BTreeSet<_> = files.map(|file| file.unwrap().path()).collect();
        let database = paths.iter().filter(|path| !path.ends_with("secret.keys"));
        database
            .flat_map(|path| std::fs::read(path).unwrap())
            .collect()
    }
}

/// A database for one test: a SQLite file, or, where `CARILLON_TEST_ON_POSTGRES` is set, one of
/// its own on the test server, which goes with its cluster.
pub(crate) async fn open(directory: &TempDir) -> Store {
    let file = directory.path().join("carillon.db");
    let store = Store::open(&url(directory, &file.display().to_string()).await)
        .await
        .unwrap()
        .in_run(carillon_engine::audit::run(&Random::system()).unwrap());
    store.migrate().await.unwrap();
    store
}

/// Whether this run is the one on Postgres, where there is no file to search.
pub(crate) fn on_postgres() -> bool {
    std::env::var_os("CARILLON_TEST_ON_POSTGRES").is_some()
}

/// The same directory has the same database, however often it is opened.
async fn url(directory: &TempDir, file: &str) -> String {
    if !on_postgres() {
        return format!("sqlite:{file}");
    }
    let note = directory.path().join("postgres");
    if let Ok(url) = std::fs::read_to_string(&note) {
        return url;
    }
    let server = std::env::var_os("CARILLON_TEST_POSTGRES_URL").expect("a server to test on");
    let database = TestDatabase::create(server.to_str().unwrap(), "accounts")
        .await
        .unwrap();
    std::fs::write(&note, database.url()).unwrap();
    database.url()
}

pub(crate) fn engine(store: Store, keyring: Option<Keyring>, clock: Clock) -> Engine {
    engine_with(store, keyring, clock, Hasher::new(Cost::default(), 2))
}

pub(crate) fn engine_with(
    store: Store,
    keyring: Option<Keyring>,
    clock: Clock,
    hasher: Hasher,
) -> Engine {
    let now = clock.clone();
    let gateway = Gateway::new(GatewayConfig {
        guard: Guard::new(GuardConfig::default()),
        entropy: Arc::new(|| [7; 16]),
        now: Arc::new(move || now.now()),
    });
    Engine::new(Parts {
        store,
        gateway: gateway.unwrap(),
        keyring,
        hasher,
        clock,
        random: Random::system(),
        feed: Feed::default(),
        dispatch: Dispatch::new(1),
    })
}

pub(crate) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
