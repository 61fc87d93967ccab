//! From texts to values: one small function a setting, all problems collected.
//!
//! Owns the rules that hold between settings (TLS off loopback, the public origin).

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use carillon_engine::networks::strictly;
use ipnet::IpNet;

use super::table::{Kind, setting};
use super::{Database, Egress, Front, Layers, Log, Problem, Settings};
use crate::origin::Origin;

mod receivers;

/// The path of `unix:PATH`.
pub fn unix_socket(text: &str) -> Option<PathBuf> {
    let path = text.strip_prefix("unix:")?;
    (!path.is_empty()).then(|| PathBuf::from(path))
}

/// Reads the layers and collects what is wrong.
pub(super) struct Reader<'a> {
    pub(super) layers: &'a Layers,
    problems: Vec<Problem>,
}

/// All settings, or all problems.
pub(super) fn settings(layers: &Layers) -> Result<Settings, Vec<Problem>> {
    let mut reader = Reader {
        layers,
        problems: layers.problems().to_vec(),
    };
    let settings = reader.settings();
    if reader.problems.is_empty() {
        Ok(settings)
    } else {
        Err(reader.problems)
    }
}

impl Reader<'_> {
    fn settings(&mut self) -> Settings {
        let listen = self.listen();
        let data_dir = PathBuf::from(self.text("data-dir"));
        let public_url = self.optional::<Origin>("public-url", "write https://carillon.example");
        let front = self.front(listen, public_url.as_ref());
        Settings {
            database: self.database(&data_dir),
            key_file: self.layers.text("key-file").map(PathBuf::from),
            signer: self.signer(),
            anchors: self.list::<PathBuf>("anchor-file", "write a path"),
            receivers: self.receivers(),
            egress: self.egress(),
            oidc: self.oidc(),
            breached: self.layers.text("breached-passwords").map(PathBuf::from),
            log: self.log(),
            max_in_flight: self.max_in_flight(),
            min_free: self.min_free(),
            keep_numbers: self.days("keep-numbers", 90),
            keep_addresses: self.days("keep-addresses", 30),
            metrics_listen: self.metrics_listen(listen),
            listen,
            data_dir,
            public_url,
            front,
        }
    }

    fn listen(&mut self) -> SocketAddr {
        let given = self.optional::<SocketAddr>("listen", "write ADDRESS:PORT, as 127.0.0.1:8080");
        given.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)))
    }

    fn metrics_listen(&mut self, listen: SocketAddr) -> Option<SocketAddr> {
        let given = self.optional::<SocketAddr>("metrics-listen", "write 127.0.0.1:9464");
        if given.is_some_and(|address| !address.ip().is_loopback()) {
            self.refuse(
                "metrics-listen",
                "must be loopback, as 127.0.0.1:9464: from elsewhere read /api/v1/metrics with a \
                 token",
            );
        }
        let is_taken = |address: SocketAddr| {
            let same = listen.ip().is_unspecified() || listen.ip() == address.ip();
            address.port() != 0 && address.port() == listen.port() && same
        };
        if given.is_some_and(is_taken) {
            self.refuse(
                "metrics-listen",
                "is where --listen is: choose another port",
            );
        }
        given
    }

    fn database(&mut self, data_dir: &Path) -> Database {
        let file = || format!("sqlite:{}", data_dir.join("carillon.db").display());
        match self.layers.text("database-url") {
            None => Database::Sqlite(file()),
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                let url = url.to_owned();
                self.check_network_to(&url);
                Database::Postgres(url.into())
            }
            Some(url) if url.starts_with("sqlite:") && url.len() > "sqlite:".len() => {
                Database::Sqlite(url.to_owned())
            }
            Some(_) => {
                self.refuse("database-url", "starts with sqlite: or postgres://");
                Database::Sqlite(file())
            }
        }
    }

    /// Whoever stands between here and the database reads and changes all of it.
    fn check_network_to(&mut self, url: &str) {
        if !self.switch("insecure-database") && carillon_store::trusts_the_network(url) {
            self.refuse(
                "database-url",
                "leads over a network: add sslmode=verify-full (and sslrootcert=FILE, where the \
                 authority is your own), or give --insecure-database",
            );
        }
    }

    fn signer(&mut self) -> Option<PathBuf> {
        let given = self.layers.text("signer")?;
        let path = unix_socket(given);
        if path.is_none() {
            self.refuse(
                "signer",
                "write unix:PATH, as unix:/run/carillon-signer/socket",
            );
        }
        path
    }

    fn egress(&mut self) -> Egress {
        let networks = self.networks("allow-networks", "write networks as 10.0.0.0/8");
        if self.items("allow-networks").is_empty() {
            self.refuse(
                "allow-networks",
                "names no network; no phone could be reached",
            );
        }
        Egress {
            networks,
            ports: self.list::<u16>("allow-ports", "write ports as 80,443"),
            loopback: self.switch("allow-loopback"),
        }
    }

    fn log(&mut self) -> Log {
        let filter = self.text("log");
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&filter) {
            self.refuse("log", &format!("{error}; write info or carillon=debug"));
        }
        let format = self.text("log-format");
        if !matches!(format.as_str(), "text" | "json") {
            self.refuse("log-format", "is text or json");
        }
        Log {
            filter,
            json: format == "json",
        }
    }

    fn min_free(&mut self) -> u64 {
        let given = self.optional::<u32>("min-free", "write a number of MiB, as 256");
        u64::from(given.unwrap_or(256)) << 20
    }

    /// How long something is kept; 0 = for ever.
    fn days(&mut self, name: &'static str, usual: u32) -> Option<Duration> {
        let given = self.optional::<u32>(name, &format!("write a number of days, as {usual}"));
        let days = given.unwrap_or(usual);
        (days > 0).then(|| Duration::from_hours(24 * u64::from(days)))
    }

    fn max_in_flight(&mut self) -> usize {
        let number = self.optional::<usize>("max-in-flight", "write a number, as 1024");
        match number {
            Some(0) => {
                self.refuse("max-in-flight", "must be at least 1");
                1
            }
            Some(number) => number,
            None => 1024,
        }
    }

    fn front(&mut self, listen: SocketAddr, public_url: Option<&Origin>) -> Front {
        let certificate = self.certificate();
        let proxies = self.proxies();
        let insecure = self.switch("insecure-http");
        let ways = [certificate.is_some(), !proxies.is_empty(), insecure];
        if ways.iter().filter(|way| **way).count() > 1 {
            self.refuse(
                "insecure-http",
                "give only one of --tls-cert/--tls-key, --behind-tls-proxy, --insecure-http",
            );
        }
        let front = match certificate {
            Some((cert, key)) => Front::Tls { cert, key },
            None if !proxies.is_empty() => Front::Proxy(proxies),
            None if insecure => Front::InsecureHttp,
            None => Front::Loopback,
        };
        self.check_front(&front, listen, public_url);
        front
    }

    /// Whoever is in these networks is believed who asks, so they are never those of everybody.
    fn proxies(&mut self) -> Vec<IpNet> {
        let proxies = self.networks("behind-tls-proxy", "write networks as 10.0.0.5/32");
        for all in IpNet::aggregate(&proxies) {
            if all.prefix_len() == 0 {
                let problem = format!(
                    "{all} is every address, so anybody could say who asks; write the proxy's \
                     own address, as 10.0.0.5/32"
                );
                self.refuse("behind-tls-proxy", &problem);
            }
        }
        proxies
    }

    fn certificate(&mut self) -> Option<(PathBuf, PathBuf)> {
        match (self.layers.text("tls-cert"), self.layers.text("tls-key")) {
            (Some(cert), Some(key)) => Some((cert.into(), key.into())),
            (None, None) => None,
            (Some(_), None) => {
                self.refuse("tls-key", "is missing beside --tls-cert");
                None
            }
            (None, Some(_)) => {
                self.refuse("tls-cert", "is missing beside --tls-key");
                None
            }
        }
    }

    fn check_front(&mut self, front: &Front, listen: SocketAddr, public_url: Option<&Origin>) {
        let loopback = listen.ip().is_loopback();
        if loopback && matches!(front, Front::Loopback | Front::InsecureHttp) {
            return;
        }
        let own_name = loopback && matches!(front, Front::Tls { .. });
        if *front == Front::Loopback {
            self.refuse(
                "listen",
                "is not loopback: give --tls-cert and --tls-key, or --behind-tls-proxy CIDR, \
                 or --insecure-http",
            );
        }
        match public_url {
            None if own_name => {}
            None if self.layers.get("public-url").is_none() => self.refuse(
                "public-url",
                "is needed here: write the address that browsers use, as https://carillon.example",
            ),
            Some(url) if !url.is_https() && *front != Front::InsecureHttp => {
                self.refuse("public-url", "must start with https:// here");
            }
            _ => {}
        }
    }

    /// The last text given, else the table's default.
    pub(super) fn text(&self, key: &'static str) -> String {
        self.layers
            .text(key)
            .or_else(|| setting(key).map(|row| row.default))
            .unwrap_or_default()
            .to_owned()
    }

    fn switch(&mut self, key: &'static str) -> bool {
        match self.text(key).as_str() {
            "true" | "1" | "on" | "yes" => true,
            "false" | "0" | "off" | "no" => false,
            _ => {
                self.refuse(key, "is true or false");
                false
            }
        }
    }

    fn optional<T: FromStr<Err: Display>>(&mut self, key: &'static str, fix: &str) -> Option<T> {
        match self.layers.text(key)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(key, &format!("{error}; {fix}"));
                None
            }
        }
    }

    /// Networks, without the leading zeros that are octal to some programs.
    pub(super) fn networks(&mut self, key: &'static str, fix: &str) -> Vec<IpNet> {
        let mut networks = Vec::new();
        for text in self.items(key) {
            match (strictly(&text), text.parse::<IpNet>()) {
                (Some(network), _) => networks.push(network),
                (None, Ok(meant)) => self.refuse(
                    key,
                    &format!("{text:?} has leading zeros, which are octal to some programs; write {meant}"),
                ),
                (None, Err(_)) => self.refuse(key, &format!("{text:?} is not one; {fix}")),
            }
        }
        networks
    }

    fn list<T: FromStr>(&mut self, key: &'static str, fix: &str) -> Vec<T> {
        let texts = self.items(key);
        let mut values = Vec::with_capacity(texts.len());
        for text in texts {
            match text.parse() {
                Ok(value) => values.push(value),
                Err(_) => self.refuse(key, &format!("{text:?} is not one; {fix}")),
            }
        }
        values
    }

    pub(super) fn items(&self, key: &'static str) -> Vec<String> {
        let given = self.layers.get(key).map(|(values, _)| values.clone());
        let texts = given.unwrap_or_else(|| {
            let row = setting(key).filter(|row| row.kind == Kind::List);
            row.map(|row| row.default.to_owned()).into_iter().collect()
        });
        let items = texts.iter().flat_map(|text| text.split([',', ' ']));
        items
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    }

    pub(super) fn refuse(&mut self, key: &'static str, problem: &str) {
        self.problems.push(Problem {
            source: self.layers.source(key),
            name: key.to_owned(),
            problem: problem.to_owned(),
        });
    }
}
