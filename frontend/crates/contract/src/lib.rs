//! What pages and the API show: views and parameters. Wasm-safe.
//!
//! One file per page noun. A view holds everything that its page says, already authorised and
//! already words where words are facts; how it looks is decided in `carillon-ui`. The forms of a
//! page stand beside its view: their fields are texts as typed, so that a refused form comes
//! back as it was, with [`form::FormErrors`] beside.
//!
//! *Invariant:* no secret is ever part of a view, but for those that are shown to their owner once;
//! no clock is read, nothing here does I/O.

pub mod account;
pub mod api;
pub mod approvals;
pub mod audit;
pub mod changes;
pub mod credentials;
pub mod failure;
pub mod form;
pub mod frame;
pub mod groups;
pub mod href;
pub mod import;
pub mod job;
pub mod jobs;
pub mod list;
pub mod networks;
pub mod overview;
pub mod phone;
pub mod phones;
pub mod run;
pub mod second_factor;
pub mod sign_in;
pub mod sip;
pub mod sites;
pub mod streams;
pub mod tokens;
pub mod users;

pub use form::{FieldError, FormErrors};
pub use frame::{FrameView, May, UserView};
pub use href::Href;
