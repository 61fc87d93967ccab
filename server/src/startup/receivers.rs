//! Sends streams and anchors off, and ends them.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_engine::Engine;
use carillon_engine::audit::{AnchorConfig, Anchors, AnchorsParts, Notary, NotaryState};
use carillon_engine::streams::{Pace, Streams, StreamsParts};
use carillon_receivers::{Dialer, Guard, GuardConfig, Limits, Trust};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;

use super::{StartError, data_dir};
use crate::config::{Database, Receivers, Settings};
use crate::origin::Origins;
use crate::problem::chain;

/// How often the dispatcher hears how far the anchors are behind.
const EVERY: Duration = Duration::from_secs(1);
/// Handing over the last checkpoint may take so long at a stop.
const LAST: Duration = Duration::from_secs(8);

/// What brings the log out of the house.
#[derive(Clone, Default)]
pub(super) struct Outside {
    pub(super) streams: Option<Streams>,
    pub(super) anchors: Option<Anchors>,
}

impl Outside {
    /// Starts what the settings name. While the server is sealed nothing is done that would be
    /// recorded, and so nothing is sent.
    pub(super) async fn start(
        settings: &Settings,
        engine: &Engine,
        (own, origins): (&[SocketAddr], &Origins),
        notary: &Notary,
    ) -> Result<Self, StartError> {
        let receivers = &settings.receivers;
        let Some(keyring) = engine.keyring.clone().filter(|_| !receivers.is_empty()) else {
            return Ok(Self::default());
        };
        let dialer = dialer(settings, engine, own)?;
        let host = origins.public().host().to_owned();
        // Only who signs has something to anchor.
        let anchors = if notary.signs() {
            Some(anchors(receivers, engine, (&dialer, &host)).await?)
        } else {
            None
        };
        let parts = StreamsParts {
            store: engine.store.clone(),
            keyring,
            clock: engine.clock.clone(),
            random: engine.random.clone(),
            dialer,
            host,
            pace: Pace::default(),
        };
        let streams = Streams::start(parts, receivers.streams.clone()).await;
        let cannot = |error| StartError::failed("the streams cannot start", &error);
        Ok(Self {
            streams: Some(streams.map_err(cannot)?),
            anchors,
        })
    }

    /// Ends both; the last checkpoint is offered once more.
    pub(super) async fn stop(&self) {
        if let Some(streams) = &self.streams {
            streams.stop().await;
        }
        if let Some(anchors) = &self.anchors
            && tokio::time::timeout(LAST, anchors.stop()).await.is_err()
        {
            tracing::warn!("the last checkpoint did not reach every anchor before the stop");
        }
    }

