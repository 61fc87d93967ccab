//! A log of its own for one test, with a notary whose time stands still.

use std::path::PathBuf;
use std::process::Command;

use carillon_domain::event::{Actor, ActorKind, Event, EventResult};
use carillon_domain::{Mac, Timestamp};
use carillon_engine::audit::{
    Evidence, Journal, Notary, NotaryParts, Seal, SignedCheckpoint, SigningKey, Verdict, notes,
    run, signing_key, verify,
};
use carillon_engine::secrets::KeySource;
use carillon_engine::{Clock, Random};
use carillon_store::Store;
use carillon_store::testing::{TestDatabase, raw};
use tempfile::TempDir;

pub(crate) const START: i64 = 1_790_000_000_000_000;

/// Which database a case runs on.
pub(crate) enum Database {
    Sqlite,
    Postgres(String),
}

pub(crate) fn postgres() -> Option<Database> {
    let url = std::env::var_os("CARILLON_TEST_POSTGRES_URL");
    if url.is_none() {
        eprintln!("skipped: CARILLON_TEST_POSTGRES_URL is not set");
    }
    url.map(|url| Database::Postgres(url.into_string().unwrap()))
}

/// One log.
pub(crate) struct House {
    pub(crate) dir: TempDir,
    pub(crate) store: Store,
    pub(crate) url: String,
    pub(crate) clock: Clock,
    scratch: Option<TestDatabase>,
}

impl House {
    pub(crate) async fn new(database: &Database) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (url, scratch) = match database {
            Database::Sqlite => {
                let file = dir.path().join("carillon.db");
                (format!("sqlite:{}", file.display()), None)
            }
            Database::Postgres(server) => {
                let made = TestDatabase::create(server, "audit").await.unwrap();
                (made.url(), Some(made))
            }
        };
        let store = Store::open(&url)
            .await
            .unwrap()
            .in_run(run(&Random::system()).unwrap());
        store.migrate().await.unwrap();
        let clock = Clock::manual(Timestamp::from_micros(START));
        Self {
            dir,
            store,
            url,
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

    pub(crate) fn key_source(&self) -> KeySource {
        KeySource::File(self.file("signing.key"))
    }

    /// The log's key as the program finds it.
    pub(crate) async fn key(&self) -> Result<SigningKey, String> {
        let random = Random::system();
        signing_key(&self.store, &self.key_source(), &self.clock, &random)
            .await
            .unwrap()
    }

    /// A notary as a new process would have it.
    pub(crate) async fn notary(&self) -> Notary {
        Notary::new(NotaryParts {
            store: self.store.clone(),
            clock: self.clock.clone(),
            seal: self.key().await.map(|key| Seal::Key(Box::new(key))),
            journal: Journal::new(self.file("checkpoints")),
            anchors: vec![Journal::new(self.file("anchor/log"))],
        })
    }

    /// Adds records of many shapes.
    pub(crate) async fn record(&self, count: i64) {
        let first = i64::try_from(self.store.audit_head().await.unwrap().size()).unwrap();
        let events: Vec<_> = (first..first + count).map(event).collect();
        let unit = self.store.begin().await.unwrap();
        unit.record(&events).await.unwrap().commit().await.unwrap();
    }

    /// A log of 600 records, signed at 200, 400 and 600.
    pub(crate) async fn signed(database: &Database) -> Self {
        let house = Self::new(database).await;
        let notary = house.notary().await;
        let known = house.store.audit_head().await.unwrap().size();
        house.record(200 - i64::try_from(known).unwrap()).await;
        for more in [200, 200, 0] {
            notary.look(true).await.unwrap();
            house.record(more).await;
        }
        house
    }

    pub(crate) fn kept(&self) -> Vec<(String, SignedCheckpoint)> {
        let text = std::fs::read_to_string(self.file("checkpoints")).unwrap();
        let key = SigningKey::load(&self.key_source()).unwrap();
        let notes = notes(&text, key.public()).unwrap();
        notes
            .found
            .into_iter()
            .map(|note| ("kept".to_owned(), note))
            .collect()
    }

    pub(crate) async fn verdict(&self, kept: Vec<(String, SignedCheckpoint)>) -> Verdict {
        let key = SigningKey::load(&self.key_source()).unwrap();
        let key = Some(key.public().clone());
        verify(&self.store, &Evidence { key, kept }).await.unwrap()
    }

    /// What both programs find; the second one reads SQLite only.
    pub(crate) async fn finding(&self) -> String {
        let found = match self.verdict(self.kept()).await {
            Verdict::Tampered(finding) => finding.to_string(),
            other => panic!("not found: {other:?}"),
        };
        if !self.store.is_shared() {
            let database = self.file("carillon.db");
            let checkpoints = self.file("checkpoints");
            let words = [
                "--checkpoint",
                checkpoints.to_str().unwrap(),
                database.to_str().unwrap(),
            ];
            let (status, told) = self.second(&words);
            assert_eq!(status, 1, "{told}, {found}");
            assert_eq!(place(&told), place(&format!("tampered: {found}")));
        }
        found
    }

    /// Both programs find nothing.
    pub(crate) async fn is_intact(&self, what: &str) {
        let verdict = self.verdict(self.kept()).await;
        assert!(matches!(verdict, Verdict::Intact(_)), "{what}: {verdict:?}");
        if self.store.is_shared() {
            return;
        }
        let (checkpoints, file) = (self.file("checkpoints"), self.file("carillon.db"));
        let words = ["--checkpoint", checkpoints.to_str().unwrap()];
        let words = [&words[..], &[file.to_str().unwrap()]].concat();
        let (status, told) = self.second(&words);
        assert_eq!(status, 0, "{what}: {told}");
    }

    /// Runs the verifier in the other language.
    pub(crate) fn second(&self, words: &[&str]) -> (i32, String) {
        let key = SigningKey::load(&self.key_source())
            .unwrap()
            .public()
            .to_string();
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../tools/verify_audit.py"
        );
        let run = Command::new("python3")
            .args(["-B", script, "--vkey", &key])
            .args(words)
            .output();
        // The packages of the tests bring it.
        let run = run.unwrap();
        let text = [run.stdout, run.stderr].concat();
        (run.status.code().unwrap(), String::from_utf8(text).unwrap())
    }

