//! `carillon networks`: where phones may be contacted, and the same rule for the machine.

use clap::{Args, Subcommand};
use ipnet::IpNet;

use super::user::tell;
use super::{Failure, Outcome};
use crate::config::Settings;
use crate::local::client;
use crate::local::command::{Command, RulesFor};

/// Where phones may be contacted. The settings allow, administrators narrow it on their page.
#[derive(Subcommand)]
pub(super) enum Networks {
    /// List the networks that are in force
    List,
    /// Write a ruleset for `nft -f` that holds one user to them
    Nftables(Rules),
    /// Write a drop-in for the systemd unit that holds the service to them
    Systemd(Also),
}

/// What the ruleset needs besides.
#[derive(Args)]
pub(super) struct Rules {
    /// Who the server runs as
    #[arg(long, default_value = "carillon")]
    user: String,
    #[command(flatten)]
    also: Also,
}

/// What the process talks to besides phones.
#[derive(Args)]
pub(super) struct Also {
    /// A network or address besides: database, identity provider, receivers, resolver; for systemd
    /// also the browsers
    #[arg(long, value_name = "NETWORK")]
    also: Vec<String>,
}

impl Networks {
    pub(super) async fn run(self, settings: &Settings) -> Outcome {
        let command = match self {
            Self::List => Command::NetworksList {},
            Self::Nftables(Rules { user, also }) => {
                check_name(&user)?;
                rules(RulesFor::Nftables, user, also)?
            }
            Self::Systemd(also) => rules(RulesFor::Systemd, String::new(), also)?,
        };
        tell(client::run(settings, command).await?)
    }
}

fn rules(form: RulesFor, user: String, Also { also }: Also) -> Result<Command, Failure> {
    let also: Vec<IpNet> = carillon_engine::networks::read(&also.join(" "))
        .map_err(|error| Failure::Usage(format!("--also: {error}")))?;
    Ok(Command::NetworksRules { form, user, also })
}

/// The name stands between quotes in a text that root loads.
fn check_name(user: &str) -> Outcome {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !user.is_empty() && user.chars().all(plain) {
        return Ok(());
    }
    Err(Failure::Usage(
        "--user: give a plain name or number of a user".to_owned(),
    ))
}
