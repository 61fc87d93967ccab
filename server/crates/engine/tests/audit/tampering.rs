//! Ways to change the log behind the program's back, and how each is found, by both verifiers.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use carillon_engine::audit::{SigningKey, Verdict, notes};
use carillon_engine::secrets::KeySource;
use carillon_engine::{Random, audit::Kind};
use carillon_store::{AuditQuery, AuditRow, Frontier, leaf_hash};

use crate::house::{Database, House};
use crate::tiles::written_by_others;

pub(crate) async fn an_honest_log_is_intact(database: &Database) {
    let house = House::signed(database).await;
    house.record(7).await;
    let Verdict::Intact(intact) = house.verdict(house.kept()).await else {
        panic!("nothing was touched");
    };
    assert_eq!(
        (intact.size, intact.signed, intact.checkpoints),
        (607, 600, 6)
    );
    if !house.store.is_shared() {
        let (checkpoints, database) = (house.file("checkpoints"), house.file("carillon.db"));
        let words = [
            "--checkpoint",
            checkpoints.to_str().unwrap(),
            database.to_str().unwrap(),
        ];
        let (status, told) = house.second(&words);
        assert_eq!(status, 0, "{told}");
        assert!(told.contains(&hex::encode(intact.root)), "{told}");
    }
    let unsigned = House::new(database).await;
    unsigned.key().await.unwrap();
    let verdict = unsigned.verdict(Vec::new()).await;
    assert!(matches!(verdict, Verdict::CannotTell(_)), "{verdict:?}");
    unsigned.close().await;
    house.close().await;
}

/// Statements, and how the finding begins.
type Case = (Vec<String>, String);

async fn each(database: &Database, cases: impl Fn(&House) -> Vec<Case>) {
    let count = {
        let house = House::new(database).await;
        let count = cases(&house).len();
        house.close().await;
        count
    };
    for index in 0..count {
        let house = House::signed(database).await;
        let (statements, expected) = cases(&house).swap_remove(index);
        house.tamper(&statements).await;
        let found = house.finding().await;
        assert!(
            found.starts_with(&expected),
            "{statements:?}: {found}, not {expected}"
        );
        house.close().await;
    }
}

fn case(statements: &[&str], expected: impl Into<String>) -> Case {
    let statements = statements.iter().map(|text| (*text).to_owned());
    (statements.collect(), expected.into())
}

pub(crate) async fn a_record_that_was_touched_is_named(database: &Database) {
    each(database, |_| {
        let mut cases = Vec::new();
        for seq in [0, 1, 137, 256, 599] {
            let flip = format!("UPDATE audit SET entry = replace(entry, ',', ' ') WHERE seq = {seq}");
            cases.push((vec![flip], format!("record {seq}: changed")));
            let delete = format!("DELETE FROM audit WHERE seq = {seq}");
            let expected = if seq == 599 {
                "record 599: cut".to_owned()
            } else {
                format!("record {seq}: missing")
            };
            cases.push((vec![delete], expected));
        }
        cases.push(case(
            &["UPDATE audit SET leaf_hash = (SELECT leaf_hash FROM audit WHERE seq = 2) WHERE seq = 3"],
            "record 3: changed",
        ));
        cases.push(case(
            &["UPDATE audit SET seq = 10000 WHERE seq = 51"],
            "record 51: missing",
        ));
        cases.push(case(
            &["UPDATE audit SET seq = -1 WHERE seq = 51"],
            "record -1: moved",
        ));
        cases.push(case(
            &[
                "CREATE TABLE swapped AS SELECT * FROM audit WHERE seq IN (101, 103)",
                "UPDATE audit SET entry = (SELECT entry FROM swapped WHERE seq = 204 - audit.seq), \
                 leaf_hash = (SELECT leaf_hash FROM swapped WHERE seq = 204 - audit.seq) \
                 WHERE seq IN (101, 103)",
            ],
            "record 101: moved",
        ));
        cases
    })
    .await;
}

