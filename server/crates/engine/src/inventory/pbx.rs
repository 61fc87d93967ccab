//! What a SIP profile needs where a PBX sends.
//!
//! Owns the checks of it: an address, who signs in, a connection, and a password that may go the
//! way it goes.

use std::net::IpAddr;

use carillon_domain::sip::{DEFAULT_PBX_PROFILE, NotifyWay, SipTransport};

use super::sip::{MAX_NAME, Problems, SipProfileInput};

/// Answers the SIP profile of a `FreeSWITCH`; nothing for the other ways that name none.
pub(super) fn checked(
    input: &SipProfileInput,
    proxy: Option<IpAddr>,
    problems: &mut Problems,
) -> String {
    let profile = input.pbx_profile.trim();
    let profile = match input.way {
        NotifyWay::Esl if profile.is_empty() => DEFAULT_PBX_PROFILE,
        _ => profile,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if profile.len() > MAX_NAME || !profile.bytes().all(plain) {
        let message = "this is no name of a SIP profile";
        problems.say("pbx_profile", "invalid", message);
    }
    if input.way.is_pbx() {
        check_connection(input, problems);
        check_password(input, proxy, problems);
    }
    profile.to_owned()
}

fn check_connection(input: &SipProfileInput, problems: &mut Problems) {
    if input.proxy.trim().is_empty() {
        problems.say("proxy", "missing", "give the address of the PBX");
    }
    if input.transport == SipTransport::Udp {
        let message = "a PBX is asked over a connection: choose TCP or TLS";
        problems.say("transport", "unsupported", message);
    }
}

fn check_password(input: &SipProfileInput, proxy: Option<IpAddr>, problems: &mut Problems) {
    let name = input.credential.as_deref().unwrap_or_default();
    if name.trim().is_empty() {
        let message = "choose the credential with which we sign in at the PBX";
        problems.say("credential", "missing", message);
    }
    let is_near = proxy.is_none_or(|address| address.is_loopback());
    let goes_in_clear = input.way == NotifyWay::Esl && input.transport == SipTransport::Tcp;
    if goes_in_clear && !is_near && !input.password_in_clear {
        let message = "a FreeSWITCH is told the password itself: use TLS, or allow it in clear";
        problems.say("password_in_clear", "missing", message);
    }
}
