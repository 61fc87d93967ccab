//! Orders that somebody else changed or took away.

use carillon_store::{Order, Ordered, SignedRows, StopAll, StoreError};

use crate::database::Database;
use crate::inventory::at;
use crate::signed::{each_is_noticed, forged};

fn stop() -> StopAll {
    StopAll {
        at: at(5),
        actor: "a.meyer".to_owned(),
        reason: "fire".to_owned(),
    }
}

async fn set_stop(db: &Database, stop: Option<&StopAll>) -> Result<(), StoreError> {
    let mut unit = db.store.begin().await?;
    unit.set_stop_all(stop).await?;
    unit.commit_bookkeeping().await
}

pub(crate) async fn a_changed_order_is_not_believed(db: Database) {
    let mut unit = db.store.begin().await.unwrap();
    for order in Order::ALL {
        assert_eq!(unit.order(*order).await.unwrap(), Ordered::As(None));
        unit.set_order(*order, Some("[]")).await.unwrap();
        let now = unit.order(*order).await.unwrap();
        assert_eq!(now, Ordered::As(Some("[]".to_owned())));
    }
    unit.commit_bookkeeping().await.unwrap();
    let changes = [
        ("value", "NULL"),
        ("value", "'[1]'"),
        ("version", "version - 1"),
        ("mac", "NULL"),
        (
            "mac",
            "(SELECT o.mac FROM orders o WHERE o.name = 'stop_all')",
        ),
    ];
    each_is_noticed(&db, ("orders", "name = 'rules'"), &changes, || async {
        let of_pages = db.store.surroundings(None).await;
        let read = db.store.order(Order::Rules).await.unwrap();
        if let Ok(of_pages) = of_pages {
            assert_eq!(of_pages.rules, read);
        }
        read == Ordered::Forged
    })
    .await;
    db.raw("UPDATE orders SET value = NULL WHERE name = 'rules'")
        .await
        .unwrap();
    let mut unit = db.store.begin().await.unwrap();
    let over = unit.set_order(Order::Rules, Some("[2]")).await;
    assert!(forged(SignedRows::Orders, "rules")(over));
}

pub(crate) async fn a_stop_is_not_lifted_by_what_somebody_else_does(db: Database) {
    assert_eq!(db.store.stop_all().await.unwrap(), None);
    for lifting in [
        "UPDATE orders SET value = NULL WHERE name = 'stop_all'",
        "DELETE FROM orders WHERE name = 'stop_all'",
    ] {
        set_stop(&db, Some(&stop())).await.unwrap();
        assert_eq!(db.store.stop_all().await.unwrap(), Some(stop()));
        db.raw(lifting).await.unwrap();
        let still = db.store.stop_all().await.unwrap();
        assert!(
            still.is_some_and(|still| still.since().is_none()),
            "{lifting}"
        );
        assert!(db.store.surroundings(None).await.unwrap().stop.is_some());
        let mut unit = db.store.begin().await.unwrap();
        assert!(unit.is_stopped().await.unwrap());
        drop(unit);
        let released = set_stop(&db, None).await;
        assert!(forged(SignedRows::Orders, "stop_all")(released));
        // To stop everything needs no belief.
        set_stop(&db, Some(&stop())).await.unwrap();
        set_stop(&db, None).await.unwrap();
        assert_eq!(db.store.stop_all().await.unwrap(), None);
    }
    let gone = "DELETE FROM orders WHERE name = 'second_factor_roles'";
    db.raw(gone).await.unwrap();
    let read = db.store.order(Order::SecondFactor).await.unwrap();
    assert_eq!(read, Ordered::Forged);
    let mut unit = db.store.begin().await.unwrap();
    let over = unit.set_order(Order::SecondFactor, Some("[]")).await;
    assert!(forged(SignedRows::Orders, "second_factor_roles")(over));
    assert!(unit.restore_order(Order::SecondFactor).await.unwrap());
    assert!(!unit.restore_order(Order::SecondFactor).await.unwrap());
    let read = unit.order(Order::SecondFactor).await.unwrap();
    assert_eq!(read, Ordered::As(None));
    unit.commit_bookkeeping().await.unwrap();
}