pub(crate) async fn an_index_that_was_touched_is_named(database: &Database) {
    each(database, |house| {
        let texts = [
            "actor", "action", "command", "phone", "site", "job", "result", "ip", "groups",
        ];
        let mut cases: Vec<Case> = texts
            .iter()
            .map(|column| {
                let set = format!("UPDATE audit SET {column} = 'x' WHERE seq = 300");
                (vec![set], format!("record 300: index: column {column}"))
            })
            .collect();
        cases.push(case(
            &["UPDATE audit SET at = at + 1 WHERE seq = 300"],
            "record 300: index: column at",
        ));
        cases.push(case(
            &["UPDATE audit SET site = NULL WHERE seq = 300"],
            "record 300: index: column site",
        ));
        cases.push(case(
            &["DELETE FROM audit_marks WHERE kind = 'group' AND value = 'all' AND tile = 1"],
            "records 256 to 511: marks",
        ));
        for (change, expected) in [
            ("UPDATE audit_marks SET records = records + 1 WHERE kind = 'job' AND tile = 1", "records 256 to 511: marks"),
            ("UPDATE audit_marks SET value = 'z' WHERE kind = 'actor' AND value = 'mallory' AND tile = 0", "records 0 to 255: marks"),
            ("DELETE FROM audit_marks WHERE kind = 'word' AND value = 'inc-4711' AND tile = 2", "records 512 to 599: marks"),
            ("INSERT INTO audit_marks (kind, value, tile, records) VALUES ('site', 'x', 1, 1)", "records 256 to 511: marks"),
            ("INSERT INTO audit_marks (kind, value, tile, records) VALUES ('site', 'x', 7, 1)", "record 1792: marks"),
            ("DELETE FROM audit_values WHERE kind = 'phone' AND value LIKE '80:5e:00:00:00:04%'", "records 0 to 255: marks"),
            ("DELETE FROM audit_values WHERE kind = 'action' AND value = 'job.submitted'", "records 0 to 255: marks"),
            ("UPDATE audit_marks SET records = 2 WHERE kind = 'word' AND value = 'inc-4711' AND tile = 1", "records 256 to 511: marks"),
            ("INSERT INTO audit_marks (kind, value, tile, records) VALUES ('word', 'invented', 1, 1)", "records 256 to 511: marks"),
            ("INSERT INTO audit_marks (kind, value, tile, records) VALUES ('word', '…', 1, 1)", "records 256 to 511: marks"),
            ("INSERT INTO audit_marks (kind, value, tile, records) VALUES ('word', '…', 2, 1)", "records 512 to 599: marks"),
            ("INSERT INTO audit_marks (kind, value, tile, records) VALUES ('phone', '80:5e:00:00:00:04', 1, 1)", "records 256 to 511: marks"),
            ("INSERT INTO audit_values (kind, value) VALUES ('word', 'invented')", "record 600: marks"),
            ("INSERT INTO audit_values (kind, value) VALUES ('action', 'job.invented')", "record 600: marks"),
            ("INSERT INTO audit_values (kind, value) VALUES ('phone', '80:5e:00:ff:ff:ff 805e00ffffff ')", "record 600: marks"),
        ] {
            cases.push(case(&[change], expected));
        }
        cases.push((
            vec![format!(
                "UPDATE audit_head SET frontier = {}",
                house.bytes(&[7; 96])
            )],
            "record 600: head".to_owned(),
        ));
        cases.push(case(
            &["UPDATE audit_tiles SET min_at = min_at - 1 WHERE tile = 1"],
            "records 256 to 511: tile",
        ));
        let short = house.bytes(&[7]);
        cases.push((
            vec![format!("UPDATE audit_tiles SET hash = {short} WHERE tile = 1")],
            "records 256 to 511: tile".to_owned(),
        ));
        for (tile, expected) in [
            (2, "record 512: tile"),
            (7, "record 1792: tile"),
            (-1, "record -256: tile"),
        ] {
            cases.push((vec![written_by_others(house, tile)], expected.to_owned()));
        }
        cases
    })
    .await;
}

/// Changes the text of some records and all hashes after it, as somebody without the key can.
pub(crate) async fn rebuild(house: &House, edited: i64) -> Vec<String> {
    let rows = house
        .store
        .audit_batch(&AuditQuery::default(), -1, 10_000)
        .await
        .unwrap();
    let mut frontier = Frontier::default();
    let mut statements = Vec::new();
    for row in rows {
        let mut entry = row.entry;
        if row.seq == edited {
            entry = entry.replace("Reboot", "reboot");
            let hash = house.bytes(&leaf_hash(entry.as_bytes()));
            statements.push(format!(
                "UPDATE audit SET entry = replace(entry, 'Reboot', 'reboot'), leaf_hash = {hash}, \
                 command = 'reboot' WHERE seq = {edited}; \
                 UPDATE audit_marks SET records = records - 1 \
                 WHERE kind = 'command' AND value = 'Reboot' AND tile = {tile}; \
                 INSERT INTO audit_marks (kind, value, tile, records) \
                 VALUES ('command', 'reboot', {tile}, 1); \
                 INSERT INTO audit_values (kind, value) VALUES ('command', 'reboot')",
                tile = edited / 256
            ));
        }
        frontier.push(leaf_hash(entry.as_bytes()));
    }
    statements.push("DELETE FROM audit_tiles".to_owned());
    statements.push(format!(
        "UPDATE audit_head SET frontier = {}",
        house.bytes(&frontier.to_bytes())
    ));
    statements
}

