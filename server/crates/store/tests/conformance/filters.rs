//! What each test of the filter language finds.

use carillon_domain::filter::{Filter, Term};
use carillon_domain::phone::{AuthScheme, Phone};
use carillon_store::{ContactUpdate, Store};

use crate::database::Database;
use crate::inventory::{add_phones, add_site, at, group, mac, phone, site};

const DAY: i64 = 86_400;

async fn fleet(store: &Store) {
    for slug in ["berlin", "kiel"] {
        add_site(store, &site(slug)).await;
    }
    add_phones(store, &[reception(), lab(), lobby(), Phone::new(mac(4))]).await;
    let mut unit = store.begin().await.unwrap();
    unit.insert_group(&group("front", None), at(1))
        .await
        .unwrap();
    unit.set_members("front", &[mac(1), mac(3)]).await.unwrap();
    unit.insert_group(
        &group("front-berlin", Some("group:front site:berlin")),
        at(1),
    )
    .await
    .unwrap();
    let reached = ContactUpdate {
        reached: true,
        learned_auth: Some(AuthScheme::None),
        learned_pin: None,
    };
    unit.note_contact(mac(1), reached.clone(), at(10 * DAY))
        .await
        .unwrap();
    unit.note_contact(mac(2), reached.clone(), at(0))
        .await
        .unwrap();
    let silent = ContactUpdate {
        reached: false,
        ..reached
    };
    unit.note_contact(mac(2), silent, at(10 * DAY))
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
    ended_badly(store).await;
}

fn reception() -> Phone {
    let mut phone = phone(1);
    phone.label = "Empfang Süd".into();
    phone.site = Some("berlin".to_owned());
    phone.tags = vec!["vip".to_owned()];
    phone.address = Some("10.1.0.9".parse().unwrap());
    phone.firmware = "66.86.0.15".into();
    phone
}

fn lab() -> Phone {
    let mut phone = phone(2);
    phone.label = "50%_Lab".into();
    phone.site = Some("kiel".to_owned());
    phone.address = Some("10.2.0.9".parse().unwrap());
    phone.firmware = "66.85.0.5".into();
    phone.protected = true;
    phone
}

fn lobby() -> Phone {
    let mut phone = phone(3);
    phone.label = "Lobby".into();
    phone.extension = "7003".into();
    phone.tags = vec!["desk".to_owned(), "vip".to_owned()];
    phone.address = Some("fd00::10".parse().unwrap());
    phone
}

/// Phone 2's last target failed for its password, phone 1's went well.
async fn ended_badly(store: &Store) {
    use carillon_domain::{Cause, TargetState};
    crate::jobs::add_job(store, "j", &[1, 2]).await;
    let epoch = crate::claims::epoch(store).await;
    let claimed = crate::claims::claim(store, "j", epoch, &["a", "b"], at(3)).await;
    let mut results: Vec<_> = claimed
        .iter()
        .map(|target| crate::claims::acknowledged(target, at(4)))
        .collect();
    results[1].state = TargetState::Failed;
    results[1].cause = Some(Cause::AuthFailed);
    for result in &mut results {
        result.contact = None;
    }
    crate::claims::record(store, &results).await;
}

async fn found(store: &Store, filter: &Filter) -> Vec<u8> {
    let macs = store.macs(filter, at(11 * DAY)).await.unwrap();
    assert_eq!(
        store.count_phones(filter, at(11 * DAY)).await.unwrap(),
        macs.len() as i64
    );
    macs.iter().map(|mac| mac.bytes()[5]).collect()
}

const EXPECTED: &[(&str, &[u8])] = &[
    ("", &[1, 2, 3, 4]),
    ("empfang", &[1]),
    ("SÜD", &[1]),
    ("\"empfang süd\"", &[1]),
    ("süd empfang", &[1]),
    ("%", &[2]),
    ("_", &[2]),
    ("50%_", &[2]),
    ("5%l", &[]),
    ("7003", &[3]),
    ("80:5e:00", &[1, 2, 3, 4]),
    ("805e00000003", &[3]),
    ("mac:0000-0004", &[4]),
    ("site:berlin", &[1]),
    ("site:berlin site:kiel", &[1, 2]),
    ("-site:berlin", &[2, 3, 4]),
    ("-site:berlin -site:kiel", &[3, 4]),
    ("model:T46S", &[2]),
    ("model:sip-t54w", &[1, 3]),
    ("tag:vip", &[1, 3]),
    ("tag:vip -tag:desk", &[1]),
    ("tag:desk tag:vip", &[1, 3]),
    ("group:front", &[1, 3]),
    ("group:front-berlin", &[1]),
    ("-group:front", &[2, 4]),
    ("group:nobody", &[]),
    ("fw:66.8", &[1, 2]),
    ("fw:66.86", &[1]),
    ("ip:10.1.0.0/16", &[1]),
    ("ip:10.0.0.0/8", &[1, 2]),
    ("ip:10.2.0.9", &[2]),
    ("ip:fd00::/64", &[3]),
    ("-ip:10.0.0.0/8", &[3, 4]),
    ("ip:0.0.0.0/0", &[1, 2]),
    ("ext:1", &[1]),
    ("ext:7003", &[3]),
    ("state:reachable", &[1]),
    ("state:offline", &[2]),
    ("state:unknown", &[3, 4]),
    ("result:acknowledged", &[1]),
    ("result:failed", &[2]),
    ("-result:failed", &[1, 3, 4]),
    ("ready:ok", &[1]),
    ("ready:unknown", &[3, 4]),
    ("ready:auth_failed", &[2]),
    ("-ready:auth_failed", &[1, 3, 4]),
    ("seen:<2d", &[1]),
    ("seen:>2d", &[2, 3, 4]),
    ("seen:<30d", &[1, 2]),
    ("protected:yes", &[2]),
    ("-protected:yes", &[1, 3, 4]),
    ("'; DROP TABLE phones; --", &[]),
];

