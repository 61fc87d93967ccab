//! Signing in by an OpenID provider: authorization code with PKCE, and nothing else of it.
//!
//! Owns the way to the provider and back, up to who somebody is; what they may is the engine's
//! business. Written against `ring`, which TLS brings anyway: the libraries for it would bring a
//! second set of cryptography. *Invariant:* an answer is believed only in the browser that asked,
//! and a token only after all of `token` and `claims`.

use std::fmt;
use std::sync::Arc;

use carillon_domain::role::Role;
use carillon_engine::{Clock, Engine};
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};

mod claims;
mod flow;
mod provider;
mod token;

use claims::{Expected, identity};
pub use claims::{Identity, Untrusted};
use flow::Flow;
pub(crate) use flow::LASTS;
use provider::Metadata;
pub use provider::Silent;
pub(crate) use provider::is_safe;
use token::Keys;

/// Requests to the provider at once: whoever begins sign-ins cannot make us flood it.
const AT_ONCE: usize = 8;
/// What a provider publishes is read again after so long, in seconds.
const FRESH_FOR: u64 = 3_600;
/// A provider that did not answer is not asked again for so long, in seconds.
const LEFT_ALONE: u64 = 5;
/// An unknown key is reason to look again, but not more often than this, in seconds.
const LOOK_AGAIN: u64 = 60;

/// Which provider, and what its answers mean here.
#[derive(Clone)]
pub struct Terms {
    /// The provider, exactly as it calls itself.
    pub issuer: String,
    /// What it calls this program.
    pub client_id: String,
    /// What this program shows it; a public client has none.
    pub secret: Option<SecretString>,
    /// What people call it.
    pub name: String,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// The claim that decides the role.
    pub role_claim: String,
    /// Its values and what they make of somebody.
    pub roles: Vec<(String, Role)>,
    /// Values of `acr` by which it vouches for a second factor.
    pub strong: Vec<String>,
    /// Where it sends people back to.
    pub back: String,
}

impl fmt::Debug for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terms")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl Terms {
    /// The role of somebody with these values: the mightiest that one of them gives; none without.
    pub fn role(&self, values: &[String]) -> Option<Role> {
        let given = self
            .roles
            .iter()
            .filter(|(value, _)| values.contains(value));
        given.map(|(_, role)| *role).max_by_key(|role| might(*role))
    }
}

/// An auditor may nothing that an operator may, and the other way round: who is both operates.
const fn might(role: Role) -> u8 {
    match role {
        Role::Viewer => 0,
        Role::Auditor => 1,
        Role::Operator => 2,
        Role::Admin => 3,
    }
}

/// The provider; cheap to clone.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    terms: Terms,
    client: Client,
    places: Semaphore,
    memory: Mutex<Memory>,
}

/// What is remembered of the provider.
#[derive(Default)]
struct Memory {
    known: Option<Known>,
    silent_at: Option<u64>,
}

/// What it published when it was asked last.
#[derive(Clone)]
struct Known {
    metadata: Metadata,
    keys: Keys,
    at: u64,
}

/// What a browser needs to go to the provider.
pub struct Begun {
    /// Where it goes.
    pub url: String,
    /// The cookie by which it is known when it comes back.
    pub cookie: String,
}

/// What a browser brings back.
#[derive(Default)]
pub struct Brought {
    /// The cookie, if it is there.
    pub cookie: Option<String>,
    /// The state.
    pub state: String,
    /// The code, if the provider gave one.
    pub code: Option<SecretString>,
    /// The provider's name for itself, if it says it.
    pub issuer: Option<String>,
}

/// Somebody is back from the provider.
pub struct Back {
    /// Who it is.
    pub identity: Identity,
    /// Where they wanted to go.
    pub next: String,
}

