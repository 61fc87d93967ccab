//! All rows that are signed, one after another: to look through them, and to sign them anew.
//!
//! Owns how each kind is read and where its code stands. *Invariant:* a code is replaced only if
//! it is still the one that was read: whoever changed the row meanwhile is not undone.

use super::{Facts, ForgedRow, SignedRows, Trust};
use crate::accounts::{factors, identities, reset_links, sessions, tokens, users};
use crate::change_requests;
use crate::conn::Conn;
use crate::egress;
use crate::error::{Result, StoreError};
use crate::jobs::{decides, frozen};
use crate::orders;
use crate::row::Row;
use crate::sql::{Sql, Value};
use crate::store::Store;
use crate::unit::Unit;

/// A row, what of it is signed, and its code.
#[derive(Clone)]
pub struct SignedRow {
    facts: Facts,
    code: Option<Vec<u8>>,
}

impl SignedRow {
    /// Which row.
    pub fn row(&self) -> ForgedRow {
        self.facts.row()
    }

    pub(super) fn is_good(&self, trust: &Trust) -> bool {
        trust.is_good(&self.facts, self.code.as_deref())
    }

    /// Whether it has a code at all.
    pub const fn is_signed(&self) -> bool {
        self.code.is_some()
    }

    /// The eight bytes that name the key that signed it.
    pub fn key_id(&self) -> Option<&[u8]> {
        self.code.as_deref()?.get(1..9)
    }
}

impl SignedRows {
    /// The table.
    const fn table(self) -> &'static str {
        match self {
            Self::Accounts => "users",
            Self::Sessions => "sessions",
            Self::Tokens => "api_tokens",
            Self::ResetLinks => "reset_links",
            Self::RecoveryCodes => "recovery_codes",
            Self::Identities => "identities",
            Self::Networks => "egress",
            Self::Jobs | Self::JobLists => "jobs",
            Self::Orders => "orders",
            Self::ChangeRequests => "change_requests",
        }
    }

    /// The column of the code.
    const fn code(self) -> &'static str {
        match self {
            Self::JobLists => "frozen_mac",
            _ => "mac",
        }
    }

    /// The column that came last of those that are needed.
    const fn place(self) -> &'static str {
        match self {
            Self::Jobs => "version",
            _ => self.code(),
        }
    }

    /// What the table is called where it is read.
    const fn alias(self) -> &'static str {
        match self {
            Self::Accounts => "u.",
            Self::Sessions => "s.",
            Self::Tokens => "t.",
            Self::Jobs | Self::JobLists => "j.",
            Self::ResetLinks
            | Self::RecoveryCodes
            | Self::Identities
            | Self::Networks
            | Self::Orders
            | Self::ChangeRequests => "",
        }
    }

    /// The column of the key.
    const fn key(self) -> &'static str {
        match self {
            Self::Accounts | Self::Tokens | Self::Jobs | Self::JobLists | Self::ChangeRequests => {
                "id"
            }
            Self::Sessions => "id_hash",
            Self::ResetLinks | Self::RecoveryCodes => "code_hash",
            Self::Identities => identities::KEY,
            Self::Networks => "place",
            Self::Orders => "name",
        }
    }

    /// Reads everything that is signed.
    fn select(self) -> Sql {
        match self {
            Self::Accounts => users::select(),
            Self::Sessions => sessions::select_signed(),
            Self::Tokens => tokens::select_signed(),
            Self::ResetLinks => reset_links::select_signed(),
            Self::RecoveryCodes => factors::select_signed(),
            Self::Identities => identities::select_signed(),
            Self::Networks => egress::select_signed(),
            Self::Jobs => decides::select_signed(),
            Self::JobLists => frozen::select_signed(),
            Self::Orders => orders::select_signed(),
            Self::ChangeRequests => change_requests::select_signed(),
        }
    }

    /// What of a row is signed, and its code.
    pub(crate) fn facts(self, row: &Row) -> Result<(Facts, Option<Vec<u8>>)> {
        match self {
            Self::Accounts => users::signed_facts(row),
            Self::Sessions => sessions::signed_facts(row),
            Self::Tokens => tokens::signed_facts(row),
            Self::ResetLinks => reset_links::signed_facts(row),
            Self::RecoveryCodes => factors::signed_facts(row),
            Self::Identities => identities::signed_facts(row),
            Self::Networks => egress::signed_facts(row),
            Self::Jobs => decides::signed_facts(row),
            Self::JobLists => frozen::signed_facts(row),
            Self::Orders => orders::signed_facts(row),
            Self::ChangeRequests => change_requests::signed_facts(row),
        }
    }

    fn key_value(self, key: &[u8]) -> Value {
        match self {
            Self::Sessions | Self::ResetLinks | Self::RecoveryCodes => key.into(),
            _ => String::from_utf8_lossy(key).into_owned().into(),
        }
    }

    /// Whether its rows change only under the lock on jobs.
    const fn is_of_jobs(self) -> bool {
        matches!(self, Self::Jobs | Self::JobLists)
    }

    fn row(self, row: &Row) -> Result<SignedRow> {
        let (facts, code) = self.facts(row)?;
        Ok(SignedRow { facts, code })
    }
}

