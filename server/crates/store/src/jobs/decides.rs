//! What decides about a job, and the code over it.
//!
//! Owns the columns that are signed and every change of them. *Invariant:* a change writes the code
//! anew in the same statement; one that lets a job do more is refused where somebody else wrote the
//! job; one that only takes is made, and makes nothing true that was not.

use carillon_domain::{JobState, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::row::Row;
use crate::signed::{Facts, SignedRows, Trust};
use crate::sql::Sql;
use crate::unit::Unit;

/// What is signed, and the code; `version` counts the changes, so that each code is of one moment.
pub(super) const COLUMNS: &str = "j.id, j.action, j.params_shown, j.options, j.targets_shown, \
     j.state, j.total, j.actor_kind, j.actor_id, j.actor_name, j.actor_auth, j.reason, \
     j.created_at, j.start_at, j.not_after, j.retry_of, j.digest, j.request_example, j.account, \
     j.approve_until, j.decided_by, j.decided_at, j.version, j.mac";

/// What everything else reads of a job as well is left out here.
pub(super) const BESIDE: &str =
    ", j.account, j.approve_until, j.decided_by, j.decided_at, j.version, j.mac";

/// Reads everything that is signed.
pub(crate) fn select_signed() -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM jobs j");
    sql
}

/// What is signed of a row, and its code.
pub(crate) fn signed_facts(row: &Row) -> Result<(Facts, Option<Vec<u8>>)> {
    let decides = Decides::read(row)?;
    Ok((decides.facts(), decides.code))
}

/// What never changes of a job, but for how many phones it has when somebody accepts another list.
pub(super) struct Fixed {
    pub(super) id: String,
    pub(super) action: String,
    pub(super) params_shown: String,
    pub(super) options: String,
    pub(super) targets_shown: String,
    pub(super) total: i64,
    /// Kind, id, name and how they signed in.
    pub(super) actor: [String; 4],
    pub(super) reason: String,
    pub(super) created_at: Timestamp,
    pub(super) start_at: Option<Timestamp>,
    pub(super) retry_of: Option<String>,
    pub(super) digest: String,
    pub(super) request_example: String,
}

/// Everything about a job that decides something.
pub(super) struct Decides {
    pub(super) fixed: Fixed,
    pub(super) state: JobState,
    pub(super) not_after: Option<Timestamp>,
    pub(super) account: Option<String>,
    pub(super) approve_until: Option<Timestamp>,
    pub(super) decided_by: Option<String>,
    pub(super) decided_at: Option<Timestamp>,
    pub(super) version: i64,
    pub(super) code: Option<Vec<u8>>,
}

impl Decides {
    pub(super) fn read(row: &Row) -> Result<Self> {
        let fields = row.of("jobs", "id");
        Ok(Self {
            fixed: Fixed::read(row)?,
            state: fields.parse("state")?,
            not_after: fields.maybe_at("not_after")?,
            account: fields.get("account")?,
            approve_until: fields.maybe_at("approve_until")?,
            decided_by: fields.get("decided_by")?,
            decided_at: fields.maybe_at("decided_at")?,
            version: fields.int("version")?,
            code: fields.get("mac")?,
        })
    }

    pub(super) fn facts(&self) -> Facts {
        let facts = self.fixed.facts();
        facts
            .text(self.state.as_str())
            .maybe_at(self.not_after)
            .maybe_text(self.account.as_deref())
            .maybe_at(self.approve_until)
            .maybe_text(self.decided_by.as_deref())
            .maybe_at(self.decided_at)
            .number(self.version)
    }
}

impl Fixed {
    fn read(row: &Row) -> Result<Self> {
        let fields = row.of("jobs", "id");
        let actor = ["actor_kind", "actor_id", "actor_name", "actor_auth"];
        let [kind, id, name, auth] = actor.map(|column| fields.text(column));
        Ok(Self {
            id: fields.text("id")?,
            action: fields.text("action")?,
            params_shown: fields.text("params_shown")?,
            options: fields.text("options")?,
            targets_shown: fields.text("targets_shown")?,
            total: fields.int("total")?,
            actor: [kind?, id?, name?, auth?],
            reason: fields.text("reason")?,
            created_at: fields.at("created_at")?,
            start_at: fields.maybe_at("start_at")?,
            retry_of: fields.get("retry_of")?,
            digest: fields.text("digest")?,
            request_example: fields.text("request_example")?,
        })
    }

