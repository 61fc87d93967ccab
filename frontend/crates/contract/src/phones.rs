//! `/phones`: the list.
//!
//! `GET /phones`: `q` (the filter language), and repeatable `site`, `group`, `model`, `tag`,
//! `state`, `result`, `ready` from the facets; `sort`, `limit`, `after`, `before`, `sel`.
//! `cols` (repeated, or with commas) are the columns in their order, `view` a saved list.
//! `moved` (`up.site`, `down.site`): the column that was moved a moment ago, [`MovedColumn`].
//! `POST /phones/columns`: `cols`, the filters, and `moved` from a button that moves a column.
//! `POST /phones/views`: `name`, `query`; `POST /phones/views/delete`: `slug`.
//! `GET/POST /phones/edit`: the fields of [`BulkEditForm`], `sel`, `count`.
//! `POST /selection`: `go` (the query of another page or order of the list: what is ticked goes
//! along), or `do` ([`BulkAction::as_str`]), `scope` = `page` | `all` | `selection`
//! (the kept selection with the ticks of this page: a tick never counts for nothing, and one that
//! was taken away, `was` without `mac`, neither),
//! `mac` (repeated: the ticked rows), `list` (the query of the page), `filter`, `sort`, `count`, `digest`, `sel`, `was`, `tag`, `group`.

use carillon_domain::phone::Reachability;
use carillon_domain::{Cause, Mac, TargetState, Timestamp};
use serde::{Deserialize, Serialize};

use crate::changes::{LeavingPhone, NobodyApproves};
use crate::form::Choice;
use crate::list::{Chip, Facet, Link, Paging, SortLink};

mod columns;

pub use columns::{MovedColumn, PhoneColumn};

/// A list that somebody keeps under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedViewLink {
    /// Short name.
    pub slug: String,
    /// Name.
    pub name: String,
    /// The list.
    pub href: String,
    /// Whether it is the one that is shown.
    pub current: bool,
}

/// The list of phones.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PhonesView {
    /// Text of the search box, as typed.
    pub q: String,
    /// What was typed instead, where no phone is called so, and `q` takes some of its words for a site.
    pub typed_q: Option<String>,
    /// Canonical filter of everything that narrows the list; empty = all phones.
    pub filter: String,
    /// Why the filter could not be read, with the known fields; the list is then empty.
    pub filter_error: Option<String>,
    /// Parameters that we do not know, said instead of ignored.
    pub unknown_parameters: Vec<String>,
    /// Sites, groups and tags that a typed word may have meant, with the list of their phones.
    pub meant: Vec<Meant>,
    /// Active filters.
    pub chips: Vec<Chip>,
    /// The list without any filter.
    pub clear_href: String,
    /// What the list can be narrowed by.
    pub facets: Vec<Facet>,
    /// How many phones the inventory has at all.
    pub inventory: i64,
    /// The rows of this page.
    pub rows: Vec<PhoneRow>,
    /// Keys: `label`, `extension`, `model`, `site`, `address`, `firmware`, `last_seen`,
    /// `last_result`.
    pub sort: Vec<SortLink>,
    /// Current value of `sort`, to keep it with a selection.
    pub sort_value: String,
    /// The columns that are shown, in order.
    pub columns: Vec<PhoneColumn>,
    /// The column that was moved a moment ago.
    pub moved: Option<MovedColumn>,
    /// What the filter form sends along unseen: order, columns, selection.
    pub kept_by_filter: Vec<(String, String)>,
    /// The same for the choice of columns: filters, order, selection, and the place in the pages.
    pub kept_by_columns: Vec<(String, String)>,
    /// The lists that this person keeps.
    pub views: Vec<SavedViewLink>,
    /// The query of this very page, where a change of ticked phones comes back to.
    pub here_query: String,
    /// The query of this list, to keep it under a name.
    pub view_query: String,
    /// Neighbouring pages and how many phones match.
    pub paging: Paging,
    /// Digest of the matching set, so that "all N matching" stays exactly these.
    pub digest: String,
    /// What may be done with ticked rows; empty when nothing.
    pub bulk: Vec<BulkAction>,
    /// Fixed groups that ticked phones may be added to.
    pub fixed_groups: Vec<Choice>,
    /// A selection that is being collected over several pages.
    pub selection: Option<SelectionView>,
    /// Where these same phones are found as CSV; `None` when not allowed.
    pub export_href: Option<String>,
    /// What the last form was refused for, if it was.
    pub errors: crate::FormErrors,
    /// What stood in that form.
    pub typed: BulkTyped,
}

