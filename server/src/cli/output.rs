//! Standard output and standard error of the commands.
//!
//! The only place that prints. A reader that went away (`| head`) ends nothing but the printing.

use std::io::{self, IsTerminal as _, Write as _};

/// One line of result.
pub fn line(text: &str) {
    let mut out = io::stdout().lock();
    // Whoever reads it may be gone; the work is done all the same.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Result text as it is.
pub fn text(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Result text of which nothing may be missing.
///
/// # Errors
/// When whoever reads it is gone, or has no room.
pub fn bytes(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

/// One line about an error: what, why, what to do.
pub fn error(text: &str) {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let _ = writeln!(io::stderr().lock(), "carillon: {plain}");
}

/// One line about the work, beside the result.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether somebody watches.
pub fn is_watched() -> bool {
    io::stderr().is_terminal()
}
