//! What became of jobs lately, and which firmware the phones have: numbers for small charts.
//!
//! Owns one statement for all of it, so that the overview pays for one query.

use carillon_domain::{Cause, Reach, Timestamp};

use crate::error::Result;
use crate::phones::health::{self, FleetHealth};
use crate::reach::{and_jobs, and_phones};
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

/// One day's targets by how they ended. A day is one of UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayOfJobs {
    /// Days since 1970.
    pub day: i64,
    /// Jobs that were made.
    pub jobs: i64,
    /// The effect was seen.
    pub verified: i64,
    /// Taken, not checked.
    pub acknowledged: i64,
    /// Refused, or surely not sent.
    pub failed: i64,
    /// Nobody can say.
    pub unknown: i64,
    /// Not tried.
    pub untried: i64,
}

/// Numbers for charts, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trends {
    /// Days with jobs, oldest first.
    pub days: Vec<DayOfJobs>,
    /// Why targets ended badly in that time, most first.
    pub causes: Vec<(Cause, i64)>,
    /// Phones by firmware, most first; empty where not known.
    pub firmware: Vec<(String, i64)>,
    /// How long phones took to answer, by the slug of their site, slowest first: of the first
    /// phones of the last jobs, which is a bounded number of rows however large the jobs are.
    pub answers: Vec<(String, Answers)>,
}

/// Answers of phones at one site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// How many there are.
    pub count: i64,
    /// What they took together, in milliseconds.
    pub total_ms: i64,
}

impl Answers {
    /// What one took, in milliseconds.
    pub fn mean_ms(self) -> i64 {
        self.total_ms / self.count.max(1)
    }
}

/// So many jobs, and phones of each, are looked at for the times of answers.
const ANSWERED_JOBS: i64 = 20;
const ANSWERED_PHONES: i64 = 200;

/// One statement; each part leaves out what is out of reach.
fn select(reach: &Reach, since: Timestamp) -> Sql {
    let mut sql = Sql::new(
        "SELECT 'past day' AS what, '' AS name, j.created_at / 86400000000 AS day, COUNT(*) AS n, \
         CAST(SUM(j.verified) AS BIGINT) AS verified, \
         CAST(SUM(j.acknowledged) AS BIGINT) AS acknowledged, \
         CAST(SUM(j.failed) AS BIGINT) AS failed, CAST(SUM(j.unknown) AS BIGINT) AS unknown, \
         CAST(SUM(j.skipped + j.cancelled + j.expired) AS BIGINT) AS untried \
         FROM jobs j WHERE j.created_at >= ",
    );
    sql.bind(since);
    and_jobs(&mut sql, reach, "j.id");
    sql.push(" GROUP BY j.created_at / 86400000000 UNION ALL ");
    sql.push("SELECT 'past cause', c.cause, 0, CAST(SUM(c.count) AS BIGINT), 0, 0, 0, 0, 0 ");
    sql.push("FROM job_causes c JOIN jobs j ON j.id = c.job WHERE c.count > 0 ");
    sql.push("AND j.created_at >= ").bind(since);
    and_jobs(&mut sql, reach, "j.id");
    sql.push(" GROUP BY c.cause UNION ALL ");
    sql.push("SELECT 'firmware', p.firmware, 0, COUNT(*), 0, 0, 0, 0, 0 ");
    sql.push("FROM phones p WHERE 1 = 1");
    and_phones(&mut sql, reach, "p");
    sql.push(" GROUP BY p.firmware UNION ALL ");
    select_answers(&mut sql, reach, since);
    sql
}

