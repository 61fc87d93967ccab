//! The table of settings, in the order in which they are shown.
//!
//! Adding a setting starts here; `parse.rs` gives it a meaning.

use super::table::{Kind, Setting};

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
        "insecure-database",
        "CARILLON_INSECURE_DATABASE",
        Switch,
        "BOOL",
        "false",
        "Use a Postgres over the network without sslmode=verify-full"
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
        "breached-passwords",
        "CARILLON_BREACHED_PASSWORDS",
        Text,
        "FILE",
        "",
        "Passwords known from breaches, as ascending lines of SHA-1[:count]: new ones must not be among them"
    ),
    setting!(
        "signer",
        "CARILLON_SIGNER",
        Text,
        "unix:PATH",
        "",
        "Socket of a `carillon audit signer` that signs the audit log; this process then reads no signing key"
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
        List,
        "URL=FILE,…",
        "",
        "File with what an HTTP anchor, and no other, is told in its Authorization header; FILE alone where there is one"
    ),
    setting!(
        "anchor-required",
        "CARILLON_ANCHOR_REQUIRED",
        Text,
        "MINUTES",
        "0",
        "Refuse dangerous jobs while an anchor lacks checkpoints for longer; 0 = never"
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
        "oidc-issuer",
        "CARILLON_OIDC_ISSUER",
        Text,
        "URL",
        "",
        "OpenID provider by which people may sign in, exactly as it calls itself"
    ),
    setting!(
        "oidc-client-id",
        "CARILLON_OIDC_CLIENT_ID",
        Text,
        "ID",
        "",
        "What the provider calls this program"
    ),
    setting!(
        "oidc-secret-file",
        "CARILLON_OIDC_SECRET_FILE",
        Text,
        "FILE",
        "",
        "Holds what this program shows the provider; mode 0600; none = a public client"
    ),
    setting!(
        "oidc-name",
        "CARILLON_OIDC_NAME",
        Text,
        "NAME",
        "OpenID",
        "What the button of the sign-in page calls the provider"
    ),
    setting!(
        "oidc-scopes",
        "CARILLON_OIDC_SCOPES",
        List,
        "SCOPE,…",
        "openid,profile",
        "What the provider is asked for"
    ),
    setting!(
        "oidc-role-claim",
        "CARILLON_OIDC_ROLE_CLAIM",
        Text,
        "CLAIM",
        "groups",
        "The claim of the ID token that decides the role"
    ),
    setting!(
        "oidc-roles",
        "CARILLON_OIDC_ROLES",
        List,
        "VALUE=ROLE,…",
        "",
        "Which value of that claim gives which role; nothing else gives one"
    ),
    setting!(
        "oidc-mfa-acr",
        "CARILLON_OIDC_MFA_ACR",
        List,
        "ACR,…",
        "",
        "Values of acr by which the provider vouches for a second factor, beside amr mfa"
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
        "metrics-listen",
        "CARILLON_METRICS_LISTEN",
        Text,
        "ADDRESS:PORT",
        "",
        "Where programs on this machine read /metrics, for Prometheus; loopback only"
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
        "keep-addresses",
        "CARILLON_KEEP_ADDRESSES",
        Text,
        "DAYS",
        "30",
        "Days after which the source addresses of audit records are removed; 0 = never"
    ),
    setting!(
        "min-free",
        "CARILLON_MIN_FREE",
        Text,
        "MIB",
        "256",
        "MiB to keep free beside a SQLite database: below it no new job is taken; 0 = only with less than 1"
    ),
];