/// Phones that a typed word may have meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meant {
    /// The list of them, in words.
    pub link: Link,
    /// By what words a site or a group is known: its slug and its name. Empty for all else.
    pub known_as: String,
}

/// The form for ticked phones as it was sent, when it comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkTyped {
    /// Ticked rows.
    pub ticked: Vec<Mac>,
    /// Which phones: `page`, `all`; empty = nobody chose.
    pub scope: String,
    /// The tag.
    pub tag: String,
    /// Slug of the group.
    pub group: String,
}

/// One phone in the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PhoneRow {
    /// Identity.
    pub mac: Mac,
    /// What people call it; may be empty.
    pub label: String,
    /// Extension; may be empty.
    pub extension: String,
    /// Model; may be empty.
    pub model: String,
    /// Slug and name of its site.
    pub site: Option<(String, String)>,
    /// Address, with the port where it is not the scheme's own.
    pub address: String,
    /// What the last contact said.
    pub state: Reachability,
    /// The job that restarts it, while its return is awaited: it stands for the state then.
    pub restarting: Option<String>,
    /// When it last answered.
    pub last_seen: Option<Timestamp>,
    /// Whether a command would get through.
    pub ready: Readiness,
    /// Firmware; may be empty.
    pub firmware: String,
    /// What the last command came to.
    pub last_result: Option<LastResult>,
    /// Tags.
    pub tags: Vec<String>,
    /// Left out of jobs.
    pub protected: bool,
    /// Groups it is in now; read only where that column is shown.
    pub groups: Vec<String>,
    /// SIP address of record; may be empty.
    pub account: String,
    /// Credential that it names, or that it has for itself.
    pub credential: Option<OwnCredential>,
    /// Notes; may be empty.
    pub notes: String,
}

/// The credential of one phone; without one it has its group's or its site's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnCredential {
    /// A stored one, by name.
    Named(String),
    /// User name and password for this phone alone.
    Alone,
}

impl PhoneRow {
    /// What to call it: label, else extension, else MAC.
    pub fn name(&self) -> String {
        match (self.label.as_str(), self.extension.as_str()) {
            ("", "") => self.mac.to_string(),
            ("", extension) => extension.to_owned(),
            (label, _) => label.to_owned(),
        }
    }
}

/// Whether a command would get through, as far as the last contact tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readiness {
    /// Nobody tried yet.
    #[default]
    Unchecked,
    /// It took the last command.
    Ready,
    /// This stood in the way.
    Gate(Cause),
}

/// What the last command came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastResult {
    /// State of the target.
    pub state: TargetState,
    /// Why.
    pub cause: Option<Cause>,
    /// When it ended.
    pub at: Timestamp,
    /// The job.
    pub job: String,
    /// Title of the action: `Reboot`.
    pub action: String,
}

/// What can be done with many phones at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkAction {
    /// Go on to `/run`.
    Run,
    /// Go on to `/run` with the harmless question that tells whether they take commands.
    Check,
    /// Put them into the selection and come back.
    Collect,
    /// Add the tag of field `tag`.
    Tag,
    /// Take that tag off.
    Untag,
    /// Add them to the fixed group of field `group`.
    AddToGroup,
    /// Go on to a page where they are changed together.
    Edit,
    /// Go on to a page that asks whether they shall be deleted.
    Delete,
}

impl BulkAction {
    /// Value of the field `do`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Check => "check",
            Self::Collect => "collect",
            Self::Tag => "tag",
            Self::Untag => "untag",
            Self::AddToGroup => "group",
            Self::Edit => "edit",
            Self::Delete => "delete",
        }
    }
}

