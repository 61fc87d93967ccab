//! A database for one case, gone afterwards.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use carillon_store::{RowKeys, Run, SignedRows, Store};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

/// What a case gets.
#[derive(Clone)]
pub(crate) struct Database {
    /// Open and migrated.
    pub(crate) store: Store,
    /// Its address, to open it once more.
    pub(crate) url: String,
}

impl Database {
    /// Runs a statement behind the store's back.
    pub(crate) async fn raw(&self, text: &str) -> Result<u64, sqlx::Error> {
        let sql = AssertSqlSafe(text.to_owned());
        if self.store.is_shared() {
            let mut conn = PgConnection::connect(&self.url).await?;
            Ok(conn.execute(sql).await?.rows_affected())
        } else {
            let mut conn = SqliteConnection::connect(&self.url).await?;
            Ok(conn.execute(sql).await?.rows_affected())
        }
    }
}

/// A copy of a database, as another server has it that lacks what comes after.
pub(crate) struct OtherServer {
    administration: String,
    name: String,
}

impl OtherServer {
    /// Copies a Postgres database as it is. Its connections end.
    pub(crate) async fn copy(db: &Database) -> Self {
        let (address, _) = db.url.split_once('?').unwrap_or((&db.url, ""));
        let other = Self {
            administration: with_name(&db.url, "postgres"),
            name: address.rsplit('/').next().unwrap().to_owned(),
        };
        other.end_connections().await;
        let name = &other.name;
        other
            .say(format!("CREATE DATABASE {name}_b TEMPLATE {name}"))
            .await;
        other
    }

    /// From now on it is reached by the address of the first.
    pub(crate) async fn takes_over(self) {
        let name = &self.name;
        self.end_connections().await;
        self.say(format!("ALTER DATABASE {name} RENAME TO {name}_a"))
            .await;
        self.say(format!("ALTER DATABASE {name}_b RENAME TO {name}"))
            .await;
        self.say(format!("DROP DATABASE {name}_a WITH (FORCE)"))
            .await;
    }

    async fn end_connections(&self) {
        let name = &self.name;
        self.say(format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await;
    }

    async fn say(&self, text: String) {
        administer(&self.administration, &text).await;
    }
}

/// A run whose salts are all different.
pub(crate) fn run() -> Run {
    static SALT: AtomicU32 = AtomicU32::new(0);
    Run::new("run-1", || {
        let number = SALT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut salt = [7; 32];
        salt[..4].copy_from_slice(&number);
        Some(salt)
    })
}

pub(crate) async fn on_sqlite<F: Future<Output = ()> + Send + 'static>(
    case: impl FnOnce(Database) -> F,
) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("carillon.db").display());
    let store = Store::open(&url).await.unwrap().in_run(run());
    store.migrate().await.unwrap();
    begin(&store).await;
    let before = (store.clone(), url.clone());
    case(Database { store, url }).await;
    all_are_genuine_but_those_told(&before.0, &before.1).await;
}

/// As a server begins with a fresh database and its keys.
async fn begin(store: &Store) {
    store.trust_rows_of(Arc::new(TestKeys));
    let mut unit = store.begin().await.unwrap();
    let orders = unit.signed_rows(SignedRows::Orders, None, 9).await;
    for row in orders.unwrap() {
        assert!(unit.sign_row(&row).await.unwrap());
    }
    unit.commit_bookkeeping().await.unwrap();
}

/// Keys as an engine would hand them in, without a secret.
struct TestKeys;

impl RowKeys for TestKeys {
    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let digest = Sha256::new().chain_update("secret").chain_update(bytes);
        [b"\x01test key".as_slice(), &digest.finalize()].concat()
    }

    fn is_good(&self, bytes: &[u8], code: &[u8]) -> bool {
        self.sign(bytes) == code
    }
}

/// Whatever a case did, it left no row that is signed and not genuine, but where it says so.
async fn all_are_genuine_but_those_told(store: &Store, url: &str) {
    let told = store.forged_rows();
    let store = Store::open(url).await.unwrap();
    store.trust_rows_of(Arc::new(TestKeys));
    for rows in SignedRows::ALL {
        let found = store.signed_rows(*rows, None, 1000).await.unwrap();
        for row in found {
            let genuine = store.is_genuine(&row);
            assert!(genuine || told.contains(&row.row()), "{:?}", row.row());
        }
    }
    store.close().await;
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub(crate) async fn on_postgres<F: Future<Output = ()> + Send + 'static>(
    case: impl FnOnce(Database) -> F,
) {
    let Some(server) = postgres_url() else {
        eprintln!("skipped: CARILLON_TEST_POSTGRES_URL is not set");
        return;
    };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("carillon_store_{}_{number}", std::process::id());
    administer(
        &server,
        &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
    )
    .await;
    administer(
        &server,
        &format!("CREATE DATABASE {name} TEMPLATE template0"),
    )
    .await;
    let url = with_name(&server, &name);
    let store = Store::open(&url).await.unwrap().in_run(run());
    store.migrate().await.unwrap();
    begin(&store).await;
    // In a task of its own, so that the database goes even when the case fails.
    let database = Database {
        store: store.clone(),
        url: url.clone(),
    };
    let ended = tokio::spawn(case(database)).await;
    if ended.is_ok() {
        all_are_genuine_but_those_told(&store, &url).await;
    }
    store.close().await;
    administer(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    if let Err(failure) = ended {
        std::panic::resume_unwind(failure.into_panic());
    }
}

pub(crate) fn postgres_url() -> Option<String> {
    std::env::var_os("CARILLON_TEST_POSTGRES_URL").map(|url| url.into_string().unwrap())
}

async fn administer(server: &str, text: &str) {
    let mut conn = PgConnection::connect(server).await.unwrap();
    conn.execute(AssertSqlSafe(text.to_owned())).await.unwrap();
    conn.close().await.unwrap();
}

/// The server's address with another database's name.
fn with_name(server: &str, name: &str) -> String {
    let (address, options) = server.split_once('?').unwrap_or((server, ""));
    let (scheme, rest) = address.split_once("://").unwrap();
    let host = rest.split('/').next().unwrap();
    let options = if options.is_empty() {
        String::new()
    } else {
        format!("?{options}")
    };
    format!("{scheme}://{host}/{name}{options}")
}
