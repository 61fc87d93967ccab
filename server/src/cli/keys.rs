//! `carillon keys`: changing the key that seals stored secrets.

use clap::Subcommand;

use super::Outcome;
use super::user::tell;
use crate::config::Settings;
use crate::local::client;
use crate::local::command::Command;

/// The keys that seal stored secrets.
#[derive(Subcommand)]
pub(super) enum Keys {
    /// Show the keys and how many values each sealed
    List,
    /// Make a key that opens and does not seal yet
    Add,
    /// Make a key the one that seals
    Activate {
        /// Its id, as `list` shows it
        key: String,
    },
    /// Seal everything anew with the key that seals; goes on where it was stopped
    Rewrap,
    /// Add, activate and rewrap in one
    Rotate,
    /// Take a key away that nothing is sealed with
    Retire {
        /// Its id, as `list` shows it
        key: String,
    },
}

impl Keys {
    pub(super) async fn run(self, settings: &Settings) -> Outcome {
        let command = match self {
            Self::List => Command::KeysList {},
            Self::Add => Command::KeysAdd {},
            Self::Activate { key } => Command::KeysActivate { key },
            Self::Rewrap => Command::KeysRewrap {},
            Self::Rotate => Command::KeysRotate {},
            Self::Retire { key } => Command::KeysRetire { key },
        };
        tell(client::run(settings, command).await?)
    }
}
