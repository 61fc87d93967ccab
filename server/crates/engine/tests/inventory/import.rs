//! Lists of phones: review, apply, again.

use std::collections::BTreeMap;

use carillon_domain::Filter;
use carillon_domain::phone::TransportSecurity;
use carillon_domain::phone_list::Column;
use carillon_engine::inventory::{CredentialInput, ImportChoices, ImportOnce};
use carillon_engine::{Asker, Caller, EngineError};

use crate::house::{House, edit, mac, secret};

const LIST: &str = "mac;label;extension;model;address;site;tags;username;password\n\
    00:15:65:00:00:01;Desk;101;SIP-T46S;10.0.0.1;Köln Süd;\"vip;lab\";admin;s3cret-of-one\n\
    001565000002;Hall;102;T46S;10.0.0.2;Kiel;;;\n";

fn choices(digest: &str) -> ImportChoices {
    ImportChoices {
        digest: digest.to_owned(),
        ..ImportChoices::default()
    }
}

#[tokio::test]
async fn what_was_reviewed_is_applied_and_only_once() {
    let house = House::new().await;
    house.site("Kiel").await;
    let review = house
        .engine
        .review_import(&house.admin, "phones.csv", LIST.into())
        .await
        .unwrap();
    assert_eq!(
        (
            review.created.len(),
            review.updated.len(),
            review.errors.len()
        ),
        (2, 0, 0)
    );
    let new: Vec<_> = review
        .new_sites
        .iter()
        .map(|s| (s.slug.as_str(), s.name.as_str(), s.phones))
        .collect();
    assert_eq!(new, [("koeln-sued", "Köln Süd", 1)]);
    let hidden = review.created[0]
        .changes
        .iter()
        .find(|c| c.field == "password")
        .unwrap();
    assert_eq!(hidden.new, "(hidden)");
    assert!(!format!("{review:?}").contains("s3cret"));
    assert_eq!(house.count("").await, 0, "a review writes nothing");

    let again = house
        .engine
        .import_review(&house.admin, &review.id)
        .await
        .unwrap();
    assert_eq!(again.digest, review.digest);
    let mut chosen = choices(&review.digest);
    chosen.new_site_security =
        BTreeMap::from([("koeln-sued".into(), TransportSecurity::PlainHttp)]);
    let result = house
        .engine
        .apply_import(&house.admin, &review.id, &chosen)
        .await
        .unwrap();
    assert_eq!((result.created, result.updated, result.left_out), (2, 0, 0));
    assert_eq!(
        house
            .engine
            .import_result(&house.admin, &review.id)
            .await
            .unwrap(),
        result
    );
    let site = house.engine.site(&house.admin, "koeln-sued").await.unwrap();
    assert_eq!(site.site.transport_security, TransportSecurity::PlainHttp);
    let phone = house.engine.phone(&house.admin, mac(1)).await.unwrap();
    assert_eq!(
        (phone.phone.model.as_str(), phone.phone.tags.len()),
        ("T46S", 2)
    );
    assert!(phone.own_credential);

    let twice = house
        .engine
        .apply_import(&house.admin, &review.id, &chosen)
        .await;
    assert!(matches!(twice, Err(EngineError::NotFound)));
    let actions = house.actions().await;
    let expected = [
        "site.created",
        "inventory.imported",
        "site.created",
        "phone.created",
        "phone.created",
    ];
    assert_eq!(actions, expected);
    let events = house.events().await;
    assert_eq!(events[1].detail["created"], 2);
    let sealed: Vec<_> = events
        .iter()
        .map(|e| e.detail["sealed"].is_string())
        .collect();
    assert_eq!(sealed, [false, false, false, true, false]);
    assert!(
        events[2..]
            .iter()
            .all(|event| event.detail["import"] == review.id)
    );
    house.engine.store.close().await;
    assert!(!house.is_on_disk("s3cret-of-one"));
}