pub(crate) async fn a_tree_that_was_rebuilt_is_found(database: &Database) {
    for seq in [2, 199, 399, 400, 599] {
        let house = House::signed(database).await;
        let statements = rebuild(&house, seq).await;
        // Only the record and its hash, then the tree above it as well.
        for part in [&statements[..1], &statements[1..]] {
            house.tamper(part).await;
            let found = house.finding().await;
            let range = [(0, 199), (200, 399), (400, 599)];
            let (first, last) = range.into_iter().find(|(_, last)| seq <= *last).unwrap();
            let tile = format!(
                "records {} to {}: tile",
                seq / 256 * 256,
                seq / 256 * 256 + 255
            );
            let expected = format!("records {first} to {last}: rewritten");
            assert!(
                found.starts_with(&expected) || found.starts_with(&tile),
                "{found}"
            );
        }
        house.close().await;
    }
}

/// The marks of a tile as they were when the log was shorter.
fn remark(tile: i64, size: i64) -> String {
    let mut text = format!("DELETE FROM audit_marks WHERE tile = {tile} AND kind <> 'word'");
    for (kind, value) in [
        ("actor", "actor"),
        ("action", "action"),
        ("command", "command"),
        ("site", "site"),
        ("job", "job"),
        ("result", "result"),
        ("ip", "ip"),
        ("hour", "'00' || (at / 3600000000)"),
        ("group", "'front'"),
        ("group", "'all'"),
        ("about", "'job'"),
    ] {
        let only = match kind {
            "group" => "groups IS NOT NULL",
            "about" => "phone IS NULL AND job IS NOT NULL",
            _ => "1 = 1",
        };
        write!(
            text,
            ";\nINSERT INTO audit_marks (kind, value, tile, records) SELECT '{kind}', v, {tile}, \
             COUNT(*) FROM (SELECT {value} AS v FROM audit WHERE seq >= {tile} * 256 \
             AND seq < {size} AND {only}) AS told WHERE v IS NOT NULL GROUP BY v"
        )
        .unwrap();
    }
    text
}

pub(crate) async fn a_cut_tail_is_found_by_what_was_kept(database: &Database) {
    let house = House::signed(database).await;
    let leaves = house.store.audit_leaves(0, 450).await.unwrap();
    let mut frontier = Frontier::default();
    for (hash, _) in &leaves {
        frontier.push(*hash);
    }
    house
        .tamper(&[
            "DELETE FROM audit WHERE seq >= 450".to_owned(),
            "DELETE FROM audit_marks WHERE tile > 1".to_owned(),
            remark(1, 450),
            "DELETE FROM audit_values WHERE kind = 'phone' AND NOT EXISTS \
             (SELECT 1 FROM audit a WHERE a.phone = substr(audit_values.value, 1, 17))"
                .to_owned(),
            "DELETE FROM audit_checkpoints WHERE size > 450".to_owned(),
            "DELETE FROM audit_tiles WHERE tile > 0".to_owned(),
            format!(
                "UPDATE audit_head SET size = 450, frontier = {}",
                house.bytes(&frontier.to_bytes())
            ),
        ])
        .await;
    // As an older copy that was put back: by itself it is whole.
    assert!(matches!(
        house.verdict(Vec::new()).await,
        Verdict::Intact(_)
    ));
    let found = house.finding().await;
    assert!(found.starts_with("records 450 to 599: cut"), "{found}");
    house.close().await;
}

