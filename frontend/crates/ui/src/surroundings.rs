//! What every part of a page may ask for without being handed it.
//!
//! Owns the values that one document shares: its moment, its form token, its icons.

use std::sync::Arc;

use carillon_domain::Timestamp;
use leptos::prelude::*;

/// The values that one document shares.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// The moment the page was made.
    pub now: Timestamp,
    /// Address of the icon sprite.
    pub icons: Arc<str>,
    /// Token of every form.
    pub csrf: Arc<str>,
}

impl Surroundings {
    /// Makes them known to everything below.
    pub(crate) fn provide(self) {
        provide_context(self);
    }

    /// Those of the document that is being written.
    pub(crate) fn of_page() -> Self {
        use_context().unwrap_or_else(|| Self {
            now: Timestamp::from_micros(0),
            icons: Arc::from(""),
            csrf: Arc::from(""),
        })
    }
}
