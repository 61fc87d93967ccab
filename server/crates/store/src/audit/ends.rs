//! What tables say became of phones, for whoever holds it against the log.
//!
//! Owns the look at these columns, in pieces: there are as many rows as results. *Invariant:* it is
//! taken in the same moment as the log itself; what cannot be read is handed on as it stands.

use carillon_domain::{Cause, Mac, TargetState};

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;

use super::scan::AuditScan;

/// A phone of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingEnd {
    /// The job.
    pub job: String,
    /// Its place in the job's order.
    pub position: i64,
    /// Which phone; nothing where that cannot be read.
    pub phone: Option<Mac>,
    /// Where it stands; nothing where that cannot be read.
    pub state: Option<TargetState>,
    /// Why; nothing beside, where that cannot be read.
    pub cause: Option<Option<Cause>>,
}

impl AuditScan {
    /// The next phones of jobs behind one, by job and place.
    pub async fn ends(
        &mut self,
        after: Option<&StandingEnd>,
        limit: i64,
    ) -> Result<Vec<StandingEnd>> {
        let (job, position) = after.map_or(("", i64::MIN), |last| (&last.job, last.position));
        let sql = Sql::new(
            "SELECT job, position, mac, state, cause FROM job_targets \
             WHERE (job, position) > ($1, $2) ORDER BY job, position LIMIT $3",
        );
        let rows = self
            .tx
            .conn()
            .all(sql.arg(job).arg(position).arg(limit))
            .await?;
        rows.iter().map(end).collect()
    }
}

fn end(row: &Row) -> Result<StandingEnd> {
    let text = |name| row.get::<String>(name);
    let phone = text("mac")?;
    let read: Option<Mac> = phone.parse().ok();
    let cause: Option<String> = row.get("cause")?;
    Ok(StandingEnd {
        job: text("job")?,
        position: row.get("position")?,
        // As Carillon writes it, and in no other way.
        phone: read.filter(|mac| mac.to_string() == phone),
        state: text("state")?.parse().ok(),
        cause: match cause {
            None => Some(None),
            Some(cause) => cause.parse().ok().map(Some),
        },
    })
}
