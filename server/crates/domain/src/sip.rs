//! SIP: where a NOTIFY goes, and how the phones of a site are reached by it.

mod address;
mod profile;

pub use address::{NotASipAddress, SipAddress};
pub use profile::{
    DEFAULT_PBX_PROFILE, DEFAULT_RATE, MAX_RATE, NotifyWay, SipProfile, SipTransport, SipUse,
};
