//! `/sign-in` and `/sign-out`.

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::frame::{Flash, Tone};
use carillon_contract::sign_in::{Elsewhere, KEPT_ACTION, KEPT_FIELD, KeptForm, SignInView};
use carillon_engine::accounts::SignIn;
use carillon_engine::{Caller, EngineError};
use carillon_language::{say, text};
use http::header::{HeaderName, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use super::visit::{PageResult, Visit, done};
use crate::cookies::Cookie;
use crate::fields::{Fields, Form, Query};

mod late;

use late::Late;
pub use late::is_of_phone;

/// One sentence for everything that can be wrong, so that nothing can be found out by trying.
const REFUSED: &str =
    "Wrong name, password or code, or too many tries: wait a moment and try again.";
/// Said to nobody but who holds the cookie of a session that ended so.
pub const RIGHTS_CHANGED: &str = text!("Your rights were changed. Sign in again.");
/// Said to whoever still holds the cookie of a session, whichever it was: it says nothing of any.
const ENDED: &str = text!(
    "You were signed out: nothing was done here for a while, or the session was over. Sign in again."
);
/// Clears what this browser keeps of us. Not `cookies`: ours are taken away one by one, and the
/// one by which the browser is known the next time stays. It opens nothing.
const CLEAR: &str = "\"cache\", \"storage\"";

/// `GET /sign-in`.
pub async fn show(mut visit: Visit, headers: HeaderMap, Query(query): Query) -> PageResult {
    let next = local(query.text("next"));
    if visit.frame.user.is_some() {
        return Ok(visit.see_other(&next));
    }
    if !visit.app.is_inhabited().await? {
        return Ok(visit.see_other("/setup"));
    }
    visit.bind();
    let notice = why_here(&visit, &headers).await?;
    let view = SignInView {
        provider: provider(&visit, &next, false),
        next,
        notice: notice.map(str::to_owned),
        ..SignInView::default()
    };
    let html = carillon_ui::sign_in(&visit.frame, &view);
    Ok(visit.page(html))
}

/// Why somebody is here who did not sign out.
async fn why_here(visit: &Visit, headers: &HeaderMap) -> Result<Option<&'static str>, EngineError> {
    if ended_with_rights(visit, headers).await? {
        return Ok(Some(say(RIGHTS_CHANGED)));
    }
    let had_session = visit.cookie(headers, Cookie::Session).is_some();
    Ok(had_session.then(|| say(ENDED)))
}

/// Whether the session that this browser still has the cookie of ended with a change of rights.
///
/// # Errors
/// The storage.
pub async fn ended_with_rights(visit: &Visit, headers: &HeaderMap) -> Result<bool, EngineError> {
    let Some(token) = visit.cookie(headers, Cookie::Session) else {
        return Ok(false);
    };
    let engine = visit.app.engine();
    engine.ended_with_rights(&SecretString::from(token)).await
}

/// `POST /sign-in`.
pub async fn submit(mut visit: Visit, headers: HeaderMap, Form(form): Form) -> PageResult {
    let (kept, form) = apart(form);
    let form = form.only(&["username", "password", "code", "next"])?;
    let next = local(form.text("next"));
    let attempt = SignIn {
        name: form.or_empty("username"),
        password: SecretString::from(form.or_empty("password")),
        code: SecretString::from(form.or_empty("code")),
        browser: visit
            .cookie(&headers, Cookie::Known)
            .map(SecretString::from),
        ip: visit.ip.clone(),
        agent: agent(&headers),
        previous: None,
    };
    match visit.app.engine().sign_in(attempt).await? {
        Some(signed_in) => {
            visit.set_cookie(Cookie::Session, signed_in.token.expose_secret());
            visit.remove_cookie(Cookie::Before);
            if let Some(browser) = signed_in.browser {
                visit.remember_browser(browser.expose_secret());
            }
            let Some(form) = kept else {
                return Ok(visit.see_other(&next));
            };
            let session = signed_in.session;
            visit.frame.csrf = session.csrf;
            came_late(visit, &session.caller, (form, next)).await
        }
        None => Ok(refusal(
            visit,
            (form.or_empty("username"), kept),
            next,
            REFUSED,
        )),
    }
}

