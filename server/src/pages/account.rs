//! `/account`: one's own password, sessions and tokens.
//!
//! *Invariant:* a new token is shown once: it waits sealed for the page behind the redirect,
//! which takes it away.

use std::time::Duration;

use axum::extract::Path;
use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::account::{AccountView, SessionRow};
use carillon_contract::tokens::{NewToken as ShownToken, TokenForm};
use carillon_domain::role::Permission;
use carillon_engine::accounts::{NewToken, SHORTEST, SessionContext, SessionInfo, TokenScope};
use carillon_engine::{Caller, EngineError, FieldError};
use carillon_language::{say, say_many};
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};

use super::once;
use super::refused::refusal;
use super::visit::{PageResult, Visit, done};
use super::{area, notice, tokens};
use crate::fields::{Fields, Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

const OWN: Access = Access::Needs(Permission::OwnAccount);
const MADE: &str = "token";
/// A new token waits so long for its page.
const WAITS: Duration = Duration::from_mins(10);
const DAY: Duration = Duration::from_hours(24);

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/account", OWN, show)
        .post_proved("/account/password", OWN, password)
        .post_proved("/account/sessions/{id}/end", OWN, end_session)
        .post_proved("/account/sessions/end-others", OWN, end_others)
        .post_proved("/account/tokens", OWN, make_token)
        .post("/account/tokens/{id}/revoke", OWN, revoke_token)
}

/// What the page says besides what is stored.
#[derive(Default)]
struct Extra {
    status: StatusCode,
    password_errors: FormErrors,
    token_form: TokenForm,
    token_errors: FormErrors,
    new_token: Option<ShownToken>,
}

/// `GET /account`.
async fn show(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, &["made"]);
    let new_token = match query.filled("made") {
        Some(id) => {
            let gone =
                say("That token was shown already. If it is lost, revoke it and make another.");
            once::taken(&mut visit, &caller, (MADE, id), gone).await?
        }
        None => None,
    };
    let extra = Extra {
        new_token,
        ..Extra::default()
    };
    page(visit, &caller, extra).await
}

async fn page(visit: Visit, caller: &Caller, extra: Extra) -> Result<Response, Problem> {
    let engine = visit.app.engine();
    let handle = visit.session.as_ref().map(|session| session.handle.clone());
    let sessions = engine.own_sessions(caller).await?.into_iter();
    let own = engine.own_tokens(caller).await?;
    let view = AccountView {
        name: caller.actor.name.clone(),
        role: caller.role,
        language: visit.session.as_ref().and_then(|session| session.language),
        look: visit.frame.look,
        has_password: visit.session.as_ref().is_none_or(|s| s.has_password),
        password_min: SHORTEST,
        password_errors: extra.password_errors,
        second_factor: visit.session.as_ref().is_some_and(|s| s.has_factor),
        codes_left: engine.recovery_codes_left(caller).await?,
        sessions: sessions
            .map(|session| row(session, handle.as_deref()))
            .collect(),
        tokens: tokens::rows(own, visit.frame.now),
        token_form: extra.token_form,
        token_errors: extra.token_errors,
        new_token: extra.new_token,
    };
    let html = carillon_ui::account(&visit.frame, &view);
    Ok(visit.html(extra.status, html))
}

fn row(session: SessionInfo, current: Option<&str>) -> SessionRow {
    SessionRow {
        current: current == Some(session.handle.as_str()),
        id: session.handle,
        created_at: session.created_at,
        last_seen: session.last_seen_at,
        ip: session.ip,
        agent: session.agent,
    }
}

fn session(visit: &Visit) -> Result<SessionContext, Problem> {
    let session = visit.session.clone();
    session.ok_or_else(|| Problem::internal("one's own account without a session"))
}

/// `POST /account/password`.
async fn password(mut visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["current", "password", "password_again"])?;
    match change_password(&visit, &fields).await {
        Ok(browser) => {
            if let Some(browser) = browser {
                visit.remember_browser(browser.expose_secret());
            }
            let text = say("Your password was changed, and your other sessions were ended.");
            Ok(visit.see_other_saying("/account", &done(text)))
        }
        Err(error) => {
            let refused = refusal(error)?;
            let extra = Extra {
                status: refused.status,
                password_errors: refused.errors,
                ..Extra::default()
            };
            page(visit, &caller, extra).await
        }
    }
}

