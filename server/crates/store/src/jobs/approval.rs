//! What a job counts for, and the second person's answer.
//!
//! Owns the columns `account`, `approve_until`, `decided_by` and `decided_at`.

use std::collections::HashMap;

use carillon_domain::{Reach, Timestamp};

use crate::audit::AuditQuery;
use crate::conn::Conn;
use crate::error::Result;
use crate::page::Seek;
use crate::reach::{and_jobs, and_phones};
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

pub(super) fn approval(row: &Row) -> Result<JobApproval> {
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

/// Which jobs of an account count with another one: those that were asked for behind a moment, and those
/// that start about when it does. Who chooses the hour must not come to more by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Around<'a> {
    /// But for this one.
    pub besides: Option<&'a str>,
    /// Asked for behind this.
    pub asked_after: Timestamp,
    /// Or starting behind this,
    pub starts_after: Timestamp,
    /// and before that.
    pub starts_before: Timestamp,
}

impl Around<'_> {
    pub(super) fn push(self, sql: &mut Sql) {
        if let Some(job) = self.besides {
            sql.push(" AND id <> ").bind(job);
        }
        sql.push(" AND (created_at > ").bind(self.asked_after);
        sql.push(" OR (COALESCE(start_at, created_at) > ")
            .bind(self.starts_after);
        sql.push(" AND COALESCE(start_at, created_at) < ")
            .bind(self.starts_before);
        sql.push("))");
    }
}

/// Of these actions. Jobs that a second person let run do not count, nor those that were never sent.
async fn asked_alone(
    conn: &mut Conn<'_>,
    (account, around): (&str, Around<'_>),
    actions: &[&str],
) -> Result<AskedAlone> {
    let mut sql = Sql::new(
        "SELECT (SELECT COUNT(*) FROM phones) AS fleet, \
         CAST(COALESCE(SUM(total - skipped - cancelled - expired), 0) AS BIGINT) AS phones \
         FROM jobs WHERE decided_by IS NULL AND state NOT IN ('awaiting_approval', 'denied') AND ",
    );
    sql.one_of("action", actions.iter().copied());
    sql.push(" AND account = ").bind(account);
    around.push(&mut sql);
    let Some(row) = conn.optional(sql).await? else {
        return Ok(AskedAlone::default());
    };
    let (phones, fleet) = (row.get("phones")?, row.get("fleet")?);
    Ok(AskedAlone { phones, fleet })
}

/// Somebody who may approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// Their name.
    pub name: String,
    /// Whether they have no second factor. Whom a provider knows is not said to have none: that one may
    /// ask for a factor of its own.
    pub without_factor: bool,
    /// When their account was last changed.
    pub changed_at: Timestamp,
}

pub(crate) const APPROVERS: &str = "SELECT COUNT(*) AS n FROM users WHERE approver AND NOT disabled \
     AND role IN ('operator', 'admin')";

fn approver(row: &Row) -> Result<Approver> {
    let fields = row.of("users", "id");
    Ok(Approver {
        name: fields.text("name")?,
        without_factor: fields.int("lacking")? == 1,
        changed_at: fields.at("updated_at")?,
    })
}

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

    /// What the record of a job's refusal says of why. The job itself must be in the reader's reach.
    pub async fn refusal_of_job(&self, id: &str) -> Result<Option<String>> {
        let query = AuditQuery {
            actions: vec!["job.denied".to_owned()],
            job: Some(id.to_owned()),
            ..AuditQuery::default()
        };
        let page = self.audit_page(&query, &Seek::Start, 1).await?;
        Ok(page.items.into_iter().next().map(|row| row.event.reason))
    }

    /// How many people may approve.
    pub async fn count_approvers(&self) -> Result<i64> {
        let sql = Sql::new(APPROVERS);
        self.read().await?.conn().number(sql, "n").await
    }

    /// Those who may approve jobs, by name.
    pub async fn approvers(&self) -> Result<Vec<Approver>> {
        self.deciders("approver AND role IN ('operator', 'admin')")
            .await
    }

    /// Those who may approve changes, by name: they administer.
    pub async fn administrators(&self) -> Result<Vec<Approver>> {
        self.deciders("role = 'admin'").await
    }

    async fn deciders(&self, which: &str) -> Result<Vec<Approver>> {
        let mut sql = Sql::new(
            "SELECT id, name, updated_at, CAST(CASE WHEN factor IS NULL AND id NOT IN \
             (SELECT user_id FROM identities) THEN 1 ELSE 0 END AS BIGINT) AS lacking \
             FROM users WHERE NOT disabled AND ",
        );
        sql.push(which).push(" ORDER BY name");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(approver).collect()
    }

    /// What an account asked for around then of these actions with nobody else's answer.
    pub async fn asked_alone(
        &self,
        account: (&str, Around<'_>),
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

    /// How many jobs an account asked for since then. Until the end of this unit nobody else makes a
    /// job.
    pub async fn jobs_since(&mut self, account: &str, since: Timestamp) -> Result<i64> {
        let sql = Sql::new("SELECT COUNT(*) AS n FROM jobs WHERE account = $1 AND created_at > $2");
        let sql = sql.arg(account).arg(since);
        self.jobs_conn().await?.number(sql, "n").await
    }

    /// How many phones the jobs of an account have that count with one around then. Until the end of
    /// this unit nobody else makes a job.
    pub async fn phones_around(&mut self, account: &str, around: Around<'_>) -> Result<i64> {
        let mut sql = Sql::new(
            "SELECT CAST(COALESCE(SUM(total), 0) AS BIGINT) AS n FROM jobs WHERE account = ",
        );
        sql.bind(account);
        around.push(&mut sql);
        self.jobs_conn().await?.number(sql, "n").await
    }

    /// The running jobs of an account. Until the end of this unit nobody else moves one.
    pub async fn running_jobs_of(&mut self, account: &str) -> Result<Vec<String>> {
        let sql =
            Sql::new("SELECT id FROM jobs WHERE account = $1 AND state = 'running' ORDER BY id");
        let rows = self.jobs_conn().await?.all(sql.arg(account)).await?;
        rows.iter().map(|row: &Row| row.get("id")).collect()
    }

    /// Whether all phones of a job were within a reach when it was made, and are now.
    pub async fn is_job_within(&mut self, id: &str, reach: &Reach) -> Result<bool> {
        let mut sql = Sql::new("SELECT j.id FROM jobs j WHERE j.id = ");
        sql.bind(id);
        and_jobs(&mut sql, reach, "j.id");
        if !reach.is_everything() {
            sql.push(
                " AND NOT EXISTS (SELECT 1 FROM job_targets t JOIN phones p ON p.mac = t.mac ",
            );
            sql.push("WHERE t.job = j.id AND NOT (1 = 1");
            and_phones(&mut sql, reach, "p");
            sql.push("))");
        }
        Ok(self.jobs_conn().await?.optional(sql).await?.is_some())
    }

    /// What an account asked for around then of these actions with nobody else's answer. Until the
    /// end of this unit nobody else makes a job.
    pub async fn asked_alone(
        &mut self,
        account: (&str, Around<'_>),
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
