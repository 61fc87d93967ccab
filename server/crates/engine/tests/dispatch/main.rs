//! Jobs from submission to the audit log: real SQLite, real sockets, simulated phones, and the
//! phones' own ledger as the judge.
#![expect(
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

mod control;
mod crash;
mod house;
mod outcome;
mod verify;
