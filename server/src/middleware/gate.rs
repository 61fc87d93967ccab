//! The gate in front of each route: is somebody there, may they, is the form ours?
//!
//! Owns the only way in which a handler gets a [`Caller`]. *Invariant:* the extension that the
//! extractor reads can be made here only.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use carillon_engine::Caller;
use carillon_engine::accounts::scope_covers;
use carillon_store::TokenScope;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE};
use http::request::Parts;
use http_body_util::{BodyExt as _, Limited};

use super::denials;
use super::identify::Visitor;
use super::kept;
use super::origin_guard::is_safe;
use super::proof::{self, Again, Proved};
use crate::app::App;
use crate::form_token;
use crate::problem::{Code, Problem};
use crate::router::table::Access;

/// Where a second factor is set up.
const SETTING_UP: &str = "/account/second-factor";
const SIGN_OUT: &str = "/sign-out";

/// For whom a route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Browsers, known by their cookie.
    Pages,
    /// Programs, known by their token.
    Api,
    /// Browsers that report by themselves: nobody is known, and there is no form.
    Reports,
}

/// What stands in front of one route.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// Who may pass.
    pub access: Access,
    /// Which side of the house.
    pub side: Side,
    /// Most bytes of a body.
    pub body_limit: usize,
    /// Kinds of bodies that are taken.
    pub kinds: &'static [&'static str],
    /// Whether whoever asks must have shown lately who they are.
    pub proof: bool,
}

/// Somebody who passed the gate of the running route.
#[derive(Clone, Debug)]
struct Cleared(Caller);

/// Lets pass who may. That somebody may not is recorded, also where only the handler knows.
pub async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let asked = denials::Asked::of(&request);
    let refusal = refuse(gate, asked.caller(), &request);
    let response = match refusal {
        Some(_) if is_lost(gate, asked.caller(), &request) => kept::ask(request).await,
        Some(refusal) => refusal,
        None => let_in(gate, request, asked.caller().cloned(), next).await,
    };
    asked.record(response.extensions().get().cloned()).await;
    response
}

