//! Who gets the audit log, as the settings name them.

use std::path::PathBuf;
use std::time::Duration;

use carillon_engine::streams::StreamConfig;
use carillon_receivers::Destination;
use ipnet::IpNet;

/// Receivers of records and of checkpoints, and where they may be.
#[derive(Clone, Debug, Default)]
pub struct Receivers {
    /// Who gets every record.
    pub streams: Vec<StreamConfig>,
    /// Who gets every checkpoint.
    pub anchors: Vec<AnchorSetting>,
    /// New dangerous jobs are refused while an anchor lacks checkpoints for longer.
    pub anchor_required: Option<Duration>,
    /// The only networks of receivers; empty = all.
    pub networks: Vec<IpNet>,
    /// The only authorities whose certificates count; else the machine's.
    pub authorities: Option<PathBuf>,
    /// Our certificate for receivers that ask for one, and its key.
    pub own: Option<(PathBuf, PathBuf)>,
}

/// Who gets every checkpoint.
#[derive(Clone, Debug)]
pub struct AnchorSetting {
    /// Where it is.
    pub receiver: Destination,
    /// The file with what it, and nobody else, is told in `Authorization`.
    pub authorization: Option<PathBuf>,
}

impl Receivers {
    /// Whether there are any.
    pub const fn is_empty(&self) -> bool {
        self.streams.is_empty() && self.anchors.is_empty()
    }

    /// Whether any of them is reached over TLS.
    pub fn need_trust(&self) -> bool {
        let streams = self.streams.iter().map(|stream| &stream.receiver);
        let anchors = self.anchors.iter().map(|anchor| &anchor.receiver);
        let mut all = streams.chain(anchors);
        all.any(|receiver| receiver.scheme().is_private())
    }
}
