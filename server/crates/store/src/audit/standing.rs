//! What tables say of rights, decisions and sealed values, for whoever holds it against the log.
//!
//! Owns the look at these columns. *Invariant:* it is taken in the same moment as the log itself.

use sha2::{Digest as _, Sha256};

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;

use super::scan::AuditScan;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingAccount {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: String,
    /// Whether it may decide about jobs of others.
    pub approver: bool,
    /// Whether it is switched off.
    pub disabled: bool,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingToken {
    /// Identity.
    pub id: String,
    /// Name of its account.
    pub user: String,
    /// How far it goes.
    pub scope: String,
    /// Whether it works no more.
    pub revoked: bool,
}

/// A job that needed a second person and goes on, or about which somebody decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingDecision {
    /// The job.
    pub job: String,
    /// Whoever decided, as its row says.
    pub by: Option<String>,
}

/// A sealed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingSeal {
    /// What kind: `password`, `factor`, `credential`, `stream`, `private`.
    pub kind: String,
    /// Whose.
    pub id: String,
    /// SHA-256 of the sealed bytes.
    pub digest: [u8; 32],
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standings {
    /// Accounts.
    pub accounts: Vec<StandingAccount>,
    /// Tokens.
    pub tokens: Vec<StandingToken>,
    /// Decisions about jobs.
    pub decisions: Vec<StandingDecision>,
    /// Sealed values.
    pub seals: Vec<StandingSeal>,
}

const ACCOUNTS: &str = "SELECT name, role, approver, disabled FROM users ORDER BY name";
const TOKENS: &str = "SELECT t.id AS id, u.name AS name, t.scope AS scope, \
     t.revoked_at IS NOT NULL AS revoked \
     FROM api_tokens t JOIN users u ON u.id = t.user_id ORDER BY t.id";
const DECISIONS: &str = "SELECT id, decided_by FROM jobs WHERE decided_by IS NOT NULL \
     OR (approve_until IS NOT NULL AND state IN ('running', 'paused', 'interrupted')) ORDER BY id";
const SEALS: &str = "SELECT 'password' AS kind, name AS id, password AS sealed FROM users \
     WHERE password IS NOT NULL \
     UNION ALL SELECT 'factor', name, factor FROM users WHERE factor IS NOT NULL \
     UNION ALL SELECT 'credential', name, secret FROM credentials WHERE phone IS NULL \
     UNION ALL SELECT 'stream', name, secret FROM streams WHERE secret IS NOT NULL \
     UNION ALL SELECT 'private', id, sealed FROM audit_private ORDER BY 1, 2";

impl AuditScan {
    /// What the tables say at the moment of this look.
    pub async fn standing(&mut self) -> Result<Standings> {
        Ok(Standings {
            accounts: self.each(ACCOUNTS, account).await?,
            tokens: self.each(TOKENS, token).await?,
            decisions: self.each(DECISIONS, decision).await?,
            seals: self.each(SEALS, seal).await?,
        })
    }

    async fn each<T>(
        &mut self,
        text: &'static str,
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows = self.tx.conn().all(Sql::new(text)).await?;
        rows.iter().map(read).collect()
    }
}

fn account(row: &Row) -> Result<StandingAccount> {
    Ok(StandingAccount {
        name: row.get("name")?,
        role: row.get("role")?,
        approver: row.get("approver")?,
        disabled: row.get("disabled")?,
    })
}

fn token(row: &Row) -> Result<StandingToken> {
    Ok(StandingToken {
        id: row.get("id")?,
        user: row.get("name")?,
        scope: row.get("scope")?,
        revoked: row.get("revoked")?,
    })
}

fn decision(row: &Row) -> Result<StandingDecision> {
    Ok(StandingDecision {
        job: row.get("id")?,
        by: row.get("decided_by")?,
    })
}

fn seal(row: &Row) -> Result<StandingSeal> {
    let sealed: Vec<u8> = row.get("sealed")?;
    Ok(StandingSeal {
        kind: row.get("kind")?,
        id: row.get("id")?,
        digest: Sha256::digest(sealed).into(),
    })
}
