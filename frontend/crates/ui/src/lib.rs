//! All pages: Leptos views rendered to HTML, and the islands that make some of them alive.
//!
//! A page is a function from its frame and its view to a whole HTML document. It reads nothing
//! else: no clock, no database, no request. What the browser half needs is in [`islands`]; the
//! pages themselves are left out of it.
//!
//! *Invariant:* every page works without scripts, no element carries a `style` attribute, and
//! every script carries the nonce of its frame.

// Leptos writes the props of components and islands; their docs are ours, their style is not.
mod components;
pub mod islands;
#[cfg(not(feature = "hydrate"))]
mod pages;
#[cfg(not(feature = "hydrate"))]
mod shell;
mod surroundings;
mod words;

#[cfg(not(feature = "hydrate"))]
pub use pages::*;
pub use words::{event_result_within, job_outcome, names, target_state_within};
