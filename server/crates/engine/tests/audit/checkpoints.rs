//! The notary.

use std::time::Duration;

use carillon_engine::audit::{Journal, Notary, NotaryParts, Seal, SigningKey, VerifierKey, notes};
use carillon_engine::{Random, secrets::KeySource};
use carillon_store::CheckpointRow;

use crate::house::{Database, House, event};

async fn last(house: &House) -> Option<CheckpointRow> {
    house.store.last_checkpoint().await.unwrap()
}

async fn last_size(house: &House) -> i64 {
    last(house).await.map_or(0, |row| row.size)
}

pub(crate) async fn a_log_is_signed_when_it_is_time(database: &Database) {
    let house = House::new(database).await;
    let notary = house.notary().await;
    house.record(5).await;
    notary.look(false).await.unwrap();
    assert_eq!(
        last_size(&house).await,
        0,
        "neither a minute nor a thousand"
    );
    house.clock.advance(Duration::from_secs(61));
    notary.look(false).await.unwrap();
    // The first record names the key.
    assert_eq!(last_size(&house).await, 6);
    house.clock.advance(Duration::from_secs(61));
    notary.look(true).await.unwrap();
    assert_eq!(house.kept().len(), 1, "nothing new, nothing signed");
    house.record(1000).await;
    notary.look(false).await.unwrap();
    let row = last(&house).await.unwrap();
    assert_eq!(row.size, 1006);
    let kept = house.kept().pop().unwrap().1;
    assert_eq!(row.note.parse(), Ok(kept.clone()));
    let key: VerifierKey = notary.key().unwrap().to_string().parse().unwrap();
    assert!(kept.is_signed_by(&key));
    let head = house.store.audit_head().await.unwrap();
    assert_eq!(kept.checkpoint.root, head.root());
    let tiles = house.store.audit_tiles(0, 100).await.unwrap();
    assert_eq!(tiles.len(), 3);
    assert!(tiles[0].min_at <= tiles[0].max_at && tiles[1].max_at < tiles[2].max_at);
    let over = house.store.checkpoint_over(6).await.unwrap().unwrap();
    assert_eq!(over.size, 1006);
    assert_eq!(house.store.checkpoint_over(1006).await.unwrap(), None);
    house.close().await;
}

pub(crate) async fn a_restart_carries_on(database: &Database) {
    let house = House::signed(database).await;
    house.record(300).await;
    let again = house.notary().await;
    again.look(true).await.unwrap();
    assert_eq!(last_size(&house).await, 900);
    assert_eq!(again.state().problem, None);
    assert_eq!(house.store.audit_tiles(0, 9).await.unwrap().len(), 3);
    house.close().await;
}

pub(crate) async fn what_could_not_be_signed_is_closed_later(database: &Database) {
    let house = House::signed(database).await;
    let notary = house.notary().await;
    notary.look(true).await.unwrap();
    house.record(300).await;
    let (file, aside) = (house.file("checkpoints"), house.file("aside"));
    std::fs::rename(&file, &aside).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert!(notary.look(true).await.is_err(), "a folder took a note");
    assert_eq!(last_size(&house).await, 600);
    std::fs::remove_dir(&file).unwrap();
    std::fs::rename(&aside, &file).unwrap();
    notary.look(true).await.unwrap();
    assert_eq!(last_size(&house).await, 900);
    assert_eq!(house.store.audit_tiles(0, 9).await.unwrap().len(), 3);
    house.is_intact("signed after all").await;
    house.close().await;
}

pub(crate) async fn a_shorter_log_is_not_signed_again(database: &Database) {
    let house = House::signed(database).await;
    let behind = "records 590 and up";
    let fewer = house.store.audit_leaves(0, 590).await.unwrap();
    let mut frontier = carillon_store::Frontier::default();
    for (hash, _) in &fewer {
        frontier.push(*hash);
    }
    house
        .tamper(&[
            "DELETE FROM audit WHERE seq >= 590".to_owned(),
            "DELETE FROM audit_checkpoints WHERE size > 590".to_owned(),
            format!(
                "UPDATE audit_head SET size = 590, frontier = {}",
                house.bytes(&frontier.to_bytes())
            ),
        ])
        .await;
    let notary = house.notary().await;
    assert!(notary.look(true).await.is_err(), "{behind} were signed");
    // Not even when as many have come again: they are others.
    let others: Vec<_> = (0..30).map(event).collect();
    let unit = house.store.begin().await.unwrap();
    unit.record(&others).await.unwrap().commit().await.unwrap();
    assert!(notary.look(true).await.is_err(), "{behind} were signed");
    assert!(notary.state().problem.unwrap().contains("audit verify"));
    assert_eq!(house.kept().len(), 3);
    house.close().await;
}

