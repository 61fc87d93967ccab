//! Causes: why a target ended as it did.
//!
//! Owns the closed list with its stable codes, one plain sentence and one next step each, and
//! what each says about whether the request may have been carried out.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::TargetState;
use crate::state::UnknownName;

/// Why a target did not simply succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// No route, or the host is down.
    Unreachable,
    /// The connection was refused.
    Refused,
    /// No connection in time.
    TimeoutConnect,
    /// Connected and sent; no complete answer in time.
    TimeoutAnswer,
    /// The connection broke after the request's first byte.
    ConnectionReset,
    /// No TLS session could be made.
    TlsFailed,
    /// The phone shows another key than the pinned one.
    TlsIdentityChanged,
    /// The phone refused the credential.
    AuthFailed,
    /// The phone refused after our own repeated failures.
    AuthLockedOut,
    /// It asks for the password in clear, and the site does not allow that.
    AuthNotAllowedInClear,
    /// It asked better before and asks for the password in clear now.
    AuthDowngraded,
    /// 403: our address is not on its list, or Action URI is off.
    Forbidden,
    /// 403 while "Allow remote control?" waits on its screen.
    PromptPending,
    /// It does not know this action.
    Unsupported,
    /// It sent us elsewhere; we do not follow.
    Redirected,
    /// It answered 5xx.
    ServerError,
    /// What it answered is no HTTP.
    BadAnswer,
    /// Its answer's head is larger than we read.
    TooLarge,
    /// Another phone has this address.
    WrongPhone,
    /// The address is outside the allowed networks.
    BlockedAddress,
    /// A SIP answer other than 2xx.
    Sip(u16),
    /// No SIP answer in time.
    SipTimeout,
    /// The PBX took the command, and tells nothing of the phone.
    HandedOver,
    /// The PBX did not take the command.
    PbxRefused,
    /// One of the phones with its SIP address took the command; nobody tells which.
    SharedAddress,
    /// Its SIP address is also that of a phone that must not get the command.
    AddressOfOthers,
    /// The server stopped in mid-send.
    Interrupted,
    /// It took a restart, went away, and did not come back in time.
    NoReturn,
    /// Left alone: somebody is talking on it.
    InCall,
    /// Left alone: it is marked as protected.
    Protected,
    /// The inventory has no address for it.
    NoAddress,
    /// It asks for a password and none is stored.
    NoCredential,
    /// The job stopped itself before this phone's turn.
    FailureLimit,
}

