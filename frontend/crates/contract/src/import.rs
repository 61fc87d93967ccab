//! `/phones/import`: upload, review, result.
//!
//! `POST /phones/import` (`multipart/form-data`): `file` and/or `text`, or `kept` (the id of a list that is
//! kept) and `first_line`; 303 to `/phones/import/{id}`. `GET /phones/import?kept=ID`: the same form. `GET /phones/import/{id}?tab=create|update|unchanged|errors&page=2`.
//! `POST /phones/import/{id}`: `digest`, `valid_rows_only` = `true` | `false`, and one
//! `security.SLUG` per new site; 303 to `/phones/import/{id}/result`.
//! `GET /phones/import/{id}/errors.csv`: the rows with mistakes, and a column that says which.

use carillon_domain::Timestamp;
use carillon_domain::phone::TransportSecurity;
use serde::{Deserialize, Serialize};

use crate::FormErrors;
use crate::list::{Link, Paging};

/// Step 1.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ImportView {
    /// Text as pasted.
    pub text: String,
    /// Most bytes that are taken.
    pub max_bytes: u64,
    /// Most rows that are taken.
    pub max_rows: usize,
    /// What was wrong with the file as a whole: no `mac` column.
    pub errors: FormErrors,
    /// One's own of the last day that can still be taken back, newest first.
    pub recent: Vec<RecentImport>,
    /// The list that was given before and need not be given again.
    pub kept: Option<KeptFile>,
}

/// A list that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// Id of the draft.
    pub id: String,
    /// Name of the file, or "pasted text".
    pub file_name: String,
    /// How large it is.
    pub bytes: u64,
    /// The line that names its columns, where it can be mended.
    pub first_line: Option<FirstLine>,
}

/// The first line of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstLine {
    /// As it stands in the file; empty where it is a phone already.
    pub text: String,
    /// It is a phone, and no column has a name.
    pub is_phone: bool,
}

/// An import that was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentImport {
    /// Its result.
    pub href: String,
    /// Name of the file.
    pub file_name: String,
    /// Phones added.
    pub created: i64,
    /// Phones changed.
    pub updated: i64,
    /// When.
    pub at: Timestamp,
}

/// Which part of the review is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportTab {
    /// What is wrong.
    Errors,
    /// New phones.
    #[default]
    Create,
    /// Changed phones, old → new.
    Update,
    /// Phones that stay as they are.
    Unchanged,
}

impl ImportTab {
    /// All, in order of the page.
    pub const ALL: [Self; 4] = [Self::Errors, Self::Create, Self::Update, Self::Unchanged];

    /// Value of the parameter `tab`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Create => "create",
            Self::Update => "update",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Step 2. Nothing has been written yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ImportReviewView {
    /// Id of the draft.
    pub id: String,
    /// Name of the file, or "pasted text".
    pub file_name: String,
    /// Digest of what was reviewed: exactly this is applied.
    pub digest: String,
    /// When the draft is thrown away.
    pub expires_at: Timestamp,
    /// Rows that make a phone.
    pub create: i64,
    /// Rows that change one.
    pub update: i64,
    /// Rows that change nothing.
    pub unchanged: i64,
    /// Rows with an error (not errors: a row may have several).
    pub error_rows: i64,
    /// Errors in all.
    pub errors_total: i64,
    /// Columns of which nothing is taken.
    pub ignored: Vec<IgnoredColumn>,
    /// Columns with another name than ours, and what they were taken for.
    pub renamed: Vec<RenamedColumn>,
    /// Some of the addresses that more than one phone of the file has.
    pub shared: Vec<SharedAddress>,
    /// How many these are in all.
    pub shared_total: i64,
    /// What is shown.
    pub tab: ImportTab,
    /// A page of the errors, when their tab is shown.
    pub errors: Vec<ImportError>,
    /// A page of the rows of the shown tab.
    pub rows: Vec<ImportRow>,
    /// How many rows or errors the shown tab has, and the way to its other pages.
    pub paging: Paging,
    /// Sites that would be made, each with the mode chosen so far.
    pub new_sites: Vec<NewSite>,
    /// What the apply form was refused for.
    pub form_errors: FormErrors,
}

/// A column of which nothing is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IgnoredColumn {
    /// Which it is, from 1.
    pub place: i64,
    /// Its name as in the file; empty where it has none.
    pub name: String,
    /// The column that may be meant.
    pub meant: Option<String>,
    /// The column of its own name that counts instead.
    pub beside: Option<String>,
}

/// A column that the file calls by another name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenamedColumn {
    /// Its name as in the file.
    pub name: String,
    /// The column that it was taken for.
    pub column: String,
}

/// An address of several phones of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedAddress {
    /// Address, with its port where one is given.
    pub place: String,
    /// Names of some of the phones.
    pub names: Vec<String>,
    /// How many phones have it.
    pub total: i64,
}

/// One error of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportError {
    /// Line in the file, the header being 1.
    pub line: u64,
    /// Column.
    pub column: String,
    /// What stands there; never of a password column.
    pub value: String,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub fix: String,
}

/// One row of a file, as far as it says something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// Line in the file.
    pub line: u64,
    /// Identity.
    pub mac: String,
    /// What to call it.
    pub name: String,
    /// What it sets, or what it changes.
    pub changes: Vec<ImportChange>,
}

/// One value, old and new. Both are "(hidden)" for a password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportChange {
    /// Column.
    pub column: String,
    /// What the inventory has; `None` for a new phone.
    pub old: Option<String>,
    /// What it will have.
    pub new: String,
}

/// A site that the import would make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSite {
    /// Identity.
    pub slug: String,
    /// Name as in the file.
    pub name: String,
    /// How many rows name it.
    pub phones: i64,
    /// How its phones will be reached.
    pub security: TransportSecurity,
}

/// Step 3.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ImportResultView {
    /// Name of the file.
    pub file_name: String,
    /// Phones made.
    pub created: i64,
    /// Phones changed.
    pub updated: i64,
    /// Phones left as they were.
    pub unchanged: i64,
    /// Rows left out because of errors.
    pub left_out: i64,
    /// The file with these and what is wrong with them.
    pub errors_href: String,
    /// Sites that were made and have phones without a credential; each leads to where its own is chosen.
    pub bare_sites: Vec<Link>,
    /// The other sites that were made.
    pub new_sites: Vec<Link>,
    /// The phones that were made or changed; `None` where they are no longer known or were taken back.
    pub phones_href: Option<String>,
    /// The audit records of this import.
    pub audit_href: String,
    /// Where it can be taken back; `None` once it was, or after a day.
    pub undo_href: Option<String>,
    /// What came of taking it back.
    pub undone: Option<TakenBack>,
}

/// What came of an import that was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// Phones deleted.
    pub deleted: i64,
    /// Phones that are as they were.
    pub restored: i64,
    /// Phones left alone.
    pub left: i64,
    /// When; unknown of what an older release took back.
    pub at: Option<Timestamp>,
}

/// Asks before an import is taken back. `POST` to the same address: `count`, `typed`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ImportUndoView {
    /// Where the form is sent.
    pub action: String,
    /// Name of the file.
    pub file_name: String,
    /// Phones that would be deleted.
    pub deleted: i64,
    /// Phones that would be as they were.
    pub restored: i64,
    /// Phones that stay as they are.
    pub left: i64,
    /// Names of some of these.
    pub left_names: Vec<String>,
    /// Phones whose new password stays.
    pub logins: i64,
    /// What was typed to confirm.
    pub typed: String,
    /// What is wrong with it.
    pub errors: FormErrors,
}
