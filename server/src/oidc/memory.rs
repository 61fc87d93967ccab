//! What a provider published when it was asked last.
//!
//! Owns how often it is asked. *Invariant:* one looks for all who wait, and one that did not
//! answer is left alone for a moment.

use carillon_engine::Clock;
use reqwest::Client;

use super::provider::{self, Metadata, Silent};
use super::token::Keys;

/// A provider that did not answer is not asked again for so long, in seconds.
const LEFT_ALONE: u64 = 5;

/// What is remembered of the provider.
#[derive(Default)]
pub(super) struct Memory {
    known: Option<Known>,
    silent_at: Option<u64>,
}

/// What it published when it was asked last.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) metadata: Metadata,
    pub(super) keys: Keys,
    at: u64,
}

impl Memory {
    /// What the provider publishes, no older than this; where it does not answer, everybody who
    /// waits is told so at once.
    pub(super) async fn known(
        &mut self,
        client: &Client,
        issuer: &str,
        clock: &Clock,
        no_older: u64,
    ) -> Result<Known, Silent> {
        let now = clock.passed().as_secs();
        let within = |at: u64, span: u64| now.saturating_sub(at) < span;
        if let Some(known) = self.known.as_ref().filter(|k| within(k.at, no_older)) {
            return Ok(known.clone());
        }
        if self.silent_at.is_some_and(|at| within(at, LEFT_ALONE)) {
            return Err(Silent::LeftAlone);
        }
        let asked = ask(client, issuer, now).await;
        match &asked {
            Ok(known) => self.known = Some(known.clone()),
            Err(_) => self.silent_at = Some(clock.passed().as_secs()),
        }
        asked
    }
}

async fn ask(client: &Client, issuer: &str, at: u64) -> Result<Known, Silent> {
    let metadata = provider::metadata(client, issuer).await?;
    let keys = provider::keys(client, &metadata).await?;
    Ok(Known { metadata, keys, at })
}