fn select_answers(sql: &mut Sql, reach: &Reach, since: Timestamp) {
    sql.push(
        "SELECT 'answer', t.site, CAST(SUM(t.duration_ms) AS BIGINT), COUNT(*), 0, 0, 0, 0, 0 ",
    );
    sql.push("FROM job_targets t WHERE t.job IN (");
    sql.push("SELECT j.id FROM jobs j WHERE j.created_at >= ")
        .bind(since);
    and_jobs(sql, reach, "j.id");
    sql.push(" ORDER BY j.created_at DESC LIMIT ")
        .bind(ANSWERED_JOBS);
    sql.push(") AND t.position < ").bind(ANSWERED_PHONES);
    sql.push(" AND t.state IN ('verified', 'acknowledged') AND t.duration_ms IS NOT NULL");
    // By SIP nothing was measured where it is zero.
    sql.push(" AND (t.duration_ms > 0 OR t.transport IN ('http', 'https'))");
    sql.push(" AND t.site IS NOT NULL");
    if !reach.is_everything() {
        sql.push(" AND EXISTS (SELECT 1 FROM phones p WHERE p.mac = t.mac");
        and_phones(sql, reach, "p");
        sql.push(")");
    }
    sql.push(" GROUP BY t.site");
}

impl Store {
    /// What became of the jobs made since then, and the firmware of all phones.
    pub async fn trends(&self, since: Timestamp) -> Result<Trends> {
        let sql = select(&self.reach, since);
        Trends::of(&self.read().await?.conn().all(sql).await?)
    }

    /// How the whole fleet is, and the trends since then, in one statement.
    pub async fn fleet_health_and_trends(&self, since: Timestamp) -> Result<(FleetHealth, Trends)> {
        let mut sql = Sql::new(
            "SELECT h.what, h.name, h.word, h.n, CAST(0 AS BIGINT) AS day, \
             CAST(0 AS BIGINT) AS verified, CAST(0 AS BIGINT) AS acknowledged, \
             CAST(0 AS BIGINT) AS failed, CAST(0 AS BIGINT) AS unknown, \
             CAST(0 AS BIGINT) AS untried FROM (",
        );
        sql.append(health::select(&self.reach));
        sql.push(") AS h UNION ALL SELECT t.what, t.name, '', t.n, t.day, t.verified, ");
        sql.push("t.acknowledged, t.failed, t.unknown, t.untried FROM (");
        sql.append(select(&self.reach, since)).push(") AS t");
        let rows = self.read().await?.conn().all(sql).await?;
        Ok((FleetHealth::of(&rows)?, Trends::of(&rows)?))
    }
}

impl Trends {
    /// Of the rows of [`select`], and of others that are left out.
    fn of(rows: &[Row]) -> Result<Self> {
        let mut trends = Self::default();
        for row in rows {
            trends.take(row)?;
        }
        trends.days.sort_by_key(|day| day.day);
        trends
            .causes
            .sort_by_key(|(cause, n)| (std::cmp::Reverse(*n), *cause));
        let most_first = |a: &(String, i64), b: &(String, i64)| (b.1, &a.0).cmp(&(a.1, &b.0));
        trends.firmware.sort_by(most_first);
        trends
            .answers
            .sort_by_key(|(_, answers)| std::cmp::Reverse(answers.mean_ms()));
        Ok(trends)
    }

    fn take(&mut self, row: &Row) -> Result<()> {
        let fields = row.of("jobs", "name");
        let count = fields.int("n")?;
        match fields.text("what")?.as_str() {
            "past day" => self.days.push(DayOfJobs {
                day: fields.int("day")?,
                jobs: count,
                verified: fields.int("verified")?,
                acknowledged: fields.int("acknowledged")?,
                failed: fields.int("failed")?,
                unknown: fields.int("unknown")?,
                untried: fields.int("untried")?,
            }),
            "past cause" => self.causes.push((fields.parse("name")?, count)),
            "firmware" => self.firmware.push((fields.text("name")?, count)),
            "answer" => {
                let total_ms = fields.int("day")?;
                self.answers
                    .push((fields.text("name")?, Answers { count, total_ms }));
            }
            _ => {}
        }
        Ok(())
    }
}
