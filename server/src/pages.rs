//! The pages: one file per noun, handlers that ask the engine and hand a view to the UI.
//!
//! Owns the routes of browsers. Every page is rendered whole; every change is a form that is
//! answered with 303, or with 422 and the same page again.
//!
//! The pattern of a handler, as in `sign_in.rs`: take [`visit::Visit`] (frame, flash, cookies),
//! `Caller` where the route needs somebody, [`crate::fields::Query`] or [`crate::fields::Form`];
//! ask the engine; answer with [`visit::Visit::page`], [`visit::Visit::refused`] or
//! [`visit::Visit::see_other`]. Errors go out by `?` as [`crate::problem::Problem`].

use crate::router::table::{Access, Table};

pub mod error;
pub mod flash;
pub mod form;
pub mod setup;
pub mod sign_in;
pub mod visit;

/// Every page and every form.
pub fn routes() -> Table {
    Table::pages()
        .get("/sign-in", Access::Public, sign_in::show)
        .post("/sign-in", Access::Public, sign_in::submit)
        .post("/sign-out", Access::SignedIn, sign_in::leave)
        .get("/setup", Access::Public, setup::show)
        .post("/setup", Access::Public, setup::submit)
}
