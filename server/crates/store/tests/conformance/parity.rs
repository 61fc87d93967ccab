//! Both databases have the same tables with the same columns, but for what one of them alone needs.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

use crate::database::{Database, on_postgres, on_sqlite, postgres_url};

/// Table → its columns in order, with what they hold.
type Tables = BTreeMap<String, Vec<(String, &'static str)>>;

async fn sqlite_tables(url: &str) -> Tables {
    let mut conn = SqliteConnection::connect(url).await.unwrap();
    let sql = "SELECT m.name AS t, c.name AS c, c.type AS k FROM sqlite_master m \
         JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' \
         AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY m.name, c.cid";
    let rows = sqlx::query(sql).fetch_all(&mut conn).await.unwrap();
    tables(
        rows.iter()
            .map(|row| (row.get("t"), row.get("c"), row.get("k"))),
    )
}

/// Without the phones in hand, which SQLite finds by its indexes of states.
async fn postgres_tables(url: &str) -> Tables {
    let mut conn = PgConnection::connect(url).await.unwrap();
    let sql = "SELECT table_name::text AS t, column_name::text AS c, data_type::text AS k \
         FROM information_schema.columns WHERE table_schema = 'public' \
         AND table_name NOT LIKE '\\_sqlx%' AND table_name <> 'phones_in_hand' \
         ORDER BY table_name COLLATE \"C\", ordinal_position";
    let rows = sqlx::query(AssertSqlSafe(sql))
        .fetch_all(&mut conn)
        .await
        .unwrap();
    tables(
        rows.iter()
            .map(|row| (row.get("t"), row.get("c"), row.get("k"))),
    )
}

fn tables(columns: impl Iterator<Item = (String, String, String)>) -> Tables {
    let mut tables = Tables::new();
    for (table, column, kind) in columns {
        let holds = match kind.as_str() {
            "TEXT" | "text" => "text",
            "BLOB" | "bytea" => "bytes",
            // SQLite's strict tables have no truths but the numbers 0 and 1.
            "INTEGER" | "bigint" | "boolean" => "number",
            other => panic!("{table}.{column} has the type {other}"),
        };
        tables.entry(table).or_default().push((column, holds));
    }
    tables
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_have_the_same_tables() {
    if postgres_url().is_none() {
        eprintln!("skipped: CARILLON_TEST_POSTGRES_URL is not set");
        return;
    }
    on_sqlite(|sqlite: Database| async move {
        let expected = sqlite_tables(&sqlite.url).await;
        assert!(expected.contains_key("audit"));
        on_postgres(move |postgres: Database| async move {
            let found = postgres_tables(&postgres.url).await;
            assert_eq!(found, expected);
        })
        .await;
    })
    .await;
}

/// What checks of the log miss where somebody dropped it is everything that there is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_know_every_table_and_column() {
    on_sqlite(|sqlite: Database| async move {
        let columns = sqlite_tables(&sqlite.url).await;
        let columns = columns.iter().flat_map(|(table, columns)| {
            columns
                .iter()
                .map(move |(column, _)| format!("{table}.{column}"))
        });
        let known = include_str!("../../src/audit/places.txt").lines();
        let known = known.flat_map(|line| {
            let mut words = line.split(' ').skip(1);
            let table = words.next().unwrap();
            words.map(move |column| format!("{table}.{column}"))
        });
        let known = known.filter(|name| !name.starts_with("_sqlx"));
        let known: BTreeSet<String> = known.collect();
        assert_eq!(known, columns.collect());
    })
    .await;
}

/// What dispatch writes is held against closed lists of words by comparing, on SQLite as well: `IN`
/// costs it a lookup in a table for each row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_of_what_dispatch_writes_are_compared() {
    on_sqlite(|sqlite: Database| async move {
        let mut conn = SqliteConnection::connect(&sqlite.url).await.unwrap();
        let sql = "SELECT name, sql FROM sqlite_master WHERE name IN ('job_targets', 'phones')";
        for row in sqlx::query(sql).fetch_all(&mut conn).await.unwrap() {
            let (name, text): (String, String) = (row.get("name"), row.get("sql"));
            let lists = text.split(" IN").skip(1);
            let lists = lists.filter_map(|behind| behind.trim_start().strip_prefix('('));
            let long =
                lists.filter(|list| list.split(')').next().unwrap().matches(',').count() > 1);
            // Said by people, and written when they say it.
            let long = long.filter(|list| !list.starts_with("'servlet'"));
            assert_eq!(long.collect::<Vec<_>>(), [""; 0], "{name}");
        }
    })
    .await;
}
