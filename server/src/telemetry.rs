//! Logs: to standard error, as text or JSON.
//!
//! *Invariant:* no header, cookie, token, body or query string is ever a field of a log line.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::config::Log;

/// Starts logging; a second call changes nothing, so tests may call it too.
pub fn start(log: &Log) {
    let Ok(filter) = EnvFilter::try_new(&log.filter) else {
        return;
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(true);
    // Fails only when logging was started before.
    let _ = if log.json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.try_init()
    };
}
