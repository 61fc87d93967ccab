//! `carillon demo`: a dashboard with simulated phones on loopback.

use std::path::Path;

use carillon_contract::frame::Banner;
use carillon_simulator::{Fleet, FleetConfig, raise_descriptor_limit};
use clap::Args;

use super::{Failure, Outcome, output};
use crate::config::{Layers, SettingFlags, Settings, Source};
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
        let settings = settings(flags, scratch.path())?;
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
fn settings(flags: SettingFlags, scratch: &Path) -> Result<Settings, Failure> {
    let layers = layers(flags, scratch, Layers::read);
    Ok(Settings::resolve(&layers)?)
}

/// Quieter than a server where nobody says how loud.
fn layers(flags: SettingFlags, scratch: &Path, read: impl Fn(&SettingFlags) -> Layers) -> Layers {
    let flags = flags.with("allow-loopback", "true");
    let flags = match flags.get("data-dir") {
        Some(_) => flags,
        None => flags.with("data-dir", &scratch.display().to_string()),
    };
    let given = read(&flags);
    if given.source("log") == Source::Default {
        return read(&flags.with("log", "warn"));
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_as_loud_as_somebody_said() {
        let filter = |flags: SettingFlags, variable: Option<&str>| {
            let environment = |name: &str| variable.filter(|_| name == "CARILLON_LOG");
            let environment = |name: &str| environment(name).map(str::to_owned);
            let read = |flags: &SettingFlags| Layers::combine(flags, &environment);
            let layers = layers(flags, Path::new("/nonexistent/carillon"), read);
            Settings::resolve(&layers).expect("settings").log.filter
        };
        let flag = || SettingFlags::default().with("log", "error");
        assert_eq!(filter(SettingFlags::default(), None), "warn");
        assert_eq!(filter(SettingFlags::default(), Some("debug")), "debug");
        assert_eq!(filter(flag(), Some("debug")), "error");
    }
}
