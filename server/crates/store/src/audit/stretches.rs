//! Where the records of a phone are looked for.
//!
//! Owns the way through the index of phones. It has the phones of each stretch of 2048 records in
//! their order, so that new records change the few pages of the last stretch; in the order of phones
//! alone, each record of a broadcast would change a page of its own. *Invariant:* every stretch that
//! may hold a record between the bounds is looked at.

use crate::sql::Sql;

/// Records of a stretch, as the index says it: a change of the number is a change of the index.
const STRETCH: i64 = 2048;

/// Adds what stands behind `FROM` for a choice from the records `a` with numbers from `low` to before
/// `high` by `a.phone`, up to the condition for that.
pub(super) fn of_phones(sql: &mut Sql, (low, high): (i64, i64)) {
    sql.push("(WITH RECURSIVE s (n) AS (SELECT CAST(");
    sql.bind(low.max(0) / STRETCH);
    sql.push(" AS BIGINT) UNION ALL SELECT s.n + 1 FROM s WHERE s.n < ");
    sql.bind(high.max(0) / STRETCH);
    // No stretch is behind the end of the log.
    sql.push(" AND s.n < (SELECT h.size / 2048 FROM audit_head h WHERE h.id = 1)) ");
    // A bare `stretch.n` is of a type that SQLite would bring the other side to, for which its index
    // of an expression is not taken; a sum is of none.
    sql.push("SELECT s.n FROM s) AS stretch CROSS JOIN audit a WHERE a.seq / 2048 = stretch.n + 0");
    // Postgres would read all numbers between the bounds from their own index, once for each stretch,
    // where it has no statistics yet; it has no index of sums.
    sql.push(" AND a.seq + 0 >= ").bind(low);
    sql.push(" AND a.seq + 0 < ").bind(high);
}

/// How many looks it takes to find so many phones in a log of this size.
pub(super) const fn looks(phones: usize, size: i64) -> i64 {
    phones as i64 * (size / STRETCH + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn plan(url: &str, explain: &'static str, column: &str) -> Vec<String> {
        let store = crate::Store::open(url).await.expect("opened");
        store.migrate().await.expect("its tables");
        let mut sql = Sql::new(explain);
        sql.push(" SELECT a.entry FROM ");
        of_phones(&mut sql, (0, i64::MAX));
        sql.push(" AND a.phone = ").bind("80:5e:c0:00:00:01");
        sql.push(" ORDER BY a.seq DESC LIMIT ").bind(51_i64);
        let mut unit = store.begin().await.expect("begun");
        let steps = unit.conn().all(sql).await.expect("explained");
        drop(unit);
        store.close().await;
        let steps = steps.iter().map(|step| step.get::<String>(column));
        steps.collect::<Result<_, _>>().expect("texts")
    }

    #[tokio::test]
    async fn sqlite_takes_the_index() {
        let dir = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite:{}", dir.path().join("carillon.db").display());
        let steps = plan(&url, "EXPLAIN QUERY PLAN", "detail").await;
        let way = "SEARCH a USING INDEX audit_phone (<expr>=? AND phone=?";
        assert!(steps.iter().any(|step| step.starts_with(way)), "{steps:#?}");
    }

    #[tokio::test]
    async fn postgres_takes_the_index() {
        let Some(server) = std::env::var_os("CARILLON_TEST_POSTGRES_URL") else {
            return;
        };
        let server = server.to_str().expect("an address");
        let scratch = crate::testing::TestDatabase::create(server, "plan").await;
        let scratch = scratch.expect("a database");
        let steps = plan(&scratch.url(), "EXPLAIN", "QUERY PLAN").await;
        scratch.drop_if_there().await.expect("gone");
        let way =
            |step: &String| step.contains(" on audit_phone") || step.contains("using audit_phone");
        assert!(steps.iter().any(way), "{steps:#?}");
        let by_number = |step: &String| step.contains("audit_pkey");
        assert!(!steps.iter().any(by_number), "{steps:#?}");
    }
}
