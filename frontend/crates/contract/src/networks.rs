//! `/admin/networks`: where phones may be contacted.
//!
//! `GET /admin/networks?networks=…` shows what a choice would do; `POST /admin/networks` with
//! `networks`, `version`, `digest` and `reason` makes it.

use carillon_domain::Timestamp;
use carillon_domain::networks::Stored;
use serde::{Deserialize, Serialize};

use crate::changes::ChangeNotice;
use crate::form::FormErrors;

/// The networks, and what another choice would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworksView {
    /// What the settings of the server allow.
    pub allowed: Vec<String>,
    /// What holds now.
    pub in_force: Vec<String>,
    /// Whether the choice was lost from the database, or changed there by somebody else.
    pub broken: Option<Stored>,
    /// Who chose last, and when.
    pub changed: Option<(String, Timestamp)>,
    /// `networks`, as typed.
    pub networks: String,
    /// What the typed networks would do, once they were asked about.
    pub effect: Option<NetworksEffect>,
    /// A change that waits for another administrator.
    pub waiting: Option<ChangeNotice>,
    /// What was wrong.
    pub errors: FormErrors,
}

/// What a choice would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworksEffect {
    /// The networks one by one; none = all that the settings allow.
    pub networks: Vec<String>,
    /// Phones that could not be contacted.
    pub phones: i64,
    /// How many of them cannot be now.
    pub already: i64,
    /// Of these the first: identity, name, address.
    pub named: Vec<(String, String, String)>,
    /// Sites whose SIP server or PBX could not be contacted.
    pub sites: Vec<String>,
    /// `version`: the number of the choice that holds.
    pub version: i64,
    /// `digest`: of what is shown here.
    pub digest: String,
}