/// Addresses move: two phones of one are told, and taken.
#[tokio::test]
async fn phones_of_one_address_are_told_and_taken() {
    let house = House::new().await;
    let list = "mac,label,address,port\n001565000001,Desk,10.0.0.1,\n001565000002,Hall,10.0.0.1,\n\
                001565000003,Door,10.0.0.1,443\n001565000004,Gate,10.0.0.2,\n001565000005,Roof,,\n\
                001565000006,Yard,,\n";
    let review = house
        .engine
        .review_import(&house.admin, "phones.csv", list.into())
        .await
        .unwrap();
    assert_eq!((review.created.len(), review.errors.len()), (6, 0));
    let told: Vec<_> = review
        .shared
        .iter()
        .map(|one| (one.address.to_string(), one.port, one.total, &*one.names[1]))
        .collect();
    let hall = "Hall (00:15:65:00:00:02)";
    assert_eq!(told, [("10.0.0.1".to_owned(), None, 2, hall)]);
}

/// Only these have to be given one before the first command.
#[tokio::test]
async fn a_new_site_tells_how_many_of_its_phones_have_no_credential() {
    let house = House::new().await;
    let review = house
        .engine
        .review_import(&house.admin, "phones.csv", LIST.into())
        .await
        .unwrap();
    let seen = choices(&review.digest);
    let applied = house.engine.apply_import(&house.admin, &review.id, &seen);
    let sites = applied.await.unwrap().new_sites.into_iter();
    let told: Vec<_> = sites
        .map(|site| (site.slug, site.phones, site.without_credential))
        .collect();
    assert_eq!(
        told,
        [("kiel".into(), 1, 1), ("koeln-sued".to_owned(), 1, 0)]
    );
}

#[tokio::test]
async fn the_same_file_again_changes_nothing() {
    let house = House::new().await;
    let once = ImportOnce::default();
    let first = house
        .engine
        .import_once(&house.admin, LIST.into(), once)
        .await
        .unwrap();
    assert_eq!(
        (first.created, first.updated, first.unchanged, first.applied),
        (2, 0, 0, true)
    );
    let records = house.actions().await.len();
    let second = house
        .engine
        .import_once(&house.admin, LIST.into(), once)
        .await
        .unwrap();
    assert_eq!(
        (second.created, second.updated, second.unchanged),
        (0, 0, 2)
    );
    assert_eq!(
        house.actions().await.len(),
        records,
        "nothing done, nothing told"
    );
    let other_password = LIST.replace("s3cret-of-one", "another");
    let third = house
        .engine
        .import_once(&house.admin, other_password.into(), once)
        .await
        .unwrap();
    assert_eq!((third.updated, third.unchanged), (1, 1));
    let without = LIST.replace(";admin;s3cret-of-one", ";;");
    let fourth = house
        .engine
        .import_once(&house.admin, without.into(), once)
        .await
        .unwrap();
    assert_eq!(
        (fourth.updated, fourth.unchanged),
        (0, 2),
        "a blank cell clears no password"
    );
}

/// Whoever may import could try passwords by the thousand, with no record of it.
#[tokio::test]
async fn a_program_does_not_learn_whether_a_password_is_the_stored_one() {
    let house = House::new().await;
    let (engine, once) = (&house.engine, ImportOnce::default());
    let made = engine.import_once(&house.admin, LIST.into(), once).await;
    made.unwrap();
    let records = house.actions().await.len();
    let dry = ImportOnce {
        dry_run: true,
        ..once
    };
    let wrong = LIST.replace("s3cret-of-one", "a-guess-at-it");
    let (program, unproved) = (house.program(), house.unproved());
    for (list, who) in [(LIST, &program), (&wrong, &program), (LIST, &unproved)] {
        let told = engine.import_once(who, list.into(), dry).await.unwrap();
        assert_eq!((told.updated, told.unchanged), (1, 1));
    }
    let mut seen = Vec::new();
    for list in [LIST, &wrong] {
        let review = engine.review_import(&unproved, "", list.into()).await;
        let review = review.unwrap();
        assert_eq!((review.updated.len(), review.unchanged.len()), (1, 1));
        seen.push(review.updated[0].changes.clone());
    }
    assert_eq!(seen[0], seen[1]);
    let person = engine.review_import(&house.admin, "", LIST.into()).await;
    assert_eq!(person.unwrap().unchanged.len(), 2);
    let again = engine.import_once(&program, LIST.into(), once).await;
    let again = again.unwrap();
    assert_eq!((again.updated, again.unchanged), (1, 1));
    assert_eq!(house.actions().await.len(), records, "nothing was written");
}