/// Why nobody is back.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The provider cannot be asked.
    #[error("the provider cannot be asked")]
    Silent(#[from] Silent),
    /// What came is not believed.
    #[error("the answer is not believed: {0}")]
    Untrusted(#[from] Untrusted),
    /// Too many are on their way.
    #[error("too many sign in at once")]
    Busy,
    /// This server cannot compute what binds a browser: it is sealed.
    #[error("the keys are missing")]
    Sealed,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl Provider {
    /// One under these terms. Asks nothing yet: it may come up later than this program.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(terms: Terms) -> Result<Self, Silent> {
        Ok(Self(Arc::new(Inner {
            terms,
            client: provider::client()?,
            places: Semaphore::new(AT_ONCE),
            memory: Mutex::default(),
        })))
    }

    /// Which provider, and what its answers mean here.
    pub fn terms(&self) -> &Terms {
        &self.0.terms
    }

    /// Sends somebody to the provider.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn begin(
        &self,
        engine: &Engine,
        secret: [u8; 32],
        next: &str,
        anew: bool,
    ) -> Result<Begun, Failure> {
        let metadata = self.known(&engine.clock, FRESH_FOR).await?.metadata;
        let flow = Flow::begin(secret, engine.clock.now(), next, anew);
        let (state, nonce) = flow
            .state(engine)
            .zip(flow.nonce(engine))
            .ok_or(Failure::Sealed)?;
        let verifier = flow.verifier(engine).ok_or(Failure::Sealed)?;
        let terms = self.terms();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &terms.client_id)
            .append_pair("redirect_uri", &terms.back)
            .append_pair("scope", &terms.scopes.join(" "))
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &flow::challenge(&verifier))
            .append_pair("code_challenge_method", "S256");
        if anew {
            query
                .append_pair("prompt", "login")
                .append_pair("max_age", "0");
        }
        let place = metadata.authorization_endpoint;
        let joint = if place.contains('?') { '&' } else { '?' };
        Ok(Begun {
            url: format!("{place}{joint}{}", query.finish()),
            cookie: flow.cookie().to_owned(),
        })
    }

    /// Takes somebody back.
    ///
    /// # Errors
    /// [`Failure`]: then nobody is signed in.
    pub async fn finish(&self, engine: &Engine, brought: Brought) -> Result<Back, Failure> {
        let now = engine.clock.now();
        let flow = brought
            .cookie
            .as_deref()
            .and_then(|cookie| Flow::of(cookie, now));
        let flow = flow.filter(|flow| flow.is_answered_by(engine, &brought.state));
        let flow = flow.ok_or(Untrusted::State)?;
        let _place = self.0.places.try_acquire().map_err(|_| Failure::Busy)?;
        let known = self.known(&engine.clock, FRESH_FOR).await?;
        let named = brought.issuer.as_deref();
        let must_name = known
            .metadata
            .authorization_response_iss_parameter_supported;
        if named.map_or(must_name, |named| named != self.terms().issuer) {
            return Err(Untrusted::Issuer.into());
        }
        let code = brought.code.ok_or(Untrusted::Refused)?;
        let verifier = flow.verifier(engine).ok_or(Failure::Sealed)?;
        let nonce = flow.nonce(engine).ok_or(Failure::Sealed)?;
        let token = self.redeem(&known.metadata, &code, &verifier).await?;
        let said = self.verified(&engine.clock, &token, &known).await?;
        let terms = self.terms();
        let expected = Expected {
            issuer: &terms.issuer,
            client_id: &terms.client_id,
            nonce: &nonce,
            now: engine.clock.now(),
            since: flow.anew.then_some(flow.began),
            role_claim: &terms.role_claim,
            strong: &terms.strong,
        };
        Ok(Back {
            identity: identity(&said, &expected)?,
            next: flow.next,
        })
    }

    /// Gives the code for a token.
    async fn redeem(
        &self,
        metadata: &Metadata,
        code: &SecretString,
        verifier: &str,
    ) -> Result<String, Failure> {
        match provider::json::<Tokens>(self.redemption(metadata, code, verifier)).await {
            Ok(tokens) => Ok(tokens.id_token),
            // The code was used, is too old, or was made for another sign-in.
            Err(Silent::Status(status)) if status.is_client_error() => {
                Err(Untrusted::Refused.into())
            }
            Err(silent) => Err(silent.into()),
        }
    }

    fn redemption(
        &self,
        metadata: &Metadata,
        code: &SecretString,
        verifier: &str,
    ) -> RequestBuilder {
        let terms = self.terms();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code.expose_secret())
            .append_pair("redirect_uri", &terms.back)
            .append_pair("code_verifier", verifier);
        let kind = "application/x-www-form-urlencoded";
        let request = self.0.client.post(&metadata.token_endpoint);
        let mut request = request.header(http::header::CONTENT_TYPE, kind);
        match &terms.secret {
            Some(secret) if !metadata.wants_secret_in_form() => {
                // RFC 6749, 2.3.1: both are written as in a form first.
                let secret = encoded(secret.expose_secret());
                request = request.basic_auth(encoded(&terms.client_id), Some(secret));
            }
            secret => {
                form.append_pair("client_id", &terms.client_id);
                if let Some(secret) = secret {
                    form.append_pair("client_secret", secret.expose_secret());
                }
            }
        }
        request.body(form.finish())
    }

    /// What the token says, under the keys at hand or, if it names another one, those of now.
    async fn verified(&self, clock: &Clock, token: &str, known: &Known) -> Result<Value, Failure> {
        match token::verified(token, &known.keys) {
            Err(Untrusted::UnknownKey) => {
                let known = self.known(clock, LOOK_AGAIN).await?;
                Ok(token::verified(token, &known.keys)?)
            }
            other => Ok(other?),
        }
    }

    /// What the provider publishes, no older than this. One looks for all who wait; where it does
    /// not answer, they are told so at once.
    async fn known(&self, clock: &Clock, no_older: u64) -> Result<Known, Silent> {
        let mut memory = self.0.memory.lock().await;
        let now = clock.passed().as_secs();
        let within = |at: u64, span: u64| now.saturating_sub(at) < span;
        if let Some(known) = memory.known.as_ref().filter(|k| within(k.at, no_older)) {
            return Ok(known.clone());
        }
        if memory.silent_at.is_some_and(|at| within(at, LEFT_ALONE)) {
            return Err(Silent::LeftAlone);
        }
        let asked = self.ask(now).await;
        match &asked {
            Ok(known) => memory.known = Some(known.clone()),
            Err(_) => memory.silent_at = Some(clock.passed().as_secs()),
        }
        asked
    }

    async fn ask(&self, at: u64) -> Result<Known, Silent> {
        let metadata = provider::metadata(&self.0.client, &self.terms().issuer).await?;
        let keys = provider::keys(&self.0.client, &metadata).await?;
        Ok(Known { metadata, keys, at })
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_comes_from_the_table_or_not_at_all() {
        let row = |value: &str, role| (value.to_owned(), role);
        let terms = Terms {
            issuer: String::new(),
            client_id: String::new(),
            secret: None,
            name: String::new(),
            scopes: Vec::new(),
            role_claim: String::new(),
            roles: vec![
                row("all", Role::Viewer),
                row("phones", Role::Operator),
                row("books", Role::Auditor),
            ],
            strong: Vec::new(),
            back: String::new(),
        };
        let role = |values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            terms.role(&values)
        };
        assert_eq!(role(&["phones", "all"]), Some(Role::Operator));
        assert_eq!(role(&["all", "books"]), Some(Role::Auditor));
        assert_eq!(role(&["Phones", "admin"]), None);
        assert_eq!(role(&[]), None);
    }
}
