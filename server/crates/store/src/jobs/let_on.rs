//! Jobs that an account let go on, as they count beside those that it asked for.

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::approval::Around;

/// Which jobs somebody let go on, and what is asked about them.
#[derive(Clone, Copy, Debug)]
pub struct LetOn<'a> {
    /// The jobs.
    pub jobs: &'a [String],
    /// Whose own count by themselves: the account that let them go on,
    pub account: &'a str,
    /// where they were asked for, or start, about then.
    pub around: Around<'a>,
    /// Only jobs of these actions that no second person let run.
    pub alone: Option<&'a [&'a str]>,
}

/// Those that count, each with its phones that were sent to or are to be.
async fn let_on(conn: &mut Conn<'_>, asked: LetOn<'_>) -> Result<Vec<(String, i64)>> {
    if asked.jobs.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql =
        Sql::new("SELECT id, total - skipped - cancelled - expired AS phones FROM jobs WHERE ");
    sql.one_of("id", asked.jobs.iter().map(String::as_str));
    sql.push(" AND NOT (COALESCE(account, '') = ")
        .bind(asked.account);
    let around = Around {
        besides: None,
        ..asked.around
    };
    around.push(&mut sql);
    sql.push(")");
    if let Some(job) = asked.around.besides {
        sql.push(" AND id <> ").bind(job);
    }
    if let Some(actions) = asked.alone {
        sql.push(" AND decided_by IS NULL AND ");
        sql.one_of("action", actions.iter().copied());
    }
    let rows = conn.all(sql).await?;
    rows.iter()
        .map(|row| Ok((row.get("id")?, row.get("phones")?)))
        .collect()
}

impl Store {
    /// Those that count, each with its phones that were sent to or are to be.
    pub async fn let_on(&self, asked: LetOn<'_>) -> Result<Vec<(String, i64)>> {
        let_on(&mut self.read().await?.conn(), asked).await
    }
}

impl Unit {
    /// The same. Until the end of this unit nobody else moves a job.
    pub async fn let_on(&mut self, asked: LetOn<'_>) -> Result<Vec<(String, i64)>> {
        let_on(&mut self.jobs_conn().await?, asked).await
    }
}
