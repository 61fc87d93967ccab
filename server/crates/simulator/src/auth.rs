//! Who may.
//!
//! Owns the check of a request's credentials against what the phone wants, and the challenge
//! where they are missing.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use carillon_domain::phone::AuthScheme;

use crate::digest::{self, Algorithm, Expected, Mint};
use crate::profile::Auth;
use crate::request::Request;
use crate::state::State;

/// What the credentials of a request are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// They are right, or none are needed.
    Right,
    /// None of the wanted kind were sent.
    Missing,
    /// They were right for a nonce that is no longer good.
    Stale,
    /// They are wrong.
    Wrong,
}

/// The kind of credentials that a request carries.
pub(crate) fn carried(request: &Request) -> AuthScheme {
    match &request.authorization {
        Some(header) => match header.split_once(' ') {
            Some((kind, _)) if kind.eq_ignore_ascii_case("Basic") => AuthScheme::Basic,
            Some((kind, rest)) if kind.eq_ignore_ascii_case("Digest") => {
                if digest::is_sha256(rest) {
                    AuthScheme::DigestSha256
                } else {
                    AuthScheme::DigestMd5
                }
            }
            _ => AuthScheme::Unknown,
        },
        None if request.asked.login.is_some() => AuthScheme::LegacyLogin,
        None => AuthScheme::None,
    }
}

/// Checks a request as this phone would.
pub(crate) fn check(state: &State, request: &Request, mint: &Mint) -> Check {
    let header = request.authorization.as_deref().unwrap_or_default();
    let (_, value) = header.split_once(' ').unwrap_or_default();
    match (state.auth, carried(request)) {
        (Auth::None, _) => Check::Right,
        (Auth::Basic, AuthScheme::Basic) => basic(state, value),
        (Auth::Digest, AuthScheme::DigestMd5) => {
            digest(state, request, value, mint, Algorithm::Md5)
        }
        (Auth::DigestSha256, AuthScheme::DigestSha256) => {
            digest(state, request, value, mint, Algorithm::Sha256)
        }
        (Auth::LegacyLogin, AuthScheme::LegacyLogin) => login(state, request),
        _ => Check::Missing,
    }
}

/// The header that asks for credentials; legacy phones do not say what they want.
pub(crate) fn challenge(
    state: &State,
    mint: &Mint,
    (now, number): (Duration, u64),
    stale: bool,
) -> Option<String> {
    let realm = state.model.realm();
    let algorithm = match state.auth {
        Auth::None | Auth::LegacyLogin => return None,
        Auth::Basic => return Some(format!("Basic realm=\"{realm}\"")),
        Auth::Digest => Algorithm::Md5,
        Auth::DigestSha256 => Algorithm::Sha256,
    };
    let nonce = mint.nonce(now, number);
    Some(digest::challenge(algorithm, &realm, &nonce, stale))
}

const fn worth(right: bool) -> Check {
    if right { Check::Right } else { Check::Wrong }
}

fn basic(state: &State, value: &str) -> Check {
    let sent = BASE64_STANDARD.decode(value.trim()).unwrap_or_default();
    let wanted = format!("{}:{}", state.username, state.password.as_str());
    worth(sent == wanted.as_bytes())
}

fn digest(
    state: &State,
    request: &Request,
    value: &str,
    mint: &Mint,
    algorithm: Algorithm,
) -> Check {
    let expected = Expected {
        algorithm,
        realm: &state.model.realm(),
        username: &state.username,
        password: state.password.as_str(),
        method: &request.method,
        target: &request.target,
    };
    digest::check(value, &expected, mint)
}

fn login(state: &State, request: &Request) -> Check {
    worth(
        request
            .asked
            .login
            .as_ref()
            .is_some_and(|(user, password)| {
                *user == state.username && password == state.password.as_str()
            }),
    )
}