async fn page(
    conn: &mut Conn<'_>,
    rows: SignedRows,
    after: Option<&SignedRow>,
    limit: i64,
) -> Result<Vec<SignedRow>> {
    let mut sql = rows.select();
    if let Some(last) = after {
        sql.push(" WHERE ")
            .push(rows.alias())
            .push(rows.key())
            .push(" > ");
        sql.bind(rows.key_value(&last.facts.key().1));
    }
    sql.push(" ORDER BY ")
        .push(rows.alias())
        .push(rows.key())
        .push(" LIMIT ");
    sql.bind(limit);
    let found = conn.all(sql).await?;
    found.iter().map(|row| rows.row(row)).collect()
}

impl Store {
    /// The next rows of a kind behind one, by their key; whether they are genuine is not judged.
    pub async fn signed_rows(
        &self,
        rows: SignedRows,
        after: Option<&SignedRow>,
        limit: i64,
    ) -> Result<Vec<SignedRow>> {
        page(&mut self.read().await?.conn(), rows, after, limit).await
    }

    /// The kinds for whose codes this database has a place: an earlier program knew fewer, or none.
    pub async fn signed_kinds(&self) -> Result<Vec<SignedRows>> {
        let mut reading = self.read().await?;
        let mut conn = reading.conn();
        let names = conn.all(Sql::new(conn.dialect().columns())).await?;
        let names = names.iter().map(|row: &Row| row.get::<String>("name"));
        let names: Vec<String> = names.collect::<Result<_>>()?;
        let has_place = |rows: &&SignedRows| {
            let place = format!("{}.{}", rows.table(), rows.place());
            names.contains(&place)
        };
        Ok(SignedRows::ALL.iter().filter(has_place).copied().collect())
    }

    /// Whether a row is genuine. One that is not is remembered to be told, and one that is again
    /// is forgotten.
    pub fn is_genuine(&self, row: &SignedRow) -> bool {
        self.trust.check(&row.facts, row.code.as_deref()).is_ok()
    }
}

impl Unit {
    /// The next rows of a kind behind one, as this unit sees them.
    pub async fn signed_rows(
        &mut self,
        rows: SignedRows,
        after: Option<&SignedRow>,
        limit: i64,
    ) -> Result<Vec<SignedRow>> {
        page(&mut self.conn(), rows, after, limit).await
    }

    /// Signs a row as it was read, with the key of today; `false` when it is another by now.
    /// Whether it was genuine is the caller's to judge.
    pub async fn sign_row(&mut self, row: &SignedRow) -> Result<bool> {
        let (rows, key) = row.facts.key();
        let Some(code) = self.trust.sign(&row.facts) else {
            return Ok(false);
        };
        self.trust.renew(row.facts.key());
        let mut sql = Sql::new("UPDATE ");
        sql.push(rows.table()).push(" SET ").push(rows.code());
        sql.push(" = ").bind(code);
        sql.push(" WHERE ").push(rows.key()).push(" = ");
        sql.bind(rows.key_value(key));
        match &row.code {
            Some(before) => sql
                .push(" AND ")
                .push(rows.code())
                .push(" = ")
                .bind(before.as_slice()),
            None => sql.push(" AND ").push(rows.code()).push(" IS NULL"),
        };
        let mut conn = if rows.is_of_jobs() {
            self.jobs_conn().await?
        } else {
            self.conn()
        };
        Ok(conn.execute(sql).await? > 0)
    }

