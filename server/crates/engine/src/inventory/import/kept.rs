//! A list that was given and waits, so that nobody has to give it again to mend its first line.

use carillon_domain::phone_list::{self, FirstLine};
use carillon_domain::role::Permission;

use super::draft::Draft;
use super::{ImportReview, slot};
use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

/// A list that is kept for its review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptList {
    /// Id of the draft.
    pub id: String,
    /// Name of the file.
    pub file_name: String,
    /// How large it is.
    pub bytes: usize,
    /// The line that names its columns, where that can be mended.
    pub first_line: Option<FirstLine>,
}

impl Engine {
    /// What is known of a list that this person gave.
    ///
    /// # Errors
    /// Denied, not found, or sealed.
    pub async fn kept_list(&self, caller: &Caller, id: &str) -> Result<KeptList> {
        caller.require(Permission::ManageInventory)?;
        let (draft, _) = self.kept_import(caller, id).await?;
        Ok(KeptList {
            id: id.to_owned(),
            bytes: draft.bytes.len(),
            first_line: phone_list::first_line(&draft.bytes),
            file_name: draft.file_name,
        })
    }

    /// Reviews a list again that this person gave, with another first line where one is said. It is kept
    /// so in its old place, as long as a new one.
    ///
    /// # Errors
    /// Denied, not found, busy, or sealed.
    pub async fn review_kept_list(
        &self,
        caller: &Caller,
        id: &str,
        first_line: &str,
    ) -> Result<ImportReview> {
        caller.require(Permission::ManageInventory)?;
        let (kept, _) = self.kept_import(caller, id).await?;
        let draft = with_line(kept, first_line);
        let _slot = slot()?;
        let expires_at = self.keep_import(caller, id, &draft).await?;
        let kept = (id.to_owned(), expires_at);
        let review = self.reviewed(caller, kept, &draft).await?;
        self.told_if_forbidden(caller, review.forbidden).await?;
        Ok(review)
    }
}

fn with_line(draft: Draft, line: &str) -> Draft {
    let same = phone_list::first_line(&draft.bytes).is_none_or(|first| first.text == line);
    if line.trim().is_empty() || same {
        return draft;
    }
    match phone_list::with_first_line(&draft.bytes, line) {
        Some(bytes) => Draft::new(&draft.file_name, bytes),
        None => draft,
    }
}
