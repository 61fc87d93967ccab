//! The program: everything is in the library, so that tests can reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Fails only when a provider was installed before, and nothing runs before this line.
    let _ = rustls::crypto::ring::default_provider().install_default();
    carillon::cli::run()
}
