//! Where phones may be contacted: read-only.

use carillon_domain::Timestamp;
use carillon_domain::networks::Stored;
use serde::{Deserialize, Serialize};

/// The networks of the phones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Networks {
    /// What the settings of the server allow.
    pub allowed: Vec<String>,
    /// What somebody chose; empty = all that is allowed.
    pub chosen: Vec<String>,
    /// What holds.
    pub in_force: Vec<String>,
    /// Whether that stands in the database as somebody chose it.
    pub stored: Stored,
    /// Who chose last.
    pub changed_by: Option<String>,
    /// When.
    pub changed_at: Option<Timestamp>,
}
