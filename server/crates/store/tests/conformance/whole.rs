//! The store as a whole.

use carillon_store::{StopAll, Store, StoreError};

use crate::database::Database;
use crate::inventory::{at, phone, site};

pub(crate) async fn a_new_database_has_no_schema_and_migrates_twice(db: Database) {
    assert!(db.store.schema_exists().await.unwrap());
    db.store.migrate().await.unwrap();
    db.store.ping().await.unwrap();
    let concerns = db.store.durability_concerns().await.unwrap();
    assert!(concerns.is_empty() || db.store.is_shared(), "{concerns:?}");
    let again = Store::open(&db.url).await.unwrap();
    assert!(again.schema_exists().await.unwrap());
    if db.store.is_shared() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fresh.db");
    let fresh = Store::open(&format!("sqlite:{}", path.display()))
        .await
        .unwrap();
    assert!(!fresh.schema_exists().await.unwrap());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for name in ["fresh.db", "fresh.db-wal"] {
            let Ok(found) = std::fs::metadata(dir.path().join(name)) else {
                continue;
            };
            assert_eq!(found.permissions().mode() & 0o777, 0o600, "{name}");
        }
    }
    fresh.close().await;
    assert!(matches!(
        fresh.ping().await,
        Err(StoreError::Unavailable(_))
    ));
}

pub(crate) async fn a_task_keeps_its_connection_and_nothing_that_was_not_committed(db: Database) {
    let apart = db.store.apart();
    let add = async |slug: &str| {
        let mut unit = apart.begin_jobs().await?;
        unit.insert_site(&site(slug), at(1)).await?;
        Ok::<_, StoreError>(unit)
    };
    add("one")
        .await
        .unwrap()
        .commit_bookkeeping()
        .await
        .unwrap();
    drop(add("two").await.unwrap());
    add("three")
        .await
        .unwrap()
        .commit_bookkeeping()
        .await
        .unwrap();
    if db.store.is_shared() {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        db.raw(end).await.unwrap();
        let first = add("four").await;
        assert!(matches!(first, Err(StoreError::Unavailable(_)) | Ok(_)));
    }
    add("five")
        .await
        .unwrap()
        .commit_bookkeeping()
        .await
        .unwrap();
    apart.close_apart().await;
    let sites = db.store.sites().await.unwrap();
    let slugs: Vec<_> = sites.iter().map(|row| row.site.slug.as_str()).collect();
    assert_eq!(slugs, ["five", "one", "three"]);
}

pub(crate) async fn a_dropped_unit_never_was(db: Database) {
    let mut unit = db.store.begin().await.unwrap();
    unit.insert_phones(&[phone(1)], at(1)).await.unwrap();
    unit.set_meta("fact", "yes").await.unwrap();
    assert_eq!(unit.phones_by_macs(&[phone(1).mac]).await.unwrap().len(), 1);
    drop(unit);
    assert_eq!(db.store.phone(phone(1).mac).await.unwrap(), None);
    assert_eq!(db.store.meta("fact").await.unwrap(), None);

    let mut unit = db.store.begin().await.unwrap();
    unit.insert_phones(&[phone(1)], at(1)).await.unwrap();
    let event = crate::audit::event(1, "phone.created");
    drop(unit.record(&[event]).await.unwrap());
    assert_eq!(db.store.phone(phone(1).mac).await.unwrap(), None);
    assert_eq!(db.store.audit_head().await.unwrap().size(), 0);
}

pub(crate) async fn facts_and_the_stop_switch_are_kept(db: Database) {
    let mut unit = db.store.begin().await.unwrap();
    unit.set_meta("a", "1").await.unwrap();
    unit.set_meta("a", "2").await.unwrap();
    assert_eq!(unit.meta("a").await.unwrap().as_deref(), Some("2"));
    let stop = StopAll {
        at: at(5),
        actor: "a.meyer".to_owned(),
        reason: "fire".to_owned(),
    };
    unit.set_stop_all(Some(&stop)).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(db.store.meta("a").await.unwrap().as_deref(), Some("2"));
    assert_eq!(db.store.stop_all().await.unwrap(), Some(stop));

    let mut unit = db.store.begin().await.unwrap();
    unit.set_stop_all(None).await.unwrap();
    assert!(unit.delete_meta("a").await.unwrap());
    assert!(!unit.delete_meta("a").await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(db.store.stop_all().await.unwrap(), None);

    let mut unit = db.store.begin().await.unwrap();
    for key in ["kid:b", "kid:a", "kie"] {
        unit.set_meta(key, "x").await.unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    let found = db.store.metas("kid:").await.unwrap();
    let keys: Vec<_> = found.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["kid:a", "kid:b"]);
}

pub(crate) async fn epochs_rise_and_leases_end(db: Database) {
    let mut unit = db.store.begin().await.unwrap();
    let first = unit.begin_epoch("one", at(1), at(10)).await.unwrap();
    let second = unit.begin_epoch("two", at(2), at(12)).await.unwrap();
    assert!(second > first);
    assert!(unit.renew_lease(first, at(20)).await.unwrap());
    unit.end_epoch(second, at(3)).await.unwrap();
    assert!(!unit.renew_lease(second, at(30)).await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
    let running = db.store.running_nodes().await.unwrap();
    assert_eq!(running.len(), 1);
    assert_eq!((running[0].epoch, running[0].lease_until), (first, at(20)));
}

pub(crate) async fn a_text_with_a_nul_is_refused(db: Database) {
    let mut wrong = phone(1);
    wrong.notes = "a\0b".into();
    let mut unit = db.store.begin().await.unwrap();
    let refused = unit.insert_phones(&[wrong], at(1)).await;
    assert!(matches!(refused, Err(StoreError::Driver(_))));
}