async fn change_password(
    visit: &Visit,
    fields: &Fields,
) -> Result<Option<SecretString>, EngineError> {
    let empty = empty_fields(fields);
    if !empty.is_empty() {
        return Err(EngineError::Invalid(empty));
    }
    if fields.text("password") != fields.text("password_again") {
        let message = say("The two new passwords are not the same.");
        return Err(EngineError::invalid("password_again", "different", message));
    }
    let Some(session) = &visit.session else {
        return Err(EngineError::Internal("one's own account without a session"));
    };
    let current = SecretString::from(fields.or_empty("current"));
    let new = SecretString::from(fields.or_empty("password"));
    visit
        .app
        .engine()
        .change_own_password(session, current, new)
        .await
}

/// Fields of the form for a password in which nothing was typed.
fn empty_fields(fields: &Fields) -> Vec<FieldError> {
    let asked = [
        ("current", say("Type the password that you have now.")),
        ("password", say("Type a new password.")),
        ("password_again", say("Type the new password once more.")),
    ];
    let asked = asked.into_iter();
    let empty = asked.filter(|(name, _)| fields.or_empty(name).is_empty());
    empty
        .map(|(name, message)| FieldError::new(name, "required", message))
        .collect()
}

/// `POST /account/sessions/{id}/end`.
async fn end_session(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    fields.only(&[])?;
    visit.app.engine().end_session(&caller, &id).await?;
    Ok(visit.see_other_saying("/account", &done(say("The session was ended."))))
}

/// `POST /account/sessions/end-others`.
async fn end_others(visit: Visit, Form(fields): Form) -> PageResult {
    fields.only(&[])?;
    let session = session(&visit)?;
    let ended = visit.app.engine().end_other_sessions(&session).await?;
    let text = say_many!(
        i64::try_from(ended).unwrap_or(i64::MAX),
        "{count} other session was ended.",
        "{count} other sessions were ended."
    );
    Ok(visit.see_other_saying("/account", &done(text)))
}

/// `POST /account/tokens`.
async fn make_token(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["label", "scope", "sites", "groups", "expires_days"])?;
    let form = TokenForm {
        label: fields.or_empty("label"),
        scope: fields.or_empty("scope"),
        sites: fields.or_empty("sites"),
        groups: fields.or_empty("groups"),
        expires_days: fields.or_empty("expires_days"),
    };
    match issue(&visit, &caller, &form).await {
        Ok(id) => Ok(visit.see_other(&format!("/account?made={id}"))),
        Err(error) => {
            let refused = refusal(error)?;
            let extra = Extra {
                status: refused.status,
                token_form: form,
                token_errors: refused.errors,
                ..Extra::default()
            };
            page(visit, &caller, extra).await
        }
    }
}

/// Makes a token and keeps it for the page that shows it.
async fn issue(visit: &Visit, caller: &Caller, form: &TokenForm) -> Result<String, EngineError> {
    let engine = visit.app.engine();
    let scope: TokenScope = form.scope.parse().map_err(|_| {
        EngineError::invalid("scope", "required", say("Choose what the token may do."))
    })?;
    let days: u32 = form.expires_days.parse().map_err(|_| {
        EngineError::invalid(
            "expires_days",
            "invalid",
            say("Choose how long the token works."),
        )
    })?;
    let new = NewToken {
        user: None,
        label: form.label.clone(),
        scope,
        area: area::maybe(&form.sites, &form.groups),
        lifetime: Some(DAY.saturating_mul(days)),
    };
    let issued = engine
        .create_token(caller, new)
        .await
        .map_err(name_fields)?;
    let shown = ShownToken {
        label: issued.info.label,
        token: issued.token.expose_secret().to_owned(),
    };
    engine.keep_draft(caller, MADE, &shown, WAITS).await
}

/// The form's own name for what the engine calls `expires`.
fn name_fields(error: EngineError) -> EngineError {
    let EngineError::Invalid(mut errors) = error else {
        return error;
    };
    for error in errors.iter_mut().filter(|error| error.field == "expires") {
        "expires_days".clone_into(&mut error.field);
    }
    EngineError::Invalid(errors)
}

/// `POST /account/tokens/{id}/revoke`.
async fn revoke_token(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    fields.only(&[])?;
    visit.app.engine().revoke_token(&caller, &id).await?;
    Ok(visit.see_other_saying("/account", &done(say("The token was revoked."))))
}
