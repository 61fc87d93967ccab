//! Secrets at rest and the keys that open them.
//!
//! Owns the key file, one subkey per purpose, sealing and opening, and the proof at start that
//! the keys at hand are the ones this database was sealed with.
//!
//! *Invariant:* plaintext leaves only inside types that wipe themselves and that nothing prints;
//! no key is ever made where a database already exists.

pub mod check;
pub mod key;
pub mod key_file;
mod key_line;
mod keyring;
mod place;
mod rotation;
mod row_code;
mod row_codes_anew;
mod seal;

pub use check::{KeyCheckError, check_keys};
pub use key::{KeyId, KeyState};
pub use key_file::private_text;
pub use key_file::{KeyFileError, KeySource};
pub(crate) use key_file::{read_private, sync_folder_of, write_new};
pub use keyring::{Keyring, Purpose};
pub use place::Place;
pub use rotation::{KeyInfo, Rewrapped, unreadable};
pub use seal::{OpenError, SealError};
