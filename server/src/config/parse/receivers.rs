//! The settings of receivers of the audit log.

use std::time::Duration;

use carillon_engine::streams::StreamConfig;
use carillon_receivers::Destination;

use super::super::{AnchorSetting, Receivers};
use super::Reader;

const NETWORKS: &str = "write networks as 10.0.0.0/8";
const AUTHORIZATION: &str = "anchor-authorization-file";
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
        Receivers {
            authorities: self.layers.text("receiver-ca").map(Into::into),
            streams: self.streams(),
            anchors: self.anchor_urls(),
            anchor_required: self.anchor_required(),
            networks: self.networks("receiver-networks", NETWORKS),
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

    fn anchor_urls(&mut self) -> Vec<AnchorSetting> {
        let (mut urls, mut anchors) = (Vec::new(), Vec::new());
        for (index, item) in self.items("anchor-url").into_iter().enumerate() {
            match item.parse() {
                Ok(receiver) => {
                    urls.push(item);
                    anchors.push(AnchorSetting {
                        receiver,
                        authorization: None,
                    });
                }
                Err(error) => self.refuse("anchor-url", &format!("number {}: {error}", index + 1)),
            }
        }
        for (index, item) in self.items(AUTHORIZATION).into_iter().enumerate() {
            if let Err(why) = authorize(&item, &urls, &mut anchors) {
                self.refuse(AUTHORIZATION, &format!("number {}: {why}", index + 1));
            }
        }
        anchors
    }

    fn anchor_required(&mut self) -> Option<Duration> {
        let fix = "write a number of minutes, as 60";
        let minutes = self.optional::<u32>("anchor-required", fix)?;
        if minutes == 0 {
            return None;
        }
        if self.items("anchor-url").is_empty() && self.items("anchor-file").is_empty() {
            let why = "there is no anchor to require: give --anchor-file or --anchor-url as well";
            self.refuse("anchor-required", why);
        }
        Some(Duration::from_mins(u64::from(minutes)))
    }
}

/// Gives one anchor its secret: `URL=FILE`, or `FILE` alone where there is no choice.
fn authorize(
    item: &str,
    urls: &[String],
    anchors: &mut [AnchorSetting],
) -> Result<(), &'static str> {
    let named = urls.iter().enumerate().find_map(|(index, url)| {
        let file = item.strip_prefix(url.as_str())?.strip_prefix('=')?;
        Some((index, file))
    });
    let over_http = |anchor: &AnchorSetting| !anchor.receiver.scheme().is_syslog();
    let (index, file) = match named {
        Some(named) => named,
        None if item.contains("://") => {
            return Err("write URL=FILE with an address of --anchor-url");
        }
        None => {
            let mut places = (0..anchors.len()).filter(|index| over_http(&anchors[*index]));
            match (places.next(), places.next()) {
                (Some(only), None) => (only, item),
                (None, _) => return Err("no --anchor-url begins with https://"),
                _ => return Err("there are several anchors over HTTP: write URL=FILE for each"),
            }
        }
    };
    let Some(anchor) = anchors.get_mut(index).filter(|anchor| over_http(anchor)) else {
        return Err("a syslog anchor has no Authorization header");
    };
    if !anchor.receiver.keeps_secrets() {
        return Err("it would cross the network in clear: use https://");
    }
    anchor.authorization = Some(file.into());
    Ok(())
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
