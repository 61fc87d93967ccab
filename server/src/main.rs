//! The program: everything is in the library, so that tests can reach it.

use std::process::ExitCode;

/// What thousands of exchanges leave behind lies in pieces between what lives longer. The system's
/// allocator keeps such pages; this one gives them back.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // Fails only when a provider was installed before, and nothing runs before this line.
    let _ = rustls::crypto::ring::default_provider().install_default();
    carillon::cli::run()
}
