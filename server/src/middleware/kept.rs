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
use crate::pages::sign_in::{RIGHTS_CHANGED, ended_with_rights, is_of_phone, local, provider};
use crate::pages::visit::Visit;
use crate::problem::Problem;

/// The largest form that is carried: a thousand ticked phones.
const MOST: usize = 32 * 1024;
/// With the field of the form itself and those of the sign-in, below what a form may have.
const MOST_FIELDS: usize = 1_500;
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
    let kept = whole.and_then(|whole| kept(&parts, &whole.to_bytes()));
    let mut visit = match Visit::from_request_parts(&mut parts, &app).await {
        Ok(visit) => visit,
        Err(problem) => return problem.into_response(),
    };
    visit.bind();
    let ended = match ended_with_rights(&visit, &parts.headers).await {
        Ok(ended) => ended,
        Err(error) => return Problem::from(error).into_response(),
    };
    let next = came_from(&parts, &visit.frame.base);
    let provider = provider(&visit, &next, false);
    let told = notice(kept.as_ref(), provider.is_some());
    let told = if ended {
        format!("{} {told}", say(RIGHTS_CHANGED))
    } else {
        told.to_owned()
    };
    let view = SignInView {
        notice: Some(told),
        provider,
        next,
        kept,
        ..SignInView::default()
    };
    let html = carillon_ui::sign_in(&visit.frame, &view);
    visit.html(StatusCode::UNAUTHORIZED, html)
}

/// What happens to what was typed. The way to a provider leads out of the page that carries it.
fn notice(kept: Option<&KeptForm>, has_provider: bool) -> &'static str {
    match (kept, has_provider) {
        (None, _) => {
            say("You were signed out, so nothing was sent. Sign in, then send the form again.")
        }
        (Some(form), _) if is_of_phone(form) => say(
            "You were signed out, so nothing was sent. Sign in, then choose it again on the page of the phone.",
        ),
        (Some(_), false) => say(
            "You were signed out, so nothing was sent. Sign in: what you typed is kept, and you can send it again.",
        ),
        (Some(_), true) => say(
            "You were signed out, so nothing was sent. Sign in with your password here and what you typed is kept; the sign-in service leads away from it.",
        ),
    }
}

/// The form without its secrets; `None` where it is too long, or was about ending the session.
fn kept(parts: &Parts, body: &Bytes) -> Option<KeptForm> {
    let action = local(Some(parts.uri.path()));
    let fields = Fields::parse(body);
    if action == "/" || fields.pairs().len() > MOST_FIELDS {
        return None;
    }
    let plain = fields.pairs().iter().filter(|(name, _)| !is_secret(name));
    let fields = plain.cloned().collect();
    Some(KeptForm { action, fields })
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
        let body = "csrf=t&reason=INC-1&password=p&password_again=p&current=c&code=1&mac=a&mac=b";
        let form = of("/run", body).expect("a form that is kept");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [pair("reason", "INC-1"), pair("mac", "a"), pair("mac", "b")];
        assert_eq!(
            (form.action.as_str(), &*form.fields),
            ("/run", &expected[..])
        );
    }

    #[test]
    fn signing_out_and_endless_forms_are_not_kept() {
        assert!(of("/sign-out", "a=b").is_none());
        assert!(of("/run", &"mac=a&".repeat(MOST_FIELDS)).is_some());
        assert!(of("/run", &"mac=a&".repeat(MOST_FIELDS + 1)).is_none());
    }

    fn of(path: &str, body: &str) -> Option<KeptForm> {
        let request = http::Request::post(path).body(()).expect("a request");
        let (parts, ()) = request.into_parts();
        kept(&parts, &Bytes::from(body.to_owned()))
    }
}
