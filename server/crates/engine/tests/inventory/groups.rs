//! Groups, fixed and by rule.

use carillon_domain::phone::GroupKind;
use carillon_domain::phone_list::Column;
use carillon_domain::{Area, Reach};
use carillon_engine::inventory::{GroupInput, MemberChange, Moved, Why};
use carillon_engine::{Asker, Caller, EngineError};
use carillon_store::Seek;

use crate::house::{House, edit, fields_of, mac};

fn fixed(name: &str, members: &[u8]) -> GroupInput {
    GroupInput {
        slug: String::new(),
        name: name.to_owned(),
        kind: GroupKind::Fixed,
        filter: String::new(),
        members: Some(members.iter().map(|last| mac(*last)).collect()),
        credential: None,
    }
}

fn rule(name: &str, filter: &str) -> GroupInput {
    GroupInput {
        kind: GroupKind::Rule,
        filter: filter.to_owned(),
        members: None,
        ..fixed(name, &[])
    }
}

#[tokio::test]
async fn operators_keep_fixed_groups() {
    let house = House::new().await;
    for last in 1..=4 {
        house.phone(last, &[]).await;
    }
    let made = house
        .engine
        .create_group(&house.operator, &fixed("Front", &[1, 2, 2]))
        .await
        .unwrap();
    assert_eq!((made.group.slug.as_str(), made.phones), ("front", 2));
    let change = house
        .engine
        .change_members(&house.operator, "front", &[mac(2), mac(3)], &[mac(1)], None)
        .await;
    assert_eq!(change.unwrap(), (1, 1));
    let members = house
        .engine
        .fixed_members(&house.viewer, "front")
        .await
        .unwrap();
    assert_eq!(members, [mac(2), mac(3)]);
    let stale = house
        .engine
        .change_members(&house.operator, "front", &[mac(4)], &[], Some(made.version))
        .await;
    assert!(matches!(stale, Err(EngineError::Conflict(_))));
    let unknown = house
        .engine
        .change_members(&house.operator, "front", &[mac(99)], &[], None)
        .await;
    assert_eq!(fields_of(unknown), ["add"]);
    assert_eq!(house.count("group:front").await, 2);
    house
        .engine
        .delete_group(&house.operator, "front", None)
        .await
        .unwrap();
    let actions = house.actions().await;
    assert_eq!(
        actions[4..],
        ["group.created", "group.members_changed", "group.deleted"]
    );
}

#[tokio::test]
async fn rules_are_for_administrators_and_show_their_effect_first() {
    let house = House::new().await;
    for (last, tag) in [(1, "a"), (2, "a;b"), (3, "b"), (4, "")] {
        house
            .phone(
                last,
                &[(Column::Tags, tag), (Column::Label, &format!("P{last}"))],
            )
            .await;
    }
    let denied = house
        .engine
        .create_group(&house.operator, &rule("A", "tag:a"))
        .await;
    assert!(matches!(denied, Err(EngineError::Denied(_))));
    let made = house
        .engine
        .create_group(&house.admin, &rule("A", "tag:A"))
        .await
        .unwrap();
    assert_eq!(
        (made.phones, made.group.filter.as_deref()),
        (2, Some("tag:a"))
    );
    let effect = house
        .engine
        .preview_rule(&house.admin, Some("a"), "tag:b")
        .await
        .unwrap();
    assert_eq!((effect.after, effect.joining, effect.leaving), (2, 1, 1));
    assert_eq!(
        effect.joining_examples,
        [(mac(3), format!("P3 ({})", mac(3)))]
    );
    assert_eq!(
        effect.leaving_examples,
        [(mac(1), format!("P1 ({})", mac(1)))]
    );
    let new = house
        .engine
        .preview_rule(&house.admin, None, "group:a -tag:b")
        .await
        .unwrap();
    assert_eq!((new.after, new.joining, new.leaving), (1, 1, 0));
    assert_eq!(house.count("group:a").await, 2, "a preview changes nothing");
    let members = house
        .engine
        .change_members(&house.admin, "a", &[mac(4)], &[], None)
        .await;
    assert!(matches!(members, Err(EngineError::Conflict(_))));
    let tagged = edit(&[(Column::Tags, "a")]);
    house
        .engine
        .update_phone(&house.operator, mac(4), &tagged, None)
        .await
        .unwrap();
    assert_eq!(house.count("group:a").await, 3);
    let event = house.events().await.pop().unwrap();
    assert_eq!(
        event.groups,
        Vec::<String>::new(),
        "it was in no group before"
    );
}

