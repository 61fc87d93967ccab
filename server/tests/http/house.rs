//! A running server with a database and phones of its own, gone after the test.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Once;

use carillon::config::{Layers, SettingFlags, Settings};
use carillon::startup::{self, Server};
use carillon_domain::Mac;
use carillon_domain::phone_list::Column;
use carillon_domain::role::Role;
use carillon_engine::accounts::{NewToken, NewUser, TokenScope};
use carillon_engine::inventory::{ImportOnce, PhoneEdit};
use carillon_engine::{Caller, Engine};
use carillon_simulator::{Fleet, FleetConfig};
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;

use crate::postgres::Scratch;
use crate::requests::Client;

/// What every account of the tests signs in with.
pub(crate) const PASSWORD: &str = "bells at noon and at nine";

/// A running server.
pub(crate) struct House {
    server: Server,
    /// Its data directory.
    pub(crate) dir: TempDir,
}

impl House {
    /// Starts one on a free port, with one account of each role; none needs a second factor.
    pub(crate) async fn open(database: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut flags = flags(&dir);
        if let Some(url) = database {
            flags = flags.with("database-url", url);
        }
        Self::start(dir, flags).await
    }

    /// One whose phones are where phones are: nothing on this machine may be contacted.
    pub(crate) async fn strict() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let flags = SettingFlags::default()
            .with("listen", "127.0.0.1:0")
            .with("data-dir", dir.path().to_str().unwrap());
        Self::start(dir, flags).await
    }

    /// One with these settings besides.
    pub(crate) async fn with(settings: &[(&'static str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let plain = flags(&dir);
        let flags = settings
            .iter()
            .fold(plain, |flags, (key, value)| flags.with(key, value));
        Self::start(dir, flags).await
    }

    async fn start(dir: TempDir, flags: SettingFlags) -> Self {
        install_tls();
        let layers = Layers::combine(&flags, &|_| None);
        let settings = Settings::resolve(&layers).unwrap();
        let server = startup::start(&settings, Vec::new()).await.unwrap();
        let house = Self { server, dir };
        for role in Role::ALL {
            house.add_user(*role).await;
        }
        let (local, nobody) = (Self::local(), BTreeSet::new());
        let asked = house.engine().demand_second_factor(&local, &nobody, "");
        asked.await.unwrap();
        house
    }

    /// Where it listens: `http://127.0.0.1:1234`.
    pub(crate) fn base(&self) -> String {
        self.server.url()
    }

    /// Where programs on this machine read numbers.
    pub(crate) const fn metrics(&self) -> Option<std::net::SocketAddr> {
        self.server.metrics()
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.server.engine()
    }

    /// Somebody on this machine.
    pub(crate) fn local() -> Caller {
        Caller::local(0)
    }

    async fn add_user(&self, role: Role) {
        let new = NewUser {
            name: role.to_string(),
            role,
            password: SecretString::from(PASSWORD),
        };
        self.engine().add_user(&Self::local(), new).await.unwrap();
    }

    /// A program with a token of this role's account.
    pub(crate) async fn program(&self, role: Role) -> Client {
        let token = self.token(role, TokenScope::Manage).await;
        Client::with_token(&self.base(), &token)
    }

    /// A token of this role's account.
    pub(crate) async fn token(&self, role: Role, scope: TokenScope) -> String {
        let new = NewToken {
            user: Some(role.to_string()),
            label: "test".to_owned(),
            scope,
            lifetime: None,
            area: None,
        };
        let issued = self
            .engine()
            .create_token(&Self::local(), new)
            .await
            .unwrap();
        issued.token.expose_secret().to_owned()
    }

    /// A program with an administrator's token, after the sites and credentials of a fleet were made
    /// through the API and its phones imported.
    pub(crate) async fn with_phones(&self, fleet: &Fleet) -> Client {
        let api = self.program(Role::Admin).await;
        for site in fleet.sites() {
            let credential = serde_json::json!({
                "name": site.credential, "username": site.username,
                "password": site.password.as_str(),
            });
            api.post("/credentials", &credential).await.expect(201);
            let site = serde_json::json!({
                "slug": site.slug, "name": site.name, "credential": site.credential,
                "transport_security": site.transport_security,
            });
            api.post("/sites", &site).await.expect(201);
        }
        assert_eq!(
            self.import(&fleet.inventory_csv()).await,
            fleet.phones().len()
        );
        api
    }

    /// Somebody on this machine imports a list; says how many phones are new. Where sites speak plain
    /// HTTP, no token may bring phones to a stored password.
    pub(crate) async fn import(&self, list: &str) -> usize {
        let (local, once) = (Self::local(), ImportOnce::default());
        let report = self.engine().import_once(&local, list.into(), once).await;
        let report = report.unwrap();
        assert!(report.applied, "{:?}", report.errors);
        report.created
    }

    /// Somebody else moves a phone to another site.
    pub(crate) async fn move_phone(&self, mac: Mac, site: &str) {
        self.edit_phone(mac, Column::Site, site).await;
    }

    /// Somebody else protects a phone.
    pub(crate) async fn protect_phone(&self, mac: Mac) {
        self.edit_phone(mac, Column::Protected, "yes").await;
    }

    async fn edit_phone(&self, mac: Mac, column: Column, text: &str) {
        let edit = PhoneEdit {
            fields: [(column, text.to_owned())].into(),
            ..PhoneEdit::default()
        };
        let local = Self::local();
        let edited = self.engine().update_phone(&local, mac, &edit, None);
        edited.await.unwrap();
    }

    /// Stops it and starts it anew, on SQLite.
    pub(crate) async fn again(self) -> Self {
        let dir = self.stop().await;
        let layers = Layers::combine(&flags(&dir), &|_| None);
        let settings = Settings::resolve(&layers).unwrap();
        let server = startup::start(&settings, Vec::new()).await.unwrap();
        Self { server, dir }
    }

    /// Stops it; what it wrote is left.
    pub(crate) async fn stop(self) -> TempDir {
        self.server.stop().await;
        self.dir
    }

    pub(crate) async fn close(self) {
        self.server.stop().await;
    }
}

/// Flags for a throw-away server whose phones live on loopback.
pub(crate) fn flags(dir: &TempDir) -> SettingFlags {
    SettingFlags::default()
        .with("listen", "127.0.0.1:0")
        .with("data-dir", dir.path().to_str().unwrap())
        .with("allow-loopback", "true")
}

/// Simulated phones of this description.
pub(crate) async fn fleet(config: FleetConfig) -> Fleet {
    install_tls();
    Fleet::start(config).await.unwrap()
}

/// The one provider of TLS, as `main` installs it.
pub(crate) fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let provider = rustls::crypto::ring::default_provider();
        assert!(provider.install_default().is_ok());
    });
}

pub(crate) async fn on_sqlite<F: Future<Output = House>>(case: impl FnOnce(House) -> F) {
    let house = House::open(None).await;
    case(house).await.close().await;
}

pub(crate) async fn on_postgres<F>(case: impl FnOnce(House) -> F + Send + 'static)
where
    F: Future<Output = House> + Send,
{
    on_postgres_at(|house, _| case(house)).await;
}

/// A case that needs to know where its database is.
pub(crate) async fn on_postgres_at<F>(case: impl FnOnce(House, String) -> F + Send + 'static)
where
    F: Future<Output = House> + Send,
{
    let Some(scratch) = Scratch::make().await else {
        eprintln!("skipped: CARILLON_TEST_POSTGRES_URL is not set");
        return;
    };
    let url = scratch.url();
    // In a task of its own, so that the database goes even when the case fails.
    let ended = tokio::spawn(async move {
        let house = House::open(Some(&url)).await;
        case(house, url).await.close().await;
    })
    .await;
    scratch.drop_it().await;
    if let Err(failure) = ended {
        std::panic::resume_unwind(failure.into_panic());
    }
}
