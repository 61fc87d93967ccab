//! `carillon demo`: a dashboard with simulated phones on loopback.

use carillon_contract::frame::Banner;
use carillon_simulator::{Fleet, FleetConfig, raise_descriptor_limit};
use clap::Args;

use super::{Failure, Outcome, output};
use crate::config::{SettingFlags, Settings};
use crate::problem::chain;
use crate::startup::{self, Signals};
use crate::telemetry;

mod seed;

/// Run a dashboard with simulated phones on loopback.
#[derive(Args)]
pub(super) struct Demo {
    /// How many phones
    #[arg(long, value_name = "N", default_value_t = 300)]
    phones: u32,
}

impl Demo {
    /// Starts phones and dashboard, fills the inventory, and serves until told to stop.
    pub(super) async fn run(self, flags: SettingFlags) -> Outcome {
        // Removed, with everything in it, when this function returns.
        let scratch = tempfile::Builder::new()
            .prefix("carillon-demo-")
            .tempdir()
            .map_err(|error| Failure::Failed(format!("no temporary directory: {error}")))?;
        let settings = settings(flags, &scratch)?;
        telemetry::start(&settings.log);
        // Where the limit stays low, fewer phones can talk at once; each still answers.
        let _ = raise_descriptor_limit();
        let fleet = Fleet::start(FleetConfig::demo_with_nat(self.phones))
            .await
            .map_err(|error| Failure::Failed(chain(&error)))?;
        let signals = Signals::listen()?;
        let server = startup::start(&settings, vec![Banner::Demo]).await?;
        let accounts = seed::fill(server.engine(), &fleet).await?;
        output::line(&format!(
            "Phones: {} simulated ones on loopback",
            fleet.phones().len()
        ));
        output::line(&format!("Address: {}/", server.url()));
        for account in &accounts {
            output::line(&format!(
                "Sign in: user {}, password {}",
                account.name, account.password
            ));
        }
        let done = super::serve::finish(server, signals).await;
        fleet.stop().await;
        done
    }
}

/// Loopback phones are allowed; nothing is kept unless a directory was named.
fn settings(flags: SettingFlags, scratch: &tempfile::TempDir) -> Result<Settings, Failure> {
    let flags = flags.with("allow-loopback", "true");
    let flags = match flags.get("data-dir") {
        Some(_) => flags,
        None => flags.with("data-dir", &scratch.path().display().to_string()),
    };
    let flags = match flags.get("log") {
        Some(_) => flags,
        None => flags.with("log", "warn"),
    };
    Ok(Settings::load(&flags)?)
}