/// How a group came to its members, newest first.
async fn changes(house: &House, caller: &Caller, slug: &str) -> Vec<MemberChange> {
    let first = (&Seek::Start, 30);
    let found = house.engine.member_changes(caller, slug, first).await;
    found.unwrap().items
}

/// How many, and what they are called.
fn told(moved: Option<&Moved>) -> (i64, Vec<&str>) {
    let moved = moved.unwrap();
    let names = moved.phones.iter().map(|(_, name)| name.as_str());
    (moved.count, names.collect())
}

#[tokio::test]
async fn a_list_tells_who_joined_and_left() {
    let house = House::new().await;
    for last in 1..=4 {
        let label = format!("P{last}");
        house.phone(last, &[(Column::Label, &label)]).await;
    }
    let (engine, operator) = (&house.engine, &house.operator);
    // Another one that had the short name tells nothing of this one.
    for members in [&[4][..], &[1, 2]] {
        let front = fixed("Front", members);
        engine.create_group(operator, &front).await.unwrap();
        if members == [4] {
            let gone = engine.delete_group(operator, "front", None).await;
            gone.unwrap();
        }
    }
    let (add, remove) = ([mac(2), mac(3)], [mac(1), mac(4)]);
    let change = engine.change_members(operator, "front", &add, &remove, None);
    assert_eq!(change.await.unwrap(), (1, 1));
    let both = [mac(2), mac(3)];
    engine.delete_phones(&house.admin, &both, "").await.unwrap();
    let renamed = GroupInput {
        members: None,
        ..fixed("Reception", &[])
    };
    let renamed = engine.update_group(operator, "front", &renamed, None).await;
    renamed.unwrap();
    let found = changes(&house, &house.viewer, "front").await;
    let why: Vec<&Why> = found.iter().map(|change| &change.why).collect();
    assert_eq!(why, [&Why::Deleted, &Why::Listed, &Why::Made]);
    let joined = |at: usize| told(found[at].joined.as_ref());
    let left = |at: usize| told(found[at].left.as_ref());
    assert_eq!(left(0), (2, vec!["P3", "P2"]), "in one line");
    let gone = mac(3).to_string();
    assert_eq!(joined(1), (1, vec![gone.as_str()]), "2 was in it already");
    assert_eq!(left(1), (1, vec!["P1"]), "4 was not in it");
    assert_eq!((joined(2).0, left(2).0), (2, 0));
    assert_eq!(found[1].actor, operator.actor.name);
}

#[tokio::test]
async fn a_rule_tells_whom_its_change_brought() {
    let house = House::new().await;
    for (last, tag) in [(1, "a"), (2, "a;b"), (3, "b")] {
        let label = format!("P{last}");
        let fields = [(Column::Tags, tag), (Column::Label, &label)];
        house.phone(last, &fields).await;
    }
    let (engine, admin) = (&house.engine, &house.admin);
    let made = engine.create_group(admin, &rule("A", "tag:a")).await;
    made.unwrap();
    for another in [rule("A", "tag:b"), fixed("A", &[1])] {
        let changed = engine.update_group(admin, "a", &another, None).await;
        changed.unwrap();
    }
    let found = changes(&house, &house.viewer, "a").await;
    let why: Vec<&Why> = found.iter().map(|change| &change.why).collect();
    let rule = |old: &str, new: &str| Why::Rule {
        old: old.to_owned(),
        new: new.to_owned(),
    };
    let (to_list, to_b) = (rule("tag:b", ""), rule("tag:a", "tag:b"));
    assert_eq!(why, [&to_list, &to_b, &Why::Made]);
    let moved = |at: usize| {
        let change: &MemberChange = &found[at];
        (told(change.joined.as_ref()), told(change.left.as_ref()))
    };
    let (p1, p2, p3) = (vec!["P1"], vec!["P2", "P3"], vec!["P3"]);
    assert_eq!(moved(0), ((1, p1.clone()), (2, p2)));
    assert_eq!(moved(1), ((1, p3), (1, p1)));
    assert_eq!(moved(2), ((2, vec!["P1", "P2"]), (0, vec![])));
}

#[tokio::test]
async fn rules_that_lead_back_to_themselves_are_refused() {
    let house = House::new().await;
    house
        .engine
        .create_group(&house.admin, &rule("A", "tag:x"))
        .await
        .unwrap();
    house
        .engine
        .create_group(&house.admin, &rule("B", "group:a"))
        .await
        .unwrap();
    house
        .engine
        .create_group(&house.admin, &rule("C", "group:b -tag:y"))
        .await
        .unwrap();
    for text in ["group:c", "-group:a", "group:nothing", "", "sight:x"] {
        let refused = house
            .engine
            .update_group(&house.admin, "a", &rule("A", text), None)
            .await;
        assert_eq!(fields_of(refused), ["filter"], "{text}");
        assert!(
            house
                .engine
                .preview_rule(&house.admin, Some("a"), text)
                .await
                .is_err()
        );
    }
    let refused = house.engine.delete_group(&house.admin, "a", None).await;
    let Err(EngineError::Conflict(text)) = refused else {
        panic!("{refused:?}")
    };
    assert!(text.contains("rule of B"), "{text}");
    assert_eq!(house.count("group:c").await, 0);
}

