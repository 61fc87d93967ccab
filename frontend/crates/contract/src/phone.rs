//! `/phones/{mac}`: one phone, and the form that adds or changes one.
//!
//! `POST /phones/{mac}/do`: `action`, `reason`, and one field `p.ACTION.PARAM` per parameter;
//! 303 to the job. `POST /phones/{mac}/keys`: `key`, `reason`; 303 back, to
//! `?said=keys`, which tells beside the keys what it came to. `POST
//! /phones/{mac}/screen` takes a picture; 303 to `?screen=ID`, whose picture is at
//! `GET /phones/{mac}/screen/{id}`. `POST /phones/{mac}/forget-sign-in`, `/legacy-login`, `/forget-pin`, `/confirm-pin` (`pin`).
//! `GET /phones/new`, `POST /phones/new`, `GET/POST /phones/{mac}/edit`: the fields of
//! [`PhoneForm`]. `POST /phones/{mac}/delete`: `version`.

use carillon_domain::phone::{AuthScheme, Phone, Reachability, TransportSecurity};
use carillon_domain::{Cause, Mac, Timestamp};
use serde::{Deserialize, Serialize};

use crate::FormErrors;
use crate::audit::AuditRow;
use crate::form::Choice;
use crate::frame::Flash;
use crate::list::Link;
use crate::phones::{LastResult, Readiness};
use crate::run::{ActionClass, ParamView};

/// One phone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PhoneView {
    /// What the inventory says.
    pub phone: Phone,
    /// Name of its site, and how its phones are reached.
    pub site: Option<(String, TransportSecurity)>,
    /// Groups it is in now.
    pub groups: Vec<Link>,
    /// When the inventory row was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// What the last contact said.
    pub state: Reachability,
    /// The job that restarts it, while its return is awaited: it stands for the state then.
    pub restarting: Option<String>,
    /// When it last answered.
    pub last_seen: Option<Timestamp>,
    /// When it was last tried.
    pub last_tried: Option<Timestamp>,
    /// Whether a command would get through.
    pub ready: Readiness,
    /// What the last command came to.
    pub last_result: Option<LastResult>,
    /// Where requests go: `https://10.1.2.3:443/servlet`; `None` without an address.
    pub target: Option<String>,
    /// The addresses that it has had, latest first, with when each came.
    pub addresses: Vec<PastAddress>,
    /// Which credential is used, and where it comes from.
    pub credential: CredentialSource,
    /// How it asks for its password, as learned.
    pub auth_scheme: AuthScheme,
    /// Its pinned key.
    pub pin: Option<PinView>,
    /// What somebody with this role may do with this model.
    pub actions: Vec<QuickAction>,
    /// Its keys, for those who may press any.
    pub keypad: Option<KeypadView>,
    /// Provisioning lines that open the phone to exactly this server; shown when its last
    /// cause was `forbidden` or `prompt_pending`.
    pub snippet: Option<String>,
    /// What happened to it, newest first: audit of this MAC.
    pub timeline: Vec<AuditRow>,
    /// The whole of it.
    pub timeline_href: String,
    /// Version of the row, for the delete form.
    pub version: i64,
    /// What a refused form of this page was refused for.
    pub errors: FormErrors,
}

/// An address of a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastAddress {
    /// The address; `None` while it had none.
    pub address: Option<String>,
    /// When it came.
    pub since: Timestamp,
}

/// Where the effective credential comes from: never its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CredentialSource {
    /// None is stored.
    Missing,
    /// Made for this phone alone.
    Own {
        /// Name of the credential, or "this phone's own".
        name: String,
    },
    /// From a group.
    Group {
        /// Name of the credential.
        name: String,
        /// The group.
        group: Link,
    },
    /// From its site.
    Site {
        /// Name of the credential.
        name: String,
        /// The site.
        site: Link,
    },
}

/// The key a phone showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinView {
    /// SHA-256 of the public key, hexadecimal; `None` before first contact.
    pub pinned: Option<String>,
    /// A different one that it showed last, and waits to be confirmed.
    pub seen: Option<String>,
}

