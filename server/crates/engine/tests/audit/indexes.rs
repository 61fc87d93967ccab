//! Indexes of the database that somebody replaced: records are there and are not found.

use crate::house::{Database, House};

const WHOLE: &str =
    "CREATE INDEX audit_phone ON audit ((seq / 2048), phone) WHERE phone IS NOT NULL";

pub(crate) async fn an_index_that_was_replaced_is_named(database: &Database) {
    let anew = |made: String| format!("DROP INDEX audit_phone; {made}");
    let mut cases = vec![
        anew(format!("{WHOLE} AND seq < 0")),
        "CREATE INDEX \"of\nintact: all\u{1b}[2K\" ON audit_marks (tile)".to_owned(),
    ];
    if matches!(database, Database::Sqlite) {
        // Its text is the one that it had.
        let text = WHOLE.replace("(seq / 2048)", "seq / 2048");
        let hidden = format!(
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = '{text}' \
             WHERE name = 'audit_phone'; PRAGMA writable_schema = OFF"
        );
        cases.push(format!("{}; {hidden}", anew(format!("{text} AND seq < 0"))));
    }
    for case in cases {
        let house = House::signed(database).await;
        house.is_intact("before").await;
        house.tamper(std::slice::from_ref(&case)).await;
        let found = house.finding().await;
        assert!(
            found.contains(": database: no record, but an index"),
            "{case}: {found}"
        );
        assert!(!found.trim_end().contains(char::is_control), "{found:?}");
        house.close().await;
    }
}
