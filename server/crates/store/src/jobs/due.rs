//! Jobs whose hour has come: to start, or to give up.
//!
//! Owns the question that the scheduler asks each second. It is answered by the index on states,
//! and no transaction is opened for it.

use carillon_domain::{JobState, Timestamp};

use crate::error::Result;
use crate::sql::Sql;
use crate::store::Store;

/// A job that something is to be done about now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueJob {
    /// Identity.
    pub id: String,
    /// What it does.
    pub action: String,
    /// Where it stands.
    pub state: JobState,
    /// Whether its time is over; else it is to start.
    pub is_over: bool,
}

impl Store {
    /// Scheduled jobs that are to start, and jobs that rest and whose time is over. Those that
    /// run are looked after by whoever runs them.
    pub async fn due_jobs(&self, now: Timestamp) -> Result<Vec<DueJob>> {
        let sql = Sql::new(
            "SELECT id, action, state, not_after IS NOT NULL AND not_after < $1 AS is_over FROM jobs \
             WHERE state IN ('scheduled', 'awaiting_approval', 'paused', 'interrupted') \
             AND (not_after < $1 OR (state = 'scheduled' AND start_at <= $1)) ORDER BY id",
        );
        let rows = self.read().await?.conn().all(sql.arg(now)).await?;
        rows.iter()
            .map(|row| {
                let fields = row.of("jobs", "id");
                Ok(DueJob {
                    id: fields.text("id")?,
                    action: fields.text("action")?,
                    state: fields.parse("state")?,
                    is_over: fields.get("is_over")?,
                })
            })
            .collect()
    }
}
