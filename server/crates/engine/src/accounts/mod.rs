//! Accounts: who may sign in, their sessions and their tokens.
//!
//! Owns passwords, sign-in and its throttling, sessions, API tokens, and the first administrator.
//!
//! *Invariant:* of passwords, session tokens, API tokens and one-time codes only hashes are stored,
//! and none of them ever stands in a log, an error or an audit record. What changes an account
//! commits together with its audit record.

mod access;
mod bearer;
mod breached;
mod codes;
mod coming_in;
mod common;
mod ended;
mod external;
mod form_tokens;
mod hasher;
mod independent;
mod influence;
mod known_browser;
mod language;
mod lines;
mod look;
mod passwords;
mod policy;
mod proof;
mod provided;
mod recovery;
mod refusals;
mod refused;
mod reset;
mod rights;
mod second_factor;
mod session_list;
mod sessions;
mod setup;
mod sign_in;
mod standing;
mod stored_password;
mod strength;
mod throttle;
mod tokens;
mod totp;
mod users;

pub use access::Access;
pub(crate) use access::reach_of;
pub use bearer::{capped_role, scope_covers};
pub use breached::Breached;
pub use carillon_store::TokenScope;
pub(crate) use external::STRONG;
pub use external::{Arrival, Entered, External};
pub use hasher::{Cost, HashText, Hasher, Slot, TooCheap, Verdict};
pub use independent::Hindrance;
pub(crate) use independent::{Deciders, independent};
pub(crate) use influence::Influence;
pub use policy::{LONGEST, SHORTEST, account_name, check_password};
pub use proof::PROOF_LASTS;
pub use refused::Refused;
pub use reset::{RESET_LINK_LASTS, ResetLink};
pub(crate) use second_factor::read as read_roles;
pub use second_factor::{FactorMade, FactorSetup};
pub use session_list::SessionInfo;
pub(crate) use sessions::short;
pub use sessions::{ABSOLUTE_LIMIT, SessionContext, idle_limit};
pub use setup::{SETUP_CODE_LIFETIME, Setup};
pub use sign_in::{SignIn, SignedIn};
pub use tokens::{
    DEFAULT_LIFETIME, IssuedToken, LONGEST_LIFETIME, NewToken, TokenContext, TokenInfo,
};
pub use users::{NewUser, UserInfo};
