//! The inventory over a real SQLite file.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what went wrong by stopping"
)]

mod asked;
mod clear;
mod credentials;
mod groups;
mod house;
mod import;
mod large;
mod networks;
mod phones;
mod proofs;
mod sites;
mod together;
mod told;
