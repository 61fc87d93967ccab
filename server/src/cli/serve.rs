//! `carillon serve`: the dashboard.

use super::{Failure, Outcome, output};
use crate::config::Settings;
use crate::startup::{self, Ended, Server, Signals, StartError};
use crate::telemetry;

/// Starts, says where, and serves until told to stop.
pub(super) async fn run(settings: &Settings) -> Outcome {
    telemetry::start(&settings.log);
    let signals = Signals::listen()?;
    let server = startup::start(settings, Vec::new()).await?;
    announce(&server);
    finish(server, signals).await
}

/// Where browsers go, and the setup link while nobody can sign in.
fn announce(server: &Server) {
    output::line(&format!("Address: {}/", server.url()));
    if let Some(link) = server.setup_link() {
        output::line(&format!("Setup: {link}"));
        output::note(
            "The link works on this machine only; elsewhere: carillon user add NAME --role admin",
        );
    }
}

/// Serves until a signal, then ends in good order.
pub(super) async fn finish(server: Server, signals: Signals) -> Outcome {
    let why = match server.run_until_signal(signals).await {
        Ended::Clean => return Ok(()),
        Ended::AtOnce => {
            "stopped at once by a second signal: nothing was being sent, but the stop itself is not recorded"
        }
        Ended::Unrecorded => {
            "stopped before all was recorded: what was being sent is called unknown at the next start"
        }
    };
    Err(Failure::Failed(why.to_owned()))
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Configuration(line) => Self::Configuration(vec![line]),
            StartError::Failed(line) => Self::Failed(line),
        }
    }
}
