//! What is told to the one who asked when a request fails.
//!
//! Owns the closed set of codes and the one mapping from use-case errors to them. *Invariant:*
//! internals (SQL, paths, versions) never leave; they are logged here, once.

use std::ops::Deref;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use carillon_contract::api;
use carillon_domain::role::Permission;
use carillon_engine::error::{EngineError, FieldError};
use carillon_engine::jobs::Difference;
use carillon_store::StoreError;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

/// Every way in which a request can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The request cannot be read.
    BadRequest,
    /// Fields are wrong.
    Invalid,
    /// Nobody is signed in.
    Unauthenticated,
    /// Whoever is signed in may not.
    Forbidden,
    /// The request came from another site.
    CrossOrigin,
    /// The form is old: its token does not fit the session.
    StaleForm,
    /// No such thing.
    NotFound,
    /// There is such a thing, but not with this method.
    MethodNotAllowed,
    /// It took too long to arrive.
    Timeout,
    /// The state of things does not allow it.
    Conflict,
    /// The list of phones changed meanwhile.
    SetChanged,
    /// The body is larger than taken.
    TooLarge,
    /// The address is longer than taken.
    UriTooLong,
    /// The head of the request is larger than taken.
    HeadTooLarge,
    /// The body is of a kind that is not taken.
    UnsupportedMediaType,
    /// The request names another server.
    WrongHost,
    /// Too much at once.
    Busy,
    /// Our fault.
    Internal,
    /// The storage does not answer.
    Unavailable,
    /// The keys are missing.
    Sealed,
}

impl Code {
    /// Stable word, status and title.
    pub const fn facts(self) -> (&'static str, StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::BadRequest => ("bad_request", S::BAD_REQUEST, "The request cannot be read"),
            Self::Invalid => ("invalid", S::UNPROCESSABLE_ENTITY, "Some input is wrong"),
            Self::Unauthenticated => ("unauthenticated", S::UNAUTHORIZED, "Sign in first"),
            Self::Forbidden => ("forbidden", S::FORBIDDEN, "Not allowed"),
            Self::CrossOrigin => ("cross_origin", S::FORBIDDEN, "Not from this site"),
            Self::StaleForm => ("stale_form", S::FORBIDDEN, "This form is too old"),
            Self::NotFound => ("not_found", S::NOT_FOUND, "Not found"),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                S::METHOD_NOT_ALLOWED,
                "Not with this method",
            ),
            Self::Timeout => ("timeout", S::REQUEST_TIMEOUT, "Too slow"),
            Self::Conflict => ("conflict", S::CONFLICT, "Not as things are now"),
            Self::SetChanged => ("set_changed", S::CONFLICT, "The list of phones changed"),
            Self::TooLarge => ("too_large", S::PAYLOAD_TOO_LARGE, "Too large"),
            Self::UriTooLong => ("uri_too_long", S::URI_TOO_LONG, "Too long"),
            Self::HeadTooLarge => (
                "head_too_large",
                S::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Too much at once",
            ),
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                S::UNSUPPORTED_MEDIA_TYPE,
                "This kind of content is not taken",
            ),
            Self::WrongHost => ("wrong_host", S::MISDIRECTED_REQUEST, "Wrong address"),
            Self::Busy => ("busy", S::SERVICE_UNAVAILABLE, "Busy"),
            Self::Internal => ("internal", S::INTERNAL_SERVER_ERROR, "Our fault"),
            Self::Unavailable => ("unavailable", S::SERVICE_UNAVAILABLE, "The storage is away"),
            Self::Sealed => ("sealed", S::SERVICE_UNAVAILABLE, "Sealed"),
        }
    }
}

/// Said where nothing more is known of what was asked for.
pub const NO_SUCH_THING: &str = "There is no such thing.";

/// Said to who may not any more what they might when they asked.
const RIGHTS_CHANGED: &str = "Your rights changed, or you were signed out, while this was on its way: \
     nothing was done.";

/// When to come again where somebody is busy and nothing else is said.
const SOON: Duration = Duration::from_secs(2);

/// One failed request, before it is dressed as JSON or as a page. Small, because every handler
/// may return it.
#[derive(Clone, Debug)]
pub struct Problem(Box<Facts>);

/// What is known of a failed request.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Which kind.
    pub code: Code,
    /// One plain sentence.
    pub detail: String,
    /// The fields at fault.
    pub errors: Vec<FieldError>,
    /// How a list of phones changed.
    pub difference: Option<serde_json::Value>,
    /// When to try again.
    pub retry_after: Option<Duration>,
    /// The permission that whoever asked lacks.
    pub lacks: Option<Permission>,
    /// Whether it goes on once whoever asked shows who they are.
    pub asks_proof: bool,
}

impl Deref for Problem {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.0
    }
}

impl Problem {
    /// Without a sentence of its own.
    pub fn new(code: Code) -> Self {
        Self(Box::new(Facts {
            code,
            detail: String::new(),
            errors: Vec::new(),
            difference: None,
            retry_after: None,
            lacks: None,
            asks_proof: false,
        }))
    }