impl Cause {
    /// Every cause but the SIP statuses.
    pub const ALL: &'static [Self] = &[
        Self::Unreachable,
        Self::Refused,
        Self::TimeoutConnect,
        Self::TimeoutAnswer,
        Self::ConnectionReset,
        Self::TlsFailed,
        Self::TlsIdentityChanged,
        Self::AuthFailed,
        Self::AuthLockedOut,
        Self::AuthNotAllowedInClear,
        Self::AuthDowngraded,
        Self::Forbidden,
        Self::PromptPending,
        Self::Unsupported,
        Self::Redirected,
        Self::ServerError,
        Self::BadAnswer,
        Self::TooLarge,
        Self::WrongPhone,
        Self::BlockedAddress,
        Self::SipTimeout,
        Self::HandedOver,
        Self::PbxRefused,
        Self::SharedAddress,
        Self::AddressOfOthers,
        Self::Interrupted,
        Self::NoReturn,
        Self::InCall,
        Self::Protected,
        Self::NoAddress,
        Self::NoCredential,
        Self::FailureLimit,
    ];

    /// The SIP statuses that have words of their own.
    pub const SIP: &'static [Self] = &[
        Self::Sip(401),
        Self::Sip(403),
        Self::Sip(404),
        Self::Sip(480),
        Self::Sip(481),
        Self::Sip(489),
        Self::Sip(500),
        Self::Sip(603),
    ];

    /// The stable code, without the number of a SIP status.
    const fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::TimeoutConnect => "timeout_connect",
            Self::TimeoutAnswer => "timeout_answer",
            Self::ConnectionReset => "connection_reset",
            Self::TlsFailed => "tls_failed",
            Self::TlsIdentityChanged => "tls_identity_changed",
            Self::AuthFailed => "auth_failed",
            Self::AuthLockedOut => "auth_locked_out",
            Self::AuthNotAllowedInClear => "auth_not_allowed_in_clear",
            Self::AuthDowngraded => "auth_downgraded",
            Self::Forbidden => "forbidden",
            Self::PromptPending => "prompt_pending",
            Self::Unsupported => "unsupported",
            Self::Redirected => "redirected",
            Self::ServerError => "server_error",
            Self::BadAnswer => "bad_answer",
            Self::TooLarge => "too_large",
            Self::WrongPhone => "wrong_phone",
            Self::BlockedAddress => "blocked_address",
            Self::Sip(_) => "sip_",
            Self::SipTimeout => "sip_timeout",
            Self::HandedOver => "handed_over",
            Self::PbxRefused => "pbx_refused",
            Self::SharedAddress => "shared_address",
            Self::AddressOfOthers => "address_of_others",
            Self::Interrupted => "interrupted",
            Self::NoReturn => "no_return",
            Self::InCall => "in_call",
            Self::Protected => "protected",
            Self::NoAddress => "no_address",
            Self::NoCredential => "no_credential",
            Self::FailureLimit => "failure_limit",
        }
    }

    /// The state that a target ends in with this cause, when the cause comes from sending.
    ///
    /// `unsupported` ends as `Failed` here; the planner skips it when the catalogue already knows.
    pub const fn state(self) -> TargetState {
        match self {
            Self::TimeoutAnswer
            | Self::ConnectionReset
            | Self::BadAnswer
            | Self::TooLarge
            | Self::SipTimeout
            | Self::HandedOver
            | Self::SharedAddress
            | Self::Interrupted => TargetState::Unknown,
            Self::InCall
            | Self::Protected
            | Self::AddressOfOthers
            | Self::WrongPhone
            | Self::FailureLimit => TargetState::Skipped,
            _ => TargetState::Failed,
        }
    }

    /// Whether somebody in between took the command for the phone, so that looking at the phone may
    /// tell more.
    pub const fn was_taken(self) -> bool {
        matches!(self, Self::HandedOver | Self::SharedAddress)
    }

    /// Whether the phone may have carried the request out. "No" is a promise.
    pub const fn may_have_happened(self) -> bool {
        matches!(self.state(), TargetState::Unknown)
    }

    /// Whether the request surely never reached the phone's web server.
    pub const fn surely_not_sent(self) -> bool {
        matches!(
            self,
            Self::Unreachable
                | Self::Refused
                | Self::TimeoutConnect
                | Self::TlsFailed
                | Self::TlsIdentityChanged
                | Self::BlockedAddress
                | Self::AuthNotAllowedInClear
                | Self::AuthDowngraded
                | Self::NoAddress
                | Self::NoCredential
                | Self::PbxRefused
        )
    }

    /// Whether somebody should look at it. Phones that are left alone on purpose are no problem.
    pub const fn needs_a_look(self) -> bool {
        !matches!(self, Self::InCall | Self::Protected)
    }

    /// Two or three words for a list.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Unreachable => "Not reachable",
            Self::Refused => "Connection refused",
            Self::TimeoutConnect => "No connection in time",
            Self::TimeoutAnswer => "No answer in time",
            Self::ConnectionReset => "Connection broke",
            Self::TlsFailed => "TLS failed",
            Self::TlsIdentityChanged => "Different key",
            Self::AuthFailed => "Wrong password",
            Self::AuthLockedOut => "Locked out",
            Self::AuthNotAllowedInClear => "Password only in clear",
            Self::AuthDowngraded => "Weaker sign-in than before",
            Self::Forbidden => "Refused our address",
            Self::PromptPending => "Waits for OK on the phone",
            Self::Unsupported => "Cannot do this",
            Self::Redirected => "Redirected",
            Self::ServerError => "Error on the phone",
            Self::BadAnswer => "Unreadable answer",
            Self::TooLarge => "Answer too large",
            Self::WrongPhone => "Different phone",
            Self::BlockedAddress => "Address not allowed",
            Self::Sip(401 | 407) => "Wants another proof",
            Self::Sip(403) => "Not allowed by SIP",
            Self::Sip(404) => "Unknown to the SIP server",
            Self::Sip(480) => "Not registered",
            Self::Sip(481) => "No such SIP dialog",
            Self::Sip(489) => "Not understood over SIP",
            Self::Sip(500 | 502 | 503) => "Error in SIP",
            Self::Sip(_) => "Refused by SIP",
            Self::SipTimeout => "No SIP answer",
            Self::HandedOver => "Handed to the PBX",
            Self::PbxRefused => "Refused by the PBX",
            Self::SharedAddress => "One of several phones",
            Self::AddressOfOthers => "Others have its address",
            Self::Interrupted => "Server stopped",
            Self::NoReturn => "Did not come back",
            Self::InCall => "In a call",
            Self::Protected => "Protected",
            Self::NoAddress => "No address",
            Self::NoCredential => "No password stored",
            Self::FailureLimit => "Job stopped itself",
        }
    }

    /// One plain sentence: what happened.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unreachable => "The network has no way to this address.",
            Self::Refused => "Something at this address refused the connection.",
            Self::TimeoutConnect => {
                "The phone, or the PBX that was asked, took no connection in time."
            }
            Self::TimeoutAnswer => {
                "The request was sent, but no complete answer came in time. It may have been carried out."
            }
            Self::ConnectionReset => {
                "The connection broke after the request had begun. It may have been carried out."
            }
            Self::TlsFailed => "No encrypted connection could be made.",
            Self::TlsIdentityChanged => "The phone shows a different key than at first contact.",
            Self::AuthFailed => {
                "The phone, or the PBX that was asked, refused the user name or password."
            }
            Self::AuthLockedOut => "The phone blocks sign-ins after repeated failures.",
            Self::AuthNotAllowedInClear => {
                "The phone, or the PBX that was asked, wants the password in clear text, which this site does not allow."
            }
            Self::AuthDowngraded => {
                "The phone used to ask for the password more safely than now. It was not sent."
            }
            Self::Forbidden => {
                "The phone refused our address, or Action URI is switched off on it."
            }
            Self::PromptPending => {
                "The phone shows “Allow remote control?” and waits for somebody."
            }
            Self::Unsupported => "This phone does not know the action.",
            Self::Redirected => "The phone pointed to another address. We do not follow.",
            Self::ServerError => "The phone answered with an error of its own.",
            Self::BadAnswer => {
                "What came back is no readable answer. It may have been carried out."
            }
            Self::TooLarge => "The answer was larger than we read. It may have been carried out.",
            Self::WrongPhone => "Another phone answers at this address.",
            Self::BlockedAddress => "The address is outside the networks that may be contacted.",
            Self::Sip(401 | 407) => {
                "The phone or its SIP server wants a proof of identity that Carillon cannot give, or that is not safe to give."
            }
            Self::Sip(403) => {
                "The phone trusts only its own SIP server, or that server does not pass this on."
            }
            Self::Sip(404) => "The SIP server does not know this address.",
            Self::Sip(480) => "The phone is not registered with its SIP server.",
            Self::Sip(481) => "The phone wants a subscription before it takes such a request.",
            Self::Sip(489) => "The phone does not understand Action URI over SIP.",
            Self::Sip(500 | 502 | 503) => {
                "The phone or its SIP server answered with an error of its own."
            }
            Self::Sip(_) => "The phone or its SIP server refused the request.",
            Self::SipTimeout => "No SIP answer came in time. It may have been carried out.",
            Self::HandedOver => {
                "The PBX took the command for the phone, and does not tell what the phone said. It may have been carried out."
            }
            Self::PbxRefused => "The PBX did not take the command. Nothing went to the phone.",
            Self::SharedAddress => {
                "Several phones have this SIP address. At least one of them took the command, and nobody tells which."
            }
            Self::AddressOfOthers => {
                "Its SIP address is also that of a phone that must not get this command. Nothing was sent."
            }
            Self::Interrupted => {
                "Carillon was stopped while this request was being sent. It may have been carried out."
            }
            Self::NoReturn => {
                "The phone took the command and went away to restart, but did not answer again in time."
            }
            Self::InCall => "Somebody is talking on this phone.",
            Self::Protected => "This phone is marked as protected.",
            Self::NoAddress => {
                "The inventory has no address for this phone, or the phone was deleted from it since."
            }
            Self::NoCredential => {
                "The phone, or the SIP server or PBX that was asked, wants a password, and none is stored that is meant for it."
            }
            Self::FailureLimit => "The job stopped itself after too many failures.",
        }
    }

    /// The one thing to do next.
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::Unreachable => "Check the address and the route to this network.",
            Self::Refused => {
                "Check that the phone's web server is on, and its scheme and port. By SIP or through a PBX: that the server at the site's SIP profile runs and lets Carillon in."
            }
            Self::TimeoutConnect => {
                "Check that it is powered and that its address is still current."
            }
            Self::TimeoutAnswer | Self::ConnectionReset | Self::Sip(500 | 502 | 503) => {
                "Look at the phone before you send it again."
            }
            Self::TlsFailed => {
                "If the firmware only knows old TLS, update it or move the site to plain HTTP. By SIP: check the name and the authority in the site's SIP profile."
            }
            Self::TlsIdentityChanged => {
                "If the phone was replaced or reset, confirm its new key on the phone's page."
            }
            Self::AuthFailed => "Correct the credential, then retry the failed phones.",
            Self::AuthLockedOut => {
                "Wait some minutes or restart the phone, then correct the credential."
            }
            Self::AuthNotAllowedInClear => {
                "Move the phone to HTTPS, or set its site to plain HTTP. For a PBX: use TLS, or allow it in the SIP profile."
            }
            Self::AuthDowngraded => {
                "If the firmware was changed on purpose, forget the learned sign-in on the phone's page."
            }
            Self::Forbidden => "Provision the lines that let in this server, then retry.",
            Self::PromptPending => {
                "Have somebody press OK on the phone, or provision features.show_action_uri_option = 0."
            }
            Self::Unsupported => "Leave this model out, or use another action.",
            Self::Redirected => "Set the phone's scheme to HTTPS.",
            Self::ServerError => "Try once more; if it stays, restart the phone by hand.",
            Self::BadAnswer | Self::TooLarge => {
                "Check that a Yealink phone lives at this address, then look at the phone."
            }
            Self::WrongPhone => "Correct the address in the inventory.",
            Self::BlockedAddress => "Correct the address, or ask an administrator for the network.",
            Self::Sip(401 | 407) => {
                "Read its answer beside this message: it must ask for MD5 or SHA-256, in the realm of the site's SIP profile."
            }
            Self::Sip(403) => {
                "Send through the phone's own SIP server, and have that server let NOTIFY pass."
            }
            Self::Sip(404) => "Correct the SIP address in the inventory.",
            Self::Sip(480) => "Check that the phone is powered and registered, then retry.",
            Self::Sip(481 | 489) => {
                "Check that Action URI is on and that the firmware takes it over SIP."
            }
            Self::Sip(_) => "Check the phone's registration and what its SIP server allows.",
            Self::SipTimeout => {
                "Check the registration, and look at the phone before you send again."
            }
            Self::HandedOver => "Look at the phone, or give it an address so that we can look.",
            Self::PbxRefused => {
                "Read what the PBX said, then check the phone's SIP address and what its user may do."
            }
            Self::SharedAddress => {
                "Look at the phone, or give each phone a SIP address of its own."
            }
            Self::AddressOfOthers => {
                "Give the phone a SIP address of its own, or send it over HTTP alone."
            }
            Self::Interrupted => "Look at the phone, then retry the unknown ones if need be.",
            Self::NoReturn => {
                "Look at the phone: whether it has power and a network, and what its screen says."
            }
            Self::InCall => "Try again after the call.",
            Self::Protected => {
                "An administrator can include it: run the command again, and tick the box on the review."
            }
            Self::NoAddress => {
                "Add its address to the inventory. By SIP: its SIP address, and a SIP profile of its site."
            }
            Self::NoCredential => {
                "Store a credential for the phone, its group or its site. For a SIP server or PBX, name one in the site's SIP profile, with the realm that it asks for."
            }
            Self::FailureLimit => "Mend the other causes, then retry what was skipped.",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(status) => write!(f, "sip_{status}"),
            other => f.write_str(other.word()),
        }
    }
}