/// What becomes of the form that came too late.
async fn came_late(visit: Visit, caller: &Caller, late: (KeptForm, String)) -> PageResult {
    match late::decide(visit.app.engine(), caller, late).await? {
        Late::Back(to) => {
            let text = say(
                "You are signed in again. Nothing was sent yet: look once more, then press the button.",
            );
            Ok(visit.see_other_saying(&to, &done(text)))
        }
        Late::Unsent(to, text) => {
            let flash = Flash {
                tone: Tone::Warning,
                text,
                link: None,
            };
            Ok(visit.see_other_saying(&to, &flash))
        }
        Late::Ask(view) => {
            let html = carillon_ui::send_again(&visit.frame, &view);
            Ok(visit.page(html))
        }
    }
}

/// The form that came too late, and that of the sign-in.
fn apart(form: Fields) -> (Option<KeptForm>, Fields) {
    let own = |name: &str| name == KEPT_ACTION || name.starts_with(KEPT_FIELD);
    let pairs = form.pairs().iter().cloned();
    let (kept, rest): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| own(name));
    let action = form.text(KEPT_ACTION).map(|path| local(Some(path)));
    let fields = kept.into_iter().filter_map(|(name, value)| {
        let name = name.strip_prefix(KEPT_FIELD)?;
        Some((name.to_owned(), value))
    });
    let fields: Vec<_> = fields.collect();
    let kept = action.filter(|path| path != "/");
    (
        kept.map(|action| KeptForm { action, fields }),
        Fields::from_pairs(rest),
    )
}

/// The page again, with why nobody was signed in.
pub fn refused_saying(visit: Visit, next: String, text: &str) -> Response {
    refusal(visit, (String::new(), None), next, text)
}

/// The way to the provider, where there is one; `anew` = though one may be signed in there.
pub fn provider(visit: &Visit, next: &str, anew: bool) -> Option<Elsewhere> {
    let provider = visit.app.provider()?;
    let next = percent_encoding::utf8_percent_encode(next, percent_encoding::NON_ALPHANUMERIC);
    let anew = if anew { "&anew=true" } else { "" };
    Some(Elsewhere {
        name: provider.terms().name.clone(),
        link: format!("/sign-in/oidc?next={next}{anew}"),
    })
}

fn refusal(
    mut visit: Visit,
    (username, kept): (String, Option<KeptForm>),
    next: String,
    text: &str,
) -> Response {
    visit.bind();
    let mut errors = FormErrors::default();
    errors.push("", "refused", text);
    let view = SignInView {
        username,
        provider: provider(&visit, &next, false),
        next,
        errors,
        notice: None,
        kept,
    };
    let html = carillon_ui::sign_in(&visit.frame, &view);
    visit.refused(html)
}

/// `POST /sign-out`.
pub async fn leave(mut visit: Visit) -> PageResult {
    if let Some(session) = &visit.session {
        visit.app.engine().sign_out(session).await?;
    }
    visit.remove_cookie(Cookie::Session);
    let flash = done(say("You are signed out."));
    let mut response = visit.see_other_saying("/sign-in", &flash);
    response.headers_mut().insert(
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static(CLEAR),
    );
    Ok(response)
}

/// What the browser calls itself.
pub fn agent(headers: &HeaderMap) -> String {
    let value = headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// A path of ours, or the overview: never another server, nor a page that signs out or in.
pub fn local(next: Option<&str>) -> String {
    let next = next.unwrap_or("/");
    let ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\r', '\n', '\t'])
        && !next.starts_with("/sign-");
    if ours {
        next.to_owned()
    } else {
        "/".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_paths_of_ours() {
        assert_eq!(local(Some("/jobs?state=running")), "/jobs?state=running");
        for away in [
            "//evil",
            "https://evil",
            "/\\evil",
            "",
            "/sign-out",
            "/a\r\nb",
        ] {
            assert_eq!(local(Some(away)), "/", "{away:?}");
        }
    }
}
