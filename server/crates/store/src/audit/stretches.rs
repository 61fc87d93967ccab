//! Where the records of a phone are looked for.
//!
//! Owns the way through the index of phones. It has the phones of each stretch of 2048 records in
//! their order, so that new records change the few pages of the last stretch; in the order of phones
//! alone, each record of a broadcast would change a page of its own. *Invariant:* every stretch that
//! may hold a record between the bounds is looked at.

use crate::sql::Sql;

/// Records of a stretch, as the index says it: a change of the number is a change of the index.
const STRETCH: i64 = 2048;

/// Adds what stands behind `FROM` for a choice from `audit a` by `a.phone`, up to its first condition.
pub(super) fn of_phones(sql: &mut Sql, (low, high): (i64, i64)) {
    sql.push("(WITH RECURSIVE s (n) AS (SELECT CAST(");
    sql.bind(low.max(0) / STRETCH);
    sql.push(" AS BIGINT) UNION ALL SELECT s.n + 1 FROM s WHERE s.n < ");
    sql.bind(high.max(0) / STRETCH);
    // No stretch is behind the end of the log.
    sql.push(" AND s.n < (SELECT h.size / 2048 FROM audit_head h WHERE h.id = 1)) ");
    sql.push("SELECT s.n FROM s) AS stretch CROSS JOIN audit a WHERE a.seq / 2048 = stretch.n");
}

/// How many looks it takes to find so many phones in a log of this size.
pub(super) const fn looks(phones: usize, size: i64) -> i64 {
    phones as i64 * (size / STRETCH + 1)
}
