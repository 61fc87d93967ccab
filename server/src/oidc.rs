//! Signing in by an OpenID provider: authorization code with PKCE, and nothing else of it.
//!
//! Owns the way to the provider and back, up to who somebody is; what they may is the engine's
//! business. Written against `ring`, which TLS brings anyway: the libraries for it would bring a
//! second set of cryptography. *Invariant:* an answer is believed only in the browser that asked,
//! and a token only after all of `token` and `claims`.

use std::sync::Arc;

use carillon_engine::{Clock, Engine};
use reqwest::Client;
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};

mod claims;
mod flow;
mod memory;
mod provider;
mod redeem;
mod terms;
mod token;

use claims::{Expected, identity};
pub use claims::{Identity, Untrusted};
use flow::Flow;
pub(crate) use flow::LASTS;
use memory::{Known, Memory};
pub use provider::Silent;
pub(crate) use provider::is_safe;
use redeem::Code;
pub use terms::Terms;

/// Requests to the provider at once: whoever begins sign-ins cannot make us flood it.
const AT_ONCE: usize = 8;
/// What a provider publishes is read again after so long, in seconds.
const FRESH_FOR: u64 = 3_600;
/// An unknown key is reason to look again, but not more often than this, in seconds.
const LOOK_AGAIN: u64 = 60;

/// The provider; cheap to clone.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    terms: Terms,
    client: Client,
    places: Semaphore,
    memory: Mutex<Memory>,
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
    /// It is this server that the provider refuses: its settings and the provider's do not fit.
    #[error("the provider refuses this server: {0}")]
    Refuses(&'static str),
    /// This server cannot compute what binds a browser: it is sealed.
    #[error("the keys are missing")]
    Sealed,
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
        let known = self.known(&engine.clock, FRESH_FOR).await?;
        let metadata = known.metadata;
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
        let code = Code {
            code: &code,
            verifier: &verifier,
        };
        let token = code.redeem(&self.0.client, self.terms(), &known.metadata);
        let token = token.await?;
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

    async fn known(&self, clock: &Clock, no_older: u64) -> Result<Known, Silent> {
        let Inner {
            client,
            terms,
            memory,
            ..
        } = &*self.0;
        let mut memory = memory.lock().await;
        memory.known(client, &terms.issuer, clock, no_older).await
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
}
