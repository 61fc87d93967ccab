//! The settings of receivers of the audit log.

use std::time::Duration;

use carillon_engine::streams::StreamConfig;
use carillon_receivers::Destination;
use ipnet::IpNet;

use super::super::Receivers;
use super::Reader;

const NETWORKS: &str = "write networks as 10.0.0.0/8";
const LONGEST_NAME: usize = 40;

impl Reader<'_> {
    pub(super) fn receivers(&mut self) -> Receivers {
        let pair = (
            self.layers.text("receiver-cert"),
            self.layers.text("receiver-key"),
        );
        let own = match pair {
            (Some(cert), Some(key)) => Some((cert.into(), key.into())),
            (None, None) => None,
            _ => {
                self.refuse(
                    "receiver-cert",
                    "and --receiver-key belong together: give both",
                );
                None
            }
        };
        let file = self.layers.text("anchor-authorization-file");
        Receivers {
            anchor_authorization: file.map(Into::into),
            authorities: self.layers.text("receiver-ca").map(Into::into),
            streams: self.streams(),
            anchors: self.anchor_urls(),
            anchor_required: self.anchor_required(),
            networks: self.list::<IpNet>("receiver-networks", NETWORKS),
            own,
        }
    }

    fn streams(&mut self) -> Vec<StreamConfig> {
        let mut streams: Vec<StreamConfig> = Vec::new();
        for (index, item) in self.items("stream").into_iter().enumerate() {
            match stream(&item, &streams) {
                Ok(stream) => streams.push(stream),
                // What was written may hold a secret: it is counted, not repeated.
                Err(why) => self.refuse("stream", &format!("number {}: {why}", index + 1)),
            }
        }
        streams
    }

    fn anchor_urls(&mut self) -> Vec<Destination> {
        let mut anchors = Vec::new();
        for (index, item) in self.items("anchor-url").into_iter().enumerate() {
            match item.parse() {
                Ok(anchor) => anchors.push(anchor),
                Err(error) => self.refuse("anchor-url", &format!("number {}: {error}", index + 1)),
            }
        }
        anchors
    }

    fn anchor_required(&mut self) -> Option<Duration> {
        let fix = "write a number of minutes, as 60";
        let minutes = self.optional::<u32>("anchor-required", fix)?;
        (minutes > 0).then(|| Duration::from_mins(u64::from(minutes)))
    }
}

fn stream(item: &str, known: &[StreamConfig]) -> Result<StreamConfig, String> {
    let (name, url) = item.split_once('=').ok_or("write NAME=URL")?;
    let receiver = url
        .parse::<Destination>()
        .map_err(|error| error.to_string())?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(plain) {
        return Err("a name is made of a-z, 0-9 and -".to_owned());
    }
    if known.iter().any(|known| known.name == name) {
        return Err("this name stands there twice".to_owned());
    }
    Ok(StreamConfig {
        name: name.to_owned(),
        receiver,
    })
}