#[tokio::test]
async fn a_change_shows_old_and_new() {
    let house = House::new().await;
    house
        .engine
        .import_once(&house.admin, LIST.into(), ImportOnce::default())
        .await
        .unwrap();
    let change = "mac,label,tags\n001565000001,Front,\n001565000002,Hall,new\n";
    let review = house
        .engine
        .review_import(&house.admin, "", change.into())
        .await
        .unwrap();
    assert_eq!(review.updated.len(), 2);
    let first: Vec<_> = review.updated[0]
        .changes
        .iter()
        .map(|c| (c.field.as_str(), c.old.as_str(), c.new.as_str()))
        .collect();
    assert_eq!(
        first,
        [("label", "Desk", "Front"), ("tags", "lab; vip", "")]
    );
    house
        .engine
        .apply_import(&house.admin, &review.id, &choices(&review.digest))
        .await
        .unwrap();
    let row = house.engine.phone(&house.admin, mac(1)).await.unwrap();
    assert_eq!(
        (row.phone.label.as_str(), row.phone.extension.as_str()),
        ("Front", "101")
    );
    let event = house
        .events()
        .await
        .into_iter()
        .rev()
        .find(|e| e.phone == Some(mac(2)))
        .unwrap();
    assert_eq!(event.detail["changes"]["tags"]["new"], "new");
}

#[tokio::test]
async fn with_a_mistake_nothing_is_written_unless_the_valid_rows_are_asked_for() {
    let house = House::new().await;
    let list = "mac,address,credential,username\n001565000001,10.0.0.1,,\n001565000002,8.8.8.8,,\n\
        001565000003,,nothing,\n001565000004,,,admin\nbad,,,\n";
    let dry = ImportOnce {
        dry_run: true,
        ..ImportOnce::default()
    };
    let report = house
        .engine
        .import_once(&house.admin, list.into(), dry)
        .await
        .unwrap();
    let told: Vec<_> = report
        .errors
        .iter()
        .map(|e| (e.line, e.column.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (3, "address"),
            (4, "credential"),
            (5, "password"),
            (6, "mac")
        ]
    );
    assert!(!report.applied);
    let refused = house
        .engine
        .import_once(&house.admin, list.into(), ImportOnce::default())
        .await
        .unwrap();
    assert!(!refused.applied);
    assert_eq!(house.count("").await, 0);

    let review = house
        .engine
        .review_import(&house.admin, "x", list.into())
        .await
        .unwrap();
    assert_eq!((review.error_rows, review.total), (4, 5));
    let file = house
        .engine
        .import_errors_file(&house.admin, &review.id)
        .await
        .unwrap();
    assert!(
        file.lines()
            .nth(1)
            .unwrap()
            .contains("outside the allowed networks"),
        "{file}"
    );
    assert!(
        !file.contains("001565000001"),
        "what is right is left out: {file}"
    );
    let mut chosen = choices(&review.digest);
    let refused = house
        .engine
        .apply_import(&house.admin, &review.id, &chosen)
        .await;
    assert!(matches!(refused, Err(EngineError::Conflict(_))));
    chosen.valid_rows_only = true;
    let result = house
        .engine
        .apply_import(&house.admin, &review.id, &chosen)
        .await
        .unwrap();
    assert_eq!((result.created, result.left_out), (1, 4));
    assert_eq!(house.count("").await, 1);
}

#[tokio::test]
async fn a_file_that_cannot_be_taken_as_a_whole_is_not_taken_in_part() {
    let house = House::new().await;
    let list = "mac,lable\n001565000001,x\n";
    let rows = ImportOnce {
        valid_rows_only: true,
        ..ImportOnce::default()
    };
    let report = house
        .engine
        .import_once(&house.admin, list.into(), rows)
        .await
        .unwrap();
    assert!(!report.applied && report.errors[0].problem.contains("no such column"));
    assert_eq!(house.count("").await, 0);
}

