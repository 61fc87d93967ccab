//! Lists of phones that somebody comes back to, by names of their own.
//!
//! Owns their names and limits. What a view's query means is for those who made it.

use carillon_domain::phone::slugify;
use carillon_domain::role::Permission;
use carillon_store::SavedView;
use serde_json::json;

use super::finish;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// Views of one account.
const MOST: usize = 50;
const LONGEST_NAME: usize = 60;
const LONGEST_QUERY: usize = 2000;

impl Engine {
    /// Keeps a list under a name; one of the same name is replaced.
    ///
    /// # Errors
    /// Denied, not found for callers without an account, or a name or query that cannot be kept.
    pub async fn save_view(&self, caller: &Caller, name: &str, query: &str) -> Result<SavedView> {
        caller.require(Permission::ViewInventory)?;
        let user = caller.user_id.as_deref().ok_or(EngineError::NotFound)?;
        let view = checked(name.trim(), query, self.clock.now())?;
        let known = self.store.saved_views(user).await?;
        let is_new = known.iter().all(|one| one.slug != view.slug);
        if is_new && known.len() >= MOST {
            let message = format!("{MOST} views are kept at most: delete one first");
            return Err(EngineError::invalid("name", "too_many", message));
        }
        let mut event = caller.event(view.created_at, "view.saved");
        event.detail = json!({"name": view.name, "query": view.query});
        let mut unit = caller.begin(&self.store).await?;
        unit.put_saved_view(user, &view).await?;
        finish(unit, &[event]).await?;
        Ok(view)
    }

    /// Throws a view away.
    ///
    /// # Errors
    /// Denied, or not found.
    pub async fn delete_view(&self, caller: &Caller, slug: &str) -> Result<()> {
        caller.require(Permission::ViewInventory)?;
        let user = caller.user_id.as_deref().ok_or(EngineError::NotFound)?;
        let mut unit = caller.begin(&self.store).await?;
        if !unit.delete_saved_view(user, slug).await? {
            return Err(EngineError::NotFound);
        }
        let mut event = caller.event(self.clock.now(), "view.deleted");
        event.detail = json!({"name": slug});
        finish(unit, &[event]).await
    }
}

fn checked(name: &str, query: &str, now: carillon_domain::Timestamp) -> Result<SavedView> {
    let slug = slugify(name);
    if slug.is_empty() || name.chars().count() > LONGEST_NAME {
        let message = format!("give a name of letters or digits, {LONGEST_NAME} at most");
        return Err(EngineError::invalid("name", "invalid", message));
    }
    if query.len() > LONGEST_QUERY {
        let message = "this list has too many filters to be kept: take some away";
        return Err(EngineError::invalid("query", "too_long", message));
    }
    Ok(SavedView {
        slug,
        name: name.to_owned(),
        query: query.to_owned(),
        created_at: now,
    })
}
