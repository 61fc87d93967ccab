//! Sites and groups in the audit log, by the names that people read.

use carillon_store::{AuditQuery, Seek, Store};

use crate::audit::{event, exported};
use crate::database::Database;
use crate::inventory::{add_site, at, group, mac, site};

const MOST: i64 = 100_000;

/// Two sites, two groups of one name, and records of each.
async fn records(store: &Store) {
    for (slug, name) in [("hq", "Zentrale Süd"), ("north", "HQ")] {
        let mut place = site(slug);
        name.clone_into(&mut place.name);
        add_site(store, &place).await;
    }
    let mut unit = store.begin().await.unwrap();
    for slug in ["front", "desk"] {
        let mut place = group(slug, None);
        "At the Door".clone_into(&mut place.name);
        unit.insert_group(&place, at(1)).await.unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    let of = |number: i64, site: &str, groups: &[&str]| {
        let mut event = event(number, "test.told");
        event.site = Some(site.to_owned());
        event.groups = groups.iter().map(|slug| (*slug).to_owned()).collect();
        event.phone = (number % 2 == 0).then(|| mac(1));
        event
    };
    let mut events: Vec<_> = (0..300).map(|n| of(n, "hq", &["front"])).collect();
    events.extend((300..310).map(|n| of(n, "north", &["front", "desk"])));
    events.extend((310..320).map(|n| of(n, "gone", &[])));
    let unit = store.begin().await.unwrap();
    unit.record(&events).await.unwrap().commit().await.unwrap();
}

/// Count, page and export of a question.
async fn asked(store: &Store, query: &AuditQuery) -> (i64, usize, usize) {
    let paged = store.audit_page_and_count(query, &Seek::Start, (1000, MOST));
    let (page, count) = paged.await.unwrap();
    assert!(count.exact);
    (
        count.count,
        page.items.len(),
        exported(store, query).await.len(),
    )
}

pub(crate) async fn places_are_found_by_their_shown_names(db: Database) {
    records(&db.store).await;
    let of_site = |name: &str| AuditQuery {
        site: Some(name.to_owned()),
        ..AuditQuery::default()
    };
    for (name, fit) in [
        ("hq", 300),
        // A slug is meant as one, also where another site is shown by it.
        ("HQ", 300),
        ("Zentrale Süd", 300),
        ("zentrale SÜD", 300),
        ("north", 10),
        ("gone", 10),
        ("Zentrale", 0),
    ] {
        let found = asked(&db.store, &of_site(name)).await;
        assert_eq!(found, (fit, fit as usize, fit as usize), "{name}");
    }
    for (name, fit) in [
        ("front", 310),
        ("desk", 10),
        ("at the door", 310),
        ("at", 0),
    ] {
        let query = AuditQuery {
            group: Some(name.to_owned()),
            ..AuditQuery::default()
        };
        let found = asked(&db.store, &query).await;
        assert_eq!(found, (fit, fit as usize, fit as usize), "{name}");
        let of_a_phone = AuditQuery {
            phone: Some(mac(1)),
            ..query
        };
        let half = fit / 2;
        let found = asked(&db.store, &of_a_phone).await;
        assert_eq!(found, (half, half as usize, half as usize), "{name}");
    }
}

pub(crate) async fn sites_have_names_by_their_slugs(db: Database) {
    records(&db.store).await;
    let names = db.store.site_names(&["hq", "hq", "gone"]).await.unwrap();
    assert_eq!(names.get("hq").map(String::as_str), Some("Zentrale Süd"));
    assert_eq!(names.len(), 1);
    assert!(db.store.site_names(&[]).await.unwrap().is_empty());
}
