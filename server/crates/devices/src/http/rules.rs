//! When a password may be given, and when it is not.
//!
//! Owns what the site's mode and the memory of a phone allow. Pure: knows a delivery and a
//! challenge, and no socket.
//!
//! *Invariant:* in clear a password goes out only at a site of plain HTTP, and as Basic only to a
//! phone that never asked better.

use carillon_domain::Cause;
use carillon_domain::phone::{AuthScheme, Scheme, TransportSecurity};

use super::auth::{self, Asked};
use super::line::Proof;
use super::request::Keep;
use crate::delivery::Delivery;

/// The rules for one delivery.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a>(pub(super) &'a Delivery);

impl Rules<'_> {
    /// What the first request carries.
    pub(super) fn first_proof(self) -> Result<Proof, Cause> {
        let Some(credential) = self.0.credential.as_deref() else {
            return Ok(Proof::None);
        };
        match self.0.auth {
            AuthScheme::Basic if self.basic_is_safe() => {
                Ok(auth::basic(credential).map_or(Proof::None, Proof::Header))
            }
            AuthScheme::LegacyLogin if self.password_may_be_shown() => Ok(Proof::Query(
                auth::login_path(&self.0.path_and_query, credential),
            )),
            // It has no form without the password, so there is nothing to ask first.
            AuthScheme::LegacyLogin => Err(Cause::AuthNotAllowedInClear),
            _ => Ok(Proof::None),
        }
    }

    /// Why the password is not given to a phone that asks for it like this.
    pub(super) fn refuses(self, asked: Option<&Asked>) -> Option<Cause> {
        let (asked, _) = asked.zip(self.0.credential.as_deref())?;
        if self.is_downgrade(asked) {
            return Some(Cause::AuthDowngraded);
        }
        (!self.password_may_be_shown()).then_some(Cause::AuthNotAllowedInClear)
    }

    fn is_downgrade(self, asked: &Asked) -> bool {
        matches!(asked, Asked::Basic) && self.in_clear() && self.asked_better_before()
    }

    fn in_clear(self) -> bool {
        self.0.target.scheme == Scheme::Http
    }

    /// Over TLS, or at a site where somebody chose plain HTTP.
    fn password_may_be_shown(self) -> bool {
        !self.in_clear() || self.0.security == TransportSecurity::PlainHttp
    }

    fn asked_better_before(self) -> bool {
        let digest = matches!(
            self.0.auth,
            AuthScheme::DigestMd5 | AuthScheme::DigestSha256
        );
        digest || self.0.pin.is_some()
    }

    fn basic_is_safe(self) -> bool {
        self.password_may_be_shown() && !(self.in_clear() && self.asked_better_before())
    }

    /// The connection is kept only where a Digest challenge may come back on it.
    pub(super) fn keep_after(self, proof: &Proof) -> Keep {
        let may_be_challenged = matches!(
            self.0.auth,
            AuthScheme::Unknown | AuthScheme::DigestMd5 | AuthScheme::DigestSha256
        );
        let may_answer = self.0.credential.is_some() && self.password_may_be_shown();
        if may_be_challenged && may_answer && !proof.is_given() {
            Keep::ForChallenge
        } else {
            Keep::Close
        }
    }

    /// Whether what a challenge asks for is remembered. Not a downgrade, or the next one would no
    /// longer be one; and not over a choice that a person made.
    pub(super) fn may_learn(self, asked: &Asked) -> bool {
        self.0.auth != AuthScheme::LegacyLogin && !self.is_downgrade(asked)
    }

    /// Whether a phone that answered without a password is remembered as such. Not one that is
    /// remembered to ask for Digest: forgetting that would open the way to asking for Basic next.
    pub(super) fn may_learn_openness(self) -> bool {
        self.0.auth == AuthScheme::Unknown
    }
}
