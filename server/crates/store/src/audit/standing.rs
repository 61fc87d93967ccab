//! What tables say of rights, decisions and sealed values, for whoever holds it against the log.
//!
//! Owns the look at these columns. *Invariant:* it is taken in the same moment as the log itself;
//! what a database of an earlier program lacks is passed over and named.

use std::collections::BTreeSet;

use carillon_domain::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;

use super::passes::PASSES;
use super::requests::{self, StandingChange};
use super::scan::AuditScan;
use super::sources::AuditSource;

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
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
    /// Whether it works no more.
    pub revoked: bool,
}

/// A job that needs or needed a second person, or about which somebody decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingDecision {
    /// The job.
    pub job: String,
    /// Whether it stands where only a decision brings one.
    pub goes_on: bool,
    /// Until when it waited, as its row says.
    pub until: Option<Timestamp>,
    /// Whoever decided, as its row says.
    pub by: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
}

/// The networks in which phones may be contacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingNetworks {
    /// Which, apart by blanks.
    pub networks: String,
    /// The number of the choice.
    pub version: i64,
    /// Who chose.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A sealed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingSeal {
    /// What kind: `password`, `factor`, `credential`, `stream`, `private`, `params`.
    pub kind: String,
    /// Whose.
    pub id: String,
    /// SHA-256 of the sealed bytes.
    pub digest: [u8; 32],
}

/// An order that holds for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingOrder {
    /// Which.
    pub name: String,
    /// What was ordered, if anything was.
    pub value: Option<String>,
}

/// An address that records commit to, as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingSource {
    /// What records say in its place.
    pub id: String,
    /// The day of those records, counted from 1970.
    pub day: i64,
    /// Address and salt.
    pub source: AuditSource,
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
    /// Whether jobs can be compared; `false` where the database lacks columns of them.
    pub jobs: bool,
    /// Orders; `None` where the database has no table of them.
    pub orders: Option<Vec<StandingOrder>>,
    /// Requests for a change; `None` where the database has no table of them.
    pub changes: Option<Vec<StandingChange>>,
    /// The networks that somebody chose.
    pub networks: Option<Vec<StandingNetworks>>,
    /// Addresses that are kept.
    pub sources: Vec<StandingSource>,
    /// What this database has no columns for, by table and column.
    pub lacking: Vec<&'static str>,
}

const ACCOUNTS: &str = "SELECT name, role, approver, disabled FROM users ORDER BY name";
/// Before anybody could be given the right to approve, nobody had it.
const ACCOUNTS_BEFORE: &str =
    "SELECT name, role, 1 = 0 AS approver, disabled FROM users ORDER BY name";
const TOKENS: &str = "SELECT t.id AS id, u.name AS name, t.scope AS scope, \
     t.expires_at AS expires_at, t.revoked_at IS NOT NULL AS revoked \
     FROM api_tokens t JOIN users u ON u.id = t.user_id ORDER BY t.id";
/// Of those that needed a second person, these states are reached by a decision only.
const DECISIONS: &str = "SELECT id, state IN ('scheduled', 'running', 'paused', 'interrupted', 'finished') \
     AS goes_on, approve_until, decided_by, decided_at FROM jobs WHERE decided_by IS NOT NULL \
     OR decided_at IS NOT NULL OR approve_until IS NOT NULL ORDER BY id";
const NETWORKS: &str = "SELECT place, networks, version, changed_by, changed_at FROM egress";
const ORDERS: &str = "SELECT name, value FROM orders ORDER BY name";
/// Each kind of sealed value, and the column that it stands in.
const SEALS: [(&str, &str); 6] = [
    (
        "users.password",
        "SELECT 'password' AS kind, name AS id, password AS sealed FROM users \
         WHERE password IS NOT NULL ORDER BY name",
    ),
    (
        "users.factor",
        "SELECT 'factor' AS kind, name AS id, factor AS sealed FROM users \
         WHERE factor IS NOT NULL ORDER BY name",
    ),
    (
        "credentials.secret",
        "SELECT 'credential' AS kind, name AS id, secret AS sealed FROM credentials \
         WHERE phone IS NULL ORDER BY name",
    ),
    (
        "streams.secret",
        "SELECT 'stream' AS kind, name AS id, secret AS sealed FROM streams \
         WHERE secret IS NOT NULL ORDER BY name",
    ),
    (
        "audit_private.sealed",
        "SELECT 'private' AS kind, id, sealed FROM audit_private ORDER BY id",
    ),
    (
        "jobs.params_sealed",
        "SELECT 'params' AS kind, id, params_sealed AS sealed FROM jobs \
         WHERE params_sealed IS NOT NULL ORDER BY id",
    ),
];

