//! The listener for programs on this machine that watch the house.
//!
//! *Invariant:* its address is loopback; the settings take no other.

use std::net::SocketAddr;

use tokio::net::TcpSocket;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{BACKLOG, StartError, front};
use crate::app::App;
use crate::config::Settings;
use crate::{listen, metrics};

/// Its place, where the settings want one.
pub(super) struct Place {
    socket: TcpSocket,
    pub(super) address: SocketAddr,
}

/// Takes the address without letting anybody connect yet.
pub(super) fn reserve(settings: &Settings) -> Result<Option<Place>, StartError> {
    let Some(wanted) = settings.metrics_listen else {
        return Ok(None);
    };
    let socket = front::reserve(wanted, "metrics-listen")?;
    let address = socket.local_addr();
    let address = address.map_err(|error| StartError::failed("the address is not known", &error));
    Ok(Some(Place {
        address: address?,
        socket,
    }))
}

impl Place {
    /// Serves until `stop`.
    pub(super) fn serve(
        self,
        app: App,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Result<(), StartError> {
        let listener = self.socket.listen(BACKLOG);
        let listener =
            listener.map_err(|error| StartError::failed("/metrics cannot be read", &error))?;
        let front = listen::Front {
            listener,
            tls: None,
            shared: Vec::new(),
            patience: listen::Patience::default(),
        };
        tracing::info!(address = %self.address, "metrics for programs on this machine");
        tasks.spawn(front.serve(metrics::router(app), stop));
        Ok(())
    }
}
