//! Who asks: by cookie on pages, by bearer token in the API, never by the other one's means.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use carillon_domain::look::Look;
use carillon_engine::Caller;
use carillon_engine::accounts::SessionContext;
use carillon_engine::error::EngineError;
use carillon_store::TokenScope;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use secrecy::SecretString;

use super::client::ClientIp;
use super::host::OwnOrigin;
use crate::app::App;
use crate::cookies::Cookie;
use crate::form_token::{Bound, FormTokens};
use crate::problem::Problem;

/// What is known of whoever sent the running request.
#[derive(Clone, Default)]
pub struct Visitor {
    /// Who it is, when somebody is signed in.
    pub caller: Option<Caller>,
    /// Their session, on pages.
    pub session: Option<SessionContext>,
    /// Makes and checks their forms' tokens.
    pub tokens: Option<FormTokens>,
    /// The token that they sent, in the API: streams look whether it still works.
    pub bearer: Option<SecretString>,
    /// How much of its account's role the token has, in the API.
    pub scope: Option<TokenScope>,
}

impl Visitor {
    /// How they chose their pages to look.
    pub fn look(&self) -> Look {
        let session = self.session.as_ref();
        session.map(|session| session.look).unwrap_or_default()
    }
}

/// Finds out who asks. Reads only; what a visitor may is the gate's business.
pub async fn identify(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path();
    let visitor = if path.starts_with("/static/") || super::client::is_health(path) {
        Ok(Visitor::default())
    } else if path.starts_with("/api/") {
        by_token(&app, &parts).await
    } else {
        by_cookie(&app, &parts).await
    };
    match visitor {
        Ok(visitor) => {
            parts.extensions.insert(visitor.clone());
            parts.extensions.insert(app.clone());
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if response.extensions().get::<Problem>().is_some() {
                // The page that tells of it keeps its navigation; the gate may know better by now.
                response.extensions_mut().get_or_insert(visitor);
            }
            response
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

async fn by_token(app: &App, parts: &Parts) -> Result<Visitor, EngineError> {
    let Some(token) = bearer(&parts.headers) else {
        return Ok(Visitor::default());
    };
    let known = app
        .engine()
        .authenticate_token(&token, client(parts))
        .await?;
    Ok(Visitor {
        scope: known.as_ref().map(|token| token.scope),
        caller: known.map(|token| token.caller),
        bearer: Some(token),
        ..Visitor::default()
    })
}

async fn by_cookie(app: &App, parts: &Parts) -> Result<Visitor, EngineError> {
    let Some(OwnOrigin(origin)) = parts.extensions.get::<OwnOrigin>() else {
        return Ok(Visitor::default());
    };
    if app.engine().keyring.is_none() {
        return Ok(Visitor::default());
    }
    if let Some(token) = Cookie::Session.read(&parts.headers, origin) {
        let token = SecretString::from(token);
        let found = app
            .engine()
            .authenticate_session(&token, client(parts))
            .await?;
        if let Some(session) = found {
            return Ok(signed_in(app, session));
        }
    }
    let before = Cookie::Before.read(&parts.headers, origin);
    let tokens = before.map(|cookie| FormTokens::new(app.engine().clone(), Bound::Before(cookie)));
    Ok(Visitor {
        tokens,
        ..Visitor::default()
    })
}

/// Everything that a session says of its visitor.
pub fn signed_in(app: &App, session: SessionContext) -> Visitor {
    let bound = Bound::Session(Box::new(session.clone()));
    Visitor {
        caller: Some(session.caller.clone()),
        tokens: Some(FormTokens::new(app.engine().clone(), bound)),
        session: Some(session),
        bearer: None,
        scope: None,
    }
}

fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let line = lines.next()?.to_str().ok()?;
    let (scheme, token) = line.split_once(' ')?;
    let one = lines.next().is_none() && scheme.eq_ignore_ascii_case("bearer");
    one.then(|| SecretString::from(token.trim().to_owned()))
}

fn client(parts: &Parts) -> Option<String> {
    let ClientIp(ip) = parts.extensions.get::<ClientIp>()?;
    Some(ip.to_string())
}
