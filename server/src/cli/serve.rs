//! `carillon serve`: the dashboard.

use super::{Failure, Outcome, output};
use crate::config::Settings;
use crate::startup::{self, Server, Signals, StartError};
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
    }
}

/// Serves until a signal, then ends in good order.
pub(super) async fn finish(server: Server, signals: Signals) -> Outcome {
    if server.run_until_signal(signals).await {
        Ok(())
    } else {
        Err(Failure::Failed(
            "stopped before all was recorded: what was being sent is called unknown at the next start"
                .to_owned(),
        ))
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Configuration(line) => Self::Configuration(vec![line]),
            StartError::Failed(line) => Self::Failed(line),
        }
    }
}
