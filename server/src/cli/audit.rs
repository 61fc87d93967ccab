//! `carillon audit`: the log, for evidence outside.

use carillon_engine::audit::prove;
use carillon_engine::{Caller, Engine, EngineError};
use clap::{Args, Subcommand};

use super::{Failure, Outcome, output};
use crate::api::audit::{FILTERS, Format, filter, taken};
use crate::config::Settings;
use crate::fields::Fields;
use crate::problem::{Problem, chain};
use crate::startup;

mod signer;
mod told;
mod verify;

/// The audit log.
#[derive(Subcommand)]
pub(super) enum Audit {
    /// Write records to standard output, newest first; the export is itself audited
    Export(Export),
    /// Write the proof of one record to standard output, for `verify --proof`
    Prove {
        /// Its number
        #[arg(value_name = "NUMBER")]
        seq: i64,
    },
    /// Sign the log in a process of its own, which alone holds the key; `serve --signer` asks it
    Signer(signer::SignerCommand),
    /// Recompute the whole log from its bytes: 0 intact, 1 tampered, 3 cannot tell, 4 an export that ends
    /// where it says, before other records that were signed
    Verify(Box<verify::Verify>),
}

#[derive(Args)]
pub(super) struct Export {
    /// csv or jsonl
    #[arg(long, default_value = "csv")]
    format: String,
    /// A filter, as in the address of the audit page: actor=a.meyer, result=failed, phone=MAC, …
    #[arg(value_name = "NAME=VALUE", value_parser = pair)]
    filters: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let known = || format!("write NAME=VALUE with one of: {}", FILTERS.join(", "));
    let (name, value) = text.split_once('=').ok_or_else(known)?;
    if FILTERS.contains(&name) {
        Ok((name.to_owned(), value.to_owned()))
    } else {
        Err(known())
    }
}

impl Audit {
    pub(super) async fn run(self, settings: &Settings) -> Outcome {
        let export = match self {
            Self::Verify(verify) => return verify.run(settings).await,
            Self::Signer(signer) => return signer.run(settings).await,
            Self::Prove { seq } => return prove_one(settings, seq).await,
            Self::Export(export) => export,
        };
        let opened = startup::open_beside(settings).await?;
        let caller = Caller::local(rustix::process::geteuid().as_raw());
        let done = export.write(&opened.engine, &caller).await;
        opened.engine.store.close().await;
        done
    }
}

impl Export {
    async fn write(mut self, engine: &Engine, caller: &Caller) -> Outcome {
        let words = self
            .filters
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let words = words.collect::<Vec<_>>().join(" ");
        self.filters
            .push(("format".to_owned(), self.format.clone()));
        let fields = Fields::from_pairs(self.filters);
        let format = Format::of(&fields).map_err(usage)?;
        let query = filter(&fields).map_err(usage)?;
        let told = (words.as_str(), self.format.as_str());
        let export = engine.begin_audit_export(caller, query, told).await?;
        let (mut parts, work) = taken(export, format);
        let mut written = Ok(());
        while let Some(part) = parts.next().await {
            written = match part {
                Ok(text) => output::bytes(&text).map_err(gone),
                Err(error) => Err(error.into()),
            };
            if written.is_err() {
                break;
            }
        }
        // Nobody takes the rest: the work ends by recording that.
        drop(parts);
        work.await
            .map_err(|error| Failure::Failed(error.to_string()))?;
        written
    }
}

/// Reads the database and nothing else.
async fn prove_one(settings: &Settings, seq: i64) -> Outcome {
    let store = verify::open(settings).await?;
    let proof = prove(&store, seq).await;
    store.close().await;
    match proof {
        Ok(proof) => output::bytes(&proof.to_string()).map_err(gone),
        Err(EngineError::NotFound) => Err(Failure::Failed(format!("there is no record {seq}"))),
        Err(error) => Err(error.into()),
    }
}

fn gone(error: std::io::Error) -> Failure {
    Failure::Failed(format!("not all of it was taken: {error}"))
}

fn usage(problem: Problem) -> Failure {
    let told = problem
        .errors
        .iter()
        .map(|error| format!("{}: {}", error.field, error.message));
    Failure::Usage(told.collect::<Vec<_>>().join("; "))
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Failed(chain(&error))
    }
}