/// Value of the field `do` when Enter sends the list: the tag, where one is typed, and nothing else.
pub const ENTER: &str = "enter";

/// A selection that is kept on the server while somebody pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionView {
    /// Its id, parameter `sel`.
    pub id: String,
    /// How many phones it has.
    pub count: i64,
    /// Those of them that are rows of this page: they are ticked, and go as field `was` with the
    /// form, so that one whose tick is taken away leaves the selection.
    pub on_page: Vec<Mac>,
    /// Who is in it.
    pub list_href: String,
    /// The list without it.
    pub clear_href: String,
}

/// `/selection?sel=…&list=…&page=…`: exactly the phones of a selection.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SelectedPhonesView {
    /// Those of this page that are still in the inventory.
    pub rows: Vec<PhoneRow>,
    /// Those of this page that are not.
    pub missing: Vec<Mac>,
    /// Neighbouring pages, and how many phones it has.
    pub paging: Paging,
    /// The list that it was made in.
    pub back_href: String,
    /// Where a command is chosen for it; `None` for those who may not.
    pub run_href: Option<String>,
}

/// `/phones/delete?sel=…`: asks before phones are deleted. `POST` there: `sel`, `count`,
/// `typed` (the number, when more than one).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeletePhonesView {
    /// The selection.
    pub sel: String,
    /// `list`: the list that one comes back to, as a query.
    pub list: String,
    /// How many phones.
    pub count: i64,
    /// All of them by name; of too many the first.
    pub phones: Vec<LeavingPhone>,
    /// Where to go when not.
    pub back_href: String,
    /// What was typed.
    pub typed: String,
    /// Whether another administrator has to agree, where there is one.
    pub for_two: bool,
    /// Whether there is one: then nothing is deleted yet.
    pub asks: bool,
    /// That nobody could do so now.
    pub nobody: Option<NobodyApproves>,
    /// What helps where the request would end before anybody could.
    pub way_out: Option<String>,
    /// Why, for them.
    pub reason: String,
    /// Why they are not deleted at all.
    pub refused: Option<String>,
    /// What was wrong.
    pub errors: crate::FormErrors,
}

/// `/phones/edit?sel=…`: changes many phones in the same way. A field that is not chosen stays.
/// `POST` there: `sel`, `list`, `count`, and the fields of [`BulkEditForm`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BulkEditView {
    /// The selection.
    pub sel: String,
    /// `list`: the list that one comes back to, as a query.
    pub list: String,
    /// How many phones.
    pub count: i64,
    /// Some of their names.
    pub examples: Vec<String>,
    /// How many of them are no longer in the inventory.
    pub missing: i64,
    /// The fields.
    pub form: BulkEditForm,
    /// Sites to choose from.
    pub sites: Vec<Choice>,
    /// Stored credentials to choose from.
    pub credentials: Vec<Choice>,
    /// Where to go when not.
    pub back_href: String,
    /// What was wrong.
    pub errors: crate::FormErrors,
}

/// What shall be different. Texts as chosen: [`KEEP`] stays, an empty text clears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkEditForm {
    /// `site`: slug, or empty for none.
    pub site: String,
    /// `credential`: name of a stored one, or empty for none.
    pub credential: String,
    /// `protected`: `yes` | `no`.
    pub protected: String,
    /// `scheme`: empty (as the site says), `https`, `http`.
    pub scheme: String,
    /// `url_form`.
    pub url_form: String,
    /// `model`: a blank one stays.
    pub model: String,
    /// `notes`: blank ones stay.
    pub notes: String,
}

/// The choice that leaves a field as it is.
pub const KEEP: &str = "=";

impl Default for BulkEditForm {
    fn default() -> Self {
        let keep = || KEEP.to_owned();
        Self {
            site: keep(),
            credential: keep(),
            protected: keep(),
            scheme: keep(),
            url_form: keep(),
            model: String::new(),
            notes: String::new(),
        }
    }
}