    /// With a sentence of its own.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// With the fields at fault.
    #[must_use]
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// One field is wrong.
    pub fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::from(EngineError::invalid(field, code, message))
    }

    /// Our fault; the reason goes to the log only.
    pub fn internal(reason: &str) -> Self {
        tracing::error!(reason, "internal error");
        Self::new(Code::Internal)
            .detail("Something failed here. The log knows more by the request's id.")
    }

    /// Others were first; this is when to come again.
    pub fn busy(retry_after: Duration) -> Self {
        let detail = "Too many people want this at once. Nothing was changed.";
        let mut problem = Self::new(Code::Busy).detail(detail);
        problem.0.retry_after = Some(retry_after);
        problem
    }

    /// Status of the answer.
    pub fn status(&self) -> StatusCode {
        self.code.facts().1
    }

    /// As it stands in the body of an API answer.
    pub fn body(&self, request_id: &str) -> api::Problem {
        let (word, status, title) = self.code.facts();
        api::Problem {
            kind: format!("urn:carillon:problem:{word}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.detail.clone(),
            code: word.to_owned(),
            request_id: request_id.to_owned(),
            errors: self.errors.iter().map(field_problem).collect(),
            difference: self.difference.clone(),
        }
    }
}

fn field_problem(error: &FieldError) -> api::FieldProblem {
    api::FieldProblem {
        field: error.field.clone(),
        code: error.code.clone(),
        message: error.message.clone(),
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotFound => Self::new(Code::NotFound).detail(NO_SUCH_THING),
            EngineError::Conflict(why) => Self::new(Code::Conflict).detail(why),
            EngineError::SetChanged {
                expected,
                actual,
                digest,
                difference,
            } => set_changed(expected, actual, &digest, difference.as_deref()),
            EngineError::Invalid(errors) => {
                let first = errors
                    .first()
                    .map(|e| e.message.clone())
                    .unwrap_or_default();
                Self::new(Code::Invalid).detail(first).errors(errors)
            }
            EngineError::Denied(permission) => {
                let mut problem = Self::new(Code::Forbidden)
                    .detail(format!("Your role lacks the permission {permission}."));
                problem.0.lacks = Some(permission);
                problem
            }
            EngineError::NotByToken(why) => {
                let mut problem = Self::new(Code::Forbidden).detail(why);
                problem.0.lacks = Some(Permission::ManageInventory);
                problem
            }
            EngineError::RightsChanged => Self::new(Code::Forbidden).detail(RIGHTS_CHANGED),
            error @ EngineError::ProofNeeded => {
                let mut problem = Self::new(Code::Forbidden).detail(error.to_string());
                problem.0.asks_proof = true;
                problem
            }
            EngineError::Busy { retry_after } => Self::busy(retry_after),
            error @ EngineError::NoRoom { .. } => Self::new(Code::Unavailable).detail(format!(
                "The disk is nearly full: {error}. Nothing was started; make room, then try again."
            )),
            EngineError::Sealed => Self::new(Code::Sealed)
                .detail("The key file is missing or wrong: an administrator must mend it."),
            EngineError::Store(StoreError::InvalidCursor) => {
                let message = "This is not a place in this list: begin again without it.";
                Self::new(Code::BadRequest)
                    .detail(message)
                    .errors(vec![FieldError::new("after", "invalid", message)])
            }
            EngineError::Store(source) => {
                tracing::error!(error = %chain(&source), "the storage failed");
                Self::new(Code::Unavailable)
                    .detail("The storage does not answer. Nothing was changed.")
            }
            EngineError::Internal(reason) => Self::internal(reason),
        }
    }
}

fn set_changed(
    expected: i64,
    actual: i64,
    digest: &str,
    difference: Option<&Difference>,
) -> Problem {
    let named = difference.map(in_words).unwrap_or_default();
    let mut problem = Problem::new(Code::SetChanged).detail(format!(
        "You looked at {}; now it would be {}{named}. Look again, then start.",
        phones(expected),
        phones(actual),
    ));
    problem.0.difference = Some(serde_json::json!({
        "expected": expected, "actual": actual, "digest": digest,
        "added": difference.map(|d| &d.added),
        "removed": difference.map(|d| &d.removed),
        "otherwise": difference.map(|d| &d.otherwise),
    }));
    problem
}

fn phones(count: i64) -> String {
    let word = if count == 1 { "phone" } else { "phones" };
    format!("{count} {word}")
}

/// The first phones that make a difference; the whole of it stands beside.
fn in_words(difference: &Difference) -> String {
    let kinds = [
        ("new", &difference.added),
        ("gone", &difference.removed),
        (
            "left out for another cause, or not any more",
            &difference.otherwise,
        ),
    ];
    let told = kinds
        .iter()
        .filter(|(_, macs)| !macs.is_empty())
        .map(|(kind, macs)| {
            let first: Vec<_> = macs.iter().take(5).map(ToString::to_string).collect();
            let more = if macs.len() > first.len() {
                " and more"
            } else {
                ""
            };
            format!("{kind}: {}{more}", first.join(", "))
        });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        String::new()
    } else {
        format!(" ({})", told.join("; "))
    }
}

/// An error and everything below it, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(source) = below {
        text.push_str(": ");
        text.push_str(&source.to_string());
        below = source.source();
    }
    text
}

impl std::error::Error for Problem {}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (word, _, title) = self.code.facts();
        write!(f, "{title} ({word})")
    }
}

/// Bare: `middleware::present` dresses it for the one who asked.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let soon = (self.code == Code::Busy).then_some(SOON);
        if let Some(wait) = self.retry_after.or(soon)
            && let Ok(value) = HeaderValue::from_str(&wait.as_secs().max(1).to_string())
        {
            response.headers_mut().insert(RETRY_AFTER, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}
