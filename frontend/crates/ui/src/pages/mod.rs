//! The pages: one function each, from frame and view to a whole document.
//!
//! A new page: state what it shows in `carillon-contract`, one file per noun; write its function
//! here from the parts in [`crate::components`]; give it samples in `tests/samples`, empty and
//! full, and the tests read it like every other; look at it in the gallery (`examples/gallery`),
//! light and dark, wide and narrow; then mount it in the server.

mod account;
mod approvals;
mod audit;
mod audit_record;
mod credentials;
mod delete;
mod failure;
mod groups;
mod import;
mod import_result;
mod import_review;
mod job;
mod job_targets;
mod jobs;
mod overview;
mod overview_trends;
mod phone;
mod phone_actions;
mod phone_form;
mod phone_gone;
mod phone_keypad;
mod phones;
mod phones_bulk;
mod phones_edit;
mod phones_shape;
mod review;
mod review_phones;
mod run;
mod sign_in;
mod sites;
mod stop;
mod tokens;
mod users;

pub use account::account;
pub use approvals::{approvals, settings};
pub use audit::audit;
pub use audit_record::audit_record;
pub use credentials::{credential_form, credentials};
pub use delete::{delete, delete_phones};
pub use failure::failure;
pub use groups::{group, group_form, groups};
pub use import::import;
pub use import_result::import_result;
pub use import_review::import_review;
pub use job::job;
pub use jobs::jobs;
pub use overview::overview;
pub use phone::phone;
pub use phone_form::phone_form;
pub use phone_gone::gone_phone;
pub use phones::phones;
pub use phones_edit::edit_phones;
pub use review::review;
pub use review_phones::review_phones;
pub use run::run;
pub use sign_in::{setup, sign_in};
pub use sites::{site_form, sites};
pub use stop::{stop_all, stop_job};
pub use tokens::tokens;
pub use users::{user_form, users};
