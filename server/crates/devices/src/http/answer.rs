//! What was heard from a phone.
//!
//! Owns the values that travel from the sockets to the verdict.

use carillon_domain::Cause;
use carillon_domain::phone::AuthScheme;
use http::HeaderMap;
use http::header::CONNECTION;

/// A complete status line and headers, and what was read of the body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the body ended by itself, within the limit.
    pub(crate) complete: bool,
    /// Whether the request carried a password or a proof of it.
    pub(crate) after_credentials: bool,
}

impl Answer {
    /// Whether the phone says in so many words that it keeps the connection.
    pub(super) fn promises_to_stay(&self) -> bool {
        self.headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|word| word.trim().eq_ignore_ascii_case("keep-alive"))
    }
}

#[cfg(test)]
impl Answer {
    pub(crate) fn with(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
            complete: true,
            after_credentials: false,
        }
    }
}

/// How a conversation ended.
pub(crate) enum Ending {
    /// The phone answered; the status decides.
    Answer(Answer),
    /// The phone asked for a sign-in that was not given or did not help.
    SignIn(Cause, Answer),
    /// There is no answer.
    Failure(Cause),
}

impl Ending {
    pub(crate) const fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answer(answer) | Self::SignIn(_, answer) => Some(answer),
            Self::Failure(_) => None,
        }
    }

    pub(crate) fn cause(&self, verdict: fn(&Answer) -> Option<Cause>) -> Option<Cause> {
        match self {
            Self::Answer(answer) => verdict(answer),
            Self::SignIn(cause, _) | Self::Failure(cause) => Some(*cause),
        }
    }
}

/// A whole conversation in retrospect.
pub(crate) struct Heard {
    pub(crate) ending: Ending,
    pub(crate) learned_auth: Option<AuthScheme>,
    pub(crate) learned_pin: Option<String>,
    pub(crate) other_pin: Option<String>,
    pub(crate) reached: bool,
}

impl Heard {
    /// Nothing was heard, because nothing was tried.
    pub(crate) const fn nothing(cause: Cause) -> Self {
        Self {
            ending: Ending::Failure(cause),
            learned_auth: None,
            learned_pin: None,
            other_pin: None,
            reached: false,
        }
    }
}
