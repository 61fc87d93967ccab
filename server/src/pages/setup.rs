//! `/setup`: the first administrator, by a one-time code.

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::sign_in::SetupView;
use carillon_engine::accounts::{SHORTEST, Setup};
use carillon_language::say;
use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};

use super::form;
use super::sign_in::agent;
use super::visit::{PageResult, Visit};
use crate::cookies::Cookie;
use crate::fields::{Form, Query};

/// `GET /setup?code=…`.
pub async fn show(mut visit: Visit, Query(query): Query) -> PageResult {
    if visit.app.is_inhabited().await? {
        return Ok(visit.see_other("/sign-in"));
    }
    visit.bind();
    let view = SetupView {
        code: query.filled("code").map(str::to_owned),
        password_min: SHORTEST,
        ..SetupView::default()
    };
    let html = carillon_ui::setup(&visit.frame, &view);
    Ok(visit.page(html))
}

/// `POST /setup`.
pub async fn submit(mut visit: Visit, headers: HeaderMap, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["code", "username", "password", "password_again"])?;
    if fields.text("password") != fields.text("password_again") {
        let mut errors = FormErrors::default();
        errors.push(
            "password_again",
            "different",
            say("The two passwords are not the same."),
        );
        return Ok(again(
            visit,
            fields.filled("code"),
            fields.or_empty("username"),
            errors,
        ));
    }
    let setup = Setup {
        code: SecretString::from(fields.or_empty("code")),
        name: fields.or_empty("username"),
        password: SecretString::from(fields.or_empty("password")),
        ip: visit.ip.clone(),
        agent: agent(&headers),
    };
    match visit.app.engine().complete_setup(setup).await {
        Ok(signed_in) => {
            visit.set_cookie(Cookie::Session, signed_in.token.expose_secret());
            visit.remove_cookie(Cookie::Before);
            visit.app.is_inhabited().await?;
            Ok(visit.see_other("/"))
        }
        Err(error) => {
            let errors = form::errors(error)?;
            Ok(again(
                visit,
                fields.filled("code"),
                fields.or_empty("username"),
                errors,
            ))
        }
    }
}

fn again(mut visit: Visit, code: Option<&str>, username: String, errors: FormErrors) -> Response {
    visit.bind();
    let view = SetupView {
        code: code.map(str::to_owned),
        username,
        password_min: SHORTEST,
        errors,
    };
    let html = carillon_ui::setup(&visit.frame, &view);
    visit.refused(html)
}
