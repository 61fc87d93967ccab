//! `carillon rows`: rows that decide security and were changed outside Carillon.

use carillon_engine::rows::SignedRows;
use clap::Subcommand;

use super::Outcome;
use super::user::tell;
use crate::config::Settings;
use crate::local::client;
use crate::local::command::Command;

/// Rows that are signed.
#[derive(Subcommand)]
pub(super) enum Rows {
    /// Look through all of them and name those that do not count
    List,
    /// Let one count again as it stands; look at what it says before
    Accept {
        /// Its kind, as `list` shows it
        kind: SignedRows,
        /// Its name, as `list` shows it
        name: String,
        /// Why; stands in the audit log
        #[arg(long)]
        reason: String,
    },
}

impl Rows {
    pub(super) async fn run(self, settings: &Settings) -> Outcome {
        let command = match self {
            Self::List => Command::RowsList {},
            Self::Accept { kind, name, reason } => Command::RowsAccept { kind, name, reason },
        };
        tell(client::run(settings, command).await?)
    }
}
