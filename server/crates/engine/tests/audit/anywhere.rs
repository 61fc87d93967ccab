//! Tampering at places that nobody chose: in each way, at five of them.

use std::path::Path;

use carillon_engine::audit::{Evidence, SigningKey, Verdict, verify};
use carillon_store::Store;
use carillon_store::testing::raw;

use crate::house::{Database, House};

const PLACES: usize = 5;
const SIZE: u64 = 600;

/// Numbers without an order, always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % limit) as i64
    }
}

/// What somebody who owns the file does at record `seq`, and how the finding begins.
type Way = fn(&mut Dice, i64) -> (String, String);

const WAYS: [(&str, Way); 8] = [
    ("a byte of the entry", |dice, seq| {
        let place = 1 + dice.below(60);
        let flip = format!(
            "UPDATE audit SET entry = substr(entry, 1, {place}) || \
             char(unicode(substr(entry, {place} + 1, 1)) + 1) || substr(entry, {place} + 2) \
             WHERE seq = {seq}"
        );
        (flip, format!("record {seq}: changed"))
    }),
    ("a column of the index", |dice, seq| {
        let columns = [
            "actor", "action", "command", "phone", "site", "job", "result", "ip", "groups",
        ];
        let column = columns[dice.below(9) as usize];
        let set = format!("UPDATE audit SET {column} = 'elsewhere' WHERE seq = {seq}");
        (set, format!("record {seq}: index: column {column}"))
    }),
    ("deleted", |_, seq| {
        let delete = format!("DELETE FROM audit WHERE seq = {seq}");
        (delete, format!("record {seq}: missing"))
    }),
    ("renumbered", |dice, seq| {
        let to = 10_000 + dice.below(1_000);
        let set = format!("UPDATE audit SET seq = {to} WHERE seq = {seq}");
        (set, format!("record {seq}: missing"))
    }),
    ("swapped with another", |dice, seq| {
        let other = (seq + 1 + dice.below(SIZE - 2)) % (SIZE as i64 - 1);
        let sum = seq + other;
        let swap = format!(
            "CREATE TABLE two AS SELECT * FROM audit WHERE seq IN ({seq}, {other}); \
             UPDATE audit SET \
             entry = (SELECT entry FROM two WHERE two.seq = {sum} - audit.seq), \
             leaf_hash = (SELECT leaf_hash FROM two WHERE two.seq = {sum} - audit.seq) \
             WHERE seq IN ({seq}, {other})"
        );
        let first = seq.min(other);
        (swap, format!("record {first}: moved"))
    }),
    ("inserted", |_, seq| {
        let insert = format!(
            "UPDATE audit SET seq = -seq - 2 WHERE seq >= {seq}; \
             UPDATE audit SET seq = -seq - 1 WHERE seq < -1; \
             INSERT INTO audit SELECT {seq}, at, entry, leaf_hash, actor, action, command, phone, \
             site, job, result, ip, groups FROM audit WHERE seq = {seq} + 1"
        );
        (insert, format!("record {}: moved", seq + 1))
    }),
    ("its hash", |_, seq| {
        let set = format!("UPDATE audit SET leaf_hash = zeroblob(32) WHERE seq = {seq}");
        (set, format!("record {seq}: changed"))
    }),
    ("the rest cut off", |_, seq| {
        let cut = format!("DELETE FROM audit WHERE seq >= {seq}");
        (cut, format!("records {seq} to {}: cut", SIZE - 1))
    }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_bad_record_is_named_wherever_it_is() {
    let house = House::signed(&Database::Sqlite).await;
    let key = SigningKey::load(&house.key_source()).unwrap();
    let evidence = Evidence {
        key: Some(key.public().clone()),
        kept: house.kept(),
    };
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let copy = house.file("copy.db");
    let vacuum = format!("VACUUM INTO '{}'", house.file("whole.db").display());
    raw(&house.url, &vacuum).await.unwrap();
    for (what, way) in WAYS {
        for _ in 0..PLACES {
            // The last has no next one: what happens to it is another finding.
            let seq = dice.below(SIZE - 1);
            std::fs::copy(house.file("whole.db"), &copy).unwrap();
            let (statements, expected) = way(&mut dice, seq);
            tamper(&copy, &statements).await;
            let found = first(&copy, &evidence).await;
            assert!(
                found.starts_with(&expected),
                "{what}: {found}, not {expected}"
            );
            second(&house, &copy, &found);
        }
    }
    house.close().await;
}

async fn tamper(file: &Path, statements: &str) {
    let open = "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted";
    let url = format!("sqlite:{}", file.display());
    raw(&url, &format!("{open}; {statements}")).await.unwrap();
}

async fn first(file: &Path, evidence: &Evidence) -> String {
    let store = Store::open(&format!("sqlite:{}", file.display()))
        .await
        .unwrap();
    let verdict = verify(&store, evidence).await.unwrap();
    store.close().await;
    match verdict {
        Verdict::Tampered(finding) => finding.to_string(),
        other => panic!("not found: {other:?}"),
    }
}

/// The second program names the same record.
fn second(house: &House, file: &Path, found: &str) {
    let kept = house.file("checkpoints");
    let words = [
        "--checkpoint",
        kept.to_str().unwrap(),
        file.to_str().unwrap(),
    ];
    let (status, told) = house.second(&words);
    let place = |text: &str| text.split(": ").take(2).collect::<Vec<_>>().join(": ");
    assert_eq!(status, 1, "{told}, {found}");
    assert!(
        told.starts_with(&format!("tampered: {}", place(found))),
        "{told}, {found}"
    );
}