pub(crate) async fn another_key_signs_nothing(database: &Database) {
    let house = House::signed(database).await;
    std::fs::remove_file(house.file("signing.key")).unwrap();
    assert!(house.key().await.is_err(), "no second key is made");
    assert!(!house.file("signing.key").exists());
    let other = KeySource::File(house.file("signing.key"));
    SigningKey::create(&other, &Random::system()).unwrap();
    let notary = house.notary().await;
    house.record(10).await;
    notary.look(true).await.unwrap();
    assert_eq!(last_size(&house).await, 600);
    assert!(notary.state().problem.unwrap().contains("another key"));
    house.close().await;
}

pub(crate) async fn a_key_that_somebody_named_signs_nothing(database: &Database) {
    let house = House::signed(database).await;
    std::fs::remove_file(house.file("signing.key")).unwrap();
    let other = SigningKey::create(&house.key_source(), &Random::system()).unwrap();
    let named = format!(
        "UPDATE meta SET value = '{}' WHERE key = 'audit.signer'",
        other.public()
    );
    house.tamper(&[named]).await;
    // The record of the log's key is still there.
    let refused = house.key().await.err().unwrap();
    assert!(refused.contains("another key"), "{refused}");
    house.record(10).await;
    house.notary().await.look(true).await.unwrap();
    assert_eq!(last_size(&house).await, 600);
    // So are the checkpoints.
    let fooled = Notary::new(NotaryParts {
        store: house.store.clone(),
        clock: house.clock.clone(),
        seal: Ok(Seal::Key(Box::new(other))),
        journal: Journal::new(house.file("checkpoints")),
        anchors: Vec::new(),
    });
    let fault = fooled.look(true).await.unwrap_err();
    assert!(fault.is_alarm(), "{fault}");
    assert!(fault.to_string().contains("another key"), "{fault}");
    assert_eq!(last_size(&house).await, 600);
    house.close().await;
}

pub(crate) async fn notes_that_cannot_be_read_are_counted(database: &Database) {
    let house = House::signed(database).await;
    let key = house.key().await.unwrap();
    let kept = std::fs::read_to_string(house.file("checkpoints")).unwrap();
    let text = format!("{}{kept}half\n7\n", kept.replace("\n600\n", "\n+600\n"));
    let read = notes(&text, key.public()).unwrap();
    assert_eq!((read.found.len(), read.unread), (5, 2));
    if !house.store.is_shared() {
        let (file, log) = (house.file("spoiled"), house.file("carillon.db"));
        std::fs::write(&file, text).unwrap();
        let words = [
            "--checkpoint",
            file.to_str().unwrap(),
            log.to_str().unwrap(),
        ];
        let (status, told) = house.second(&words);
        assert_eq!(status, 0, "{told}");
        assert!(told.contains("could not be read: 2"), "{told}");
    }
    house.close().await;
}

pub(crate) async fn anchors_catch_up(database: &Database) {
    let house = House::signed(database).await;
    let anchor = house.file("anchor/log");
    let notary = house.notary().await;
    notary.look(false).await.unwrap();
    assert_eq!(notary.state().anchor_behind, None, "not for long yet");
    house.clock.advance(Duration::from_mins(16));
    notary.look(false).await.unwrap();
    assert!(notary.state().anchor_behind.is_some());
    let again = house.notary().await;
    again.look(false).await.unwrap();
    assert_eq!(again.state(), notary.state(), "a restart forgets nothing");
    std::fs::create_dir(anchor.parent().unwrap()).unwrap();
    notary.look(false).await.unwrap();
    assert_eq!(notary.state().anchor_behind, None);
    let text = std::fs::read_to_string(&anchor).unwrap();
    let last = last(&house).await.unwrap();
    assert_eq!(text, format!("{}\n", last.note));
    house.record(1).await;
    notary.look(true).await.unwrap();
    let text = std::fs::read_to_string(&anchor).unwrap();
    let key = notary.key().unwrap();
    let notes = carillon_engine::audit::notes(&text, key).unwrap();
    let sizes: Vec<_> = notes
        .found
        .iter()
        .map(|note| note.checkpoint.size)
        .collect();
    assert_eq!(sizes, [600, 601]);
    house.close().await;
}
