//! The use cases of Carillon.
//!
//! Owns what can be done: inventory, accounts, secrets, jobs, dispatch, audit. Each use case
//! takes the [`Caller`](caller::Caller) first, asks for its permission, and writes what it
//! changes together with its audit record in one transaction.
//!
//! *Invariant:* knows no HTTP and no pages; opens no socket to a phone but through the gateway,
//! and that only for a durably claimed target.

pub mod caller;
pub mod clock;
pub mod error;
pub mod ids;
pub mod random;
