//! Changing the key that seals, as a process that is killed on the way.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Instant;

use carillon_engine::secrets::{KeySource, Keyring, unreadable};
use carillon_store::{SealedColumn, Store};

use crate::command_line::{carillon, run};
use crate::house::{House, PASSWORD};

/// How many passwords are sealed. More are asked for by `CARILLON_TEST_SECRETS`.
const PHONES: usize = 3_000;
/// How often it is killed. More are asked for by `CARILLON_TEST_KILLS`.
const KILLS: usize = 8;
/// Most phones of one list.
const OF_A_LIST: usize = 50_000;

fn asked(variable: &str, usual: usize) -> usize {
    let text = std::env::var_os(variable);
    text.and_then(|text| text.to_str()?.parse().ok())
        .unwrap_or(usual)
}

fn key_file(home: &Path) -> PathBuf {
    home.join("secret.keys")
}

fn keys(home: &Path) -> Keyring {
    KeySource::File(key_file(home)).load().unwrap()
}

/// A data directory with so many phones that have a password of their own.
fn filled(home: &Path, phones: usize) {
    std::fs::create_dir(home).unwrap();
    for first in (0..phones).step_by(OF_A_LIST) {
        let mut list = "mac,username,password\n".to_owned();
        for phone in first..phones.min(first + OF_A_LIST) {
            let [.., high, middle, low] = phone.to_be_bytes();
            writeln!(
                list,
                "00:15:65:{high:02x}:{middle:02x}:{low:02x},admin,secret-{phone}"
            )
            .unwrap();
        }
        let file = home.join("phones.csv");
        std::fs::write(&file, list).unwrap();
        let (status, _, err) = run(carillon(home).args(["phones", "import"]).arg(&file));
        assert_eq!(status, 0, "{err}");
    }
}

async fn store(home: &Path) -> Store {
    let url = format!("sqlite:{}", home.join("carillon.db").display());
    Store::open(&url).await.unwrap()
}

/// How many passwords of phones are sealed with the key that seals.
async fn resealed(home: &Path, store: &Store) -> i64 {
    let active = keys(home).active();
    let counts = store
        .sealed_by_key(SealedColumn::Credentials)
        .await
        .unwrap();
    let mine = counts.iter().find(|(key, _)| key == active.as_bytes());
    mine.map_or(0, |(_, count)| *count)
}

async fn all_open(home: &Path) {
    let store = store(home).await;
    let closed = unreadable(&store, &keys(home)).await.unwrap();
    store.close().await;
    assert_eq!(closed, Vec::<String>::new());
}

/// Waits for the moment at which a rotation is to be killed: before it did anything, when the
/// file has another key, when another one seals, or after so many values.
async fn moment(home: &Path, kill: usize, rotation: &mut Child) {
    let before = keys(home);
    let store = store(home).await;
    let from = resealed(home, &store).await;
    let over = |rotation: &mut Child| rotation.try_wait().unwrap().is_some();
    while !over(rotation) {
        let now = keys(home);
        let reached = match kill % 4 {
            0 => true,
            1 => now.ids() != before.ids() || from > 0,
            2 => now.active() != before.active() || from > 0,
            _ => resealed(home, &store).await != from,
        };
        if reached {
            break;
        }
        tokio::task::yield_now().await;
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_is_killed_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("data");
    filled(&home, asked("CARILLON_TEST_SECRETS", PHONES));
    let first = keys(&home).active();
    for kill in 0..asked("CARILLON_TEST_KILLS", KILLS) {
        let mut rotation = carillon(&home);
        let rotation = rotation.args(["keys", "rotate"]).stderr(Stdio::null());
        let mut rotation = rotation.spawn().unwrap();
        moment(&home, kill, &mut rotation).await;
        rotation.kill().unwrap();
        rotation.wait().unwrap();
        all_open(&home).await;
    }
    let (status, _, err) = run(carillon(&home).args(["keys", "rotate"]));
    assert_eq!(status, 0, "{err}");
    let (status, _, err) = run(carillon(&home).args(["keys", "rewrap"]));
    assert_eq!((status, err.trim()), (0, "0 values sealed anew"));
    let active = keys(&home).active();
    assert_ne!(active, first);
    for id in keys(&home).ids() {
        let retired = run(carillon(&home).args(["keys", "retire", &id.to_string()]));
        assert_eq!(retired.0 == 0, id != active, "{}", retired.2);
    }
    assert_eq!(keys(&home).ids(), [active]);
    all_open(&home).await;
    whole_rotation(&home).await;
}

/// One that nobody kills; how long it takes is told to whoever runs this test alone.
#[expect(clippy::print_stdout, reason = "the figure is what they run it for")]
async fn whole_rotation(home: &Path) {
    let before = keys(home).active();
    let started = Instant::now();
    let (status, _, err) = run(carillon(home).args(["keys", "rotate"]));
    let took = started.elapsed();
    assert_eq!(status, 0, "{err}");
    assert_ne!(keys(home).active(), before);
    all_open(home).await;
    println!("a whole rotation took {:.1} s", took.as_secs_f64());
}

/// Nodes that share a database have a copy of the key file each: one step at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_change_their_key_in_steps() {
    crate::house::on_postgres_at(|house, url| async move {
        let home = house.dir.path().to_owned();
        let command = |words: &[&str]| {
            let mut command = carillon(&home);
            command.env("CARILLON_DATABASE_URL", &url);
            run(command.args([&["keys"], words].concat()))
        };
        let first = keys(&home).active();
        let (status, _, err) = command(&["rotate"]);
        assert_eq!(status, 1, "{err}");
        assert!(err.contains("carillon keys activate"), "{err}");
        assert_eq!(keys(&home).ids(), [first], "nothing happened");
        let (_, added, _) = command(&["add"]);
        let (status, _, err) = command(&["activate", added.trim()]);
        assert_eq!(status, 0, "{err}");
        assert!(err.contains("restart every node"), "{err}");
        assert_eq!(command(&["rewrap"]).0, 0);
        let (status, _, err) = command(&["retire", &first.to_string()]);
        assert_eq!(status, 0, "{err}");
        assert!(err.contains("restart every node"), "{err}");
        house
    })
    .await;
}

/// Beside a running server it is the server that does it, and goes on with the new key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_changes_its_key() {
    let house = House::open(None).await;
    let home = house.dir.path().to_owned();
    let first = keys(&home).active();
    let command = |words: &[&str]| run(carillon(&home).args([&["keys"], words].concat()));
    let early = command(&["retire", &first.to_string()]);
    assert_eq!(early.0, 1, "{}", early.2);
    let (status, added, err) = command(&["add"]);
    assert_eq!(status, 0, "{err}");
    let added = added.trim().to_owned();
    assert_eq!(keys(&home).active(), first, "it seals nothing yet");
    assert_eq!(command(&["activate", &added]).0, 0);
    let early = command(&["retire", &first.to_string()]);
    assert!(early.2.contains("are sealed with it"), "{}", early.2);
    assert_eq!(command(&["rewrap"]).0, 0);
    assert_eq!(command(&["retire", &first.to_string()]).0, 0);
    let (_, list, _) = command(&["list"]);
    assert_eq!(list.lines().count(), 1, "{list}");
    assert!(list.starts_with(&format!("{added} active")), "{list}");

    let mut browser = crate::browser::Browser::new(&house.base());
    assert_eq!(browser.sign_in("operator", PASSWORD).await.status, 303);
    let dir = house.stop().await;
    all_open(dir.path()).await;
}
