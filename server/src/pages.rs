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

pub mod account;
pub mod action_words;
mod actor_words;
pub mod approvals;
pub mod area;
pub mod audit;
pub mod audit_row;
mod changed_phones;
mod changed_rules;
mod changes;
pub mod credentials;
pub mod day;
pub mod deed;
pub mod error;
pub mod flash;
pub mod form;
pub mod form_page;
pub mod groups;
pub mod import;
pub mod job;
pub mod job_links;
pub mod job_row;
pub mod jobs;
pub mod language;
pub mod link;
mod look;
pub mod meanwhile;
pub mod networks;
pub mod notice;
pub mod oidc;
mod once;
pub mod overview;
pub mod phone;
pub mod phone_form;
pub mod phones;
mod phones_delete;
pub mod phones_edit;
pub mod refused;
pub mod reset;
pub mod review;
pub mod run;
pub mod second_factor;
pub mod seek;
pub mod selection;
pub mod settings;
pub mod setup;
pub mod sign_in;
pub mod sip;
mod site_names;
pub mod sites;
pub mod snippet;
pub mod stop;
pub mod streams;
pub mod tokens;
pub mod users;
pub mod visit;

/// Every page and every form.
pub fn routes() -> Table {
    work(inventory(sessions()))
}

/// What is done, what was done, and by whom.
fn work(table: Table) -> Table {
    let table = jobs::routes(job::routes(review::routes(run::routes(table))));
    let table = stop::routes(audit::routes(overview::routes(table)));
    let table = networks::routes(settings::routes(approvals::routes(table)));
    let table = look::routes(changes::routes(table));
    let table = second_factor::routes(account::routes(streams::routes(table)));
    users::routes(tokens::routes(table))
}

/// Signing in and out, and the first account.
fn sessions() -> Table {
    oidc::routes(language::routes(Table::pages()))
        .get("/sign-in", Access::Public, sign_in::show)
        .post("/sign-in", Access::Public, sign_in::submit)
        .post("/sign-out", Access::SignedIn, sign_in::leave)
        .get("/setup", Access::Public, setup::show)
        .post("/setup", Access::Public, setup::submit)
        .get("/reset", Access::Public, reset::show)
        .post("/reset", Access::Public, reset::submit)
}

/// Phones, groups, sites and what opens them.
fn inventory(table: Table) -> Table {
    let table = import::routes(phones_delete::routes(selection::routes(phones::routes(
        table,
    ))));
    let table = phones_edit::routes(phone_form::routes(phone::routes(table)));
    credentials::routes(sip::routes(sites::routes(groups::routes(table))))
}