#[tokio::test]
async fn an_inventory_that_changed_since_the_review_asks_for_another_look() {
    let house = House::new().await;
    house.phone(1, &[]).await;
    let list = "mac,label\n001565000001,New\n";
    let review = house
        .engine
        .review_import(&house.admin, "", list.into())
        .await
        .unwrap();
    let meanwhile = edit(&[(Column::Label, "Mine")]);
    house
        .engine
        .update_phone(&house.admin, mac(1), &meanwhile, None)
        .await
        .unwrap();
    let refused = house
        .engine
        .apply_import(&house.admin, &review.id, &choices(&review.digest))
        .await;
    assert!(matches!(refused, Err(EngineError::Conflict(_))));
    let again = house
        .engine
        .import_review(&house.admin, &review.id)
        .await
        .unwrap();
    house
        .engine
        .apply_import(&house.admin, &review.id, &choices(&again.digest))
        .await
        .unwrap();
    assert_eq!(
        house
            .engine
            .phone(&house.admin, mac(1))
            .await
            .unwrap()
            .phone
            .label,
        "New"
    );
}

#[tokio::test]
async fn reviews_are_private_and_pass() {
    let house = House::new().await;
    let review = house
        .engine
        .review_import(&house.admin, "", LIST.into())
        .await
        .unwrap();
    let mut other = Asker::clone(&house.admin);
    other.user_id = house.viewer.user_id.clone();
    let other = Caller::for_tests(other);
    let hidden = house.engine.import_review(&other, &review.id).await;
    assert!(matches!(hidden, Err(EngineError::NotFound)));
    let denied = house
        .engine
        .review_import(&house.operator, "", LIST.into())
        .await;
    assert!(matches!(denied, Err(EngineError::Denied(_))));
    house
        .engine
        .clock
        .advance(std::time::Duration::from_hours(3));
    let late = house
        .engine
        .apply_import(&house.admin, &review.id, &choices(&review.digest))
        .await;
    assert!(matches!(late, Err(EngineError::NotFound)));
}

#[tokio::test]
async fn an_export_holds_no_secret_and_imports_as_unchanged() {
    let house = House::new().await;
    house
        .engine
        .import_once(&house.admin, LIST.into(), ImportOnce::default())
        .await
        .unwrap();
    let office = CredentialInput {
        name: "office".into(),
        username: "admin".into(),
        password: Some(secret("p")),
    };
    house
        .engine
        .create_credential(&house.admin, &office)
        .await
        .unwrap();
    house
        .phone(
            3,
            &[
                (Column::Label, "=1+1"),
                (Column::Credential, "office"),
                (Column::Protected, "yes"),
            ],
        )
        .await;
    let export = house
        .engine
        .export_phones(&house.viewer, &Filter::default())
        .await
        .unwrap();
    assert_eq!(export.rows(), 3);
    let text = export.text().await.unwrap();
    assert!(!text.contains("s3cret") && !text.contains(",=1"), "{text}");
    let report = house
        .engine
        .import_once(&house.admin, text.into_bytes(), ImportOnce::default())
        .await
        .unwrap();
    assert_eq!(
        (report.created, report.updated, report.unchanged),
        (0, 0, 3)
    );
    assert_eq!(report.errors, []);
    let told = house
        .events()
        .await
        .into_iter()
        .find(|e| e.action == "inventory.exported")
        .unwrap();
    assert_eq!(told.detail["rows"], 3);
}

