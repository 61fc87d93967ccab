//! Reading the audit log, and proving what it says.
//!
//! Owns the use cases of auditors, and the notary that signs the log. *Invariant:* nothing here
//! changes a record; an export is itself recorded before its first row leaves.

mod addresses;
mod adopt;
mod anchors;
mod asked;
mod behind;
mod consistency;
mod course;
mod export;
mod exported;
mod finding;
mod head;
mod journal;
mod lines;
mod moves;
mod named;
mod notary;
mod note;
mod noted;
mod path;
mod private;
mod proof;
mod read;
mod request;
mod run;
mod signed;
mod signer;
mod signing_key;
mod sources;
mod standing;
mod tiles;
mod verify;

pub use adopt::signing_key;
pub use anchors::{AnchorConfig, AnchorState, Anchors, AnchorsParts};
pub(crate) use asked::{ASKED, Asked};
pub(crate) use course::{APPROVAL, Course};
pub use export::Export;
pub use exported::verify_export;
pub use finding::{Finding, Intact, Kind, Later, Verdict};
pub use journal::Journal;
pub use notary::{Notary, NotaryFault, NotaryParts, NotaryState, Seal};
pub use note::{Checkpoint, NoNote, Notes, SignedCheckpoint, VerifierKey, notes};
pub(crate) use noted::{NOTED, Noted};
pub use private::Disclosed;
pub(crate) use private::tell;
pub use proof::{InclusionProof, ProofFault, is_as_signed, prove};
pub(crate) use request::{REQUEST, Request};
pub use run::run;
pub use signer::{
    Memory, MemoryError, RemoteSigner, SignedLast, Signer, SignerFault, Why, bind, serve,
};
pub use signing_key::{SIGNING_KEY_FILE, SigningKey, signing_key_source};
pub(crate) use standing::{CHOICE, DECISION, Decisions, Networks, Orders, Passes, UNTIL, VERSION};
pub use verify::{Evidence, verify};
