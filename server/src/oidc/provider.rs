//! What a provider publishes of itself, and asking it.
//!
//! Owns every request to it. *Invariant:* only the configured provider is asked, and what it
//! names of itself, over TLS unless both are on this machine; no answer is followed elsewhere.

use std::time::Duration;

use http::Uri;
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::token::Keys;

const PATIENCE: Duration = Duration::from_secs(10);
/// What a provider says of itself is a few KiB.
const LARGEST: usize = 512 * 1024;

/// The provider cannot be asked, or not understood.
#[derive(Debug, thiserror::Error)]
pub enum Silent {
    /// It does not answer.
    #[error("the provider does not answer")]
    Unreachable(#[from] reqwest::Error),
    /// It did not answer a moment ago, and was not asked again.
    #[error("the provider did not answer a moment ago")]
    LeftAlone,
    /// It answers otherwise than with 200.
    #[error("the provider answered {0}")]
    Status(http::StatusCode),
    /// It answers with something else.
    #[error("the provider's answer cannot be read: {0}")]
    Unreadable(&'static str),
}

/// What a provider publishes of itself (OpenID Connect Discovery 1.0).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether each answer names its issuer (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Whether the secret goes into the form; into the header otherwise, as the standard has it.
    pub(super) fn wants_secret_in_form(&self) -> bool {
        let ways = self.token_endpoint_auth_methods_supported.as_deref();
        let has = |way: &str| ways.is_some_and(|ways| ways.iter().any(|known| known == way));
        has("client_secret_post") && !has("client_secret_basic")
    }
}

/// A client that follows nothing and goes through no proxy.
pub(super) fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(PATIENCE)
        .no_proxy()
        .build()
}

pub(super) async fn metadata(client: &Client, issuer: &str) -> Result<Metadata, Silent> {
    let place = format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    );
    let metadata: Metadata = json(client.get(place)).await?;
    if metadata.issuer != issuer {
        return Err(Silent::Unreadable("it calls itself by another name"));
    }
    let endpoints = [
        &metadata.authorization_endpoint,
        &metadata.token_endpoint,
        &metadata.jwks_uri,
    ];
    if endpoints.iter().all(|place| is_safe(place, issuer)) {
        Ok(metadata)
    } else {
        Err(Silent::Unreadable("it names a place without TLS"))
    }
}

pub(super) async fn keys(client: &Client, metadata: &Metadata) -> Result<Keys, Silent> {
    json(client.get(&metadata.jwks_uri)).await
}

/// An answer of 200, read as JSON up to its limit.
pub(super) async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Silent> {
    let answer = request.send().await?;
    if answer.status() != http::StatusCode::OK {
        return Err(Silent::Status(answer.status()));
    }
    read(answer).await
}

/// An answer of whatever status, read as JSON up to its limit.
pub(super) async fn read<T: DeserializeOwned>(mut answer: Response) -> Result<T, Silent> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(Silent::Unreadable("it is too long"));
        }
        bytes.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&bytes).map_err(|_| Silent::Unreadable("it is not what was asked for"))
}

/// TLS, or a provider on this machine that names places on this machine: for tests.
pub(crate) fn is_safe(place: &str, issuer: &str) -> bool {
    place.starts_with("https://") || (is_here(place) && is_here(issuer))
}

fn is_here(place: &str) -> bool {
    let Ok(uri) = place.parse::<Uri>() else {
        return false;
    };
    uri.scheme_str() == Some("http")
        && matches!(uri.host(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

#[cfg(test)]
mod tests {
    use super::is_safe;

    #[test]
    fn without_tls_only_on_this_machine() {
        let here = "http://127.0.0.1:9000";
        assert!(is_safe("https://id.example/auth", "https://id.example"));
        assert!(is_safe("http://127.0.0.1:9000/auth", here));
        for place in [
            "http://id.example/auth",
            "http://127.0.0.1.example/",
            "http://127.0.0.1@id.example/",
            "ftp://127.0.0.1/",
            "/auth",
            "",
        ] {
            assert!(!is_safe(place, here), "{place:?}");
        }
        assert!(!is_safe("http://127.0.0.1:9000/auth", "https://id.example"));
    }
}
