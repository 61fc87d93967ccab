//! Giving the code of a sign-in for a token.
//!
//! Owns the one request that carries this server's secret, and what a refusal of it means.
//! *Invariant:* nothing that the provider writes into a refusal is shown or logged but a word of
//! the standard's list.

use http::StatusCode;
use reqwest::{Client, RequestBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::claims::Untrusted;
use super::provider::{self, Metadata};
use super::{Failure, Silent, Terms};

/// Refusals that are of the set-up and not of this sign-in (RFC 6749, 5.2).
const OF_THE_SETUP: [&str; 3] = [
    "invalid_client",
    "unauthorized_client",
    "unsupported_grant_type",
];

/// A code that the provider gave a browser, and what shows that we sent it there.
pub(super) struct Code<'a> {
    pub(super) code: &'a SecretString,
    pub(super) verifier: &'a str,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
}

impl Code<'_> {
    /// Gives the code for a token.
    pub(super) async fn redeem(
        &self,
        client: &Client,
        terms: &Terms,
        metadata: &Metadata,
    ) -> Result<String, Failure> {
        let answer = self.request(client, terms, metadata).send().await;
        let answer = answer.map_err(Silent::from)?;
        match answer.status() {
            StatusCode::OK => Ok(provider::read::<Tokens>(answer).await?.id_token),
            status if status.is_client_error() => Err(refused(answer).await),
            status => Err(Silent::Status(status).into()),
        }
    }

    fn request(&self, client: &Client, terms: &Terms, metadata: &Metadata) -> RequestBuilder {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", self.code.expose_secret())
            .append_pair("redirect_uri", &terms.back)
            .append_pair("code_verifier", self.verifier);
        let kind = "application/x-www-form-urlencoded";
        let request = client.post(&metadata.token_endpoint);
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
}

/// Whether it is this sign-in that is refused, whose code was used, is too old, or was made for
/// another; or this server.
async fn refused(answer: Response) -> Failure {
    let status = answer.status();
    let told = provider::read::<Refusal>(answer).await.unwrap_or_default();
    let known = OF_THE_SETUP.into_iter().find(|word| *word == told.error);
    match known {
        Some(word) => Failure::Refuses(word),
        None if status == StatusCode::UNAUTHORIZED => Failure::Refuses("401"),
        None => Untrusted::Refused.into(),
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
