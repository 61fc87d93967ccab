//! Lists of phones that people come back to.
//!
//! Owns the table `saved_views`. A view belongs to one account; nobody sees another's.

use carillon_domain::Timestamp;

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// One saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Short name, for addresses.
    pub slug: String,
    /// Name, as its owner calls it.
    pub name: String,
    /// The query of the list: `q=site:kiel&sort=-last_seen`.
    pub query: String,
    /// When it was saved.
    pub created_at: Timestamp,
}

fn saved_view(row: &Row) -> Result<SavedView> {
    let fields = row.of("saved_views", "slug");
    Ok(SavedView {
        slug: fields.text("slug")?,
        name: fields.text("name")?,
        query: fields.text("query")?,
        created_at: fields.at("created_at")?,
    })
}

impl Store {
    /// The views of this account, by short name.
    pub async fn saved_views(&self, user_id: &str) -> Result<Vec<SavedView>> {
        let sql = Sql::new(
            "SELECT slug, name, query, created_at FROM saved_views WHERE user_id = $1 \
             ORDER BY slug",
        );
        let rows = self.read().await?.conn().all(sql.arg(user_id)).await?;
        rows.iter().map(saved_view).collect()
    }
}

impl Unit {
    /// Keeps a view; one of the same short name is replaced.
    pub async fn put_saved_view(&mut self, user_id: &str, view: &SavedView) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO saved_views (user_id, slug, name, query, created_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id, slug) DO UPDATE SET \
             name = excluded.name, query = excluded.query, created_at = excluded.created_at",
        );
        let sql = sql.arg(user_id).arg(&view.slug).arg(&view.name);
        let sql = sql.arg(&view.query).arg(view.created_at);
        self.conn().execute(sql).await.map(drop)
    }

    /// Throws a view away; says whether there was one.
    pub async fn delete_saved_view(&mut self, user_id: &str, slug: &str) -> Result<bool> {
        let sql = Sql::new("DELETE FROM saved_views WHERE user_id = $1 AND slug = $2");
        let sql = sql.arg(user_id).arg(slug);
        Ok(self.conn().execute(sql).await? > 0)
    }
}
