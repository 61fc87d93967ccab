//! The program: everything is in the library, so that tests can reach it.

use std::process::ExitCode;

/// Thousands of small values are made by one thread and given back by another: glibc's allocator keeps
/// them waiting for each other. C libraries keep theirs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Fails only when a provider was installed before, and nothing runs before this line.
    let _ = rustls::crypto::ring::default_provider().install_default();
    carillon::cli::run()
}