/// One command on the page of a phone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QuickAction {
    /// Catalogue name.
    pub name: String,
    /// For people: `Restart`.
    pub title: String,
    /// What it does, in one sentence.
    pub effect: String,
    /// Category of the catalogue: `call`, `feature`, `system`.
    pub category: String,
    /// How dangerous.
    pub class: ActionClass,
    /// Needs a permission of its own.
    pub call_control: bool,
    /// What it takes.
    pub params: Vec<ParamView>,
    /// Why it cannot be used here; the page says so instead of showing a button.
    pub unavailable: Option<String>,
}

/// Whether what disturbs somebody on one phone waits for a second person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecondPerson {
    /// Never.
    #[default]
    Never,
    /// Where the same person disturbed many within the hour.
    AfterMany,
    /// Always.
    Always,
}

/// The keys of a phone and the picture of its screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeypadView {
    /// Keys that the catalogue knows and this person may press; `L1` … for line keys.
    pub keys: Vec<KeyView>,
    /// The last picture, where one was taken a moment ago.
    pub screen: Option<ScreenView>,
    /// Reason as typed with the last key.
    pub reason: String,
    /// Whether a picture is taken behind each key; field `look`.
    pub look: bool,
    /// Whether what disturbs somebody waits for a second person.
    pub second_person: SecondPerson,
    /// What the last key, or the look at the screen, came to.
    pub said: Option<Flash>,
}

/// One key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    /// Catalogue name; sent as field `key`.
    pub name: String,
    /// What it does: "Press OK".
    pub title: String,
    /// Whether nobody would notice: then no reason is asked for.
    pub harmless: bool,
    /// The model lacks it.
    pub missing: bool,
}

/// A picture of a screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenView {
    /// Where it is.
    pub href: String,
    /// When it was taken.
    pub at: Timestamp,
    /// Whether a key was pressed since; field `older`.
    pub older: bool,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Adding or changing a phone. Every field is text as typed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PhoneForm {
    /// `mac`; fixed when an existing phone is changed.
    pub mac: String,
    /// `label`.
    pub label: String,
    /// `extension`.
    pub extension: String,
    /// `model`.
    pub model: String,
    /// `address`.
    pub address: String,
    /// `port`.
    pub port: String,
    /// `scheme`: empty, `http`, `https`.
    pub scheme: String,
    /// `site`: slug or empty.
    pub site: String,
    /// `tags`: separated by `;`.
    pub tags: String,
    /// `sip_uri`.
    pub sip_uri: String,
    /// `credential`: name of a stored one, or empty.
    pub credential: String,
    /// `username` of a credential for this phone alone.
    pub username: String,
    /// `protected`: `on` when ticked.
    pub protected: bool,
    /// `notes`.
    pub notes: String,
    /// `url_form`.
    pub url_form: String,
    /// `dial_form`.
    pub dial_form: String,
}

/// The page with [`PhoneForm`]. The password field `password` is write-only.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PhoneFormView {
    /// The phone that is changed; `None` when one is added.
    pub mac: Option<Mac>,
    /// Its name, for the heading.
    pub name: String,
    /// Whether this phone has a password of its own already (blank then keeps it).
    pub has_own_password: bool,
    /// Version the edit started from.
    pub version: i64,
    /// The fields.
    pub form: PhoneForm,
    /// Sites to choose from.
    pub sites: Vec<Choice>,
    /// Stored credentials to choose from.
    pub credentials: Vec<Choice>,
    /// What was wrong.
    pub errors: FormErrors,
}

/// A cause with what to do, wherever one is shown on its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseNote {
    /// The cause.
    pub cause: Cause,
    /// Provisioning lines, for `forbidden`.
    pub snippet: Option<String>,
}

/// A phone that was deleted: the log outlives it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GonePhoneView {
    /// Its identity.
    pub mac: Mac,
    /// What it was called.
    pub name: String,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// By whom.
    pub deleted_by: String,
    /// What happened to it, newest first.
    pub timeline: Vec<AuditRow>,
    /// All of it.
    pub timeline_href: String,
}
