//! A form that comes after its session has ended: what was typed goes through the sign-in.
//!
//! Owns what of it is kept. *Invariant:* nothing is kept here: the page carries it, as it does for
//! whoever shows once more who they are; passwords and codes are left out, and nothing is sent
//! before somebody presses the button for it.

use axum::body::Bytes;
use axum::extract::{FromRequestParts as _, Request};
use axum::response::{IntoResponse as _, Response};
use carillon_contract::form::CSRF_FIELD;
use carillon_contract::second_factor::{PROOF_CODE, PROOF_PASSWORD};
use carillon_contract::sign_in::{KeptForm, SignInView};
use carillon_language::say;
use http::StatusCode;
use http::header::REFERER;
use http::request::Parts;
use http_body_util::{BodyExt as _, Limited};

use super::gate::media_type;
use super::proof::is_password;
use crate::app::App;
use crate::fields::Fields;
use crate::pages::sign_in::{local, provider};
use crate::pages::visit::Visit;
use crate::problem::Problem;

/// The largest form that is carried: a thousand ticked phones.
const MOST: usize = 32 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

/// The page that lets whoever sent this form sign in and send it again.
pub(super) async fn ask(request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(app) = parts.extensions.get::<App>().cloned() else {
        return Problem::internal("a form without an application").into_response();
    };
    let whole = if media_type(&parts) == Some(FORM) {
        Limited::new(body, MOST).collect().await.ok()
    } else {
        None
    };
    let kept = whole.map(|whole| kept(&parts, &whole.to_bytes()));
    let mut visit = match Visit::from_request_parts(&mut parts, &app).await {
        Ok(visit) => visit,
        Err(problem) => return problem.into_response(),
    };
    visit.bind();
    let next = came_from(&parts, &visit.frame.base);
    let notice = if kept.is_some() {
        say(
            "You were signed out, so nothing was sent. Sign in: what you typed is kept, and you can send it again.",
        )
    } else {
        say("You were signed out, so nothing was sent. Sign in, then send the form again.")
    };
    let view = SignInView {
        notice: Some(notice.to_owned()),
        provider: provider(&visit, &next, false),
        next,
        kept,
        ..SignInView::default()
    };
    let html = carillon_ui::sign_in(&visit.frame, &view);
    visit.html(StatusCode::UNAUTHORIZED, html)
}

fn kept(parts: &Parts, body: &Bytes) -> KeptForm {
    let fields = Fields::parse(body);
    let plain = fields.pairs().iter().filter(|(name, _)| !is_secret(name));
    KeptForm {
        action: parts.uri.path().to_owned(),
        fields: plain.cloned().collect(),
    }
}

/// What is typed again rather than carried through a page.
fn is_secret(name: &str) -> bool {
    let own = [CSRF_FIELD, PROOF_PASSWORD, PROOF_CODE, "code", "secret"];
    own.contains(&name) || is_password(name)
}

/// The page with the form, where it was one of ours.
fn came_from(parts: &Parts, base: &str) -> String {
    let from = parts.headers.get(REFERER);
    let from = from.and_then(|from| from.to_str().ok());
    local(from.and_then(|from| from.strip_prefix(base)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_carried() {
        let (parts, ()) = http::Request::post("/run").body(()).unwrap().into_parts();
        let body = "csrf=t&reason=INC-1&password=p&password_again=p&current=c&code=1&mac=a&mac=b";
        let form = kept(&parts, &Bytes::from_static(body.as_bytes()));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [pair("reason", "INC-1"), pair("mac", "a"), pair("mac", "b")];
        assert_eq!(
            (form.action.as_str(), &*form.fields),
            ("/run", &expected[..])
        );
    }
}
