//! Rows of checkpoints that are gone from the database, while files still hold them.

use carillon_store::AuditQuery;

use crate::house::{Database, House};

const RESTORED: &str = "audit.checkpoints_restored";

async fn lose(house: &House, which: &str) {
    let statement = format!("DELETE FROM audit_checkpoints WHERE {which}");
    house.tamper(&[statement]).await;
}

async fn restored(house: &House) -> Vec<serde_json::Value> {
    let query = AuditQuery {
        actions: vec![RESTORED.to_owned()],
        ..AuditQuery::default()
    };
    let rows = house.store.audit_batch(&query, -1, 10).await.unwrap();
    rows.into_iter().map(|row| row.event.detail).collect()
}

pub(crate) async fn checkpoints_that_were_taken_away_are_missed(database: &Database) {
    for (which, expected) in [
        ("1 = 1", "records 0 to 199: unkept"),
        ("size = 400", "records 200 to 399: unkept"),
        ("size < 500", "records 0 to 199: unkept"),
    ] {
        let house = House::signed(database).await;
        lose(&house, which).await;
        let found = house.finding().await;
        assert!(found.starts_with(expected), "{which}: {found}");
        house.close().await;
    }
}

pub(crate) async fn what_the_file_holds_is_put_back_and_told(database: &Database) {
    let house = House::signed(database).await;
    lose(&house, "1 = 1").await;
    house.notary().await.look(true).await.unwrap();
    let told = restored(&house).await;
    assert_eq!(told, [serde_json::json!({ "first": 200, "count": 3 })]);
    let sizes: Vec<i64> = house
        .store
        .checkpoint_sizes()
        .await
        .unwrap()
        .into_iter()
        .collect();
    assert_eq!(sizes, [200, 400, 600, 601]);
    house.is_intact("put back").await;
    house.close().await;
}

/// A crash between the file and the database leaves the newest out, and is no finding.
pub(crate) async fn the_newest_alone_is_no_finding(database: &Database) {
    let house = House::signed(database).await;
    lose(&house, "size = 600").await;
    house.is_intact("a crash").await;
    let notary = house.notary().await;
    notary.look(true).await.unwrap();
    assert!(house.store.checkpoint_sizes().await.unwrap().contains(&600));
    // While the program runs, before another one follows.
    lose(&house, "size = 600").await;
    house.record(3).await;
    notary.look(true).await.unwrap();
    let sizes = house.store.checkpoint_sizes().await.unwrap();
    assert!(sizes.contains(&600) && sizes.contains(&603), "{sizes:?}");
    assert_eq!(restored(&house).await, Vec::<serde_json::Value>::new());
    house.is_intact("put back").await;
    house.close().await;
}
