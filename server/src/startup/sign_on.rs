//! The OpenID provider by which people may sign in, out of the settings.

use carillon_engine::secrets::private_text;

use super::StartError;
use crate::config::Settings;
use crate::oidc::{Provider, Terms};
use crate::origin::Origin;

/// The provider, where one is set. It is asked when somebody signs in, not now.
pub(super) fn provider(
    settings: &Settings,
    public: &Origin,
) -> Result<Option<Provider>, StartError> {
    let Some(oidc) = settings.oidc.clone() else {
        return Ok(None);
    };
    let secret = oidc.secret_file.as_deref().map(private_text).transpose();
    let secret = secret.map_err(|error| StartError::Configuration(error.to_string()))?;
    let terms = Terms {
        issuer: oidc.issuer,
        client_id: oidc.client_id,
        secret,
        name: oidc.name,
        scopes: oidc.scopes,
        role_claim: oidc.role_claim,
        roles: oidc.roles,
        strong: oidc.strong,
        back: format!("{public}/sign-in/oidc/back"),
    };
    Provider::new(terms)
        .map(Some)
        .map_err(|error| StartError::failed("nobody could sign in by the provider", &error))
}
