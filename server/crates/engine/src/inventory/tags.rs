//! Tags of many phones at once.

use carillon_domain::role::Permission;
use carillon_domain::{Mac, tag};
use carillon_store::Keeps;
use serde_json::json;

use super::clear::Touched;
use super::record;
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// The most phones whose names stand in one record.
const NAMED_IN_RECORD: usize = 100;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagChange {
    /// Phones get the tag.
    Add,
    /// Phones lose it.
    Remove,
}

impl Engine {
    /// Every tag with the number of its phones.
    ///
    /// # Errors
    /// Denied.
    pub async fn tags(&self, caller: &Caller) -> Result<Vec<(String, i64)>> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        Ok(seen.tags().await?)
    }

    /// Gives phones a tag or takes it from them; says for how many it changed something.
    ///
    /// # Errors
    /// Denied, a text that is no tag, or, where stored passwords would go elsewhere by it, a proof of who
    /// asks.
    pub async fn tag_phones(
        &self,
        caller: &Caller,
        macs: &[Mac],
        text: &str,
        change: TagChange,
    ) -> Result<u64> {
        let seen = caller.sight(Permission::EditTags, &self.store)?;
        let tag = tag::normalize(text)
            .map_err(|problem| EngineError::invalid("tag", "invalid", problem.to_string()))?;
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&seen, Keeps::Ways).await?;
        let rows = unit.phones_by_macs(macs).await?;
        let has = |row: &carillon_store::PhoneRow| row.phone.tags.contains(&tag);
        let wanted = rows
            .iter()
            .filter(|row| has(row) == (change == TagChange::Remove));
        let wanted: Vec<Mac> = wanted.map(|row| row.phone.mac).collect();
        if wanted.is_empty() {
            return Ok(0);
        }
        let (action, changed) = match change {
            TagChange::Add => ("phones.tagged", unit.add_tag(&wanted, &tag, now).await?),
            TagChange::Remove => (
                "phones.untagged",
                unit.remove_tag(&wanted, &tag, now).await?,
            ),
        };
        let mut events = Vec::new();
        for chunk in wanted.chunks(NAMED_IN_RECORD) {
            let mut event = caller.event(now, action);
            if let [only] = wanted[..] {
                event.phone = Some(only);
                let row = rows.iter().find(|row| row.phone.mac == only);
                event.phone_name = row.map_or_else(String::new, |row| row.phone.display_name());
            }
            event.detail = json!({"tag": tag, "count": chunk.len(), "phones": record::macs(chunk)});
            events.push(event);
        }
        // A rule may ask for the tag, and its group have a credential: one choice, and many passwords.
        let touched = Touched {
            phones: Some(&wanted),
            page: "/phones",
            proof: true,
        };
        self.finish_guarded(caller, unit, &events, &touched).await?;
        Ok(changed)
    }
}
