//! A log, a keyring and couriers in a hurry.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use carillon_devices::{Gateway, GatewayConfig, Guard, GuardConfig};
use carillon_domain::Timestamp;
use carillon_domain::event::{Actor, Event, EventResult};
use carillon_engine::accounts::{Cost, Hasher};
use carillon_engine::audit::{
    AnchorConfig, Anchors, AnchorsParts, Evidence, Journal, Notary, NotaryParts, Seal, SigningKey,
    Verdict, notes, signing_key, verify,
};
use carillon_engine::dispatch::Dispatch;
use carillon_engine::secrets::{KeySource, Keyring};
use carillon_engine::streams::{Pace, StreamConfig, Streams, StreamsParts};
use carillon_engine::{Caller, Clock, Engine, Feed, Parts, Random};
use carillon_receivers::{Dialer, Limits, Trust};
use carillon_simulator::{Collector, Taken};
use carillon_store::Store;
use carillon_store::testing::TestDatabase;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct House {
    dir: TempDir,
    pub(crate) store: Store,
    pub(crate) keyring: Keyring,
    pub(crate) clock: Clock,
    scratch: Option<TestDatabase>,
}

impl House {
    pub(crate) async fn on_sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("carillon.db").display());
        Self::open(dir, &url, None).await
    }

    pub(crate) async fn on_postgres() -> Option<Self> {
        let Some(server) = std::env::var_os("CARILLON_TEST_POSTGRES_URL") else {
            eprintln!("skipped: CARILLON_TEST_POSTGRES_URL is not set");
            return None;
        };
        let server = server.into_string().unwrap();
        let scratch = TestDatabase::create(&server, "streams").await.unwrap();
        let url = scratch.url();
        Some(Self::open(tempfile::tempdir().unwrap(), &url, Some(scratch)).await)
    }

    async fn open(dir: TempDir, url: &str, scratch: Option<TestDatabase>) -> Self {
        let store = Store::open(url).await.unwrap();
        let store = store.in_run(carillon_engine::audit::run(&Random::system()).unwrap());
        store.migrate().await.unwrap();
        let source = KeySource::File(dir.path().join("secret.keys"));
        let clock = Clock::manual(Timestamp::from_micros(1_790_000_000_000_000));
        let keyring = source.create(&Random::system(), clock.now()).unwrap();
        carillon_engine::rows::trust(&store, &keyring);
        carillon_store::testing::sign_orders(&store).await.unwrap();
        Self {
            dir,
            store,
            keyring,
            clock,
            scratch,
        }
    }

    pub(crate) async fn close(self) {
        self.store.close().await;
        if let Some(scratch) = self.scratch {
            scratch.drop_if_there().await.unwrap();
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn dialer() -> Dialer {
        let guard = carillon_receivers::Guard::new(carillon_receivers::GuardConfig::default());
        let limits = Limits {
            exchange: Duration::from_secs(3),
            ..Limits::default()
        };
        Dialer::new(guard, &Trust::default(), limits, Timestamp::default).unwrap()
    }

    fn pace() -> Pace {
        Pace {
            look: Duration::from_millis(5),
            first: Duration::from_millis(5),
            longest: Duration::from_millis(20),
            alert: Duration::from_mins(5),
        }
    }

    /// The couriers of one process.
    pub(crate) async fn streams(&self, configs: &[(&str, String)]) -> Streams {
        let parts = StreamsParts {
            store: self.store.clone(),
            keyring: self.keyring.clone(),
            clock: self.clock.clone(),
            random: Random::system(),
            dialer: Self::dialer(),
            host: "carillon.example".to_owned(),
            pace: Self::pace(),
        };
        let config = |(name, url): &(&str, String)| StreamConfig {
            name: (*name).to_owned(),
            receiver: url.parse().unwrap(),
        };
        Streams::start(parts, configs.iter().map(config).collect())
            .await
            .unwrap()
    }

    /// Anchors of which the first is told a secret.
    pub(crate) async fn anchors(&self, urls: &[String]) -> Anchors {
        let parts = AnchorsParts {
            store: self.store.clone(),
            clock: self.clock.clone(),
            random: Random::system(),
            dialer: Self::dialer(),
            host: "carillon.example".to_owned(),
            pace: Self::pace(),
        };
        let mut secret = Some("Bearer anchor-token".into());
        let anchor = |url: &String| AnchorConfig {
            receiver: url.parse().unwrap(),
            authorization: secret.take(),
        };
        Anchors::start(parts, urls.iter().map(anchor).collect())
            .await
            .unwrap()
    }

    pub(crate) async fn notary(&self) -> Notary {
        let source = KeySource::File(self.file("signing.key"));
        let random = Random::system();
        let key = signing_key(&self.store, &source, &self.clock, &random);
        Notary::new(NotaryParts {
            store: self.store.clone(),
            clock: self.clock.clone(),
            seal: key.await.unwrap().map(|key| Seal::Key(Box::new(key))),
            journal: Journal::new(self.file("checkpoints")),
            anchors: Vec::new(),
        })
    }

    /// What `audit verify` says with what an anchor wrote, and only that.
    pub(crate) async fn verdict(&self, kept: &str) -> Verdict {
        let key = SigningKey::load(&KeySource::File(self.file("signing.key"))).unwrap();
        let kept = notes(kept, key.public()).unwrap().found.into_iter();
        let kept = kept.map(|note| ("anchor".to_owned(), note)).collect();
        let key = Some(key.public().clone());
        verify(&self.store, &Evidence { key, kept }).await.unwrap()
    }

    /// Adds records.
    pub(crate) async fn record(&self, count: i64) {
        let first = self.size().await;
        let events: Vec<_> = (first..first + count).map(|n| self.event(n)).collect();
        let unit = self.store.begin().await.unwrap();
        unit.record(&events).await.unwrap().commit().await.unwrap();
    }

    fn event(&self, number: i64) -> Event {
        let mut event = Event::new(self.clock.now(), Actor::system(), "test.told");
        event.reason = format!("Süd {number} \"quoted\"");
        if number % 3 == 0 {
            event.result = EventResult::Denied;
        }
        event
    }

    pub(crate) async fn size(&self) -> i64 {
        i64::try_from(self.store.audit_head().await.unwrap().size()).unwrap()
    }

    pub(crate) async fn entries(&self) -> Vec<String> {
        let entries = self.store.stream_entries(0, i64::MAX).await.unwrap();
        entries.into_iter().map(|entry| entry.entry).collect()
    }

    /// Use cases over the same store and keys.
    pub(crate) fn engine(&self) -> Engine {
        let clock = self.clock.clone();
        let gateway = Gateway::new(GatewayConfig {
            guard: Guard::new(GuardConfig::default()),
            entropy: Arc::new(|| [0; 16]),
            now: Arc::new(move || clock.now()),
        });
        Engine::new(Parts {
            store: self.store.clone(),
            gateway: gateway.unwrap(),
            keyring: Some(self.keyring.clone()),
            hasher: Hasher::new(Cost::default(), 1),
            clock: self.clock.clone(),
            random: Random::system(),
            feed: Feed::default(),
            dispatch: Dispatch::new(1),
        })
    }

    pub(crate) fn admin() -> Caller {
        Caller::system()
    }

    /// The row of a stream once it is so.
    pub(crate) async fn until(
        &self,
        name: &str,
        is_so: impl Fn(&carillon_store::StreamRow) -> bool,
    ) -> carillon_store::StreamRow {
        loop {
            let row = self.store.stream(name).await.unwrap();
            if let Some(row) = row.filter(&is_so) {
                return row;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// The record in a syslog message.
pub(crate) fn record(taken: &Taken) -> String {
    let (_, record) = taken.text.split_once("\"] ").unwrap();
    record.trim_start_matches('\u{feff}').to_owned()
}

pub(crate) fn seq(record: &str) -> i64 {
    let value: Value = serde_json::from_str(record).unwrap();
    value["seq"].as_i64().unwrap()
}

pub(crate) fn syslog(collector: &Collector) -> String {
    format!("syslog+tcp://{}", collector.address())
}

pub(crate) fn http(collector: &Collector) -> String {
    format!("http://{}/hook", collector.address())
}
