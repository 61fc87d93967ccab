//! `carillon audit signer`: a process that holds the signing key, and nothing else of the house.
//!
//! Opens no database and serves no page; run it as a user of its own.

use std::path::{Path, PathBuf};

use carillon_engine::Random;
use carillon_engine::audit::{Memory, MemoryError, Signer, SigningKey, bind, serve};
use carillon_engine::secrets::{KeyFileError, KeySource};
use clap::Args;
use tokio_util::sync::CancellationToken;

use super::super::{Failure, Outcome, output};
use crate::config::{Settings, unix_socket};
use crate::problem::chain;
use crate::startup::{Signals, forbid_core_dumps};
use crate::telemetry;

#[derive(Args)]
pub(in crate::cli) struct SignerCommand {
    /// The signing key; mode 0600
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// What was signed last
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Where servers ask
    #[arg(long, value_name = "unix:PATH", value_parser = socket, required_unless_present = "from")]
    socket: Option<PathBuf>,
    /// Who may ask: 0600 its own user, 0660 its group as well
    #[arg(long, value_name = "0600|0660", value_parser = mode, default_value = "0600")]
    socket_mode: u32,
    /// Make key and state where neither is there; for a log that was never signed
    #[arg(long)]
    new_key: bool,
    /// Begin the state with the largest checkpoint of FILE that the key signed, and end
    #[arg(long, value_name = "FILE", conflicts_with_all = ["socket", "new_key"])]
    from: Option<PathBuf>,
}

fn socket(text: &str) -> Result<PathBuf, String> {
    let known = || "write unix:PATH, as unix:/run/carillon-signer/socket".to_owned();
    unix_socket(text).ok_or_else(known)
}

fn mode(text: &str) -> Result<u32, String> {
    match text {
        "0600" | "600" => Ok(0o600),
        "0660" | "660" => Ok(0o660),
        _ => Err("write 0600 or 0660".to_owned()),
    }
}

impl SignerCommand {
    /// Runs until a signal.
    pub(super) async fn run(self, settings: &Settings) -> Outcome {
        telemetry::start(&settings.log);
        forbid_core_dumps();
        if self.new_key {
            self.make()?;
        }
        let key = SigningKey::load(&self.source()).map_err(unusable_key)?;
        if let Some(kept) = &self.from {
            return begin(&self.state, kept, &key);
        }
        let mut signals = Signals::listen()?;
        let memory = Memory::open(&self.state, &key).map_err(unusable_state)?;
        let signer = Signer::new(key, memory);
        let socket = self.socket.as_deref().unwrap_or_else(|| Path::new(""));
        let listener = bind(socket, self.socket_mode).map_err(|error| {
            let socket = socket.display();
            Failure::Configuration(vec![format!("--socket {socket} cannot be made: {error}")])
        })?;
        output::line(&format!("Key: {}", signer.public()));
        output::line(&format!("Signed: {} records", signer.signed()));
        output::line(&format!("Socket: unix:{}", socket.display()));
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, signer, stop.clone()));
        signals.wait_for_stop(|| {}).await;
        stop.cancel();
        let ended = serving.await;
        // Gone already, or replaced at the next start.
        let _ = std::fs::remove_file(socket);
        ended.map_err(|error| Failure::Failed(error.to_string()))
    }

    fn source(&self) -> KeySource {
        KeySource::File(self.key.clone())
    }

    /// Makes both where neither is there. One without the other is not put right by itself.
    fn make(&self) -> Outcome {
        if self.key.exists() || self.state.exists() {
            return Ok(());
        }
        let key = SigningKey::create(&self.source(), &Random::system()).map_err(unusable_key)?;
        Memory::begin_empty(&self.state, &key).map_err(unusable_state)
    }
}

fn begin(state: &Path, kept: &Path, key: &SigningKey) -> Outcome {
    let last = Memory::begin_from(state, kept, key).map_err(unusable_state)?;
    let size = last.checkpoint.size;
    output::line(&format!(
        "{} begins with the checkpoint of {size} records; start the signer without --from",
        state.display()
    ));
    Ok(())
}

fn unusable_key(error: KeyFileError) -> Failure {
    match error {
        KeyFileError::Missing(path) => Failure::Configuration(vec![format!(
            "the signing key {} is missing: put it there, or give --new-key for a log that was \
             never signed",
            path.display()
        )]),
        error => Failure::Configuration(vec![chain(&error)]),
    }
}

fn unusable_state(error: MemoryError) -> Failure {
    Failure::Configuration(vec![chain(&error)])
}
