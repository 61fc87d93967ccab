//! Random tokens that stand for somebody.
//!
//! Owns their text, the hash under which they are stored, and how far a token's scope reaches.
//! *Invariant:* the text exists only in the hands of its bearer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carillon_domain::role::{Permission, Role};
use carillon_store::TokenScope;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::random::{NoEntropy, Random};

/// The role that a token of this scope has, for an account of this role: never more.
pub const fn capped_role(scope: TokenScope, account: Role) -> Role {
    match (scope, account) {
        (TokenScope::Read, Role::Operator | Role::Admin) => Role::Viewer,
        (TokenScope::Run, Role::Admin) => Role::Operator,
        (_, role) => role,
    }
}

/// Whether a token of this scope may do what its role may: what is read of it beyond a role, one
/// record at a time, is for those that may do everything.
pub const fn scope_covers(scope: TokenScope, permission: Permission) -> bool {
    !matches!(permission, Permission::ReadNumbers) || matches!(scope, TokenScope::Manage)
}

/// Random bytes in base64url behind a prefix.
pub(super) fn fresh<const BYTES: usize>(
    random: &Random,
    prefix: &str,
) -> Result<SecretString, NoEntropy> {
    let bytes = Zeroizing::new(random.bytes::<BYTES>()?);
    let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes));
    Ok(SecretString::from(format!("{prefix}{}", *encoded)))
}

/// The hash of a presented token of so many bytes; `None` when the text cannot be one.
pub(super) fn hash_of<const BYTES: usize>(text: &SecretString, prefix: &str) -> Option<[u8; 32]> {
    let encoded = text.expose_secret().strip_prefix(prefix)?;
    let well_formed = encoded.len() == (BYTES * 4).div_ceil(3)
        && encoded
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    well_formed.then(|| Sha256::digest(text.expose_secret()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(random: &Random) -> SecretString {
        fresh::<32>(random, "car_").unwrap()
    }

    #[test]
    fn tokens_are_fresh_and_known_again() {
        let random = Random::system();
        let (a, b) = (token(&random), token(&random));
        assert_eq!(a.expose_secret().len(), 47);
        assert_eq!(hash_of::<32>(&a, "car_"), hash_of::<32>(&a.clone(), "car_"));
        assert_ne!(hash_of::<32>(&a, "car_"), hash_of::<32>(&b, "car_"));
    }

    #[test]
    fn what_is_no_token_is_not_looked_up() {
        let long = "a".repeat(43);
        for text in [
            "",
            "car_",
            &long,
            &format!("car_{long}a"),
            &format!("car_{}/", &long[1..]),
        ] {
            assert_eq!(
                hash_of::<32>(&SecretString::from(text), "car_"),
                None,
                "{text}"
            );
        }
    }

    #[test]
    fn a_scope_never_adds_to_a_role() {
        for &role in Role::ALL {
            for &scope in TokenScope::ALL {
                let capped = capped_role(scope, role);
                let added = Permission::ALL
                    .iter()
                    .find(|p| capped.may(**p) && !role.may(**p));
                assert_eq!(added, None, "{role} {scope}");
            }
            assert!(!capped_role(TokenScope::Read, role).may(Permission::RunJobs));
            assert!(!capped_role(TokenScope::Run, role).may(Permission::Administer));
        }
    }
}
