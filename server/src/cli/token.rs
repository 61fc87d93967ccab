//! `carillon token`: API tokens.

use std::time::Duration;

use carillon_engine::accounts::TokenScope;
use clap::Subcommand;

use super::Outcome;
use super::user::tell;
use crate::config::Settings;
use crate::local::client;
use crate::local::command::Command;

const DAY: u64 = 24 * 3600;

/// API tokens.
#[derive(Subcommand)]
pub(super) enum Token {
    /// Make a token; it is printed once, alone on standard output
    Create {
        /// Account that it speaks for
        #[arg(long)]
        user: String,
        /// What it is for
        #[arg(long)]
        label: String,
        /// read, run or manage; never more than the account may
        #[arg(long, default_value = "run")]
        scope: TokenScope,
        /// A site that it reaches; without any site or group, all that the account does
        #[arg(long = "site")]
        sites: Vec<String>,
        /// A fixed group that it reaches
        #[arg(long = "group")]
        groups: Vec<String>,
        /// How long it works: 90d, 12h
        #[arg(long, default_value = "90d", value_parser = lifetime)]
        expires: Duration,
    },
    /// List all tokens
    List,
    /// Revoke a token
    Revoke {
        /// Its id, as in the list
        id: String,
    },
}

impl Token {
    pub(super) async fn run(self, settings: &Settings) -> Outcome {
        let command = match self {
            Self::Create {
                user,
                label,
                scope,
                sites,
                groups,
                expires,
            } => Command::TokenCreate {
                user,
                label,
                scope,
                sites,
                groups,
                lifetime: expires,
            },
            Self::List => Command::TokenList {},
            Self::Revoke { id } => Command::TokenRevoke { id },
        };
        tell(client::run(settings, command).await?)
    }
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let wrong = || "write days or hours, as 90d or 12h".to_owned();
    let (number, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "d" => number.checked_mul(DAY),
        "h" => number.checked_mul(3600),
        _ => None,
    };
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_days_or_hours() {
        assert_eq!(lifetime("90d"), Ok(Duration::from_secs(90 * DAY)));
        assert_eq!(lifetime("12h"), Ok(Duration::from_hours(12)));
        for wrong in ["", "d", "90", "90m", "-1d", "99999999999999999999d", "9é"] {
            assert!(lifetime(wrong).is_err(), "{wrong}");
        }
    }
}