/// However it came about, it stops nothing else, and can be mended.
#[tokio::test]
async fn a_rule_that_cannot_be_worked_out_is_named_and_can_be_mended() {
    let house = House::new().await;
    house.phone(1, &[(Column::Tags, "x")]).await;
    for name in ["A", "B", "C"] {
        let rule = rule(name, "tag:x");
        let made = house.engine.create_group(&house.admin, &rule).await;
        made.unwrap();
    }
    let mut unit = house.engine.store.begin().await.unwrap();
    for (slug, text) in [("a", "group:b"), ("b", "-group:a"), ("c", "-group:gone")] {
        let mut row = unit.group(slug).await.unwrap().unwrap();
        row.group.filter = Some(text.to_owned());
        let now = house.engine.clock.now();
        unit.update_group(&row.group, row.version, now)
            .await
            .unwrap();
    }
    unit.commit_bookkeeping().await.unwrap();
    let groups = house.engine.groups(&house.viewer).await.unwrap();
    assert!(groups.iter().all(|row| row.broken && row.phones == 0));
    for text in ["group:a", "-group:a", "-group:c"] {
        assert_eq!(house.count(text).await, 0, "{text}");
    }
    assert_eq!(house.count("tag:x").await, 1);
    let mended = rule("C", "tag:x");
    let row = house
        .engine
        .update_group(&house.admin, "c", &mended, None)
        .await
        .unwrap();
    assert_eq!((row.broken, row.phones), (false, 1));
    for slug in ["a", "b"] {
        let deleted = house.engine.delete_group(&house.admin, slug, None).await;
        deleted.unwrap();
    }
}

#[tokio::test]
async fn a_group_can_change_its_kind_and_name() {
    let house = House::new().await;
    house.phone(1, &[(Column::Tags, "x")]).await;
    house
        .engine
        .create_group(&house.admin, &fixed("Old", &[1]))
        .await
        .unwrap();
    let row = house
        .engine
        .update_group(&house.admin, "old", &rule("New", "tag:x"), None)
        .await
        .unwrap();
    assert_eq!((row.group.name.as_str(), row.phones), ("New", 1));
    let denied = house
        .engine
        .update_group(&house.operator, "old", &fixed("Mine", &[]), None)
        .await;
    assert!(
        matches!(denied, Err(EngineError::Denied(_))),
        "a rule is not an operator's to end"
    );
    assert!(
        house
            .engine
            .fixed_members(&house.admin, "old")
            .await
            .unwrap()
            .is_empty()
    );
    let event = house.events().await.pop().unwrap();
    assert_eq!(event.detail["changes"]["kind"]["new"], "rule");
    assert_eq!(event.groups, ["old"]);
}

/// Whoever reaches less must not find out by asking which groups there are elsewhere.
#[tokio::test]
async fn a_group_out_of_reach_answers_like_an_absent_one() {
    let house = House::new().await;
    house.phone(1, &[(Column::Tags, "x")]).await;
    house.phone(2, &[(Column::Tags, "x")]).await;
    for group in [fixed("Here", &[1]), fixed("Berlin", &[2])] {
        let made = house.engine.create_group(&house.admin, &group).await;
        made.unwrap();
    }
    let narrow = Caller::for_tests(Asker {
        reach: Reach::within(Some(Area::of([], ["here"]))),
        ..Asker::clone(&house.operator)
    });
    for text in ["group:NAME", "-group:NAME", "tag:x group:NAME"] {
        let said = async |name: &str| {
            let text = text.replace("NAME", name);
            let effect = house.engine.preview_rule(&narrow, None, &text).await;
            let refused = effect.map(drop).map_err(|error| format!("{error:?}"));
            let filter = text.parse().unwrap();
            let listed = house.engine.macs(&narrow, &filter).await.unwrap();
            (refused.map_err(|text| text.replace(name, "NAME")), listed)
        };
        assert_eq!(said("berlin").await, said("no-desk").await, "{text}");
        assert!(said("no-desk").await.0.is_err(), "{text}");
        assert!(said("here").await.0.is_ok(), "{text}");
    }
}