async fn let_in(gate: Gate, mut request: Request, caller: Option<Caller>, next: Next) -> Response {
    if !is_safe(request.method()) {
        request = match take_body(gate, request).await {
            Ok(request) => request,
            Err(problem) => return problem.into_response(),
        };
    }
    let (request_back, again) = proof::copied(gate, request).await;
    request = request_back;
    let mut renewed = None;
    if gate.side == Side::Pages && (gate.proof || again.as_ref().is_some_and(Again::shows)) {
        match proof::demand(request).await {
            Ok(Proved {
                request: on,
                cookie,
            }) => (request, renewed) = (on, cookie),
            Err(answer) => return answer,
        }
    }
    let visitor = request.extensions().get::<Visitor>().cloned();
    // Who showed who they are is known anew, under another session.
    let now = visitor.as_ref().and_then(|visitor| visitor.caller.clone());
    if let Some(caller) = caller.map(|caller| now.unwrap_or(caller)) {
        request.extensions_mut().insert(Cleared(caller));
    }
    let mut response = next.run(request).await;
    if let Some(again) = again.filter(|_| asks_proof(&response)) {
        return again.ask().await;
    }
    let failed = response.extensions().get::<Problem>().is_some();
    if let Some(visitor) = visitor.filter(|_| failed && renewed.is_some()) {
        // The page that tells of it has forms: their tokens are those of the new session.
        response.extensions_mut().insert(visitor);
    }
    if let Some(cookie) = renewed.filter(|cookie| !sets(&response, cookie)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Whether the deed turned out to be one for who showed lately who they are.
fn asks_proof(response: &Response) -> bool {
    let problem = response.extensions().get::<Problem>();
    problem.is_some_and(|problem| problem.asks_proof)
}

/// Whether an answer sets a cookie of this name itself. The deed may have given the session yet
/// another token: the one of the proof is dead then, and must not come after it.
fn sets(response: &Response, cookie: &HeaderValue) -> bool {
    let name = |line: &HeaderValue| {
        let name = line.as_bytes().split(|byte| *byte == b'=').next();
        name.map(<[u8]>::to_vec)
    };
    let mut lines = response.headers().get_all(SET_COOKIE).iter();
    lines.any(|line| name(line) == name(cookie))
}

/// Why somebody may not pass; `None` lets them.
fn refuse(gate: Gate, caller: Option<&Caller>, request: &Request) -> Option<Response> {
    let needed = match gate.access {
        Access::Public => return None,
        Access::SignedIn => None,
        Access::Needs(permission) => Some(permission),
    };
    let Some(caller) = caller else {
        return Some(ask_to_sign_in(gate.side, request));
    };
    if let Some(first) = first_of_all(request) {
        return Some(first);
    }
    let needed = needed?;
    let scope = request
        .extensions()
        .get::<Visitor>()
        .and_then(|visitor| visitor.scope);
    let lacking = scope.filter(|scope| !scope_covers(*scope, needed));
    let problem = match (caller.require(needed), scope) {
        (Ok(()), _) if lacking.is_none() => return None,
        (_, Some(scope)) if scope != TokenScope::Manage => Problem::new(Code::Forbidden).detail(
            format!("This token has the scope {scope}, which lacks the permission {needed}."),
        ),
        (denied, _) => denied.err()?.into(),
    };
    Some(problem.into_response())
}

/// Whoever must set up a second factor does that before anything else.
fn first_of_all(request: &Request) -> Option<Response> {
    let visitor = request.extensions().get::<Visitor>()?;
    let must = visitor.session.as_ref()?.must_set_up;
    let path = request.uri().path();
    if !must || path.starts_with(SETTING_UP) || path == SIGN_OUT {
        return None;
    }
    Some(if is_safe(request.method()) {
        Redirect::to(SETTING_UP).into_response()
    } else {
        Problem::new(Code::Forbidden)
            .detail("Your role needs a second factor: set it up under Your account first.")
            .into_response()
    })
}

fn ask_to_sign_in(side: Side, request: &Request) -> Response {
    match side {
        Side::Api | Side::Reports => Problem::new(Code::Unauthenticated)
            .detail("Send a valid token: Authorization: Bearer car_….")
            .into_response(),
        Side::Pages if is_safe(request.method()) => {
            let here = request.uri().path_and_query().map_or("/", |p| p.as_str());
            let here =
                percent_encoding::utf8_percent_encode(here, percent_encoding::NON_ALPHANUMERIC);
            Redirect::to(&format!("/sign-in?next={here}")).into_response()
        }
        // The form is not lost: `is_lost` sees to it.
        Side::Pages => Problem::new(Code::Unauthenticated).into_response(),
    }
}

/// Whether this is a form whose session has ended.
fn is_lost(gate: Gate, caller: Option<&Caller>, request: &Request) -> bool {
    gate.side == Side::Pages && caller.is_none() && !is_safe(request.method())
}

/// Reads the body whole, within the route's limit, and on pages checks the form's token.
async fn take_body(gate: Gate, request: Request) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = read(&parts, body, gate.body_limit).await?;
    check_kind(gate, &parts, &bytes)?;
    if gate.side == Side::Pages {
        form_token::check(&parts, &bytes).await?;
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// Refuses a body that is not of a kind that this route takes: one that names another, or none, and
/// on pages also an empty one that names another. Only some kinds are sent by foreign pages without
/// asking.
fn check_kind(gate: Gate, parts: &Parts, body: &Bytes) -> Result<(), Problem> {
    let taken = match media_type(parts) {
        Some(kind) => {
            let named = gate
                .kinds
                .iter()
                .any(|known| known.eq_ignore_ascii_case(kind));
            let once = parts.headers.get_all(CONTENT_TYPE).iter().nth(1).is_none();
            (named && once) || (gate.side == Side::Api && body.is_empty())
        }
        None => body.is_empty(),
    };
    if taken {
        return Ok(());
    }
    let kinds = gate.kinds.join(", ");
    Err(Problem::new(Code::UnsupportedMediaType).detail(format!("Send Content-Type: {kinds}.")))
}

async fn read(parts: &Parts, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(Code::TooLarge).detail(format!("At most {} KiB are taken here.", limit / 1024))
    };
    let announced = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > limit as u64) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Problem::new(Code::BadRequest).detail("The body did not arrive whole.")),
    }
}

/// The media type of a body, without its parameters.
pub fn media_type(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim)
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        parts
            .extensions
            .get::<Cleared>()
            .map(|Cleared(caller)| caller.clone())
            .ok_or_else(|| Problem::internal("a handler of a public route asked for its caller"))
    }
}

/// Whoever is there, on routes that are for anybody.
pub struct MaybeCaller(pub Option<Caller>);

impl FromRequestParts<App> for MaybeCaller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        let visitor = parts.extensions.get::<Visitor>();
        Ok(Self(visitor.and_then(|visitor| visitor.caller.clone())))
    }
}
