//! The settings of an OpenID provider: all that it needs, or nothing.

use carillon_domain::role::Role;

use super::Oidc;
use super::parse::Reader;
use crate::oidc::is_safe;

const BESIDE: [&str; 3] = ["oidc-client-id", "oidc-secret-file", "oidc-roles"];

impl Reader<'_> {
    pub(super) fn oidc(&mut self) -> Option<Oidc> {
        let Some(issuer) = self.layers.text("oidc-issuer").map(str::to_owned) else {
            for key in BESIDE {
                if self.layers.get(key).is_some() {
                    self.refuse(key, "says nothing without --oidc-issuer");
                }
            }
            return None;
        };
        if !is_safe(&issuer, &issuer) {
            self.refuse("oidc-issuer", "must start with https://");
        }
        let client_id = self.text("oidc-client-id");
        if client_id.is_empty() {
            self.refuse("oidc-client-id", "is missing beside --oidc-issuer");
        }
        let roles = self.roles();
        if roles.is_empty() {
            self.refuse("oidc-roles", "gives nobody a role: write VALUE=operator");
        }
        Some(Oidc {
            issuer,
            client_id,
            secret_file: self.layers.text("oidc-secret-file").map(Into::into),
            name: self.text("oidc-name"),
            scopes: self.scopes(),
            role_claim: self.text("oidc-role-claim"),
            roles,
            strong: self.items("oidc-mfa-acr"),
        })
    }

    fn roles(&mut self) -> Vec<(String, Role)> {
        let mut roles = Vec::new();
        for item in self.items("oidc-roles") {
            let pair = item.rsplit_once('=');
            match pair.and_then(|(value, role)| Some((value.to_owned(), role.parse().ok()?))) {
                Some(pair) if !pair.0.is_empty() => roles.push(pair),
                _ => self.refuse(
                    "oidc-roles",
                    &format!("{item:?} is not VALUE=viewer, operator, auditor or admin"),
                ),
            }
        }
        roles
    }

    /// Always with `openid`: without it nothing says who somebody is.
    fn scopes(&self) -> Vec<String> {
        let mut scopes = self.items("oidc-scopes");
        if !scopes.iter().any(|scope| scope == "openid") {
            scopes.insert(0, "openid".to_owned());
        }
        scopes
    }
}
