//! People as an OpenID provider knows them.
//!
//! Owns the table `identities`: of issuer and subject to the account. *Invariant:* nothing else
//! of what a provider says leads to an account.

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::sql::Sql;
use crate::unit::Unit;

impl Unit {
    /// The account of this subject of this issuer.
    pub async fn identity(&mut self, issuer: &str, subject: &str) -> Result<Option<String>> {
        let sql = Sql::new("SELECT user_id FROM identities WHERE issuer = $1 AND subject = $2");
        let row = self.conn().optional(sql.arg(issuer).arg(subject)).await?;
        row.as_ref().map(|row| row.get("user_id")).transpose()
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
        self.conn().execute(sql).await.map(drop)
    }
}