impl FromStr for Cause {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(cause) = Self::ALL.iter().find(|cause| cause.word() == text) {
            return Ok(*cause);
        }
        text.strip_prefix("sip_")
            .and_then(|status| status.parse().ok())
            .filter(|status| (300..700).contains(status))
            .map(Self::Sip)
            .ok_or_else(|| UnknownName {
                text: text.to_owned(),
                known: Self::ALL
                    .iter()
                    .map(|c| c.word())
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_back() {
        for cause in Cause::ALL {
            assert_eq!(cause.to_string().parse(), Ok(*cause));
        }
        assert_eq!("sip_489".parse(), Ok(Cause::Sip(489)));
        assert!("sip_12".parse::<Cause>().is_err());
    }

    #[test]
    fn what_a_pbx_may_have_said_is_not_told_of_the_phone_alone() {
        for cause in [
            Cause::AuthFailed,
            Cause::AuthNotAllowedInClear,
            Cause::NoCredential,
            Cause::TimeoutConnect,
        ] {
            assert!(cause.sentence().contains("PBX"), "{cause}");
        }
    }

    /// It did get the command: nobody may be told otherwise, and nothing is sent again by itself.
    #[test]
    fn who_did_not_come_back_was_reached() {
        let cause = Cause::NoReturn;
        assert_eq!(cause.to_string(), "no_return");
        assert_eq!(cause.state(), TargetState::Failed);
        assert!(!cause.surely_not_sent());
        assert!(!crate::job::may_try_again(
            crate::action::Class::Harmless,
            cause
        ));
        assert!(cause.sentence().contains("took the command"));
    }

    #[test]
    fn surely_not_sent_and_may_have_happened_exclude_each_other() {
        for cause in Cause::ALL {
            assert!(
                !(cause.surely_not_sent() && cause.may_have_happened()),
                "{cause}"
            );
        }
    }
}