const SOURCES: &str = "SELECT id, day, address, salt FROM audit_sources ORDER BY id";

/// The columns of a database, by table and name, and which of those asked for it lacks.
pub(super) struct Columns {
    there: BTreeSet<String>,
    lacking: Vec<&'static str>,
}

impl Columns {
    /// Whether all of them are there.
    pub(super) fn have(&mut self, wanted: &[&'static str]) -> bool {
        let before = self.lacking.len();
        let lacking = wanted.iter().filter(|name| !self.there.contains(**name));
        self.lacking.extend(lacking);
        self.lacking.len() == before
    }
}

impl AuditScan {
    /// What the tables say at the moment of this look.
    pub async fn standing(&mut self) -> Result<Standings> {
        let mut columns = self.columns().await?;
        let approving = columns.have(&["users.approver"]);
        let accounts = if approving { ACCOUNTS } else { ACCOUNTS_BEFORE };
        let accounts = self.each(accounts, account).await?;
        let tokens = self.each(TOKENS, token).await?;
        let mut decisions = Vec::new();
        let decided = ["jobs.approve_until", "jobs.decided_by", "jobs.decided_at"];
        if columns.have(&decided) {
            decisions = self.each(DECISIONS, decision).await?;
        }
        let jobs = columns.have(&["jobs.digest", "jobs.options"]);
        let mut orders = None;
        if columns.have(&["orders.value"]) {
            orders = Some(self.each(ORDERS, order).await?);
        }
        let mut networks = None;
        if columns.have(&["egress.networks"]) {
            networks = Some(self.each(NETWORKS, chosen).await?);
        }
        let mut seals = Vec::new();
        for (column, text) in SEALS {
            if columns.have(&[column]) {
                seals.extend(self.each(text, seal).await?);
            }
        }
        for (_, column, _) in PASSES {
            columns.have(&[column]);
        }
        let mut sources = Vec::new();
        if columns.have(&["audit_sources.address"]) {
            sources = self.each(SOURCES, source).await?;
        }
        let mut changes = None;
        if columns.have(&[requests::COLUMN]) {
            changes = Some(self.each(requests::REQUESTS, requests::request).await?);
        }
        Ok(Standings {
            accounts,
            tokens,
            decisions,
            seals,
            jobs,
            orders,
            changes,
            networks,
            sources,
            lacking: columns.lacking,
        })
    }

    pub(super) async fn columns(&mut self) -> Result<Columns> {
        let text = self.tx.conn().dialect().columns();
        let name = |row: &Row| row.get::<String>("name");
        Ok(Columns {
            there: self.each(text, name).await?.into_iter().collect(),
            lacking: Vec::new(),
        })
    }

    pub(super) async fn each<T>(
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
        expires_at: row
            .get::<Option<i64>>("expires_at")?
            .map(Timestamp::from_micros),
        revoked: row.get("revoked")?,
    })
}

fn decision(row: &Row) -> Result<StandingDecision> {
    let fields = row.of("jobs", "id");
    Ok(StandingDecision {
        job: row.get("id")?,
        goes_on: row.get("goes_on")?,
        until: fields.maybe_at("approve_until")?,
        by: row.maybe_any_text("decided_by")?,
        at: fields.maybe_at("decided_at")?,
    })
}

fn order(row: &Row) -> Result<StandingOrder> {
    Ok(StandingOrder {
        name: row.get("name")?,
        value: row.get("value")?,
    })
}

fn chosen(row: &Row) -> Result<StandingNetworks> {
    Ok(StandingNetworks {
        networks: row.any_text("networks")?,
        version: row.get("version")?,
        by: row.any_text("changed_by")?,
        at: row.of("egress", "place").at("changed_at")?,
    })
}

/// What somebody wrote in its place that is no text or no bytes is another address.
fn source(row: &Row) -> Result<StandingSource> {
    let text = |name: &str| -> Result<String> {
        let bytes = row.raw(name)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(StandingSource {
        id: text("id")?,
        day: row.get("day")?,
        source: AuditSource {
            address: text("address")?,
            salt: row.raw("salt")?.unwrap_or_default(),
        },
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
