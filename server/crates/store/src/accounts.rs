//! Accounts and what people hold while they are signed in.

pub(crate) mod drafts;
pub(crate) mod factors;
pub(crate) mod identities;
pub(crate) mod reset_links;
pub(crate) mod sessions;
pub(crate) mod throttles;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod views;