/// What an import did goes away again; what people did since stays.
#[tokio::test]
async fn an_import_is_taken_back_as_far_as_nobody_touched_it() {
    let house = House::new().await;
    let import = async |list: &str| {
        let review = house
            .engine
            .review_import(&house.admin, "list.csv", list.into())
            .await
            .unwrap();
        let seen = choices(&review.digest);
        let applied = house.engine.apply_import(&house.admin, &review.id, &seen);
        applied.await.unwrap().id
    };
    import(LIST).await;
    let before = house.engine.phone(&house.admin, mac(2)).await.unwrap();
    let second = "mac,label,username,password\n001565000001,Front,,\n001565000002,Door,admin,new\n\
                  001565000003,Third,,\n001565000004,Fourth,,\n";
    let id = import(second).await;
    house
        .engine
        .update_phone(
            &house.admin,
            mac(1),
            &edit(&[(Column::Label, "Mine")]),
            None,
        )
        .await
        .unwrap();
    house
        .engine
        .delete_phones(&house.admin, &[mac(4)], "")
        .await
        .unwrap();

    let seen = house.engine.undo_review(&house.admin, &id).await.unwrap();
    assert_eq!((seen.deleted, seen.restored, seen.logins), (1, 1, 1));
    let named = ["Fourth (00:15:65:00:00:04)", "Mine (101)"];
    assert_eq!(seen.left_names, named, "as they are found now");
    let other = house.engine.undo_import(&house.admin, &id, 3).await;
    assert!(matches!(other, Err(EngineError::Conflict(_))), "{other:?}");
    let undone = house
        .engine
        .undo_import(&house.admin, &id, 2)
        .await
        .unwrap();
    assert_eq!((undone.deleted, undone.restored, undone.left), (1, 1, 2));
    assert!(undone.at.is_some(), "its page says when");

    let label = async |last| {
        let row = house.engine.phone(&house.admin, mac(last)).await.ok();
        row.map(|row| row.phone.label)
    };
    assert_eq!(label(1).await.as_deref(), Some("Mine"));
    assert_eq!(label(3).await, None);
    let after = house.engine.phone(&house.admin, mac(2)).await.unwrap();
    assert_eq!(after.phone, before.phone);
    let result = house.engine.import_result(&house.admin, &id).await.unwrap();
    assert_eq!(result.undone, Some(undone));
    let twice = house.engine.undo_import(&house.admin, &id, 2).await;
    assert!(matches!(twice, Err(EngineError::NotFound)), "{twice:?}");
    let events = house.events().await;
    let told: Vec<_> = events
        .iter()
        .rev()
        .take(3)
        .map(|event| &*event.action)
        .collect();
    assert_eq!(
        told,
        ["phone.changed", "phone.deleted", "inventory.import_undone"]
    );
    assert!(
        events
            .iter()
            .rev()
            .take(3)
            .all(|event| event.detail["import"] == *id)
    );
}

/// Nobody would be allowed to write that address today, so taking back does not write it either.
#[tokio::test]
async fn an_import_taken_back_brings_no_forbidden_address_back() {
    let house = House::new().await;
    let import = async |list: &str| {
        let review = house
            .engine
            .review_import(&house.admin, "list.csv", list.into())
            .await
            .unwrap();
        let seen = choices(&review.digest);
        let applied = house.engine.apply_import(&house.admin, &review.id, &seen);
        applied.await.unwrap().id
    };
    import(LIST).await;
    let moved = "mac,label,address\n001565000001,Moved,10.1.0.1\n001565000002,Named,10.0.0.2\n";
    let id = import(moved).await;
    let networks = ["10.1.0.0/16".parse().unwrap()];
    let effect = house.engine.networks_effect(&house.admin, &networks).await;
    let seen = effect.unwrap().seen;
    let narrowed = house
        .engine
        .change_networks(&house.admin, &networks, &seen, "");
    narrowed.await.unwrap();

    let seen = house.engine.undo_review(&house.admin, &id).await.unwrap();
    assert_eq!((seen.restored, seen.left), (1, 1));
    assert_eq!(seen.left_names, ["Moved (101)"]);
    let undone = house.engine.undo_import(&house.admin, &id, 1).await;
    assert_eq!(undone.unwrap().left, 1);
    let moved = house.engine.phone(&house.admin, mac(1)).await.unwrap();
    assert_eq!(moved.phone.label, "Moved");
    assert_eq!(moved.phone.address, "10.1.0.1".parse().ok());
    let named = house.engine.phone(&house.admin, mac(2)).await.unwrap();
    assert_eq!(named.phone.label, "Hall", "its address is as it was");
}