    /// Does what an intruder would, with the means of one who owns the database.
    pub(crate) async fn tamper(&self, statements: &[String]) {
        let open: &[&str] = if self.store.is_shared() {
            &[
                "ALTER TABLE audit DISABLE TRIGGER ALL",
                "ALTER TABLE audit_marks DISABLE TRIGGER ALL",
                "ALTER TABLE audit_values DISABLE TRIGGER ALL",
                "ALTER TABLE audit_head DISABLE TRIGGER ALL",
                "ALTER TABLE audit_tiles DISABLE TRIGGER ALL",
                "ALTER TABLE audit_checkpoints DISABLE TRIGGER ALL",
                "ALTER TABLE audit_sources DISABLE TRIGGER ALL",
            ]
        } else {
            &[
                "DROP TRIGGER IF EXISTS audit_is_not_changed",
                "DROP TRIGGER IF EXISTS audit_is_not_deleted",
                "DROP TRIGGER IF EXISTS audit_marks_only_grow",
                "DROP TRIGGER IF EXISTS audit_marks_are_not_deleted",
                "DROP TRIGGER IF EXISTS audit_values_are_not_changed",
                "DROP TRIGGER IF EXISTS audit_values_are_not_deleted",
                "DROP TRIGGER IF EXISTS audit_head_only_grows",
                "DROP TRIGGER IF EXISTS audit_tiles_are_not_changed",
                "DROP TRIGGER IF EXISTS audit_tiles_are_not_deleted",
                "DROP TRIGGER IF EXISTS audit_checkpoints_are_not_changed",
                "DROP TRIGGER IF EXISTS audit_checkpoints_are_not_deleted",
                "DROP TRIGGER IF EXISTS audit_sources_are_not_changed",
            ]
        };
        let text = open
            .iter()
            .copied()
            .chain(statements.iter().map(String::as_str));
        raw(&self.url, &text.collect::<Vec<_>>().join(";\n"))
            .await
            .unwrap();
    }

    /// Bytes as this database writes them.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> String {
        let digits = hex::encode(bytes);
        if self.store.is_shared() {
            format!("'\\x{digits}'::bytea")
        } else {
            format!("x'{digits}'")
        }
    }
}

/// `tampered: record 7: changed`, without what follows.
fn place(told: &str) -> String {
    told.trim()
        .splitn(4, ':')
        .take(3)
        .collect::<Vec<_>>()
        .join(":")
}

/// One of many shapes.
pub(crate) fn event(number: i64) -> Event {
    let actor = Actor {
        kind: ActorKind::User,
        id: "1".to_owned(),
        name: ["a.meyer", "İnci", "mallory"][usize::try_from(number % 3).unwrap()].to_owned(),
        auth: "password".to_owned(),
        session: String::new(),
    };
    let at = Timestamp::from_micros(START + number * 1_234_567);
    let mut event = Event::new(at, actor, "job.submitted");
    event.detail = serde_json::json!({"action": "Reboot", "total": number});
    if number % 2 == 0 {
        event.action = "target.result".into();
        event.result = EventResult::Acknowledged;
        event.phone = Some(format!("805e00{number:06x}").parse::<Mac>().unwrap());
        event.phone_name = format!("Empfang Süd {number}");
        event.site = Some("kiel".to_owned());
        event.groups = vec!["front".to_owned(), "all".to_owned()];
        event.job = Some(format!("job-{}", number / 50));
        event.ip = Some("10.0.0.1".to_owned());
        event.reason = "INC-4711 \"hangs\" \\ \u{0} ΣΑΣ".into();
    }
    if number % 5 == 0 {
        // Spaces to one reader of Unicode or another, not to all of them.
        event.reason = "a\u{1c}b\u{1f}c d\u{85}e\u{a0}f\u{180e}g\u{200b}h\u{2028}i\u{3000}j".into();
    }
    event
}
