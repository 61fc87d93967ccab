//! `carillon simulate`: only the simulated phones.

use std::path::PathBuf;

use carillon_simulator::{Fleet, FleetConfig, raise_descriptor_limit};
use clap::Args;

use super::{Failure, Outcome, output};
use crate::config::SettingFlags;
use crate::problem::chain;

/// Run only the simulated phones.
#[derive(Args)]
pub(super) struct Simulate {
    /// How many phones
    #[arg(long, value_name = "N", default_value_t = 300)]
    phones: u32,
    /// Port of the phones' HTTP servers; any free one where absent
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    http_port: u16,
    /// Port of the phones' HTTPS servers; any free one where absent
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    https_port: u16,
    /// A fleet described in a TOML or JSON file, instead of the demo's
    #[arg(long, value_name = "FILE", conflicts_with = "phones")]
    scenario: Option<PathBuf>,
    /// Write the inventory of these phones as CSV, passwords included, and go on
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
}

impl Simulate {
    /// Runs until a signal.
    pub(super) async fn run(self, _: &SettingFlags) -> Outcome {
        let config = self.config()?.with_ports(self.http_port, self.https_port);
        // Where the limit stays low, fewer phones can talk at once; each still answers.
        let _ = raise_descriptor_limit();
        let fleet = Fleet::start(config)
            .await
            .map_err(|error| Failure::Failed(chain(&error)))?;
        if let Some(file) = &self.inventory {
            write_private(file, &fleet.inventory_csv())?;
        }
        output::line(&format!(
            "Phones: {} on loopback, HTTP port {}, HTTPS port {}",
            fleet.phones().len(),
            fleet.http_port(),
            fleet.https_port()
        ));
        let _ = tokio::signal::ctrl_c().await;
        fleet.stop().await;
        Ok(())
    }

    fn config(&self) -> Result<FleetConfig, Failure> {
        match &self.scenario {
            None => Ok(FleetConfig::demo(self.phones)),
            Some(file) => FleetConfig::read(file).map_err(|error| Failure::Failed(chain(&error))),
        }
    }
}

fn write_private(file: &std::path::Path, text: &str) -> Outcome {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut out| out.write_all(text.as_bytes()))
        .map_err(|error| Failure::Failed(format!("{} cannot be written: {error}", file.display())))
}
