//! The effective settings as people may see them.
//!
//! *Invariant:* a password in a database address never gets here in clear.

use super::table::SETTINGS;
use super::{Database, Layers, Settings};

/// One line a setting: name, value, where it came from.
pub fn effective(settings: &Settings, layers: &Layers) -> Vec<(String, String, String)> {
    SETTINGS
        .iter()
        .map(|row| {
            let source = layers.source(row.key).to_string();
            (row.key.to_owned(), value(row.key, settings, layers), source)
        })
        .collect()
}

fn value(key: &str, settings: &Settings, layers: &Layers) -> String {
    match key {
        "database-url" => match &settings.database {
            Database::Sqlite(url) => url.clone(),
            Database::Postgres(_) => redacted(layers.text(key).unwrap_or_default()),
        },
        // Their paths may be secrets.
        "stream" => {
            let streams = settings.receivers.streams.iter();
            let shown = streams.map(|stream| format!("{}={}", stream.name, stream.receiver));
            shown.collect::<Vec<_>>().join(",")
        }
        "anchor-url" => {
            let anchors = settings.receivers.anchors.iter();
            let shown = anchors.map(|anchor| anchor.receiver.to_string());
            shown.collect::<Vec<_>>().join(",")
        }
        "anchor-authorization-file" => {
            let anchors = settings.receivers.anchors.iter();
            let shown = anchors.filter_map(|anchor| {
                let file = anchor.authorization.as_ref()?;
                Some(format!("{}={}", anchor.receiver, file.display()))
            });
            shown.collect::<Vec<_>>().join(",")
        }
        "config" => layers.text(key).map_or_else(
            || settings.in_data_dir("carillon.toml").display().to_string(),
            str::to_owned,
        ),
        "key-file" => settings.key_file.clone().map_or_else(
            || settings.in_data_dir("secret.keys").display().to_string(),
            |path| path.display().to_string(),
        ),
        "public-url" => settings
            .public_url
            .as_ref()
            .map_or_else(|| "from listen".to_owned(), ToString::to_string),
        _ => layers.get(key).map_or_else(
            || {
                super::table::setting(key)
                    .map_or("", |row| row.default)
                    .to_owned()
            },
            |(values, _)| values.join(","),
        ),
    }
}

/// `postgres://user:password@host/db` without the password, nor one in the query.
fn redacted(url: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let hidden = match (address.find("://"), address.rfind('@')) {
        (Some(scheme), Some(at)) => {
            let user = address[scheme + 3..at]
                .split(':')
                .next()
                .unwrap_or_default();
            let colon = if address[scheme + 3..at].contains(':') {
                ":…"
            } else {
                ""
            };
            format!("{}{user}{colon}{}", &address[..scheme + 3], &address[at..])
        }
        _ => address.to_owned(),
    };
    if query.is_empty() {
        hidden
    } else {
        format!("{hidden}?…")
    }
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(
            redacted("postgres://car:s3cr:et@db/carillon?password=x"),
            "postgres://car:…@db/carillon?…"
        );
        assert_eq!(redacted("postgres:///carillon"), "postgres:///carillon");
    }
}