pub(crate) async fn forks_and_foreign_signatures_are_found(database: &Database) {
    let house = House::signed(database).await;
    let key = SigningKey::load(&house.key_source()).unwrap();
    let fork = key.sign(400, [7; 32]).parse().unwrap();
    let mut kept = house.kept();
    kept.push(("anchor".to_owned(), fork));
    match house.verdict(kept).await {
        Verdict::Tampered(finding) => assert!(
            matches!(finding.kind, Kind::Fork(_)) && finding.through == Some(399),
            "{finding}"
        ),
        other => panic!("{other:?}"),
    }
    let thief = KeySource::File(house.file("other.key"));
    let thief = SigningKey::create(&thief, &Random::system()).unwrap();
    let root = house.kept()[1].1.checkpoint.root;
    let foreign = thief.sign(400, root);
    house
        .tamper(&[format!(
            "UPDATE audit_checkpoints SET note = '{foreign}' WHERE size = 400"
        )])
        .await;
    let found = house.finding().await;
    assert!(found.starts_with("records 200 to 399: foreign"), "{found}");
    house
        .tamper(&["UPDATE audit_checkpoints SET note = 'x' WHERE size = 400".to_owned()])
        .await;
    assert!(house.finding().await.contains("foreign"));
    house.close().await;
}

pub(crate) async fn an_export_is_checked_by_the_second_program(database: &Database) {
    let house = House::signed(database).await;
    let mut rows = house
        .store
        .audit_batch(&AuditQuery::default(), -1, 10_000)
        .await
        .unwrap();
    rows.reverse();
    let lines: Vec<_> = rows.iter().map(AuditRow::shown).collect();
    let bare: Vec<_> = rows.into_iter().map(|row| row.entry).collect();
    let each = |from: &str, to: &str| lines.iter().map(|line| line.replace(from, to)).collect();
    assert_ne!(lines, bare);
    let file = house.file("export.jsonl");
    let kept = house.file("checkpoints");
    assert_eq!(house.kept().len(), 3);
    let words = [
        "--checkpoint",
        kept.to_str().unwrap(),
        file.to_str().unwrap(),
    ];
    for (lines, status, word) in [
        (lines.clone(), 0, "intact"),
        (bare, 0, "intact"),
        (each("\"10.0.0.1\"", "\"10.0.0.2\""), 1, "source"),
        (lines[1..].to_vec(), 1, "record 599: cut"),
        (
            [&lines[..99], &lines[100..]].concat(),
            1,
            "record 500: missing",
        ),
        (
            each("\"total\":301", "\"total\":302"),
            1,
            "records 200 to 399: rewritten",
        ),
    ] {
        std::fs::write(&file, format!("{}\n", lines.join("\n"))).unwrap();
        let (found, told) = house.second(&words);
        assert_eq!(found, status, "{told}");
        assert!(told.contains(word), "{told}");
    }
    house.close().await;
}

/// Anybody may have a line written; one that is not signed by the key is no evidence.
pub(crate) async fn lines_of_others_are_passed_over(database: &Database) {
    let house = House::signed(database).await;
    let key = SigningKey::load(&house.key_source()).unwrap();
    let thief = KeySource::File(house.file("other.key"));
    let thief = SigningKey::create(&thief, &Random::system()).unwrap();
    let line = |note: &str| format!("<110>1 carillon-checkpoint {}\n", STANDARD.encode(note));
    let root = house.kept()[2].1.checkpoint.root;
    let ours = line(&key.sign(600, root));
    let imitated = line(&thief.sign(600, [7; 32]));
    let wish = "{\"reason\":\"carillon-checkpoint of yesterday\"}\n";
    let (file, log) = (house.file("syslog"), house.file("carillon.db"));
    for (text, status, word) in [
        (
            format!("{wish}{imitated}{ours}"),
            0,
            "checkpoints of this log: 2",
        ),
        (
            format!("{wish}{imitated}"),
            3,
            "no file of signed checkpoints",
        ),
        (
            "nothing of the kind\n".to_owned(),
            3,
            "no file of signed checkpoints",
        ),
        (String::new(), 3, "no checkpoint"),
    ] {
        let read = notes(&text, key.public());
        match status {
            0 => assert_eq!(
                read.map(|read| (read.found.len(), read.ignored)),
                Ok((1, 2))
            ),
            _ => assert!(read.is_ok_and(|read| read.found.is_empty()) == text.is_empty()),
        }
        std::fs::write(&file, &text).unwrap();
        let words = ["--anchor", file.to_str().unwrap(), log.to_str().unwrap()];
        if !house.store.is_shared() {
            let (found, told) = house.second(&words);
            assert_eq!(found, status, "{told}");
            assert!(told.contains(word), "{told}");
        }
    }
    house.close().await;
}
