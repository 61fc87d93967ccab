//! Which provider somebody comes from, and what its answers mean here.
//!
//! Owns the table of roles. *Invariant:* nobody gets a role that the table does not name.

use std::fmt;

use carillon_domain::role::Role;
use secrecy::SecretString;

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
