//! What a final answer means.
//!
//! Owns the table from status to cause, and whose word a status is.

use std::time::Duration;

use carillon_domain::Cause;

use super::answer::SipAnswer;
use super::notify::Notify;

/// After so long an answer is late. A SIP server that answers sooner has not given up waiting for any
/// phone behind it: the shortest such wait that is in use is five seconds.
pub(super) const LATE: Duration = Duration::from_secs(3);

/// The cause of a status; `None` for 2xx.
///
/// What the phone answers "no" to it did not do. A SIP server that heard nothing from the phone
/// says 408 or 504: then nobody knows.
pub(super) const fn of(status: u16) -> Option<Cause> {
    match status {
        200..=299 => None,
        408 | 504 => Some(Cause::SipTimeout),
        other => Some(Cause::Sip(other)),
    }
}

/// Whether a phone may have carried the command out although this is the answer.
///
/// A SIP server that fails says so by itself, perhaps after it passed the command on. Of several
/// phones behind an address, those of the inventory or any that are registered, the server picks
/// one's answer, and may prefer a "no" to the silence of another: then its "no" comes late. Only a
/// 407 comes from a server before it has asked any of them.
pub(super) const fn hides_others(notify: &Notify, answer: &SipAnswer) -> bool {
    match answer.status {
        407 => false,
        200..=299 => notify.hop.passes_on && notify.shared,
        500 | 502 | 503 => notify.hop.passes_on,
        _ => notify.hop.passes_on && (notify.shared || answer.is_late),
    }
}

/// What an answer says of a phone: a "yes" at an address that several have is a "yes" of one.
pub(super) const fn cause(notify: &Notify, answer: &SipAnswer) -> Option<Cause> {
    match of(answer.status) {
        None if hides_others(notify, answer) => Some(Cause::SharedAddress),
        cause => cause,
    }
}

/// Whether a status comes from the phone that was meant, as far as it says so: a SIP server says
/// the others by itself as well.
pub(super) const fn is_of_phone(notify: &Notify, status: u16) -> bool {
    let by_one_of_several = notify.hop.passes_on && notify.shared;
    !by_one_of_several && matches!(status, 200..=299 | 481 | 486 | 489)
}

#[cfg(test)]
mod tests {
    use carillon_domain::TargetState;

    use super::*;

    #[test]
    fn every_status_has_its_state() {
        for (status, cause, state) in [
            (302, "sip_302", TargetState::Failed),
            (403, "sip_403", TargetState::Failed),
            (404, "sip_404", TargetState::Failed),
            (401, "sip_401", TargetState::Failed),
            (408, "sip_timeout", TargetState::Unknown),
            (480, "sip_480", TargetState::Failed),
            (481, "sip_481", TargetState::Failed),
            (489, "sip_489", TargetState::Failed),
            (503, "sip_503", TargetState::Failed),
            (504, "sip_timeout", TargetState::Unknown),
            (603, "sip_603", TargetState::Failed),
        ] {
            let found = of(status).expect("a cause");
            assert_eq!((found.to_string().as_str(), found.state()), (cause, state));
        }
        assert_eq!([of(200), of(202), of(299)], [None; 3]);
    }
}
