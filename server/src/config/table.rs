//! The table of settings: one row makes the flag, the variable, the file key and the help.
//!
//! Adding a setting starts here; `parse.rs` gives it a meaning.

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Key in `carillon.toml` and name of the flag, with hyphens.
    pub key: &'static str,
    /// Environment variable.
    pub env: &'static str,
    /// Text of the default; empty where there is none.
    pub default: &'static str,
    /// What a value looks like.
    pub value: &'static str,
    /// One line for people.
    pub help: &'static str,
    /// What kind of value it takes.
    pub kind: Kind,
}

/// What kind of value a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One text.
    Text,
    /// Several, separated by commas or given repeatedly.
    List,
    /// On or off; the flag alone means on.
    Switch,
}

macro_rules! setting {
    ($key:literal, $env:literal, $kind:ident, $value:literal, $default:literal, $help:literal) => {
        Setting {
            key: $key,
            env: $env,
            default: $default,
            value: $value,
            help: $help,
            kind: Kind::$kind,
        }
    };
}

/// Every setting, in the order in which they are shown.
pub const SETTINGS: &[Setting] = &[
    setting!(
        "config",
        "CARILLON_CONFIG",
        Text,
        "FILE",
        "<data-dir>/carillon.toml",
        "Settings file"
    ),
    setting!(
        "listen",
        "CARILLON_LISTEN",
        Text,
        "ADDRESS:PORT",
        "127.0.0.1:8080",
        "Where browsers connect"
    ),
    setting!(
        "data-dir",
        "CARILLON_DATA_DIR",
        Text,
        "DIR",
        "./data",
        "Database, key file, local socket; made with mode 0700"
    ),
    setting!(
        "database-url",
        "CARILLON_DATABASE_URL",
        Text,
        "URL",
        "sqlite:<data-dir>/carillon.db",
        "sqlite:FILE or postgres://…"
    ),
    setting!(
        "public-url",
        "CARILLON_PUBLIC_URL",
        Text,
        "URL",
        "from --listen",
        "The one origin that browsers use; needed off loopback"
    ),
    setting!(
        "key-file",
        "CARILLON_KEY_FILE",
        Text,
        "FILE",
        "<data-dir>/secret.keys",
        "Keys that seal stored secrets; mode 0600"
    ),
    setting!(
        "anchor-file",
        "CARILLON_ANCHOR_FILE",
        List,
        "FILE,…",
        "",
        "Files elsewhere that each signed checkpoint of the audit log is added to"
    ),
    setting!(
        "anchor-url",
        "CARILLON_ANCHOR_URL",
        List,
        "URL,…",
        "",
        "Receivers of each signed checkpoint: syslog+tls://HOST:6514, or https://HOST/PATH to PUT files below"
    ),
    setting!(
        "anchor-authorization-file",
        "CARILLON_ANCHOR_AUTHORIZATION_FILE",
        Text,
        "FILE",
        "",
        "File with what HTTP anchors are told in their Authorization header"
    ),
    setting!(
        "anchor-required",
        "CARILLON_ANCHOR_REQUIRED",
        Text,
        "MINUTES",
        "0",
        "Refuse new dangerous jobs while an anchor lacks checkpoints for longer; 0 = never"
    ),
    setting!(
        "stream",
        "CARILLON_STREAM",
        List,
        "NAME=URL,…",
        "",
        "Receivers of every audit record: NAME=syslog+tls://HOST:6514, NAME=syslog+tcp://HOST:601, or NAME=https://HOST/PATH for signed webhooks"
    ),
    setting!(
        "receiver-networks",
        "CARILLON_RECEIVER_NETWORKS",
        List,
        "CIDR,…",
        "",
        "The only networks that streams and anchors connect to; without it any, but never this machine behind a name"
    ),
    setting!(
        "receiver-ca",
        "CARILLON_RECEIVER_CA",
        Text,
        "FILE",
        "",
        "PEM certificates of the only authorities that count for streams and anchors; without it the machine's own"
    ),
    setting!(
        "receiver-cert",
        "CARILLON_RECEIVER_CERT",
        Text,
        "FILE",
        "",
        "PEM certificate chain for receivers that ask for one, with --receiver-key"
    ),
    setting!(
        "receiver-key",
        "CARILLON_RECEIVER_KEY",
        Text,
        "FILE",
        "",
        "PEM private key, with --receiver-cert"
    ),
    setting!(
        "allow-networks",
        "CARILLON_ALLOW_NETWORKS",
        List,
        "CIDR,…",
        "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7",
        "The only addresses that may ever be contacted"
    ),
    setting!(
        "allow-loopback",
        "CARILLON_ALLOW_LOOPBACK",
        Switch,
        "BOOL",
        "false",
        "Allow phones on loopback, for demo and tests; every page says so"
    ),
    setting!(
        "allow-ports",
        "CARILLON_ALLOW_PORTS",
        List,
        "PORT,…",
        "80,443,5060,5061",
        "Ports of phones and SIP proxies"
    ),
    setting!(
        "tls-cert",
        "CARILLON_TLS_CERT",
        Text,
        "FILE",
        "",
        "PEM certificate chain, with --tls-key"
    ),
    setting!(
        "tls-key",
        "CARILLON_TLS_KEY",
        Text,
        "FILE",
        "",
        "PEM private key, with --tls-cert"
    ),
    setting!(
        "behind-tls-proxy",
        "CARILLON_BEHIND_TLS_PROXY",
        List,
        "CIDR,…",
        "",
        "Addresses of the proxy that ends TLS"
    ),
    setting!(
        "insecure-http",
        "CARILLON_INSECURE_HTTP",
        Switch,
        "BOOL",
        "false",
        "Serve plain HTTP off loopback; every page says so"
    ),
    setting!(
        "log",
        "CARILLON_LOG",
        Text,
        "FILTER",
        "info",
        "What is logged: error, warn, info, debug, trace, or module=level,…"
    ),
    setting!(
        "log-format",
        "CARILLON_LOG_FORMAT",
        Text,
        "text|json",
        "text",
        "Lines of text or of JSON"
    ),
    setting!(
        "max-in-flight",
        "CARILLON_MAX_IN_FLIGHT",
        Text,
        "N",
        "1024",
        "Requests to phones at once, whole node"
    ),
    setting!(
        "keep-numbers",
        "CARILLON_KEEP_NUMBERS",
        Text,
        "DAYS",
        "90",
        "Days after which dialled numbers are removed from records and jobs; 0 = never"
    ),
    setting!(
        "min-free",
        "CARILLON_MIN_FREE",
        Text,
        "MIB",
        "256",
        "MiB to keep free beside a SQLite database: below it no new job is taken; 0 = off"
    ),
];