    /// Tells the dispatcher until `stop` how far the anchors are behind, where settings demand
    /// that they are not.
    pub(super) async fn watch(
        self,
        (engine, notary): (Engine, Notary),
        limit: Option<Duration>,
        stop: CancellationToken,
    ) {
        let Some(limit) = limit else { return };
        // What the files among the anchors lack is known after a look. A failure is told by whoever
        // looks all the time.
        let _ = notary.look(false).await;
        loop {
            let why = self.too_late(&engine, &notary, limit);
            engine.dispatch.refuse_dangerous(why);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    fn too_late(&self, engine: &Engine, notary: &Notary, limit: Duration) -> Option<String> {
        let anchors = self.anchors.as_ref().and_then(Anchors::behind);
        too_late(notary.state(), anchors, (engine.clock.now(), limit))
    }
}

/// Why dangerous jobs have to wait, with anchors over the network that are behind since then.
fn too_late(
    state: NotaryState,
    anchors: Option<Timestamp>,
    (now, limit): (Timestamp, Duration),
) -> Option<String> {
    // A signer that is away is a lag like that of an anchor; all else is no matter of time.
    let waits = |since| state.signer_away && now.since(since) < limit;
    let waits = state.unsigned_since.is_some_and(waits);
    if let Some(problem) = state.problem.filter(|_| !waits) {
        return Some(format!(
            "dangerous jobs wait until the audit log is signed: {problem}"
        ));
    }
    let since = anchors.into_iter().chain(state.anchor_lacks).min()?;
    (now.since(since) >= limit).then(|| {
        format!(
            "dangerous jobs wait until an anchor outside has what was signed since {since}",
            since = since.to_minute_text()
        )
    })
}

async fn anchors(
    receivers: &Receivers,
    engine: &Engine,
    (dialer, host): (&Dialer, &str),
) -> Result<Anchors, StartError> {
    let mut anchors = Vec::with_capacity(receivers.anchors.len());
    for anchor in &receivers.anchors {
        let told = anchor.authorization.as_deref().map(read).transpose()?;
        anchors.push(AnchorConfig {
            receiver: anchor.receiver.clone(),
            authorization: told.map(|text| SecretString::from(text.trim())),
        });
    }
    let parts = AnchorsParts {
        store: engine.store.clone(),
        clock: engine.clock.clone(),
        random: engine.random.clone(),
        dialer: dialer.clone(),
        host: host.to_owned(),
        pace: Pace::default(),
    };
    let started = Anchors::start(parts, anchors).await;
    started.map_err(|error| StartError::failed("the anchors cannot start", &error))
}

fn dialer(settings: &Settings, engine: &Engine, own: &[SocketAddr]) -> Result<Dialer, StartError> {
    let receivers = &settings.receivers;
    let mut own_addresses = own.to_vec();
    if let Database::Postgres(url) = &settings.database {
        own_addresses.extend(data_dir::postgres_address(url.expose_secret()));
    }
    let guard = Guard::new(GuardConfig {
        networks: receivers.networks.clone(),
        own_addresses,
    });
    let own = receivers.own.as_ref();
    let trust = Trust {
        authorities: receivers.authorities.as_deref().map(read).transpose()?,
        own: own
            .map(|(cert, key)| Ok((read(cert)?, read(key)?)))
            .transpose()?,
    };
    let clock = engine.clock.clone();
    let dialer = Dialer::new(guard, &trust, Limits::default(), move || clock.now())
        .map_err(|error| StartError::Configuration(format!("receivers: {}", chain(&error))))?;
    if receivers.need_trust() && !dialer.trusts_somebody() {
        let why = "receivers over TLS cannot be believed: this machine has no certificates of \
                   authorities; install them, or give --receiver-ca";
        return Err(StartError::Configuration(why.to_owned()));
    }
    Ok(dialer)
}

fn read(file: &Path) -> Result<String, StartError> {
    std::fs::read_to_string(file).map_err(|error| {
        StartError::Configuration(format!("{} cannot be read: {error}", file.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signer_may_be_away_as_long_as_an_anchor_may_lag() {
        let (start, limit) = (Timestamp::from_micros(1), Duration::from_mins(5));
        let after = |time: Duration| {
            let micros = i64::try_from(time.as_micros()).expect("a short time");
            (Timestamp::from_micros(1 + micros), limit)
        };
        let away = NotaryState {
            problem: Some("gone".to_owned()),
            signer_away: true,
            unsigned_since: Some(start),
            ..NotaryState::default()
        };
        assert_eq!(too_late(away.clone(), None, after(limit / 2)), None);
        let why = too_late(away.clone(), None, after(limit)).expect("too late");
        assert!(why.ends_with("gone"), "{why}");
        let lagging = too_late(away.clone(), Some(start), after(limit));
        assert!(lagging.is_some());
        for other in [
            NotaryState {
                alarm: true,
                signer_away: false,
                ..away.clone()
            },
            NotaryState {
                unsigned_since: None,
                ..away
            },
        ] {
            assert!(too_late(other, None, after(Duration::ZERO)).is_some());
        }
    }
}
