//! What a job counts for, and the second person's answer.
//!
//! Owns the columns `account`, `approve_until`, `decided_by` and `decided_at`.

use std::collections::HashMap;

use carillon_domain::Timestamp;

use crate::conn::Conn;
use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::decides::{Kind, Stamps};

/// Who asked for a job, until when it waits, and who decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobApproval {
    /// The account that asked, itself or by a token.
    pub account: Option<String>,
    /// Until when it waits for a second person.
    pub until: Option<Timestamp>,
    /// Name of who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

async fn find(conn: &mut Conn<'_>, id: &str) -> Result<Option<JobApproval>> {
    let sql = Sql::new(
        "SELECT id, account, approve_until, decided_by, decided_at FROM jobs WHERE id = $1",
    );
    let row = conn.optional(sql.arg(id)).await?;
    row.as_ref().map(approval).transpose()
}

fn approval(row: &Row) -> Result<JobApproval> {
    let fields = row.of("jobs", "id");
    Ok(JobApproval {
        account: fields.get("account")?,
        until: fields.maybe_at("approve_until")?,
        decided_by: fields.get("decided_by")?,
        decided_at: fields.maybe_at("decided_at")?,
    })
}

/// What an account asked for lately with nobody else's answer, and how large the fleet is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AskedAlone {
    /// Phones of its jobs that were sent to, or are to be.
    pub phones: i64,
    /// Phones of the whole inventory.
    pub fleet: i64,
}

/// Of these actions since then. Jobs that a second person let run do not count, nor those that
/// were never sent.
async fn asked_alone(
    conn: &mut Conn<'_>,
    (account, since): (&str, Timestamp),
    actions: &[&str],
) -> Result<AskedAlone> {
    let mut sql = Sql::new(
        "SELECT (SELECT COUNT(*) FROM phones) AS fleet, \
         CAST(COALESCE(SUM(total - skipped - cancelled - expired), 0) AS BIGINT) AS phones \
         FROM jobs WHERE decided_by IS NULL AND state NOT IN ('awaiting_approval', 'denied') AND ",
    );
    sql.one_of("action", actions.iter().copied());
    sql.push(" AND account = ").bind(account);
    sql.push(" AND created_at > ").bind(since);
    let Some(row) = conn.optional(sql).await? else {
        return Ok(AskedAlone::default());
    };
    let (phones, fleet) = (row.get("phones")?, row.get("fleet")?);
    Ok(AskedAlone { phones, fleet })
}

pub(crate) const APPROVERS: &str = "SELECT COUNT(*) AS n FROM users WHERE approver AND NOT disabled \
     AND role IN ('operator', 'admin')";

impl Store {
    /// Who asked for a job and who decided. The job itself must be in the reader's reach.
    pub async fn job_approval(&self, id: &str) -> Result<Option<JobApproval>> {
        find(&mut self.read().await?.conn(), id).await
    }

    /// Who asked for each of these jobs, which must be in the reader's reach.
    pub async fn job_approvals(&self, ids: &[&str]) -> Result<HashMap<String, JobApproval>> {
        let mut sql =
            Sql::new("SELECT id, account, approve_until, decided_by, decided_at FROM jobs WHERE ");
        sql.one_of("id", ids.iter().copied());
        let rows = self.read().await?.conn().all(sql).await?;
        let pair = |row: &Row| Ok((row.get("id")?, approval(row)?));
        rows.iter().map(pair).collect()
    }

    /// How many people may approve.
    pub async fn count_approvers(&self) -> Result<i64> {
        let sql = Sql::new(APPROVERS);
        self.read().await?.conn().number(sql, "n").await
    }

    /// What an account asked for since then of these actions with nobody else's answer.
    pub async fn asked_alone(
        &self,
        account: (&str, Timestamp),
        actions: &[&str],
    ) -> Result<AskedAlone> {
        asked_alone(&mut self.read().await?.conn(), account, actions).await
    }

    /// The jobs that waited for a second person until before `now`.
    pub async fn approvals_over(&self, now: Timestamp) -> Result<Vec<String>> {
        let sql = Sql::new(
            "SELECT id FROM jobs WHERE state = 'awaiting_approval' AND approve_until < $1 \
             ORDER BY created_at, id",
        );
        let rows = self.read().await?.conn().all(sql.arg(now)).await?;
        rows.iter().map(|row: &Row| row.get("id")).collect()
    }
}

impl Unit {
    /// The same, as this unit sees it.
    pub async fn job_approval(&mut self, id: &str) -> Result<Option<JobApproval>> {
        find(&mut self.conn(), id).await
    }

    /// How many people may approve, as this unit sees it.
    pub async fn count_approvers(&mut self) -> Result<i64> {
        self.conn().number(Sql::new(APPROVERS), "n").await
    }

    /// How many jobs an account asked for since then, and how many phones they had. Until the
    /// end of this unit nobody else makes a job.
    pub async fn asked_since(&mut self, account: &str, since: Timestamp) -> Result<(i64, i64)> {
        let sql = Sql::new(
            "SELECT COUNT(*) AS jobs, CAST(COALESCE(SUM(total), 0) AS BIGINT) AS phones \
             FROM jobs WHERE account = $1 AND created_at > $2",
        );
        let sql = sql.arg(account).arg(since);
        let row = self.jobs_conn().await?.optional(sql).await?;
        row.map_or(Ok((0, 0)), |row| Ok((row.get("jobs")?, row.get("phones")?)))
    }

    /// What an account asked for since then of these actions with nobody else's answer. Until the
    /// end of this unit nobody else makes a job.
    pub async fn asked_alone(
        &mut self,
        account: (&str, Timestamp),
        actions: &[&str],
    ) -> Result<AskedAlone> {
        asked_alone(&mut self.jobs_conn().await?, account, actions).await
    }

    /// Notes for whom a job counts, and until when it waits for a second person.
    pub async fn note_account(
        &mut self,
        job: &str,
        account: Option<&str>,
        until: Option<Timestamp>,
    ) -> Result<()> {
        self.decide(job, Kind::Gives, |job| {
            job.account = account.map(str::to_owned);
            job.approve_until = until;
            Some(Stamps::default())
        })
        .await
        .map(drop)
    }

    /// Notes who decided.
    pub async fn note_decision(&mut self, job: &str, by: &str, now: Timestamp) -> Result<()> {
        // With a job that is forged: whoever said no is noted, and a yes was refused before.
        self.decide(job, Kind::Takes, |job| {
            job.decided_by = Some(by.to_owned());
            job.decided_at = Some(now);
            Some(Stamps::default())
        })
        .await
        .map(drop)
    }
}
