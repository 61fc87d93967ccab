//! The words of Carillon.
//!
//! Owns what a phone, an action, a filter, a job, a state and a cause *are*, and every rule
//! that can be stated without touching the world.
//!
//! *Invariant:* no I/O, no clock, no randomness; compiles for the browser.

pub mod action;
pub mod address;
mod calendar;
pub mod cause;
pub mod change;
pub mod change_request;
pub mod credential;
pub mod event;
pub mod field;
pub mod filter;
pub mod job;
pub mod language;
pub mod line;
pub mod look;
pub mod mac;
pub mod model;
pub mod networks;
pub mod outcome;
pub mod phone;
pub mod phone_list;
pub mod phonecfg;
pub mod reach;
pub mod role;
pub mod sip;
pub mod snippet;
pub mod spreadsheet;
pub mod state;
pub mod strict;
pub mod tag;
pub mod timestamp;

pub use cause::Cause;
pub use change_request::{ChangeKind, ChangeState};
pub use field::FieldError;
pub use filter::Filter;
pub use language::Language;
pub use mac::{Mac, MacText};
pub use reach::{Area, Reach};
pub use state::{Counts, JobState, TargetState};
pub use timestamp::Timestamp;
