//! Phones that are not there: real sockets, real protocols, and a ledger of what each one executed.
//!
//! Owns thousands of simulated desk phones behind one HTTP and one HTTPS listener, and the SIP
//! server that some of them are registered with; the local
//! address of a connection (`127.x.y.z`) tells which phone was called. Used by the demo, by
//! tests and by benchmarks.
//!
//! *Invariant:* nothing outside `127.0.0.0/8` is ever answered, and no password reaches the
//! ledger or the logs.

mod answer;
mod auth;
mod collector;
mod config;
mod connection;
mod control;
mod decide;
mod demo;
mod digest;
mod door;
mod fleet;
mod hostile;
mod inventory;
mod key;
mod ledger;
mod limit;
mod listen;
mod model;
mod name;
mod password;
mod phone;
mod phonecfg;
mod plan;
mod profile;
mod query;
mod request;
mod roll;
mod scenario;
mod screen;
mod sip;
mod state;
mod switchboard;
mod tls;

pub use collector::{Collector, Manners, Taken};
pub use config::{ConfigError, FleetConfig, SiteConfig, Timing};
pub use fleet::{Fleet, StartError, UnknownPhone};
pub use ledger::{Disposition, Execution, Ledger, Record, Totals};
pub use limit::raise_descriptor_limit;
pub use password::Password;
pub use phone::{InventoryRow, PhoneStatus, SimulatedPhone, SimulatedSite};
pub use profile::{Auth, Profile};
pub use scenario::ScenarioError;
pub use tls::TlsError;
