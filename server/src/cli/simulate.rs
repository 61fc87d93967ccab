//! `carillon simulate`: only the simulated phones.

use std::path::PathBuf;

use carillon_simulator::{Fleet, FleetConfig, raise_descriptor_limit};
use clap::{ArgAction, Args};

use super::{Failure, Outcome, output};
use crate::config::SettingFlags;
use crate::problem::chain;

/// Run only the simulated phones.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(super) struct Simulate {
    /// How many phones
    #[arg(long, value_name = "N", default_value_t = 300)]
    phones: u32,
    /// Port of the phones' HTTP servers; the scenario's, or any free one, where absent
    #[arg(long, value_name = "PORT")]
    http_port: Option<u16>,
    /// Port of the phones' HTTPS servers; the scenario's, or any free one, where absent
    #[arg(long, value_name = "PORT")]
    https_port: Option<u16>,
    /// Port of the phones' SIP server (UDP); some of the phones are then behind a NAT, where
    /// nothing else reaches them
    #[arg(long, value_name = "PORT")]
    sip_port: Option<u16>,
    /// A fleet described in a TOML or JSON file, instead of the demo's
    #[arg(long, value_name = "FILE", conflicts_with = "phones")]
    scenario: Option<PathBuf>,
    /// Write the inventory of these phones as CSV, passwords included, and go on
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    // The short one, without the settings: they are a server's, and nothing here uses them.
    /// Print help
    #[arg(id = "help", short = 'h', long = "help", action = ArgAction::HelpShort)]
    _help: Option<bool>,
}

impl Simulate {
    /// Runs until a signal.
    pub(super) async fn run(self, _: &SettingFlags) -> Outcome {
        let config = self.config()?;
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
        if let Some(port) = fleet.sip_port() {
            output::line(&format!("SIP server: UDP port {port}"));
        }
        let _ = tokio::signal::ctrl_c().await;
        fleet.stop().await;
        Ok(())
    }

    fn config(&self) -> Result<FleetConfig, Failure> {
        let mut config = match &self.scenario {
            None if self.sip_port.is_some() => FleetConfig::demo_with_nat(self.phones),
            None => FleetConfig::demo(self.phones),
            Some(file) => {
                FleetConfig::read(file).map_err(|error| Failure::Failed(chain(&error)))?
            }
        };
        let http = self.http_port.unwrap_or(config.http_port);
        let https = self.https_port.unwrap_or(config.https_port);
        config.sip_port = self.sip_port.unwrap_or(config.sip_port);
        Ok(config.with_ports(http, https))
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        simulate: Simulate,
    }

    fn ports(arguments: &[&str]) -> (u16, u16) {
        let line = Line::parse_from([&["simulate"], arguments].concat());
        let config = line.simulate.config().expect("a scenario");
        (config.http_port, config.https_port)
    }

    #[test]
    fn a_flag_wins_over_the_scenario_and_the_scenario_over_any_free_port() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let file = dir.path().join("fleet.toml");
        let text = "http_port = 40801\nhttps_port = 40802\n";
        std::fs::write(&file, text).expect("written");
        let file = file.to_str().expect("a path in UTF-8");
        assert_eq!(ports(&["--scenario", file]), (40801, 40802));
        let mixed = ports(&["--scenario", file, "--https-port", "40803"]);
        assert_eq!(mixed, (40801, 40803));
        assert_eq!(ports(&[]), (0, 0));
    }
}
