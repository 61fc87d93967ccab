//! The token by which a provider says who somebody is.
//!
//! Owns its signature. *Invariant:* nothing of a token is believed before its signature was
//! checked, under a key of the configured provider, with an algorithm of our list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::claims::Untrusted;

/// So many keys are tried for a token that names none.
const MOST_KEYS: usize = 16;

/// The keys that a provider publishes.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Keys {
    #[serde(default)]
    keys: Vec<Key>,
}

/// One of them; what it lacks is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Key {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    usage: String,
    alg: String,
    crv: String,
    n: String,
    e: String,
    x: String,
    y: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: String,
    crit: Option<Value>,
}

/// The algorithms that we take. None of them takes a public key for a shared secret.
#[derive(Clone, Copy)]
enum Algorithm {
    Rs256,
    Es256,
}

impl Algorithm {
    fn of(name: &str) -> Result<Self, Untrusted> {
        match name {
            "RS256" => Ok(Self::Rs256),
            "ES256" => Ok(Self::Es256),
            _ => Err(Untrusted::Algorithm),
        }
    }

    fn fits(self, key: &Key) -> bool {
        let (kind, name) = match self {
            Self::Rs256 => (key.kty == "RSA", "RS256"),
            Self::Es256 => (key.kty == "EC" && key.crv == "P-256", "ES256"),
        };
        kind && matches!(key.usage.as_str(), "" | "sig") && (key.alg.is_empty() || key.alg == name)
    }

    fn verifies(self, key: &Key, signed: &[u8], signature: &[u8]) -> bool {
        let checked = match self {
            Self::Rs256 => bytes(&key.n).zip(bytes(&key.e)).map(|(n, e)| {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
            }),
            Self::Es256 => bytes(&key.x).zip(bytes(&key.y)).map(|(x, y)| {
                let point = [&[4], x.as_slice(), &y].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }),
        };
        checked.is_some_and(|checked| checked.is_ok())
    }
}

/// What a token says, once its signature was checked.
pub(super) fn verified(token: &str, keys: &Keys) -> Result<Value, Untrusted> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Untrusted::Malformed)?;
    let (head, body) = signed.split_once('.').ok_or(Untrusted::Malformed)?;
    let header: Header = json(head)?;
    if header.crit.is_some() {
        return Err(Untrusted::Malformed);
    }
    let algorithm = Algorithm::of(&header.alg)?;
    let signature = bytes(signature).ok_or(Untrusted::Malformed)?;
    let named = |key: &&Key| header.kid.is_empty() || key.kid == header.kid;
    let fitting = keys.keys.iter().filter(named);
    let fitting = fitting.filter(|key| algorithm.fits(key)).take(MOST_KEYS);
    let fitting: Vec<_> = fitting.collect();
    if fitting.is_empty() {
        return Err(Untrusted::UnknownKey);
    }
    let mut fitting = fitting.into_iter();
    if fitting.any(|key| algorithm.verifies(key, signed.as_bytes(), &signature)) {
        json(body)
    } else {
        Err(Untrusted::Signature)
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn json<T: DeserializeOwned>(part: &str) -> Result<T, Untrusted> {
    let bytes = bytes(part).ok_or(Untrusted::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Untrusted::Malformed)
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    struct Provider {
        pair: EcdsaKeyPair,
        random: SystemRandom,
    }

    impl Provider {
        fn new() -> Self {
            let random = SystemRandom::new();
            let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let pair = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(kind, pair.as_ref(), &random).unwrap();
            Self { pair, random }
        }

        fn keys(&self, kid: &str) -> Keys {
            let point = self.pair.public_key().as_ref();
            let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            serde_json::from_value(json!({ "keys": [
                { "kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "other" },
                { "kty": "EC", "crv": "P-256", "use": "sig", "kid": kid,
                  "x": text(&point[1..33]), "y": text(&point[33..]) },
            ]}))
            .unwrap()
        }

        fn token(&self, header: &Value, body: &Value) -> String {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", part(header), part(body));
            let signature = self.pair.sign(&self.random, signed.as_bytes()).unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    #[test]
    fn what_the_provider_signed_is_read() {
        let provider = Provider::new();
        let body = json!({ "sub": "7" });
        for header in [
            json!({ "alg": "ES256", "kid": "a" }),
            json!({ "alg": "ES256" }),
        ] {
            let token = provider.token(&header, &body);
            assert_eq!(verified(&token, &provider.keys("a")), Ok(body.clone()));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let (provider, stranger) = (Provider::new(), Provider::new());
        let keys = provider.keys("a");
        let body = json!({ "sub": "7" });
        let header = json!({ "alg": "ES256", "kid": "a" });
        let token = provider.token(&header, &body);
        assert_eq!(
            verified(&stranger.token(&header, &body), &keys),
            Err(Untrusted::Signature)
        );
        let (head, rest) = token.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let other = URL_SAFE_NO_PAD.encode(json!({ "sub": "8" }).to_string());
        let changed = format!("{head}.{other}.{signature}");
        assert_eq!(verified(&changed, &keys), Err(Untrusted::Signature));
        let unsigned = format!("{head}.{other}.");
        assert_eq!(verified(&unsigned, &keys), Err(Untrusted::Signature));
        assert_eq!(
            verified(&token, &provider.keys("b")),
            Err(Untrusted::UnknownKey)
        );
        assert_eq!(
            verified(&token, &Keys::default()),
            Err(Untrusted::UnknownKey)
        );
        for alg in ["none", "HS256", "RS512", "es256"] {
            let token = provider.token(&json!({ "alg": alg, "kid": "a" }), &body);
            assert_eq!(verified(&token, &keys), Err(Untrusted::Algorithm), "{alg}");
        }
        let mixed = provider.token(&json!({ "alg": "RS256", "kid": "a" }), &body);
        assert_eq!(verified(&mixed, &keys), Err(Untrusted::UnknownKey));
        let critical = json!({ "alg": "ES256", "kid": "a", "crit": ["x"] });
        let critical = provider.token(&critical, &body);
        assert_eq!(verified(&critical, &keys), Err(Untrusted::Malformed));
        for text in ["", ".", "a.b.c", "a.b", &format!("{token}.x")] {
            assert_eq!(verified(text, &keys), Err(Untrusted::Malformed), "{text:?}");
        }
    }
}
