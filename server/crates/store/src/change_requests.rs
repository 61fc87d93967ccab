//! What one administrator asks for and another decides about.
//!
//! Owns the table `change_requests`. *Invariants:* what somebody else wrote is never handed out; a
//! request that was decided is decided once, by one conditional statement.

use carillon_domain::{ChangeKind, ChangeState, Timestamp};

use crate::conn::Conn;
use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::signed::{Facts, SignedRows, Trust};
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// A request for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRequestRow {
    /// Identity.
    pub id: String,
    /// What kind of change.
    pub kind: ChangeKind,
    /// Of what: the id of an account, the name of an order, the place of networks, the digest of a list of phones.
    pub subject: String,
    /// What stood there when it was asked for: JSON.
    pub base: String,
    /// What is asked for: JSON.
    pub asked: String,
    /// Of all that.
    pub digest: String,
    /// The account that asked.
    pub account: String,
    /// Its name.
    pub actor: String,
    /// When.
    pub asked_at: Timestamp,
    /// Why.
    pub reason: String,
    /// Until when it waits.
    pub until: Timestamp,
    /// How it stands.
    pub state: ChangeState,
    /// The account that decided.
    pub decider: Option<String>,
    /// Its name.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Goes up with each change.
    pub version: i64,
}

const COLUMNS: &str = "id, kind, subject, base, asked, digest, account, actor, asked_at, reason, \
     until, state, decider, decided_by, decided_at, version, mac";

/// Reads everything that is signed.
pub(crate) fn select_signed() -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM change_requests");
    sql
}

/// What is signed of a request, which is all of it, and its code.
pub(crate) fn signed_facts(row: &Row) -> Result<(Facts, Option<Vec<u8>>)> {
    let code = row.get("mac")?;
    let row = request(row)?;
    let facts = Facts::of(
        SignedRows::ChangeRequests,
        row.id.as_bytes(),
        row.id.clone(),
    )
    .text(row.kind.as_str())
    .text(&row.subject)
    .text(&row.base)
    .text(&row.asked)
    .text(&row.digest)
    .text(&row.account)
    .text(&row.actor)
    .at(row.asked_at)
    .text(&row.reason)
    .at(row.until)
    .text(row.state.as_str())
    .maybe_text(row.decider.as_deref())
    .maybe_text(row.decided_by.as_deref())
    .maybe_at(row.decided_at)
    .number(row.version);
    Ok((facts, code))
}

fn request(row: &Row) -> Result<ChangeRequestRow> {
    let fields = row.of("change_requests", "id");
    Ok(ChangeRequestRow {
        id: fields.text("id")?,
        kind: fields.parse("kind")?,
        subject: fields.text("subject")?,
        base: fields.text("base")?,
        asked: fields.text("asked")?,
        digest: fields.text("digest")?,
        account: fields.text("account")?,
        actor: fields.text("actor")?,
        asked_at: fields.at("asked_at")?,
        reason: fields.text("reason")?,
        until: fields.at("until")?,
        state: fields.parse("state")?,
        decider: fields.get("decider")?,
        decided_by: fields.get("decided_by")?,
        decided_at: fields.maybe_at("decided_at")?,
        version: fields.int("version")?,
    })
}

async fn find(conn: &mut Conn<'_>, trust: &Trust, id: &str) -> Result<Option<ChangeRequestRow>> {
    let mut sql = select_signed();
    sql.push(" WHERE id = ").bind(id);
    let Some(row) = conn.optional(sql).await? else {
        return Ok(None);
    };
    trust.checked(SignedRows::ChangeRequests, &row)?;
    request(&row).map(Some)
}

async fn waiting(conn: &mut Conn<'_>, trust: &Trust) -> Result<Vec<ChangeRequestRow>> {
    let mut sql = select_signed();
    sql.push(" WHERE state = 'waiting' ORDER BY asked_at, id");
    let mut found = Vec::new();
    for row in conn.all(sql).await? {
        // One that somebody else wrote is remembered to be told, and hides no other.
        match trust.checked(SignedRows::ChangeRequests, &row) {
            Err(StoreError::Forged(_)) => {}
            checked => {
                checked?;
                found.push(request(&row)?);
            }
        }
    }
    Ok(found)
}

impl Store {
    /// One request.
    pub async fn change_request(&self, id: &str) -> Result<Option<ChangeRequestRow>> {
        find(&mut self.read().await?.conn(), &self.trust, id).await
    }

    /// How many changes were made at once because nobody else could decide.
    pub async fn count_changes_made_alone(&self) -> Result<i64> {
        let sql = Sql::new("SELECT COUNT(*) AS n FROM change_requests WHERE state = 'alone'");
        self.read().await?.conn().number(sql, "n").await
    }

    /// The requests about which nobody decided yet, oldest first; those that somebody else wrote are
    /// left out.
    pub async fn waiting_change_requests(&self) -> Result<Vec<ChangeRequestRow>> {
        waiting(&mut self.read().await?.conn(), &self.trust).await
    }
}

impl Unit {
    /// One request, as this unit sees it.
    pub async fn change_request(&mut self, id: &str) -> Result<Option<ChangeRequestRow>> {
        let trust = self.trust.clone();
        find(&mut self.conn(), &trust, id).await
    }

    /// The requests about which nobody decided yet, as this unit sees them.
    pub async fn waiting_change_requests(&mut self) -> Result<Vec<ChangeRequestRow>> {
        let trust = self.trust.clone();
        waiting(&mut self.conn(), &trust).await
    }

    /// Adds a request; a conflict where one about the same thing waits.
    pub async fn put_change_request(&mut self, row: &ChangeRequestRow) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO change_requests (id, kind, subject, base, asked, digest, account, actor, \
             asked_at, reason, until, state, version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
             ON CONFLICT DO NOTHING",
        );
        let sql = sql.arg(&row.id).arg(row.kind.as_str()).arg(&row.subject);
        let sql = sql.arg(&row.base).arg(&row.asked).arg(&row.digest);
        let sql = sql.arg(&row.account).arg(&row.actor).arg(row.asked_at);
        let sql = sql.arg(&row.reason).arg(row.until);
        let sql = sql.arg(row.state.as_str()).arg(row.version);
        if self.conn().execute(sql).await? == 0 {
            return Err(StoreError::Conflict);
        }
        self.sign_now(SignedRows::ChangeRequests, row.id.as_bytes())
            .await
    }

    /// Ends the waiting of a request as it was read, by this account and name; `false` where somebody
    /// else did.
    pub async fn decide_change_request(
        &mut self,
        row: &ChangeRequestRow,
        state: ChangeState,
        by: (Option<&str>, &str),
        now: Timestamp,
    ) -> Result<bool> {
        let sql = Sql::new(
            "UPDATE change_requests SET state = $2, decider = $3, decided_by = $4, \
             decided_at = $5, version = version + 1 \
             WHERE id = $1 AND state = 'waiting' AND version = $6",
        );
        let sql = sql.arg(&row.id).arg(state.as_str());
        let sql = sql.arg(by.0).arg(by.1).arg(now).arg(row.version);
        let of_row = (SignedRows::ChangeRequests, row.id.as_bytes());
        Ok(self.change_signed(of_row, sql).await? > 0)
    }
}
