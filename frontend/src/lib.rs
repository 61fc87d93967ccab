//! The browser half: wakes the islands that a page holds.
//!
//! Owns nothing but the entry point. The islands are written in `carillon-ui`, and a page that
//! has none never loads this.

// Linked for the islands' own entry points, which only the page calls.
use carillon_ui as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Makes the islands of the document ready to be woken, one by one, by the page's loader.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
