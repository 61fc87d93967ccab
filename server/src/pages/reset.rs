//! `/reset`: a new password by a one-time link.

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::sign_in::ResetView;
use carillon_engine::EngineError;
use carillon_engine::accounts::SHORTEST;
use carillon_language::say;
use secrecy::SecretString;

use super::form;
use super::visit::{PageResult, Visit, done};
use crate::fields::{Form, Query};
use crate::problem::Problem;

/// `GET /reset?code=…`.
pub async fn show(visit: Visit, Query(query): Query) -> PageResult {
    page(visit, query.or_empty("code"), FormErrors::default()).await
}

/// The form while the link works, else the way to another one.
async fn page(mut visit: Visit, code: String, errors: FormErrors) -> Result<Response, Problem> {
    visit.bind();
    let secret = SecretString::from(code.as_str());
    let owner = visit.app.engine().reset_link_owner(&secret).await?;
    let wrong = !errors.is_empty();
    let view = ResetView {
        code: owner.is_some().then_some(code),
        name: owner.unwrap_or_default(),
        password_min: SHORTEST,
        errors,
    };
    let html = carillon_ui::reset(&visit.frame, &view);
    Ok(if wrong {
        visit.refused(html)
    } else {
        visit.page(html)
    })
}

/// `POST /reset`.
pub async fn submit(visit: Visit, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["code", "password", "password_again"])?;
    let code = fields.or_empty("code");
    if fields.text("password") != fields.text("password_again") {
        let mut errors = FormErrors::default();
        let message = "The two passwords are not the same.";
        errors.push("password_again", "different", message);
        return page(visit, code, errors).await;
    }
    let engine = visit.app.engine();
    let password = SecretString::from(fields.or_empty("password"));
    let secret = SecretString::from(code.as_str());
    match engine
        .use_reset_link(&secret, password, visit.ip.clone())
        .await
    {
        Ok(name) => {
            let text = say!("The password of {name} was set. Sign in with it.", name);
            Ok(visit.see_other_saying("/sign-in", &done(text)))
        }
        Err(EngineError::NotFound) => page(visit, code, FormErrors::default()).await,
        Err(error) => {
            let errors = form::errors(error)?;
            page(visit, code, errors).await
        }
    }
}
