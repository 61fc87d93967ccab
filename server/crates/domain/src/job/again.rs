//! Trying again without being asked: what may be, and when.
//!
//! Owns the rule. *Invariant:* what may have happened is never tried again by itself, and a
//! password that was refused is never offered a second time.

use std::time::Duration;

use crate::Cause;
use crate::action::Class;

/// Whether a command that ended with `cause` may be sent again by itself.
///
/// What surely did not reach the phone may, where it can pass by itself. What the phone answered
/// "no" to may only for what harms nobody. All that would end the same way again may not.
pub const fn may_try_again(class: Class, cause: Cause) -> bool {
    match cause {
        Cause::Unreachable | Cause::Refused | Cause::TimeoutConnect | Cause::TlsFailed => true,
        Cause::Forbidden | Cause::PromptPending | Cause::ServerError => {
            matches!(class, Class::Harmless)
        }
        _ => false,
    }
}

/// Whether SIP may follow where HTTP ended with `cause`.
///
/// What surely did not reach the phone may go by SIP; a refusal of our address only where the
/// site's profile says so. An address that must not be contacted is no reason to go round it.
pub const fn may_take_second_way(cause: Cause, after_forbidden: bool) -> bool {
    match cause {
        Cause::BlockedAddress => false,
        Cause::Forbidden => after_forbidden,
        _ => cause.surely_not_sent(),
    }
}

/// How long to wait before the next try: twice as long each time, and between half and one and a
/// half of that, as `dice` falls. So phones that failed together do not come back together.
pub fn pause_before(base: Duration, tries: u32, dice: u16) -> Duration {
    let usual = base.saturating_mul(1 << tries.saturating_sub(1).min(8));
    usual / 2 + usual.mul_f64(f64::from(dice) / f64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_happened_is_never_tried_again_by_itself() {
        for class in Class::ALL {
            for cause in Cause::ALL {
                let may = may_try_again(*class, *cause);
                assert!(!(may && cause.may_have_happened()), "{cause}");
                let harmless = *class == Class::Harmless;
                assert!(!may || harmless || cause.surely_not_sent(), "{cause}");
            }
        }
    }

    #[test]
    fn sip_follows_only_what_surely_did_not_happen() {
        for cause in Cause::ALL.iter().chain(Cause::SIP) {
            let may = may_take_second_way(*cause, false);
            assert!(!may || cause.surely_not_sent(), "{cause}");
            let allowed = may_take_second_way(*cause, true);
            assert_eq!(allowed != may, *cause == Cause::Forbidden, "{cause}");
            assert!(!(allowed && cause.may_have_happened()), "{cause}");
        }
        assert!(!may_take_second_way(Cause::BlockedAddress, true));
        assert!(may_take_second_way(Cause::TimeoutConnect, false));
        assert!(!may_take_second_way(Cause::PromptPending, true));
    }

    #[test]
    fn a_refused_password_is_not_offered_again() {
        for cause in [Cause::AuthFailed, Cause::AuthLockedOut, Cause::NoCredential] {
            assert!(!may_try_again(Class::Harmless, cause), "{cause}");
        }
    }

    #[test]
    fn pauses_double_and_differ() {
        let base = Duration::from_secs(2);
        let seconds = |tries, dice| pause_before(base, tries, dice).as_secs_f64();
        assert_eq!((seconds(1, 0), seconds(1, u16::MAX)), (1.0, 3.0));
        assert_eq!((seconds(3, 0), seconds(3, u16::MAX)), (4.0, 12.0));
    }
}
