//! What a provider says of somebody, and whether it is said to us, now, for this sign-in.
//!
//! *Invariant:* somebody is known by issuer and subject, never by a name or a mail address.

use carillon_domain::Timestamp;
use serde::Deserialize;
use serde_json::{Number, Value};
use subtle::ConstantTimeEq as _;

/// The clocks of two machines differ by no more than this.
const SKEW: i64 = 60;
/// A token that was made longer ago than this was not made for this sign-in.
const OLDEST: i64 = 600;

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// It cannot be read.
    #[error("malformed_token")]
    Malformed,
    /// It is signed in a way that we do not take.
    #[error("wrong_algorithm")]
    Algorithm,
    /// It is signed with a key that the provider does not publish.
    #[error("unknown_key")]
    UnknownKey,
    /// It is not signed with that key.
    #[error("wrong_signature")]
    Signature,
    /// Another provider made it.
    #[error("wrong_issuer")]
    Issuer,
    /// It was made for somebody else than this program.
    #[error("wrong_audience")]
    Audience,
    /// It is over, or not of now.
    #[error("not_of_now")]
    Time,
    /// It was made for another sign-in.
    #[error("wrong_nonce")]
    Nonce,
    /// Somebody was to sign in anew and did not.
    #[error("not_signed_in_anew")]
    NotAnew,
    /// The answer belongs to no sign-in of this browser.
    #[error("wrong_state")]
    State,
    /// The provider says no.
    #[error("provider_refused")]
    Refused,
}

/// What a token must say to be for us.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
    /// Somebody must have shown who they are since then.
    pub(super) since: Option<Timestamp>,
    /// The claim that decides the role.
    pub(super) role_claim: &'a str,
    /// Values of `acr` by which the provider vouches for a second factor.
    pub(super) strong: &'a [String],
}

/// Who somebody is, according to the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Of the account at the provider; never given to another.
    pub subject: String,
    /// What the provider calls them.
    pub name: Option<String>,
    /// Values of the claim that decides the role.
    pub roles: Vec<String>,
    /// Whether the provider vouches for a second factor.
    pub strong: bool,
    /// When they last showed the provider who they are, if it says so.
    pub shown_at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// An instant, in seconds; some providers write fractions of them.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "Number")]
struct Seconds(i64);

impl TryFrom<Number> for Seconds {
    type Error = &'static str;

    fn try_from(number: Number) -> Result<Self, Self::Error> {
        let text = number.to_string();
        let whole = text.split('.').next().and_then(|whole| whole.parse().ok());
        whole.map(Self).ok_or("not an instant")
    }
}

impl Seconds {
    const fn moment(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(1_000_000))
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    azp: Option<String>,
    exp: Seconds,
    iat: Seconds,
    nonce: String,
    auth_time: Option<Seconds>,
    acr: Option<String>,
    preferred_username: Option<String>,
}

/// Who it is, if the token is for us, now, for this sign-in.
pub(super) fn identity(said: &Value, expected: &Expected<'_>) -> Result<Identity, Untrusted> {
    let claims = Claims::deserialize(said).map_err(|_| Untrusted::Malformed)?;
    if claims.iss != expected.issuer {
        return Err(Untrusted::Issuer);
    }
    if claims.sub.is_empty() || claims.sub.len() > 255 {
        return Err(Untrusted::Malformed);
    }
    if !bool::from(claims.nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err(Untrusted::Nonce);
    }
    in_time(&claims, expected)?;
    let list = |name: &str| {
        let value = said.get(name).cloned();
        let value = value.and_then(|value| serde_json::from_value::<OneOrMany>(value).ok());
        value.map(OneOrMany::list).unwrap_or_default()
    };
    let strong = list("amr").iter().any(|word| word == "mfa")
        || claims.acr.is_some_and(|acr| expected.strong.contains(&acr));
    let (audience, ours) = (claims.aud.list(), expected.client_id);
    let party = claims.azp.as_deref();
    if !audience.iter().any(|name| name == ours)
        || party.map_or(audience.len() > 1, |party| party != ours)
    {
        return Err(Untrusted::Audience);
    }
    let roles = list(expected.role_claim);
    Ok(Identity {
        subject: claims.sub,
        name: claims.preferred_username,
        roles,
        strong,
        shown_at: claims.auth_time.map(Seconds::moment),
    })
}