    /// From now on the row with this key does not count as it stands, whatever code it has: somebody
    /// put one of before back. Answers the error that says so, remembered to be told.
    pub async fn disbelieve(&mut self, rows: SignedRows, key: &[u8]) -> Result<StoreError> {
        let Some(row) = self.as_it_stands(rows, key).await? else {
            let why = "a row that does not count is gone";
            return Err(StoreError::Unusable(why.to_owned()));
        };
        if let Some(code) = &row.code {
            self.trust.outdate(&row.facts, code);
        }
        Ok(StoreError::Forged(self.trust.remember(&row.facts)))
    }

    /// How many rows each key signed, by the key's eight bytes, as this unit sees it.
    pub async fn signed_by_key(&mut self) -> Result<Vec<(Vec<u8>, i64)>> {
        let mut all = Vec::new();
        for rows in SignedRows::ALL {
            let mut sql = Sql::new("SELECT substr(");
            sql.push(rows.code())
                .push(", 2, 8) AS k, COUNT(*) AS n FROM ");
            sql.push(rows.table()).push(" WHERE ").push(rows.code());
            sql.push(" IS NOT NULL GROUP BY 1");
            for row in self.conn().all(sql).await? {
                all.push((row.get("k")?, row.get("n")?));
            }
        }
        Ok(all)
    }

    /// Signs the row with this key as it stands now.
    pub(crate) async fn sign_now(&mut self, rows: SignedRows, key: &[u8]) -> Result<()> {
        if let Some(row) = self.as_it_stands(rows, key).await? {
            self.sign_row(&row).await?;
        }
        Ok(())
    }

    /// The row with this key, kept as it is until this unit is over; whether it is genuine is not
    /// judged.
    pub(crate) async fn as_it_stands(
        &mut self,
        rows: SignedRows,
        key: &[u8],
    ) -> Result<Option<SignedRow>> {
        let mut conn = self.conn();
        let of_row = |sql: &mut Sql| {
            sql.push(" WHERE ").push(rows.alias()).push(rows.key());
            sql.push(" = ").bind(rows.key_value(key));
        };
        // First the lock, then the row: what stands beside it in other tables is read as it was when
        // the statement began, and the row as it is when the lock is had.
        let mut lock = rows.select();
        of_row(&mut lock);
        lock.push(conn.dialect().for_update());
        conn.optional(lock).await?;
        let mut sql = rows.select();
        of_row(&mut sql);
        let found = conn.optional(sql).await?;
        found.as_ref().map(|row| rows.row(row)).transpose()
    }

    /// Makes a change of one row and signs what came of it. The row must be genuine before: else
    /// the signature would make true what somebody else wrote. Says how many rows were changed.
    pub(crate) async fn change_signed(
        &mut self,
        (rows, key): (SignedRows, &[u8]),
        change: Sql,
    ) -> Result<u64> {
        if let Some(row) = self.as_it_stands(rows, key).await? {
            self.trust.check(&row.facts, row.code.as_deref())?;
        }
        let changed = self.conn().execute(change).await?;
        if changed > 0 {
            self.sign_now(rows, key).await?;
        }
        Ok(changed)
    }

    /// The same where the change only takes away: it is made whether or not the row is genuine,
    /// and one that was not stays so.
    pub(crate) async fn take_from_signed(
        &mut self,
        (rows, key): (SignedRows, &[u8]),
        change: Sql,
    ) -> Result<u64> {
        let row = self.as_it_stands(rows, key).await?;
        let good = row.is_some_and(|row| row.is_good(&self.trust));
        let changed = self.conn().execute(change).await?;
        if good && changed > 0 {
            self.sign_now(rows, key).await?;
        }
        Ok(changed)
    }
}
