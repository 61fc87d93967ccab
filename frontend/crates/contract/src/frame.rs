//! What surrounds every page.
//!
//! Owns who is signed in, what they may, and what every page must say: banners, the last
//! outcome, how many jobs run.

use carillon_domain::look::Look;
use carillon_domain::role::{Permission, Role};
use carillon_domain::{Language, Timestamp};
use serde::{Deserialize, Serialize};

use crate::list::Link;

/// The frame of a page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FrameView {
    /// Path of the page, without its query: marks the place in the navigation.
    pub path: String,
    /// The language that the page speaks.
    pub language: Language,
    /// The moment the page was made: every age on it is reckoned from here.
    pub now: Timestamp,
    /// How the page looks, where its reader chose that.
    pub look: Look,
    /// How long the session goes on, when somebody is signed in.
    pub session: Option<SessionLimits>,
    /// Who is signed in. `None` only on sign-in, setup and errors before sign-in.
    pub user: Option<UserView>,
    /// Nonce of the content security policy: every script carries it.
    pub nonce: String,
    /// Token that every form sends back as [`crate::form::CSRF_FIELD`].
    pub csrf: String,
    /// Address of the page whose form this page answers: where Reload and Back lead, since no
    /// browser fetches such an answer anew.
    pub form: Option<String>,
    /// What the last change came to; shown once.
    pub flash: Option<Flash>,
    /// What every page must say, most urgent first.
    pub banners: Vec<Banner>,
    /// How many jobs are running, paused or stopping.
    pub running_jobs: i64,
    /// How many of those are paused: nothing of them is sent.
    pub paused_jobs: i64,
    /// How many jobs and changes of others wait for whoever looks.
    pub waiting_changes: i64,
    /// The one origin that browsers use, for commands to copy: `https://carillon.example`.
    pub base: String,
    /// Addresses of the files that pages load.
    pub assets: Assets,
    /// Version of the program, for the foot of the page.
    pub version: String,
}

/// Addresses of the files that pages load, with their content hash: cached for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assets {
    /// The stylesheet.
    pub css: String,
    /// What of it holds on a dark ground only.
    pub dark_css: String,
    /// The font, at the address by which the stylesheet knows it.
    pub font: String,
    /// The sprite of all icons; a symbol is `#name` in it.
    pub icons: String,
    /// The icon of the product.
    pub favicon: String,
    /// Copy buttons.
    pub copy_js: String,
    /// Ticking a range of rows.
    pub select_js: String,
    /// The command palette and the keys.
    pub keys_js: String,
    /// Says when a job has ended.
    pub watch_js: String,
    /// Says that the session is about to end, and leads Reload and Back away from answers to forms.
    pub session_js: String,
    /// Wakes the islands of a page.
    pub islands_js: String,
    /// Keeps the page of a job true while one watches.
    pub job_js: String,
    /// Shows times in the zone of whoever reads.
    pub time_js: String,
    /// JavaScript half of the islands' program; empty when it was not built.
    pub pkg_js: String,
    /// WebAssembly half of the islands' program.
    pub pkg_wasm: String,
}

/// How long a session goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionLimits {
    /// Seconds after which it ends without a request.
    pub idle_s: u64,
    /// Seconds that are left of it however much it is used.
    pub left_s: u64,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserView {
    /// Account name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// What they may, as the pages ask for it.
    pub may: May,
}

impl UserView {
    /// A signed-in account with everything that its role may.
    pub fn new(name: impl Into<String>, role: Role) -> Self {
        Self {
            name: name.into(),
            role,
            may: May::of(role),
        }
    }
}

/// What somebody may. Pages only leave out what is not allowed; the handler decides again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the permission of its name")]
pub struct May {
    pub view_inventory: bool,
    pub edit_tags: bool,
    pub manage_inventory: bool,
    pub view_jobs: bool,
    pub run_jobs: bool,
    pub call_control: bool,
    pub approve: bool,
    pub stop_all: bool,
    pub release_stop: bool,
    pub view_audit: bool,
    pub read_numbers: bool,
    pub administer: bool,
    pub own_account: bool,
}

impl May {
    /// What a role may.
    pub const fn of(role: Role) -> Self {
        Self {
            view_inventory: role.may(Permission::ViewInventory),
            edit_tags: role.may(Permission::EditTags),
            manage_inventory: role.may(Permission::ManageInventory),
            view_jobs: role.may(Permission::ViewJobs),
            run_jobs: role.may(Permission::RunJobs),
            call_control: role.may(Permission::CallControl),
            approve: role.may(Permission::Approve),
            stop_all: role.may(Permission::StopAll),
            release_stop: role.may(Permission::ReleaseStop),
            view_audit: role.may(Permission::ViewAudit),
            read_numbers: role.may(Permission::ReadNumbers),
            administer: role.may(Permission::Administer),
            own_account: role.may(Permission::OwnAccount),
        }
    }
}

/// How something ended, for its colour and icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    /// Done.
    Good,
    /// Neither good nor bad.
    Neutral,
    /// Somebody should look.
    Warning,
    /// Not done.
    Bad,
}

/// What the last change came to. *Invariant:* plain words, no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// How it ended.
    pub tone: Tone,
    /// One sentence: "Kiel was saved."
    pub text: String,
    /// Where to look next.
    pub link: Option<Link>,
}

/// What every page says for as long as it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Banner {
    /// Loopback addresses may be contacted: demo or tests.
    Loopback,
    /// The demo: simulated phones, throw-away data.
    Demo,
    /// The keys are missing or do not fit: no stored password can be read.
    Sealed {
        /// Why, in one sentence.
        reason: String,
    },
    /// Pages go over plain HTTP.
    InsecureHttp,
    /// Nothing is sent until somebody releases it.
    StopAll {
        /// Who stopped it.
        by: String,
        /// When; nothing where nobody can say that.
        at: Option<Timestamp>,
        /// Why, in their words.
        reason: String,
    },
    /// Anything else that every page must say.
    Notice {
        /// How serious.
        tone: Tone,
        /// One sentence.
        text: String,
    },
}
