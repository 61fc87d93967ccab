//! The command line: what it takes and where each command lives.
//!
//! Owns the exit statuses: 0 done, 1 the work failed, 2 usage, 3 cannot tell, 4 not all, 78 configuration. A command never
//! prints but through `output.rs`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Problem, SettingFlags, Settings};

mod audit;
mod check_config;
mod demo;
mod healthcheck;
mod keys;
mod networks;
pub mod output;
mod phones;
mod progress;
mod routes;
mod rows;
mod send;
mod serve;
mod simulate;
mod stream;
mod token;
mod user;

/// Carillon plays a whole fleet of desk phones from one keyboard.
#[derive(Parser)]
#[command(name = "carillon", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the dashboard (default)
    Serve,
    /// Run a dashboard with simulated phones on loopback
    Demo(demo::Demo),
    /// Run only the simulated phones
    Simulate(simulate::Simulate),
    /// Accounts, without the browser
    #[command(subcommand)]
    User(user::User),
    /// API tokens
    #[command(subcommand)]
    Token(token::Token),
    /// The keys that seal stored secrets
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Rows that decide security and were changed outside Carillon
    #[command(subcommand)]
    Rows(rows::Rows),
    /// Where phones may be contacted
    #[command(subcommand)]
    Networks(networks::Networks),
    /// Receivers of the audit log
    #[command(subcommand)]
    Stream(stream::Stream),
    /// The inventory as a CSV file
    #[command(subcommand)]
    Phones(phones::Phones),
    /// Send an action through a running server (`CARILLON_URL`, `CARILLON_TOKEN`)
    Send(send::Send),
    /// The audit log
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Show the effective settings, secrets hidden
    CheckConfig,
    /// Show every route with its method and permission
    Routes(routes::Routes),
    /// Exit 0 when the server of these settings answers
    Healthcheck,
}

/// Why a command did not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The work failed.
    Failed(String),
    /// The command was not understood.
    Usage(String),
    /// The settings are wrong.
    Configuration(Vec<String>),
    /// Whether it is so cannot be told.
    CannotTell(String),
    /// Everything was said already; only the status is left.
    Silent,
    /// It was said already: what is here is as it was, and it is not all.
    Partly,
}

/// What commands return.
pub type Outcome = Result<(), Failure>;

impl Failure {
    const fn status(&self) -> u8 {
        match self {
            Self::Failed(_) | Self::Silent => 1,
            Self::Usage(_) => 2,
            Self::CannotTell(_) => 3,
            Self::Partly => 4,
            Self::Configuration(_) => 78,
        }
    }

    fn tell(&self) {
        match self {
            Self::Failed(line) | Self::Usage(line) | Self::CannotTell(line) => output::error(line),
            Self::Configuration(lines) => lines.iter().for_each(|line| output::error(line)),
            Self::Silent | Self::Partly => {}
        }
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Configuration(problems.iter().map(ToString::to_string).collect())
    }
}

/// Parses the command line, runs the command, and says how it ended.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return answer_of_clap(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .on_thread_start(carillon_engine::dispatch::give_way)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(&format!("the runtime could not start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(cli.execute()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell();
            ExitCode::from(failure.status())
        }
    }
}

/// Help and version go to standard output; mistakes are one line on standard error.
fn answer_of_clap(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        output::text(&error.to_string());
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("usage");
    let first = first.trim_start_matches("error: ");
    output::error(&format!("{first}; `carillon --help` shows what there is"));
    ExitCode::from(2)
}

impl Cli {
    async fn execute(self) -> Outcome {
        let flags = self.settings;
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(&Settings::load(&flags)?).await,
            Command::Demo(demo) => demo.run(flags).await,
            Command::Simulate(simulate) => simulate.run(&flags).await,
            Command::User(user) => user.run(&Settings::load(&flags)?).await,
            Command::Token(token) => token.run(&Settings::load(&flags)?).await,
            Command::Keys(keys) => keys.run(&Settings::load(&flags)?).await,
            Command::Rows(rows) => rows.run(&Settings::load(&flags)?).await,
            Command::Networks(networks) => networks.run(&Settings::load(&flags)?).await,
            Command::Stream(stream) => stream.run(&Settings::load(&flags)?).await,
            Command::Phones(phones) => phones.run(&Settings::load(&flags)?).await,
            Command::Send(send) => send.run().await,
            Command::Audit(audit) => audit.run(&Settings::load(&flags)?).await,
            Command::CheckConfig => check_config::run(&flags),
            Command::Routes(routes) => {
                routes.run();
                Ok(())
            }
            Command::Healthcheck => healthcheck::run(&Settings::load(&flags)?).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn settings_stand_before_or_after_the_command() {
        for line in [
            ["carillon", "--data-dir", "/d", "check-config"],
            ["carillon", "check-config", "--data-dir", "/d"],
        ] {
            let cli = Cli::try_parse_from(line).expect("valid");
            assert_eq!(cli.settings.get("data-dir"), Some(&["/d".to_owned()][..]));
        }
    }

    #[test]
    fn the_help_of_simulated_phones_is_of_nothing_else() {
        let help = Cli::try_parse_from(["carillon", "simulate", "--help"]).err();
        let help = help.expect("the help").to_string();
        assert!(help.contains("--http-port"), "{help}");
        assert!(!help.contains("--listen"), "{help}");
    }
}