/// The row of a key. Hyphens and underscores mean the same.
pub(super) fn setting(key: &str) -> Option<&'static Setting> {
    let key = key.replace('_', "-");
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// What was given as flags, before anything was understood.
#[derive(Clone, Debug, Default)]
pub struct SettingFlags(pub(super) Vec<(&'static str, Vec<String>)>);

impl SettingFlags {
    /// As if these had been given on the command line; the key must be one of the table.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        self.0.retain(|(known, _)| *known != key);
        self.0.push((key, vec![value.to_owned()]));
        self
    }

    /// The values of one key.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.0
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, values)| values.as_slice())
    }
}

impl clap::Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        SETTINGS
            .iter()
            .fold(command, |command, setting| command.arg(flag(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = SETTINGS.iter().filter_map(|setting| {
            let values: Vec<String> = matches.get_many(setting.key)?.cloned().collect();
            Some((setting.key, values))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The environment is not given to clap: it would let a wrong variable hide a wrong flag.
fn flag(setting: &Setting) -> Arg {
    let arg = Arg::new(setting.key)
        .long(setting.key)
        .value_name(setting.value)
        .help(describe(setting))
        .help_heading("Settings")
        .hide_short_help(true)
        .global(true)
        .action(ArgAction::Append);
    match setting.kind {
        Kind::Switch => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        Kind::Text | Kind::List => arg.num_args(1),
    }
}

fn describe(setting: &Setting) -> String {
    let default = match setting.default {
        "" => String::new(),
        default => format!(" [default: {default}]"),
    };
    format!("{} [env: {}]{default}", setting.help, setting.env)
}
