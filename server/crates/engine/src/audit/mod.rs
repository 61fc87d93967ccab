//! Reading the audit log.
//!
//! Owns the use cases of auditors. *Invariant:* nothing here changes a record; an export is
//! itself recorded before its first row leaves.

mod head;
mod read;
