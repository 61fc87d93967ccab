//! An OpenID provider that signs what a test wants it to say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What this program is called there.
pub(crate) const CLIENT: &str = "carillon";

/// One on loopback, gone with its value.
pub(crate) struct Provider {
    /// Its address, which is its name.
    pub(crate) issuer: String,
    inner: Arc<Inner>,
    task: JoinHandle<()>,
}

struct Inner {
    issuer: String,
    pair: EcdsaKeyPair,
    random: SystemRandom,
    /// Nonces by the codes that were given for them.
    codes: Mutex<HashMap<String, String>>,
    refusal: Mutex<Option<(StatusCode, Value)>>,
    /// Everything that it said and was shown and that nobody else may know.
    secrets: Mutex<Vec<(&'static str, String)>>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pair = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let inner = Arc::new(Inner {
            issuer: issuer.clone(),
            pair: EcdsaKeyPair::from_pkcs8(kind, pair.as_ref(), &random).unwrap(),
            random,
            codes: Mutex::default(),
            refusal: Mutex::default(),
            secrets: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(inner.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            issuer,
            inner,
            task,
        }
    }

    /// From now on its token endpoint answers this.
    pub(crate) fn refuse(&self, status: u16, body: Value) {
        let status = StatusCode::from_u16(status).unwrap();
        *self.inner.refusal.lock().unwrap() = Some((status, body));
    }

    /// Somebody signs in where they were sent; answers the way back.
    pub(crate) fn sign_in(&self, sent_to: &str) -> String {
        let (_, query) = sent_to.split_once('?').unwrap();
        let asked: HashMap<String, String> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let code = format!("code-{}", self.inner.secret("the code of a sign-in"));
        let mut codes = self.inner.codes.lock().unwrap();
        codes.insert(code.clone(), asked["nonce"].clone());
        let back = form_urlencoded::Serializer::new(String::new())
            .append_pair("state", &asked["state"])
            .append_pair("code", &code)
            .finish();
        format!("/sign-in/oidc/back?{back}")
    }

    /// What it said and was shown and that nobody else may know.
    pub(crate) fn secrets(&self) -> Vec<(&'static str, String)> {
        self.inner.secrets.lock().unwrap().clone()
    }
}

impl Inner {
    fn keep(&self, what: &'static str, secret: &str) {
        self.secrets.lock().unwrap().push((what, secret.to_owned()));
    }

    /// A new secret of this kind.
    fn secret(&self, what: &'static str) -> String {
        let bytes: [u8; 24] = ring::rand::generate(&self.random).unwrap().expose();
        let secret = hex::encode(bytes);
        self.keep(what, &secret);
        secret
    }

    fn signed(&self, said: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "ES256" })), part(said));
        let signature = self.pair.sign(&self.random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn discovery(State(inner): State<Arc<Inner>>) -> Json<Value> {
    let place = |name: &str| format!("{}/{name}", inner.issuer);
    Json(json!({
        "issuer": inner.issuer, "authorization_endpoint": place("authorize"),
        "token_endpoint": place("token"), "jwks_uri": place("keys"),
    }))
}

async fn keys(State(inner): State<Arc<Inner>>) -> Json<Value> {
    let point = inner.pair.public_key().as_ref();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Json(json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..]),
    }]}))
}

async fn token(
    State(inner): State<Arc<Inner>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, Json<Value>) {
    if let Some((status, body)) = inner.refusal.lock().unwrap().clone() {
        return (status, Json(body));
    }
    assert!(headers.contains_key("authorization"), "no client secret");
    let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    inner.keep("the verifier of a sign-in", &form["code_verifier"]);
    let nonce = inner.codes.lock().unwrap().remove(&form["code"]).unwrap();
    let now = carillon_engine::Clock::system().now().micros() / 1_000_000;
    let token = inner.signed(&json!({
        "iss": inner.issuer, "sub": "7", "aud": CLIENT, "nonce": nonce, "iat": now,
        "exp": now + 300, "preferred_username": "olga", "groups": ["helpdesk"],
    }));
    let (_, signature) = token.rsplit_once('.').unwrap();
    inner.keep("the signature of an ID token", signature);
    let answer = json!({
        "token_type": "Bearer", "id_token": token,
        "access_token": inner.secret("an access token"),
        "refresh_token": inner.secret("a refresh token"),
    });
    (StatusCode::OK, Json(answer))
}
