//! Tables that somebody dropped: both programs say so, whatever the table was for.

use crate::house::{Database, House};

/// All without which something is not compared, those of the log itself first.
const TABLES: [&str; 30] = [
    "audit",
    "audit_head",
    "audit_checkpoints",
    "audit_tiles",
    "audit_marks",
    "audit_values",
    "_sqlx_migrations",
    "meta",
    "users",
    "api_tokens",
    "sessions",
    "credentials",
    "jobs",
    "job_targets",
    "recovery_codes",
    "reset_links",
    "streams",
    "audit_private",
    "audit_sources",
    "orders",
    "sites",
    "phones",
    "groups",
    "job_groups",
    "job_causes",
    "job_attempts",
    "areas",
    "identities",
    "egress",
    "change_requests",
];

/// Columns are gone as tables are.
const COLUMNS: [&str; 15] = [
    "users.factor",
    "jobs.decided_by",
    "jobs.frozen",
    "jobs.frozen_mac",
    "jobs.mac",
    "meta.mac",
    "users.mac",
    "sessions.mac",
    "recovery_codes.mac",
    "reset_links.mac",
    "api_tokens.mac",
    "identities.mac",
    "orders.mac",
    "orders.version",
    "change_requests.mac",
];

/// A log of a few records, signed.
async fn few(database: &Database) -> House {
    let house = House::new(database).await;
    let notary = house.notary().await;
    house.record(5).await;
    notary.look(true).await.unwrap();
    house
}

fn dropped(house: &House, place: &str) -> String {
    match place.split_once('.') {
        Some((table, column)) => format!("ALTER TABLE {table} DROP COLUMN {column}"),
        None if house.store.is_shared() => format!("DROP TABLE {place} CASCADE"),
        None => format!("PRAGMA foreign_keys = OFF; DROP TABLE {place}"),
    }
}

pub(crate) async fn a_table_that_was_dropped_is_named(database: &Database) {
    for place in TABLES.iter().chain(&COLUMNS) {
        let house = few(database).await;
        house.tamper(&[dropped(&house, place)]).await;
        let found = house.finding().await;
        let kind = if place.contains('.') {
            "column"
        } else {
            "table"
        };
        let expected = format!("standing: the {kind} {place} is gone");
        assert!(found.ends_with(&expected), "{found}");
        house.close().await;
    }
}

pub(crate) async fn what_is_noted_of_migrations_hides_nothing(database: &Database) {
    let house = few(database).await;
    house.is_intact("before").await;
    let rest = "DELETE FROM _sqlx_migrations WHERE version > 3".to_owned();
    house.tamper(&[dropped(&house, "jobs"), rest]).await;
    let found = house.finding().await;
    assert!(found.ends_with("the table jobs is gone"), "{found}");
    house.close().await;
}

/// The second program knows the same places.
#[test]
fn both_programs_know_the_same_places() {
    let places = include_str!("../../../store/src/audit/places.txt");
    let second = include_str!("../../../../../tools/verify_audit.py");
    assert!(second.contains(&format!("\nSCHEMA = \"\"\"\\\n{places}\"\"\"\n")));
}