pub(crate) async fn every_test_finds_its_phones(db: Database) {
    fleet(&db.store).await;
    for (text, expected) in EXPECTED {
        let filter: Filter = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(found(&db.store, &filter).await, *expected, "{text}");
    }
}

pub(crate) async fn a_test_and_its_opposite_share_out_all_phones(db: Database) {
    fleet(&db.store).await;
    for (text, _) in EXPECTED {
        let filter: Filter = text.parse().unwrap();
        for term in filter.terms {
            let other = Term {
                negated: !term.negated,
                ..term.clone()
            };
            let mut both = found(&db.store, &Filter { terms: vec![term] }).await;
            both.extend(found(&db.store, &Filter { terms: vec![other] }).await);
            both.sort_unstable();
            assert_eq!(both, [1, 2, 3, 4], "{text}");
        }
    }
}

pub(crate) async fn rules_lead_to_rules_but_not_in_circles(db: Database) {
    add_phones(&db.store, &[phone(1)]).await;
    let mut unit = db.store.begin().await.unwrap();
    unit.insert_group(&group("r0", Some("ext:1")), at(1))
        .await
        .unwrap();
    for depth in 1..=8 {
        let rule = format!("group:r{}", depth - 1);
        unit.insert_group(&group(&format!("r{depth}"), Some(&rule)), at(1))
            .await
            .unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    let ask = |slug: &str| -> Filter { format!("group:{slug}").parse().unwrap() };
    assert_eq!(found(&db.store, &ask("r7")).await, [1]);
    assert_eq!(broken(&db.store).await, ["r8"], "over too many");
    assert_eq!(found(&db.store, &ask("r8")).await, [0; 0]);

    let mut unit = db.store.begin().await.unwrap();
    unit.delete_group("r8").await.unwrap();
    unit.update_group(&group("r0", Some("group:r1")), 1, at(2))
        .await
        .unwrap();
    unit.insert_group(&group("sound", Some("ext:1")), at(1))
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let ring = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"];
    assert_eq!(broken(&db.store).await, ring);
    for text in ["group:r0", "-group:r0", "ext:1 -group:r7"] {
        let filter: Filter = text.parse().unwrap();
        assert_eq!(found(&db.store, &filter).await, [0; 0], "{text}");
    }
    assert_eq!(found(&db.store, &ask("sound")).await, [1]);
}

/// Neither is everything what a rule takes that asks for all but a group which is not there.
pub(crate) async fn a_rule_without_its_group_takes_nothing(db: Database) {
    add_phones(&db.store, &[phone(1)]).await;
    let mut unit = db.store.begin().await.unwrap();
    for (slug, rule) in [("of-gone", "-group:gone"), ("behind", "-group:of-gone")] {
        unit.insert_group(&group(slug, Some(rule)), at(1))
            .await
            .unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(broken(&db.store).await, ["behind", "of-gone"]);
    for text in ["group:of-gone", "-group:of-gone", "group:behind"] {
        let filter: Filter = text.parse().unwrap();
        assert_eq!(found(&db.store, &filter).await, [0; 0], "{text}");
    }
    let mut unit = db.store.begin().await.unwrap();
    unit.insert_group(&group("gone", None), at(2))
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
    assert_eq!(broken(&db.store).await, [""; 0]);
    let filter: Filter = "group:of-gone".parse().unwrap();
    assert_eq!(found(&db.store, &filter).await, [1]);
}

/// The groups whose rules cannot be worked out.
async fn broken(store: &Store) -> Vec<String> {
    let groups = store.groups(at(2)).await.unwrap().into_iter();
    let groups = groups.filter(|row| row.broken);
    groups.map(|row| row.group.slug).collect()
}

pub(crate) async fn rules_do_not_swell(db: Database) {
    add_phones(&db.store, &[phone(1)]).await;
    let mut unit = db.store.begin().await.unwrap();
    let words: Vec<_> = (0..40).map(|number| format!("-ext:{number}00")).collect();
    unit.insert_group(&group("wide", Some(&words.join(" "))), at(1))
        .await
        .unwrap();
    for level in 0..5 {
        let below = if level == 0 {
            "wide".to_owned()
        } else {
            format!("w{}", level - 1)
        };
        let rule = format!("-model:T1 group:{below} -ext:999 -group:{below} -group:{below}");
        let slug = format!("w{level}");
        unit.insert_group(&group(&slug, Some(&rule)), at(1))
            .await
            .unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    let plain: Filter = "group:wide".parse().unwrap();
    assert_eq!(found(&db.store, &plain).await, [1]);
    let swollen: Filter = "group:w4".parse().unwrap();
    assert_eq!(found(&db.store, &swollen).await, [0; 0]);
    assert!(broken(&db.store).await.contains(&"w4".to_owned()));
}
