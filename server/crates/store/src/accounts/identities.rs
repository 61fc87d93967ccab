//! People as an OpenID provider knows them.
//!
//! Owns the table `identities`: of issuer and subject to the account. *Invariant:* nothing else
//! of what a provider says leads to an account.

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::row::Row;
use crate::signed::{Facts, SignedRows};
use crate::sql::Sql;
use crate::unit::Unit;

/// What names a row: no issuer is written with a space in it.
pub(crate) const KEY: &str = "(issuer || ' ' || subject)";

/// Reads everything that is signed of identities.
pub(crate) fn select_signed() -> Sql {
    Sql::new("SELECT issuer, subject, user_id, mac FROM identities")
}

/// What is signed of an identity, and its code.
pub(crate) fn signed_facts(row: &Row) -> Result<(Facts, Option<Vec<u8>>)> {
    let fields = row.of("identities", "subject");
    let (issuer, subject) = (fields.text("issuer")?, fields.text("subject")?);
    let key = format!("{issuer} {subject}");
    let facts = Facts::of(SignedRows::Identities, key.as_bytes(), key.clone())
        .text(&issuer)
        .text(&subject)
        .text(&fields.text("user_id")?);
    Ok((facts, fields.get("mac")?))
}

impl Unit {
    /// The account of this subject of this issuer.
    pub async fn identity(&mut self, issuer: &str, subject: &str) -> Result<Option<String>> {
        let mut sql = select_signed();
        sql.push(" WHERE issuer = ").bind(issuer);
        sql.push(" AND subject = ").bind(subject);
        let Some(row) = self.conn().optional(sql).await? else {
            return Ok(None);
        };
        self.trust.checked(SignedRows::Identities, &row)?;
        row.get("user_id").map(Some)
    }

    /// Notes whose account it is. Conflict when it is somebody's.
    pub async fn insert_identity(
        &mut self,
        (issuer, subject): (&str, &str),
        user_id: &str,
        now: Timestamp,
    ) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO identities (issuer, subject, user_id, created_at) \
             VALUES ($1, $2, $3, $4)",
        );
        let sql = sql.arg(issuer).arg(subject).arg(user_id).arg(now);
        self.conn().execute(sql).await?;
        let key = format!("{issuer} {subject}");
        self.sign_now(SignedRows::Identities, key.as_bytes()).await
    }
}
