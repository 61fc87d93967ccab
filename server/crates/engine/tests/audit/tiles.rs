//! Tiles that somebody else wrote, and what people find all the same.

use carillon_domain::Timestamp;
use carillon_store::{AtLeast, AuditQuery};

use crate::house::{Database, House};

/// A tile whose records would all be older than what anybody looks for.
pub(crate) fn written_by_others(house: &House, tile: i64) -> String {
    let hash = house.bytes(&[0; 32]);
    format!("INSERT INTO audit_tiles (tile, hash, min_at, max_at) VALUES ({tile}, {hash}, 0, 1)")
}

/// How many records a time brings: as counted, and as read.
async fn lately(house: &House) -> (AtLeast, i64) {
    let query = AuditQuery {
        from: Some(Timestamp::from_micros(2)),
        ..AuditQuery::default()
    };
    let count = house.store.audit_count(&query, 100_000).await.unwrap();
    let words = AuditQuery {
        actions: vec![
            "job.*".to_owned(),
            "target.*".to_owned(),
            "key.*".to_owned(),
        ],
        ..query
    };
    let read = house.store.audit_batch(&words, -1, 10_000).await.unwrap();
    (count, read.len() as i64)
}

pub(crate) async fn a_tile_that_somebody_else_wrote_hides_nothing(database: &Database) {
    let house = House::signed(database).await;
    house.tamper(&[written_by_others(&house, 2)]).await;
    let exactly = |count| (AtLeast { count, exact: true }, count);
    assert_eq!(lately(&house).await, exactly(600));
    // Its records come, and nobody signs over what stands there in their place.
    house.record(200).await;
    let notary = house.notary().await;
    let fault = notary.look(true).await.unwrap_err();
    assert!(fault.is_alarm(), "{fault}");
    assert!(fault.to_string().contains("records 512 to 767"), "{fault}");
    assert!(notary.look(true).await.unwrap_err().is_alarm());
    let last = house.store.last_checkpoint().await.unwrap().unwrap();
    assert_eq!((last.size, house.kept().len()), (600, 3));
    assert_eq!(lately(&house).await, exactly(800));
    let found = house.finding().await;
    assert!(found.starts_with("records 512 to 767: tile"), "{found}");
    house.close().await;
}
