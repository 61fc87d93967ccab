//! `carillon phones`: the inventory as a CSV file.

use std::path::PathBuf;

use clap::Subcommand;

use super::user::tell;
use super::{Failure, Outcome};
use crate::config::Settings;
use crate::local::client;
use crate::local::command::Command;

/// The inventory as a CSV file.
#[derive(Subcommand)]
pub(super) enum Phones {
    /// Import a phone list; every error is named and then nothing is written
    Import {
        /// The CSV file
        file: PathBuf,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
        /// Leave rows with errors out and take the others
        #[arg(long)]
        valid_rows_only: bool,
    },
    /// Write the phone list to standard output, without any password
    Export {
        /// Only these, by the filter language
        #[arg(long, default_value = "", allow_hyphen_values = true)]
        filter: String,
    },
}

impl Phones {
    pub(super) async fn run(self, settings: &Settings) -> Outcome {
        let command = match self {
            Self::Import {
                file,
                dry_run,
                valid_rows_only,
            } => {
                let csv = std::fs::read_to_string(&file).map_err(|error| {
                    Failure::Failed(format!("{} cannot be read: {error}", file.display()))
                })?;
                Command::PhonesImport {
                    csv,
                    dry_run,
                    valid_rows_only,
                }
            }
            Self::Export { filter } => Command::PhonesExport { filter },
        };
        tell(client::run(settings, command).await?)
    }
}
