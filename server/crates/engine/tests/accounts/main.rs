//! Accounts over a real SQLite file and a clock that the tests move.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by stopping"
)]

mod asvs;
mod changes;
mod deletions;
mod doors;
mod external;
mod house;
mod keys;
mod newcomers;
mod passes;
mod passwords;
mod reset;
mod rights;
mod rows;
mod second_factor;
mod sessions;
mod setup;
mod sight;
mod sign_in;
mod throttles;
mod tokens;
mod users;
#[path = "../both/verifiers.rs"]
mod verifiers;
