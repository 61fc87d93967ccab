//! What people have begun and not finished: an uploaded list under review, a job under review.
//!
//! Owns the table `drafts`. The content is sealed; a draft is taken once.

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// One draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftRow {
    /// Identity.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// Of what: `import`, `run`, …
    pub kind: String,
    /// The sealed content.
    pub sealed: Vec<u8>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// Until when it can be taken.
    pub expires_at: Timestamp,
}

fn draft_row(row: &Row) -> Result<DraftRow> {
    let fields = row.of("drafts", "id");
    Ok(DraftRow {
        id: fields.text("id")?,
        user_id: fields.text("user_id")?,
        kind: fields.text("kind")?,
        sealed: fields.get("sealed")?,
        created_at: fields.at("created_at")?,
        expires_at: fields.at("expires_at")?,
    })
}

impl Store {
    /// Looks at a draft of this person without taking it.
    pub async fn draft(&self, id: &str, user_id: &str, now: Timestamp) -> Result<Option<DraftRow>> {
        let sql = Sql::new(
            "SELECT id, user_id, kind, sealed, created_at, expires_at FROM drafts \
             WHERE id = $1 AND user_id = $2 AND expires_at > $3",
        );
        let sql = sql.arg(id).arg(user_id).arg(now);
        let row = self.read().await?.conn().optional(sql).await?;
        row.as_ref().map(draft_row).transpose()
    }
}

impl Unit {
    /// Keeps a draft; one with the same id and owner is replaced.
    pub async fn put_draft(&mut self, draft: &DraftRow) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO drafts (id, user_id, kind, sealed, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET \
             sealed = excluded.sealed, expires_at = excluded.expires_at \
             WHERE drafts.user_id = excluded.user_id AND drafts.kind = excluded.kind",
        );
        let sql = sql
            .arg(&draft.id)
            .arg(&draft.user_id)
            .arg(&draft.kind)
            .arg(&draft.sealed);
        let sql = sql.arg(draft.created_at).arg(draft.expires_at);
        super::users::expect_one(self.conn().execute(sql).await?)
    }

    /// Takes a draft: a second try finds nothing.
    pub async fn take_draft(
        &mut self,
        id: &str,
        user_id: &str,
        now: Timestamp,
    ) -> Result<Option<DraftRow>> {
        let sql = Sql::new(
            "DELETE FROM drafts WHERE id = $1 AND user_id = $2 AND expires_at > $3 \
             RETURNING id, user_id, kind, sealed, created_at, expires_at",
        );
        let row = self
            .conn()
            .optional(sql.arg(id).arg(user_id).arg(now))
            .await?;
        row.as_ref().map(draft_row).transpose()
    }

    /// Keeps so many of one kind for this person, those that were written last. Where several are kept at
    /// the same moment, Postgres may leave as many more, until the next one is.
    pub async fn trim_drafts(&mut self, user_id: &str, kind: &str, most: u32) -> Result<u64> {
        let sql = Sql::new(
            "DELETE FROM drafts WHERE user_id = $1 AND kind = $2 AND id NOT IN \
             (SELECT id FROM drafts WHERE user_id = $1 AND kind = $2 \
             ORDER BY expires_at DESC, id DESC LIMIT $3)",
        );
        let sql = sql.arg(user_id).arg(kind).arg(i64::from(most));
        self.conn().execute(sql).await
    }

    /// Throws away drafts that can no longer be taken.
    pub async fn delete_old_drafts(&mut self, now: Timestamp) -> Result<u64> {
        let sql = Sql::new("DELETE FROM drafts WHERE expires_at <= $1").arg(now);
        self.conn().execute(sql).await
    }
}
