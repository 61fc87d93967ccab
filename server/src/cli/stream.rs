//! `carillon stream`: receivers of the audit log.

use clap::Subcommand;

use super::Outcome;
use super::user::tell;
use crate::config::Settings;
use crate::local::client;
use crate::local::command::Command;

/// Receivers of the audit log. The settings (`--stream`) name them.
#[derive(Subcommand)]
pub(super) enum Stream {
    /// List all streams: how far each receiver is, and what keeps it
    List,
    /// Make the secret that signs a webhook; it is printed once, alone on standard output
    Secret {
        /// The stream's name
        name: String,
    },
}

impl Stream {
    pub(super) async fn run(self, settings: &Settings) -> Outcome {
        let command = match self {
            Self::List => Command::StreamList {},
            Self::Secret { name } => Command::StreamSecret { name },
        };
        tell(client::run(settings, command).await?)
    }
}