fn in_time(claims: &Claims, expected: &Expected<'_>) -> Result<(), Untrusted> {
    let seconds = |at: Timestamp| at.micros() / 1_000_000;
    let now = seconds(expected.now);
    let (Seconds(until), Seconds(made)) = (claims.exp, claims.iat);
    if until.saturating_add(SKEW) <= now
        || made.saturating_sub(SKEW) > now
        || made.saturating_add(OLDEST) < now
    {
        return Err(Untrusted::Time);
    }
    let Some(since) = expected.since else {
        return Ok(());
    };
    let Seconds(shown) = claims.auth_time.ok_or(Untrusted::NotAnew)?;
    if shown.saturating_add(SKEW) < seconds(since) {
        return Err(Untrusted::NotAnew);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_790_000_000;

    fn expected(strong: &[String]) -> Expected<'_> {
        Expected {
            issuer: "https://id.example",
            client_id: "carillon",
            nonce: "n",
            now: Timestamp::from_micros(NOW * 1_000_000),
            since: None,
            role_claim: "groups",
            strong,
        }
    }

    fn said(changes: Value) -> Value {
        let mut said = json!({
            "iss": "https://id.example", "sub": "7", "aud": "carillon", "nonce": "n",
            "exp": NOW + 300, "iat": NOW, "preferred_username": "berta",
            "groups": ["phones", "all"],
        });
        let all = said.as_object_mut().unwrap();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                all.remove(name);
            } else {
                all.insert(name.clone(), value.clone());
            }
        }
        said
    }

    #[test]
    fn a_token_for_us_tells_who_it_is() {
        let told = identity(&said(json!({})), &expected(&[])).unwrap();
        assert_eq!(told.subject, "7");
        assert_eq!(told.name.as_deref(), Some("berta"));
        assert_eq!(told.roles, ["phones", "all"]);
        assert!(!told.strong);
        let one = identity(&said(json!({ "groups": "phones" })), &expected(&[])).unwrap();
        assert_eq!(one.roles, ["phones"]);
        let none = identity(&said(json!({ "groups": { "a": 1 } })), &expected(&[])).unwrap();
        assert!(none.roles.is_empty());
    }

    #[test]
    fn a_second_factor_counts_where_the_provider_vouches_for_it() {
        let gold = ["gold".to_owned()];
        for (changes, strong) in [
            (json!({ "amr": ["pwd", "mfa"] }), true),
            (json!({ "amr": ["pwd"] }), false),
            (json!({ "amr": "mfa" }), true),
            (json!({ "amr": { "mfa": true } }), false),
            (json!({ "acr": "gold" }), true),
            (json!({ "acr": "silver" }), false),
        ] {
            let told = identity(&said(changes.clone()), &expected(&gold)).unwrap();
            assert_eq!(told.strong, strong, "{changes}");
        }
        let mut none = said(json!({}));
        none["amr"] = Value::Null;
        assert!(!identity(&none, &expected(&gold)).unwrap().strong);
    }

    #[test]
    fn every_claim_is_checked() {
        let wrong = [
            (json!({ "iss": "https://id.example/" }), Untrusted::Issuer),
            (json!({ "iss": null }), Untrusted::Malformed),
            (json!({ "sub": null }), Untrusted::Malformed),
            (json!({ "sub": "" }), Untrusted::Malformed),
            (json!({ "aud": "another" }), Untrusted::Audience),
            (json!({ "aud": [] }), Untrusted::Audience),
            (
                json!({ "aud": ["carillon", "another"] }),
                Untrusted::Audience,
            ),
            (json!({ "azp": "another" }), Untrusted::Audience),
            (json!({ "nonce": "m" }), Untrusted::Nonce),
            (json!({ "nonce": null }), Untrusted::Malformed),
            (json!({ "exp": NOW - 60 }), Untrusted::Time),
            (json!({ "exp": null }), Untrusted::Malformed),
            (json!({ "exp": "never" }), Untrusted::Malformed),
            (json!({ "iat": NOW + 61 }), Untrusted::Time),
            (json!({ "iat": NOW - 601 }), Untrusted::Time),
            (json!({ "iat": null }), Untrusted::Malformed),
        ];
        for (changes, why) in wrong {
            let told = identity(&said(changes.clone()), &expected(&[]));
            assert_eq!(told, Err(why), "{changes}");
        }
        for right in [
            json!({ "aud": ["carillon", "another"], "azp": "carillon" }),
            json!({ "exp": NOW - 59 }),
            json!({ "exp": 1_790_000_300.25 }),
            json!({ "iat": NOW + 60 }),
        ] {
            assert!(
                identity(&said(right.clone()), &expected(&[])).is_ok(),
                "{right}"
            );
        }
    }

    #[test]
    fn whoever_must_sign_in_anew_did() {
        let anew = Expected {
            since: Some(Timestamp::from_micros(NOW * 1_000_000)),
            ..expected(&[])
        };
        let told = |at: Value| identity(&said(json!({ "auth_time": at })), &anew).map(drop);
        assert_eq!(told(json!(NOW - 61)), Err(Untrusted::NotAnew));
        assert_eq!(told(json!(null)), Err(Untrusted::NotAnew));
        assert_eq!(told(json!(NOW)), Ok(()));
    }
}
