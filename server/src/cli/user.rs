//! `carillon user`: accounts without the browser.

use std::io::{self, BufRead as _, IsTerminal as _};

use carillon_domain::role::Role;
use clap::Subcommand;

use super::{Failure, Outcome, output};
use crate::config::Settings;
use crate::local::client;
use crate::local::command::{Answer, Command};

/// Accounts, without the browser.
#[derive(Subcommand)]
pub(super) enum User {
    /// Add an account
    Add {
        /// Name to sign in with
        name: String,
        /// viewer, operator, admin or auditor
        #[arg(long)]
        role: Role,
        /// Read the password from standard input without asking
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts
    List,
    /// Change what an account may and reaches; what is not given stays
    Access {
        /// Name of the account
        name: String,
        /// viewer, operator, admin or auditor
        #[arg(long)]
        role: Option<Role>,
        /// A site that it reaches; with --group, all that it reaches
        #[arg(long = "site")]
        sites: Vec<String>,
        /// A fixed group that it reaches
        #[arg(long = "group")]
        groups: Vec<String>,
        /// It reaches everything
        #[arg(long, conflicts_with_all = ["sites", "groups"])]
        everything: bool,
        /// Whether it may approve dangerous jobs of others
        #[arg(long)]
        approver: Option<bool>,
    },
    /// Disable an account: its sessions end and its tokens stop working
    Disable {
        /// Name of the account
        name: String,
    },
    /// Make a link by which its owner sets a new password: works once, for an hour
    ResetLink {
        /// Name of the account
        name: String,
    },
    /// Take the second factor of somebody away who lost it
    ResetFactor {
        /// Name of the account
        name: String,
    },
    /// Set an account's password; clears failed tries
    Password {
        /// Name of the account
        name: String,
        /// Read the password from standard input without asking
        #[arg(long)]
        password_stdin: bool,
    },
}

impl User {
    pub(super) async fn run(self, settings: &Settings) -> Outcome {
        let command = match self {
            Self::Add {
                name,
                role,
                password_stdin,
            } => {
                let password = password(password_stdin)?;
                Command::UserAdd {
                    name,
                    role,
                    password,
                }
            }
            Self::List => Command::UserList {},
            Self::Access {
                name,
                role,
                sites,
                groups,
                everything,
                approver,
            } => Command::UserAccess {
                name,
                role,
                sites,
                groups,
                everything,
                approver,
            },
            Self::Disable { name } => Command::UserDisable { name },
            Self::ResetLink { name } => Command::UserResetLink { name },
            Self::ResetFactor { name } => Command::UserResetFactor { name },
            Self::Password {
                name,
                password_stdin,
            } => {
                let password = password(password_stdin)?;
                Command::UserPassword { name, password }
            }
        };
        tell(client::run(settings, command).await?)
    }
}

/// One line of standard input. On a terminal it is asked for, and seen while typing.
fn password(stdin_only: bool) -> Result<String, Failure> {
    if !stdin_only && io::stdin().is_terminal() {
        output::note("Password (is shown while you type; use --password-stdin in scripts):");
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Failure::Failed(format!("the password cannot be read: {error}")))?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(Failure::Usage("no password on standard input".to_owned()));
    }
    Ok(password.to_owned())
}

/// Prints what came of a local command.
pub(super) fn tell(answer: Answer) -> Outcome {
    answer.lines.iter().for_each(|line| output::line(line));
    answer.notes.iter().for_each(|note| output::note(note));
    answer
        .failure
        .map_or(Ok(()), |why| Err(Failure::Failed(why)))
}
