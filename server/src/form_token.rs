//! The token in every form: proof that the form was made for this session.
//!
//! Owns how it is made and compared. It is a keyed digest of what binds the browser (the hash of
//! its session cookie, or of the cookie before signing in), so nothing of it is stored.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Multipart, Request};
use carillon_contract::form::CSRF_FIELD;
use carillon_engine::Engine;
use carillon_engine::accounts::SessionContext;
use http::request::Parts;

use crate::fields::Fields;
use crate::middleware::gate::media_type;
use crate::middleware::identify::Visitor;
use crate::problem::{Code, Problem};

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// What binds a browser.
#[derive(Clone)]
pub enum Bound {
    /// Somebody is signed in.
    Session(Box<SessionContext>),
    /// Nobody is, but the browser holds a cookie for that time.
    Before(String),
}

/// Makes and checks the tokens of one browser.
#[derive(Clone)]
pub struct FormTokens {
    engine: Engine,
    bound: Bound,
}

impl FormTokens {
    /// For a browser that is bound by this.
    pub const fn new(engine: Engine, bound: Bound) -> Self {
        Self { engine, bound }
    }

    /// The token for a form; empty while the server is sealed.
    pub fn token(&self) -> String {
        match &self.bound {
            Bound::Session(session) => session.csrf.clone(),
            Bound::Before(cookie) => self.engine.form_token(&before(cookie)).unwrap_or_default(),
        }
    }

    /// Whether this is the token; compared in constant time.
    pub fn accepts(&self, given: &str) -> bool {
        let fits = match &self.bound {
            Bound::Session(session) => self.engine.session_form_matches(session, given),
            Bound::Before(cookie) => self.engine.form_token_matches(&before(cookie), given),
        };
        fits.unwrap_or(false)
    }
}

/// Sets these tokens apart from everything else that the same key signs.
fn before(cookie: &str) -> String {
    format!("before:{cookie}")
}

/// Refuses a form that was not made for this browser.
pub async fn check(parts: &Parts, body: &Bytes) -> Result<(), Problem> {
    let given = match media_type(parts) {
        _ if parts.headers.contains_key("x-csrf-token") => header(parts),
        Some(FORM) => Fields::parse(body).text(CSRF_FIELD).map(str::to_owned),
        Some(MULTIPART) => in_multipart(parts, body).await,
        None if body.is_empty() => None,
        _ => {
            return Err(Problem::new(Code::UnsupportedMediaType)
                .detail("Forms are sent as application/x-www-form-urlencoded."));
        }
    };
    let tokens = parts
        .extensions
        .get::<Visitor>()
        .and_then(|visitor| visitor.tokens.as_ref());
    let fits = given.is_some_and(|given| tokens.is_some_and(|tokens| tokens.accepts(&given)));
    if fits {
        Ok(())
    } else {
        Err(Problem::new(Code::StaleForm)
            .detail("The form was made for another session, so nothing was changed."))
    }
}

fn header(parts: &Parts) -> Option<String> {
    let value = parts.headers.get("x-csrf-token")?.to_str().ok()?;
    Some(value.to_owned())
}

async fn in_multipart(parts: &Parts, body: &Bytes) -> Option<String> {
    let copy = Request::from_parts(parts.clone(), Body::from(body.clone()));
    let mut multipart = Multipart::from_request(copy, &()).await.ok()?;
    while let Ok(Some(field)) = multipart.next_field().await {
        if field.name() == Some(CSRF_FIELD) {
            return field.text().await.ok();
        }
    }
    None
}
