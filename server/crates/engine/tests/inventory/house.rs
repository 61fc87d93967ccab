//! A fresh installation for one test, with a caller of each role.

use std::collections::BTreeMap;
use std::sync::Arc;

use carillon_devices::{Gateway, GatewayConfig, Guard, GuardConfig};
use carillon_domain::event::{Actor, ActorKind, Event};
use carillon_domain::phone::TransportSecurity;
use carillon_domain::phone_list::Column;
use carillon_domain::role::Role;
use carillon_domain::{FieldError, Filter, Mac, Timestamp};
use carillon_engine::accounts::{Cost, Hasher};
use carillon_engine::dispatch::Dispatch;
use carillon_engine::inventory::{PhoneEdit, SiteInput};
use carillon_engine::secrets::KeySource;
use carillon_engine::{Asker, Caller, Clock, Engine, EngineError, Feed, Parts, Random};
use carillon_store::testing::TestDatabase;
use carillon_store::{AuditQuery, NewUser, Store};
use secrecy::SecretString;
use tempfile::TempDir;

const START: i64 = 1_790_000_000_000_000;

pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) directory: TempDir,
    pub(crate) admin: Caller,
    pub(crate) operator: Caller,
    pub(crate) viewer: Caller,
    /// Where its database is.
    pub(crate) url: String,
}

/// A SQLite file, or, where `CARILLON_TEST_ON_POSTGRES` is set, a database of its own on the test
/// server, which goes with its cluster.
async fn url(directory: &TempDir) -> String {
    if !on_postgres() {
        return format!("sqlite:{}", directory.path().join("carillon.db").display());
    }
    let server = std::env::var_os("CARILLON_TEST_POSTGRES_URL").unwrap();
    let database = TestDatabase::create(server.to_str().unwrap(), "inventory")
        .await
        .unwrap();
    database.url()
}

/// Whether this run is the one on Postgres, where there is no file to search.
pub(crate) fn on_postgres() -> bool {
    std::env::var_os("CARILLON_TEST_ON_POSTGRES").is_some()
}

impl House {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_micros(START));
        let url = url(&directory).await;
        let engine = engine(&directory, &url, clock).await;
        let admin = account(&engine, Role::Admin).await;
        let operator = account(&engine, Role::Operator).await;
        let viewer = account(&engine, Role::Viewer).await;
        Self {
            engine,
            directory,
            admin,
            operator,
            viewer,
            url,
        }
    }

    /// Another engine over the same files: the next start, or another node.
    pub(crate) async fn again(&self) -> Engine {
        engine(&self.directory, &self.url, self.engine.clock.clone()).await
    }

    /// A token of the administrator that may all that its account may.
    pub(crate) fn program(&self) -> Caller {
        let mut asker = Asker::clone(&self.admin);
        asker.actor.kind = ActorKind::Token;
        asker.proved = false;
        Caller::for_tests(asker)
    }

    /// The administrator, long after signing in.
    pub(crate) fn unproved(&self) -> Caller {
        let proved = false;
        Caller::for_tests(Asker {
            proved,
            ..Asker::clone(&self.admin)
        })
    }

    pub(crate) async fn site(&self, name: &str) {
        let site = site_input(name);
        self.engine.create_site(&self.admin, &site).await.unwrap();
    }

    pub(crate) async fn phone(&self, last: u8, fields: &[(Column, &str)]) -> Mac {
        let edit = edit(fields);
        let row = self
            .engine
            .create_phone(&self.admin, mac(last), &edit)
            .await;
        row.unwrap().phone.mac
    }

    pub(crate) async fn count(&self, filter: &str) -> i64 {
        let filter: Filter = filter.parse().unwrap();
        self.engine
            .count_phones(&self.admin, &filter)
            .await
            .unwrap()
    }

    /// All audit records, oldest first.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let query = AuditQuery::default();
        let rows = self
            .engine
            .store
            .audit_batch(&query, -1, 100_000)
            .await
            .unwrap();
        rows.into_iter().map(|row| row.event).collect()
    }

    pub(crate) async fn actions(&self) -> Vec<String> {
        self.events()
            .await
            .into_iter()
            .map(|event| event.action)
            .collect()
    }

    /// Whether a text stands anywhere on the disk in clear.
    pub(crate) fn is_on_disk(&self, text: &str) -> bool {
        std::fs::read_dir(self.directory.path())
            .unwrap()
            .any(|file| {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                bytes
                    .windows(text.len())
                    .any(|window| window == text.as_bytes())
            })
    }
}

async fn engine(directory: &TempDir, url: &str, clock: Clock) -> Engine {
    let source = KeySource::File(directory.path().join("secret.keys"));
    let keyring = match source.load() {
        Ok(keyring) => keyring,
        Err(_) => source.create(&Random::system(), clock.now()).unwrap(),
    };
    let store = Store::open(url).await.unwrap();
    let store = store.in_run(carillon_engine::audit::run(&Random::system()).unwrap());
    store.migrate().await.unwrap();
    carillon_engine::rows::trust(&store, &keyring);
    carillon_store::testing::sign_orders(&store).await.unwrap();
    let now = clock.clone();
    let gateway = Gateway::new(GatewayConfig {
        guard: Guard::new(GuardConfig::default()),
        entropy: Arc::new(|| [7; 16]),
        now: Arc::new(move || now.now()),
    });
    Engine::new(Parts {
        store,
        gateway: gateway.unwrap(),
        keyring: Some(keyring),
        hasher: Hasher::new(Cost::default(), 1),
        clock,
        random: Random::system(),
        feed: Feed::default(),
        dispatch: Dispatch::new(1),
    })
}

async fn account(engine: &Engine, role: Role) -> Caller {
    let id = format!("id-of-{role}");
    let user = NewUser {
        id: id.clone(),
        name: role.to_string(),
        role,
        password: None,
    };
    let mut unit = engine.store.begin().await.unwrap();
    unit.insert_user(&user, engine.clock.now()).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let actor = Actor {
        kind: ActorKind::User,
        id: id.clone(),
        name: role.to_string(),
        auth: "password".to_owned(),
        session: String::new(),
    };
    Caller::for_tests(Asker {
        actor,
        role,
        user_id: Some(id),
        ip: Some("10.9.9.9".to_owned()),
        reach: carillon_domain::Reach::everything(),
        proved: true,
    })
}

pub(crate) fn mac(last: u8) -> Mac {
    Mac::from_bytes([0, 0x15, 0x65, 0, 0, last])
}

pub(crate) fn edit(fields: &[(Column, &str)]) -> PhoneEdit {
    let fields: BTreeMap<_, _> = fields
        .iter()
        .map(|(c, text)| (*c, (*text).to_owned()))
        .collect();
    PhoneEdit {
        fields,
        ..PhoneEdit::default()
    }
}

pub(crate) fn site_input(name: &str) -> SiteInput {
    SiteInput {
        slug: String::new(),
        name: name.to_owned(),
        transport_security: TransportSecurity::Pinned,
        ca_pem: None,
        credential: None,
        max_down_percent: 20,
    }
}

pub(crate) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

/// The fields that a refusal names.
pub(crate) fn fields_of<T>(refused: Result<T, EngineError>) -> Vec<String> {
    let Err(EngineError::Invalid(errors)) = refused else {
        panic!("not refused for its fields")
    };
    errors
        .into_iter()
        .map(|FieldError { field, .. }| field)
        .collect()
}
