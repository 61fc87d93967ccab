//! Pages and counts of phones.

use std::sync::Arc;

use carillon_domain::filter::Filter;
use carillon_domain::phone::Phone;
use carillon_domain::reach::{Area, Reach};
use carillon_domain::{Mac, TargetState};
use carillon_store::{
    Awaited, ContactUpdate, Cursor, Direction, PhoneChoice, PhoneList, PhoneSet, PhoneSort, Seek,
    Store, StoreError,
};

use crate::claims::{acknowledged, claim, epoch, record};
use crate::database::Database;
use crate::inventory::{add_phones, add_site, at, group, mac, phone, site};
use crate::jobs::add_job;

/// Phones that differ and agree in every column that can be sorted by.
async fn assorted(store: &Store) -> Vec<Mac> {
    add_site(store, &site("bonn")).await;
    add_site(store, &site("kiel")).await;
    let phones: Vec<Phone> = (1..=23).map(one_of_many).collect();
    add_phones(store, &phones).await;
    let mut unit = store.begin().await.unwrap();
    for number in (1..=23).step_by(3) {
        let seen = ContactUpdate {
            reached: true,
            learned_auth: None,
            learned_pin: None,
        };
        let when = at(i64::from(number % 5));
        unit.note_contact(mac(number), seen, when).await.unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    phones.iter().map(|phone| phone.mac).collect()
}

fn one_of_many(number: u32) -> Phone {
    let mut phone = phone(number);
    phone.label = ["Zoe", "anna", "Émile", "Äpfel", "bob", ""][number as usize % 6].into();
    phone.extension = ["9", "10", "100", "Lobby", ""][number as usize % 5].into();
    phone.firmware = format!("66.{}.0.15", number % 4);
    phone.site = [None, Some("kiel"), Some("bonn")][number as usize % 3].map(str::to_owned);
    phone.address =
        (!number.is_multiple_of(4)).then(|| format!("10.0.0.{}", number % 7 + 5).parse().unwrap());
    phone
}

async fn page(
    store: &Store,
    sort: PhoneSort,
    direction: Direction,
    seek: Seek,
) -> (Vec<Mac>, Option<Cursor>, Option<Cursor>) {
    let filter = Filter::default();
    let list = PhoneList {
        filter: &filter,
        sort,
        direction,
        seek,
        limit: 5,
        now: at(9),
    };
    let page = store.phone_page(&list).await.unwrap();
    let macs = page.items.iter().map(|row| row.phone.mac).collect();
    (macs, page.previous, page.next)
}

pub(crate) async fn every_order_pages_both_ways(db: Database) {
    let all = assorted(&db.store).await;
    for sort in PhoneSort::ALL {
        let mut orders = Vec::new();
        for direction in [Direction::Ascending, Direction::Descending] {
            let mut pages = Vec::new();
            let mut seek = Seek::Start;
            let mut last_previous = None;
            loop {
                let (macs, previous, next) = page(&db.store, *sort, direction, seek).await;
                assert_eq!(previous.is_some(), !pages.is_empty(), "{sort}");
                pages.push(macs);
                last_previous = previous.or(last_previous);
                let Some(cursor) = next else { break };
                // What a browser brings back is text.
                seek = Seek::After(Cursor::from_text(cursor.as_str()));
            }
            assert_eq!(
                pages.iter().map(Vec::len).collect::<Vec<_>>(),
                [5, 5, 5, 5, 3]
            );
            let mut backwards = vec![pages[4].clone()];
            while let Some(cursor) = last_previous {
                let (macs, previous, next) =
                    page(&db.store, *sort, direction, Seek::Before(cursor)).await;
                assert!(next.is_some());
                backwards.insert(0, macs);
                last_previous = previous;
            }
            assert_eq!(backwards, pages, "{sort} {direction:?}");
            orders.push(pages.concat());
        }
        let mut reversed = orders[1].clone();
        reversed.reverse();
        assert_eq!(orders[0], reversed, "{sort}");
        let mut sorted = orders[0].clone();
        sorted.sort();
        assert_eq!(sorted, all, "{sort}");
    }
    by_label(&db.store).await;
}

async fn by_label(store: &Store) {
    let rows = store
        .phones_matching(&Filter::default(), at(9))
        .await
        .unwrap();
    let mut labels: Vec<_> = rows.iter().map(|row| row.phone.label.as_str()).collect();
    labels.dedup();
    assert_eq!(labels, ["", "anna", "bob", "Zoe", "Äpfel", "Émile"]);
    let (macs, ..) = page(
        store,
        PhoneSort::Extension,
        Direction::Descending,
        Seek::Start,
    )
    .await;
    let first = store.phone(macs[0]).await.unwrap().unwrap();
    assert_eq!(first.phone.extension, "Lobby");
}

pub(crate) async fn foreign_cursors_are_refused(db: Database) {
    add_phones(&db.store, &[phone(1)]).await;
    let filter = Filter::default();
    for text in ["", "x", "zz.zz", "ff.ff", "1", "9999999999999999999999.00"] {
        for sort in [PhoneSort::Label, PhoneSort::LastSeen, PhoneSort::Mac] {
            let seek = Seek::After(Cursor::from_text(text));
            let list = PhoneList {
                filter: &filter,
                sort,
                direction: Direction::Ascending,
                seek: seek.clone(),
                limit: 5,
                now: at(9),
            };
            let refused = db.store.phone_page(&list).await;
            assert!(
                matches!(refused, Err(StoreError::InvalidCursor)),
                "{text} {sort}"
            );
        }
    }
}

pub(crate) async fn a_set_is_known_by_its_digest(db: Database) {
    assorted(&db.store).await;
    let filter: Filter = "site:kiel".parse().unwrap();
    let set = db.store.phone_set(&filter, at(9)).await.unwrap();
    let macs = db.store.macs(&filter, at(9)).await.unwrap();
    assert_eq!((set.count, &set), (8, &PhoneSet::of(&macs)));
    // As many phones, but another one among them.
    let mut unit = db.store.begin().await.unwrap();
    assert_eq!(unit.delete_phones(&macs[..1]).await.unwrap(), 1);
    let stranger = db.store.macs(&"-site:kiel".parse().unwrap(), at(9)).await;
    let stranger = unit.phones_by_macs(&stranger.unwrap()[..1]).await.unwrap();
    let mut phone = stranger[0].phone.clone();
    phone.site = Some("kiel".to_owned());
    unit.update_phone(&phone, stranger[0].version, at(10))
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let other = db.store.phone_set(&filter, at(9)).await.unwrap();
    assert_eq!(other.count, 8);
    assert_ne!(other.digest, set.digest);
    let none = db
        .store
        .phone_set(&"model:T99".parse().unwrap(), at(9))
        .await;
    assert_eq!(none.unwrap(), PhoneSet::of(&[]));
}

pub(crate) async fn choices_and_health_agree_with_the_phones(db: Database) {
    assorted(&db.store).await;
    let mut unit = db.store.begin().await.unwrap();
    unit.add_tag(&[mac(1), mac(2)], "vip", at(2)).await.unwrap();
    unit.insert_group(&group("b-even", Some("model:T46S")), at(1))
        .await
        .unwrap();
    unit.insert_group(&group("a-fixed", None), at(1))
        .await
        .unwrap();
    unit.set_members("a-fixed", &[mac(1), mac(2), mac(4)])
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();

    let choices = db.store.phone_choices(None).await.unwrap();
    assert_eq!(choices.inventory, 23);
    let named = |list: &[PhoneChoice]| -> Vec<(String, i64)> {
        let pairs = list.iter();
        pairs.map(|one| (one.value.clone(), one.phones)).collect()
    };
    assert_eq!(
        named(&choices.sites),
        [("bonn".into(), 8), ("kiel".into(), 8)]
    );
    assert_eq!(
        named(&choices.models),
        [("T54W".into(), 12), ("T46S".into(), 11)]
    );
    assert_eq!(named(&choices.tags), [("vip".into(), 2)]);
    assert_eq!(choices.groups.len(), 2);
    let groups = db.store.groups(at(9)).await.unwrap();
    let groups = groups.iter();
    let reachable: Vec<_> = groups
        .map(|row| (row.group.slug.as_str(), row.reachable, row.contacted))
        .collect();
    assert_eq!(reachable, [("a-fixed", 2, 2), ("b-even", 4, 4)]);

    let health = db.store.fleet_health().await.unwrap();
    assert_eq!((health.all.reachable, health.all.unknown), (8, 15));
    assert_eq!((health.all.total(), health.groups), (23, 2));
    let sites: Vec<_> = health.sites.iter().map(|site| site.slug.as_str()).collect();
    assert_eq!(sites, ["bonn", "kiel"]);
    let placed: i64 = health.sites.iter().map(|site| site.reached.total()).sum();
    assert_eq!((placed, health.causes), (16, Vec::new()));
}

/// The phones of which the list, names beside rows and the page of a phone tell that a job awaits
/// their effect.
async fn awaited(store: &Store) -> Vec<(Mac, Awaited)> {
    let filter = Filter::default();
    let list = PhoneList {
        filter: &filter,
        sort: PhoneSort::Mac,
        direction: Direction::Ascending,
        seek: Seek::Start,
        limit: 5,
        now: at(9),
    };
    let listed = store.listed_phones(&list, true).await.unwrap();
    let rows = &listed.page.items;
    let (_, beside) = store.names_beside(rows).await.unwrap();
    assert_eq!(beside, listed.jobs);
    let mut found = Vec::new();
    for row in rows {
        let (mac, last) = (row.phone.mac, row.last.as_ref());
        let last = last.map(|last| last.job.as_str());
        let own = store.phone_beside(mac, last, 1).await.unwrap();
        assert_eq!(own.awaited.as_ref(), beside.awaited.get(&mac));
        assert_eq!(own.action.as_ref(), last.map(|job| &beside.actions[job]));
        found.extend(own.awaited.map(|awaited| (mac, awaited)));
    }
    found
}

pub(crate) async fn what_a_phone_was_sent_is_told_until_its_end(db: Database) {
    add_phones(&db.store, &[phone(1), phone(2), phone(3)]).await;
    add_job(&db.store, "j", &[1, 2, 3]).await;
    let epoch = epoch(&db.store).await;
    let claimed = claim(&db.store, "j", epoch, &["a", "b"], at(3)).await;
    assert!(
        awaited(&db.store).await.is_empty(),
        "nothing is awaited yet"
    );
    let mut sent = acknowledged(&claimed[0], at(4));
    sent.state = TargetState::Verifying;
    let through = acknowledged(&claimed[1], at(4));
    record(&db.store, &[sent.clone(), through]).await;
    let expected = Awaited {
        job: "j".to_owned(),
        action: "Reboot".to_owned(),
    };
    assert_eq!(awaited(&db.store).await, [(mac(1), expected)]);
    // Phones of the job are in Bonn too: who sees Kiel alone does not hear of it.
    let kiel = Reach::within(Some(Area::of(["kiel"], [])));
    let rows = db.store.phones_by_macs(&[mac(1)]).await.unwrap();
    let (_, beside) = db.store.narrowed(&kiel).names_beside(&rows).await.unwrap();
    assert!(beside.awaited.is_empty());
    sent.before = Arc::new(sent.after());
    sent.state = TargetState::Verified;
    sent.at = at(60);
    record(&db.store, &[sent]).await;
    assert!(awaited(&db.store).await.is_empty(), "it came back");
}
