//! Who asks for something dangerous shows once more who they are.
//!
//! Owns the page between a dangerous form and its deed: what was typed is carried through it, but
//! for passwords, which are typed again. *Invariant:* without a fresh proof the request goes no
//! further; with one, the session has another token from here on.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, Request};
use axum::response::{IntoResponse as _, Response};
use carillon_contract::form::CSRF_FIELD;
use carillon_contract::second_factor::{PROOF_CODE, PROOF_PASSWORD, ProveView};
use carillon_contract::sign_in::Elsewhere;
use carillon_engine::accounts::{SessionContext, SignedIn};
use http::header::REFERER;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};

use super::gate::{Gate, Side};
use super::host::OwnOrigin;
use super::identify::{Visitor, signed_in};
use super::origin_guard::is_safe;
use crate::app::App;
use crate::cookies::Cookie;
use crate::fields::Fields;
use crate::pages::visit::Visit;
use crate::pages::{deed, sign_in};
use crate::problem::Problem;

/// A request whose sender is known for sure.
pub struct Proved {
    /// Without what showed it.
    pub request: Request,
    /// The session's new cookie, where it has one.
    pub cookie: Option<HeaderValue>,
}

/// A form as it came, for the case that its deed wants a proof.
pub struct Again {
    parts: Parts,
    bytes: Bytes,
}

/// Copies a form of somebody with a session, and hands the request on. Nothing else is copied.
pub async fn copied(gate: Gate, request: Request) -> (Request, Option<Again>) {
    let visitor = request.extensions().get::<Visitor>();
    let known = visitor.is_some_and(|visitor| visitor.session.is_some());
    let typed = gate.kinds.contains(&"application/x-www-form-urlencoded");
    if !known || !typed || gate.side != Side::Pages || is_safe(request.method()) {
        return (request, None);
    }
    let (parts, body) = request.into_parts();
    // The gate read it within the route's limit.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let again = Again {
        parts: parts.clone(),
        bytes: bytes.clone(),
    };
    (Request::from_parts(parts, Body::from(bytes)), Some(again))
}

impl Again {
    /// Whether it shows who sent it.
    pub fn shows(&self) -> bool {
        let field = format!("{PROOF_PASSWORD}=");
        let field = field.as_bytes();
        self.bytes.windows(field.len()).any(|part| part == field)
            && Fields::parse(&self.bytes).text(PROOF_PASSWORD).is_some()
    }

    /// The page that asks who it is.
    pub async fn ask(self) -> Response {
        let fields = Fields::parse(&self.bytes);
        match whose(&self.parts) {
            Ok((app, session)) => ask(self.parts, &app, &session, &fields, false).await,
            Err(problem) => problem.into_response(),
        }
    }
}

/// Lets pass who showed lately who they are, or does so with this request; asks all others.
///
/// # Errors
/// The answer to everybody else: the page that asks.
pub async fn demand(request: Request) -> Result<Proved, Response> {
    let (mut parts, body) = request.into_parts();
    // The gate read it within the route's limit.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let fields = Fields::parse(&bytes);
    let (app, session) = whose(&parts).map_err(Problem::into_response)?;
    if session.is_proved(app.engine().clock.now()) {
        let cookie = None;
        let request = go_on(parts, bytes, &fields);
        return Ok(Proved { request, cookie });
    }
    let password = SecretString::from(fields.or_empty(PROOF_PASSWORD));
    let code = SecretString::from(fields.or_empty(PROOF_CODE));
    if fields.text(PROOF_PASSWORD).is_none() {
        return Err(ask(parts, &app, &session, &fields, false).await);
    }
    let proved = app.engine().prove(&session, password, &code).await;
    let proved = proved.map_err(|error| Problem::from(error).into_response())?;
    let Some(SignedIn { token, session, .. }) = proved else {
        return Err(ask(parts, &app, &session, &fields, true).await);
    };
    let cookie = parts
        .extensions
        .get::<OwnOrigin>()
        .and_then(|OwnOrigin(origin)| Cookie::Session.set(token.expose_secret(), origin));
    parts.extensions.insert(signed_in(&app, session));
    Ok(Proved {
        request: go_on(parts, bytes, &fields),
        cookie,
    })
}

fn whose(parts: &Parts) -> Result<(App, SessionContext), Problem> {
    let app = parts.extensions.get::<App>();
    let session = parts
        .extensions
        .get::<Visitor>()
        .and_then(|visitor| visitor.session.clone());
    app.cloned()
        .zip(session)
        .ok_or_else(|| Problem::internal("a dangerous form without a session"))
}

/// The request as if nothing had been shown with it.
fn go_on(parts: Parts, bytes: Bytes, fields: &Fields) -> Request {
    if fields.text(PROOF_PASSWORD).is_none() {
        return Request::from_parts(parts, Body::from(bytes));
    }
    let kept = fields.pairs().iter().filter(|(name, _)| !is_proof(name));
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .finish();
    Request::from_parts(parts, Body::from(body))
}

fn is_proof(name: &str) -> bool {
    matches!(name, PROOF_PASSWORD | PROOF_CODE)
}

async fn ask(
    mut parts: Parts,
    app: &App,
    session: &SessionContext,
    fields: &Fields,
    refused: bool,
) -> Response {
    let visit = match Visit::from_request_parts(&mut parts, app).await {
        Ok(visit) => visit,
        Err(problem) => return problem.into_response(),
    };
    let own = fields
        .pairs()
        .iter()
        .filter(|(name, _)| !is_proof(name) && name != CSRF_FIELD);
    let (secret, plain): (Vec<_>, Vec<_>) = own.cloned().partition(|(name, _)| is_password(name));
    let view = ProveView {
        action: parts.uri.path().to_owned(),
        deed: deed::told(parts.uri.path(), fields),
        fields: plain,
        again: secret.into_iter().map(|(name, _)| name).collect(),
        asks_code: session.has_factor,
        elsewhere: elsewhere(&visit, session, &parts),
        refused,
    };
    let html = carillon_ui::prove(&visit.frame, &view);
    let status = if refused {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::FORBIDDEN
    };
    visit.html(status, html)
}

/// Where somebody signs in anew whose password is kept by a provider: back to the form's page.
fn elsewhere(visit: &Visit, session: &SessionContext, parts: &Parts) -> Option<Elsewhere> {
    if session.has_password {
        return None;
    }
    let from = parts
        .headers
        .get(REFERER)
        .and_then(|from| from.to_str().ok());
    let path = from.and_then(|from| from.strip_prefix(visit.frame.base.as_str()));
    sign_in::provider(visit, path.unwrap_or("/"), true)
}

/// Whether a field holds a password.
pub fn is_password(name: &str) -> bool {
    name == "current" || name.starts_with("password")
}