    fn facts(&self) -> Facts {
        let mut facts = Facts::of(SignedRows::Jobs, self.id.as_bytes(), self.id.clone())
            .text(&self.action)
            .text(&self.params_shown)
            .text(&self.options)
            .text(&self.targets_shown)
            .number(self.total);
        for part in &self.actor {
            facts = facts.text(part);
        }
        facts
            .text(&self.reason)
            .at(self.created_at)
            .maybe_at(self.start_at)
            .maybe_text(self.retry_of.as_deref())
            .text(&self.digest)
            .text(&self.request_example)
    }
}

/// A job as its next claim is measured by it, when Carillon wrote it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BelievedJob {
    /// Its state.
    pub state: JobState,
    /// After this nothing is sent any more.
    pub not_after: Option<Timestamp>,
    /// The code of this moment; none where nobody handed keys in.
    pub code: Option<Vec<u8>>,
}

/// The row that was read, if it is genuine.
pub(super) fn believed(trust: &Trust, row: &Row) -> Result<BelievedJob> {
    let decides = Decides::read(row)?;
    trust.check(&decides.facts(), decides.code.as_deref())?;
    Ok(BelievedJob {
        state: decides.state,
        not_after: decides.not_after,
        code: decides.code,
    })
}

/// What a change of a job needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It lets the job do more: the job must be genuine.
    Gives,
    /// It only takes: a forged job stays forged.
    Takes,
}

impl Kind {
    /// Of a move to this state.
    pub(super) const fn to(state: JobState) -> Self {
        match state {
            JobState::AwaitingApproval | JobState::Scheduled | JobState::Running => Self::Gives,
            _ => Self::Takes,
        }
    }
}

/// When a job began and ended is shown, and decides nothing.
#[derive(Clone, Copy, Default)]
pub(super) struct Stamps {
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
}

impl Unit {
    /// What decides about a job now, if it is genuine. Until the end of this unit nobody else
    /// changes it.
    pub async fn believed_job(&mut self, id: &str) -> Result<Option<BelievedJob>> {
        let trust = self.trust.clone();
        let row = find(&mut self.jobs_conn().await?, id).await?;
        row.map(|row| believed(&trust, &row)).transpose()
    }

    /// Changes what decides about a job, unless `change` says that there is nothing to do.
    pub(super) async fn decide(
        &mut self,
        id: &str,
        kind: Kind,
        change: impl FnOnce(&mut Decides) -> Option<Stamps> + Send,
    ) -> Result<bool> {
        match find(&mut self.jobs_conn().await?, id).await? {
            Some(row) => self.decide_row(&row, kind, change).await,
            None => Ok(false),
        }
    }

    /// The same for a job that was read under the lock on jobs.
    pub(super) async fn decide_row(
        &mut self,
        row: &Row,
        kind: Kind,
        change: impl FnOnce(&mut Decides) -> Option<Stamps> + Send,
    ) -> Result<bool> {
        let mut decides = Decides::read(row)?;
        let facts = decides.facts();
        let good = self.trust.is_good(&facts, decides.code.as_deref());
        let Some(stamps) = change(&mut decides) else {
            return Ok(false);
        };
        if kind == Kind::Gives {
            self.trust.check(&facts, decides.code.as_deref())?;
        }
        decides.version += 1;
        if good {
            decides.code = self.trust.sign(&decides.facts());
        }
        let sql = update(decides, stamps);
        Ok(self.jobs_conn().await?.execute(sql).await? > 0)
    }
}

async fn find(conn: &mut Conn<'_>, id: &str) -> Result<Option<Row>> {
    let mut sql = select_signed();
    sql.push(" WHERE j.id = ").bind(id);
    sql.keep();
    conn.optional(sql).await
}

fn update(decides: Decides, stamps: Stamps) -> Sql {
    let sql = Sql::new(
        "UPDATE jobs SET state = $2, not_after = $3, account = $4, approve_until = $5, \
         decided_by = $6, decided_at = $7, version = $8, mac = $9, \
         started_at = COALESCE(started_at, $10), finished_at = COALESCE(finished_at, $11) \
         WHERE id = $1 AND version = $8 - 1",
    );
    sql.arg(decides.fixed.id)
        .arg(decides.state.as_str())
        .arg(decides.not_after)
        .arg(decides.account)
        .arg(decides.approve_until)
        .arg(decides.decided_by)
        .arg(decides.decided_at)
        .arg(decides.version)
        .arg(decides.code)
        .arg(stamps.started_at)
        .arg(stamps.finished_at)
}
