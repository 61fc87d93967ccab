//! Exactly one `Host`, and it is ours: what stops DNS rebinding against a LAN-only service.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::HOST;

use super::client::is_health;
use crate::app::App;
use crate::fields::Fields;
use crate::origin::Origin;
use crate::problem::{Code, Problem};

/// Largest head, its lines together.
const LARGEST_HEAD: usize = 32 * 1024;
/// Longest path and query.
const LONGEST_TARGET: usize = 8 * 1024;

/// The origin under which this request came.
#[derive(Clone, Debug)]
pub struct OwnOrigin(pub Origin);

/// Refuses requests without our name on them.
pub async fn check(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if request
        .uri()
        .path_and_query()
        .is_some_and(|target| target.as_str().len() > LONGEST_TARGET)
    {
        let problem = Problem::new(Code::UriTooLong);
        return problem
            .detail("The address is longer than 8 KiB.")
            .into_response();
    }
    if size_of_head(&request) > LARGEST_HEAD {
        return Problem::new(Code::HeadTooLarge)
            .detail("The head of a request has at most 32 KiB.")
            .into_response();
    }
    if let Some(problem) = holds_nul(&request) {
        return problem.into_response();
    }
    let own = match named_host(&request) {
        Ok(host) => app.origins().of_host(&host).cloned(),
        Err(problem) if !is_health(request.uri().path()) => return problem.into_response(),
        Err(_) => None,
    };
    match own {
        Some(origin) => {
            request.extensions_mut().insert(OwnOrigin(origin));
            next.run(request).await
        }
        None if is_health(request.uri().path()) => next.run(request).await,
        None => Problem::new(Code::WrongHost)
            .detail(format!(
                "This server answers as {} only.",
                app.origins().public()
            ))
            .into_response(),
    }
}

/// As it stood in the request: names, values, and what parts them.
fn size_of_head(request: &Request) -> usize {
    let lines = request.headers().iter();
    let lines = lines.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    lines.sum()
}

/// No text that is kept here holds a NUL, so no address that names one leads anywhere.
fn holds_nul(request: &Request) -> Option<Problem> {
    let uri = request.uri();
    if uri.path().contains("%00") {
        return Some(Problem::new(Code::NotFound).detail("Nothing lives at this address."));
    }
    let query = uri.query().filter(|query| query.contains("%00"))?;
    Fields::parse(query.as_bytes()).nul().err()
}

/// HTTP/2 names the host in its target, HTTP/1 in one header; both at once must agree.
fn named_host(request: &Request) -> Result<String, Problem> {
    let bad = || Problem::new(Code::BadRequest).detail("The request must name one host.");
    let mut hosts = request.headers().get_all(HOST).iter();
    let header = hosts.next().map(|value| value.to_str().map_err(|_| bad()));
    if hosts.next().is_some() {
        return Err(bad());
    }
    let target = request.uri().authority().map(ToString::to_string);
    match (header.transpose()?, target) {
        (Some(header), Some(target)) if header != target => Err(bad()),
        (Some(header), _) => Ok(header.to_owned()),
        (None, Some(target)) => Ok(target),
        (None, None) => Err(bad()),
    }
}
