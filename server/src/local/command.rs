//! What can be asked on this machine, and the answer.
//!
//! One line of JSON each way.

use std::time::Duration;

use carillon_domain::role::Role;
use carillon_engine::accounts::TokenScope;
use carillon_engine::rows::SignedRows;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// One command.
#[derive(Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the fields are the arguments of the command line"
)]
pub enum Command {
    /// `user add`.
    UserAdd {
        name: String,
        role: Role,
        password: String,
    },
    /// `user list`.
    UserList {},
    /// `user access`.
    UserAccess {
        name: String,
        role: Option<Role>,
        sites: Vec<String>,
        groups: Vec<String>,
        everything: bool,
        approver: Option<bool>,
    },
    /// `user disable`.
    UserDisable { name: String },
    /// `user password`.
    UserPassword { name: String, password: String },
    /// `user reset-link`.
    UserResetLink { name: String },
    /// `user reset-factor`.
    UserResetFactor { name: String },
    /// `keys list`.
    KeysList {},
    /// `keys add`.
    KeysAdd {},
    /// `keys activate`.
    KeysActivate { key: String },
    /// `keys rewrap`.
    KeysRewrap {},
    /// `keys rotate`.
    KeysRotate {},
    /// `keys retire`.
    KeysRetire { key: String },
    /// `rows list`.
    RowsList {},
    /// `rows accept`.
    RowsAccept {
        kind: SignedRows,
        name: String,
        reason: String,
    },
    /// `token create`.
    TokenCreate {
        user: String,
        label: String,
        scope: TokenScope,
        #[serde(default)]
        sites: Vec<String>,
        #[serde(default)]
        groups: Vec<String>,
        lifetime: Duration,
    },
    /// `token list`.
    TokenList {},
    /// `token revoke`.
    TokenRevoke { id: String },
    /// `audit verify` was done, and said this.
    AuditVerified { intact: bool, told: String },
    /// `networks list`.
    NetworksList {},
    /// `networks nftables` and `networks systemd`.
    NetworksRules {
        form: RulesFor,
        user: String,
        also: Vec<IpNet>,
    },
    /// `stream list`.
    StreamList {},
    /// `stream secret`.
    StreamSecret { name: String },
    /// `phones import`.
    PhonesImport {
        csv: String,
        dry_run: bool,
        valid_rows_only: bool,
    },
    /// `phones export`.
    PhonesExport { filter: String },
}

/// Who enforces the rules that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesFor {
    /// The kernel, for one user.
    Nftables,
    /// The manager of the service.
    Systemd,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Lines of result, for standard output.
    pub lines: Vec<String>,
    /// Lines beside the result, for standard error.
    pub notes: Vec<String>,
    /// Why it was not done.
    pub failure: Option<String>,
}

impl Answer {
    /// Done, with these lines of result.
    pub fn lines(lines: Vec<String>) -> Self {
        Self {
            lines,
            ..Self::default()
        }
    }

    /// Done, with a word beside it.
    pub fn note(note: impl Into<String>) -> Self {
        Self {
            notes: vec![note.into()],
            ..Self::default()
        }
    }

    /// Not done.
    pub fn failed(why: impl Into<String>) -> Self {
        Self {
            failure: Some(why.into()),
            ..Self::default()
        }
    }
}
