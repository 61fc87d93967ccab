//! Settings: flag, then environment, then `carillon.toml`, then default.
//!
//! Owns what can be set, what each value means and which combinations are refused. All problems
//! are found before any is reported. *Invariant:* nothing else reads the environment, and no
//! secret of a setting is ever shown.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use carillon_domain::role::Role;
use ipnet::IpNet;
use secrecy::SecretString;

mod parse;
mod receivers;
mod rows;
mod show;
mod sign_on;
mod source;
mod table;

pub use parse::unix_socket;
pub use receivers::{AnchorSetting, Receivers};
pub use show::effective;
pub use source::{Layers, Source, client_environment, credentials_directory};
pub use table::{SETTINGS, Setting, SettingFlags};

use crate::origin::Origin;

/// The effective settings of one process.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where browsers connect.
    pub listen: SocketAddr,
    /// Database, key file, socket, lock.
    pub data_dir: PathBuf,
    /// Which database.
    pub database: Database,
    /// The one origin that browsers use; from `listen` where absent.
    pub public_url: Option<Origin>,
    /// The key file, where one was named; else the data directory's.
    pub key_file: Option<PathBuf>,
    /// The socket of the signer of the audit log; without one this process signs.
    pub signer: Option<PathBuf>,
    /// Files elsewhere that checkpoints of the audit log are added to.
    pub anchors: Vec<PathBuf>,
    /// Who gets the audit log and its checkpoints.
    pub receivers: Receivers,
    /// Which addresses may ever be contacted.
    pub egress: Egress,
    /// What stands between the browser and this process.
    pub front: Front,
    /// By whom people may sign in, beside passwords.
    pub oidc: Option<Oidc>,
    /// A file of passwords that are known from breaches.
    pub breached: Option<PathBuf>,
    /// Logs.
    pub log: Log,
    /// Requests to phones at once, whole node.
    pub max_in_flight: usize,
    /// Where programs on this machine read metrics; always loopback.
    pub metrics_listen: Option<std::net::SocketAddr>,
    /// How long dialled numbers are kept; `None` = for ever.
    pub keep_numbers: Option<std::time::Duration>,
    /// How long source addresses of audit records are kept; `None` = for ever.
    pub keep_addresses: Option<std::time::Duration>,
    /// Bytes that must be free beside a SQLite database before a job is taken.
    pub min_free: u64,
}

/// The outer bound of what may be contacted.
#[derive(Clone, Debug)]
pub struct Egress {
    /// Networks of phones.
    pub networks: Vec<IpNet>,
    /// Ports of phones.
    pub ports: Vec<u16>,
    /// Whether loopback counts, for `demo` and tests.
    pub loopback: bool,
}

/// Which database holds everything.
#[derive(Clone)]
pub enum Database {
    /// The file in the data directory, or another one.
    Sqlite(String),
    /// Postgres; its address may hold a password.
    Postgres(SecretString),
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(url) => write!(f, "Sqlite({url})"),
            Self::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

/// What stands between the browser and this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Front {
    /// Plain HTTP on loopback only.
    Loopback,
    /// TLS of our own.
    Tls {
        /// PEM chain.
        cert: PathBuf,
        /// PEM key.
        key: PathBuf,
    },
    /// A proxy at one of these addresses ends TLS.
    Proxy(Vec<IpNet>),
    /// Plain HTTP over the network, chosen explicitly.
    InsecureHttp,
}

/// An OpenID provider, and what its answers mean here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oidc {
    /// The provider, exactly as it calls itself.
    pub issuer: String,
    /// What it calls this program.
    pub client_id: String,
    /// Where the secret is that this program shows it; a public client has none.
    pub secret_file: Option<PathBuf>,
    /// What people call it.
    pub name: String,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// The claim that decides the role.
    pub role_claim: String,
    /// Its values and what they make of somebody.
    pub roles: Vec<(String, Role)>,
    /// Values of `acr` by which it vouches for a second factor.
    pub strong: Vec<String>,
}

/// Logs.
#[derive(Clone, Debug)]
pub struct Log {
    /// What is logged, as `tracing` filters say it.
    pub filter: String,
    /// Lines of JSON rather than of text.
    pub json: bool,
}

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where the value came from.
    pub source: Source,
    /// The setting, as its source spells it.
    pub name: String,
    /// What is wrong and what to write instead.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.name, self.source, self.problem)
    }
}

impl Settings {
    /// Reads every layer and decides, or says everything that is wrong.
    ///
    /// # Errors
    /// All problems of all layers, in the order of the settings.
    pub fn load(flags: &SettingFlags) -> Result<Self, Vec<Problem>> {
        Self::resolve(&Layers::read(flags))
    }

    /// Decides from layers that were read before.
    ///
    /// # Errors
    /// All problems.
    pub fn resolve(layers: &Layers) -> Result<Self, Vec<Problem>> {
        parse::settings(layers)
    }

    /// Where the SQLite file, the lock and the socket live.
    pub fn in_data_dir(&self, name: &str) -> PathBuf {
        self.data_dir.join(name)
    }
}

#[cfg(test)]
mod tests;
