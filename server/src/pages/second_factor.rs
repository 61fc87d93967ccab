//! `/account/second-factor`: setting one up, its recovery codes, and doing without.
//!
//! *Invariant:* recovery codes are shown once: they wait sealed for the page behind the redirect,
//! which takes them away.

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::second_factor::{FactorSetupView, Picture, SecondFactorView};
use carillon_domain::role::Permission;
use carillon_engine::accounts::{FactorMade, FactorSetup, SessionContext, SignedIn};
use carillon_engine::{Caller, EngineError};
use carillon_language::say;
use http::StatusCode;
use qrcodegen::{QrCode, QrCodeEcc};
use secrecy::{ExposeSecret as _, SecretString};

use super::refused::refusal;
use super::visit::{PageResult, Visit, done};
use super::{notice, once};
use crate::cookies::Cookie;
use crate::fields::{Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

const OWN: Access = Access::Needs(Permission::OwnAccount);
const HERE: &str = "/account/second-factor";
/// Light squares around the picture, without which apps do not find it.
const QUIET: i32 = 4;

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/account/second-factor", OWN, show)
        .post_proved("/account/second-factor/begin", OWN, begin)
        .post_proved("/account/second-factor/confirm", OWN, confirm)
        .post_proved("/account/second-factor/codes", OWN, codes)
        .post_proved("/account/second-factor/remove", OWN, remove)
}

/// `GET /account/second-factor`; `setup` = one that is being set up, `codes` = new ones.
async fn show(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, &["setup", "codes"]);
    let new_codes = match query.filled("codes") {
        Some(id) => {
            let gone = say("Those codes were shown already. If they are lost, make new ones.");
            let codes = once::codes(&mut visit, &caller, id, gone).await?;
            codes.unwrap_or_default()
        }
        None => Vec::new(),
    };
    let errors = FormErrors::default();
    let asked = (query.filled("setup"), errors, StatusCode::OK);
    page(visit, &caller, new_codes, asked).await
}

async fn page(
    mut visit: Visit,
    caller: &Caller,
    new_codes: Vec<String>,
    (setup, errors, status): (Option<&str>, FormErrors, StatusCode),
) -> Result<Response, Problem> {
    let setup = match setup {
        Some(id) => waiting(&mut visit, caller, id).await?,
        None => None,
    };
    let engine = visit.app.engine();
    let view = SecondFactorView {
        on: session(&visit)?.has_factor,
        demanded: engine.second_factor_roles().await?.contains(&caller.role),
        codes_left: engine.recovery_codes_left(caller).await?,
        setup,
        new_codes,
        errors,
    };
    let html = carillon_ui::second_factor(&visit.frame, &view);
    Ok(visit.html(status, html))
}

/// What the app needs of the one that is being set up, while its time is not over.
async fn waiting(
    visit: &mut Visit,
    caller: &Caller,
    id: &str,
) -> Result<Option<FactorSetupView>, EngineError> {
    match visit.app.engine().second_factor_setup(caller, id).await {
        Ok(setup) => Ok(Some(FactorSetupView {
            id: id.to_owned(),
            picture: picture(&setup)?,
            secret: setup.secret.to_string(),
        })),
        Err(EngineError::NotFound) => {
            notice::warn(visit, say("That took too long: begin again."));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn picture(setup: &FactorSetup) -> Result<Picture, EngineError> {
    let code = QrCode::encode_text(&setup.link, QrCodeEcc::Medium)
        .map_err(|_| EngineError::Internal("a secret that is too long for a picture"))?;
    let squares = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    let dark = squares.filter(|(x, y)| code.get_module(*x, *y));
    let path: Vec<String> = dark
        .map(|(x, y)| format!("M{},{}h1v1h-1z", x + QUIET, y + QUIET))
        .collect();
    Ok(Picture {
        side: u32::try_from(code.size() + 2 * QUIET).unwrap_or(0),
        path: path.concat(),
    })
}

fn session(visit: &Visit) -> Result<SessionContext, Problem> {
    let session = visit.session.clone();
    session.ok_or_else(|| Problem::internal("one's own account without a session"))
}

/// `POST /account/second-factor/begin`.
async fn begin(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    fields.only(&[])?;
    let id = visit.app.engine().begin_second_factor(&caller).await?;
    Ok(visit.see_other(&format!("{HERE}?setup={id}")))
}

/// `POST /account/second-factor/confirm`.
async fn confirm(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["setup", "code"])?;
    let id = fields.or_empty("setup");
    let code = SecretString::from(fields.or_empty("code"));
    let session = session(&visit)?;
    let engine = visit.app.engine();
    match engine.confirm_second_factor(&session, &id, &code).await {
        Ok(made) => {
            let text = say("Your second factor is on. Your other sessions were ended.");
            Ok(with_codes(visit, &made, text))
        }
        Err(EngineError::NotFound) => Ok(visit.see_other(&format!("{HERE}?setup={id}"))),
        Err(error) => {
            let refused = refusal(error)?;
            let asked = (Some(id.as_str()), refused.errors, refused.status);
            page(visit, &caller, Vec::new(), asked).await
        }
    }
}

/// `POST /account/second-factor/codes`.
async fn codes(visit: Visit, Form(fields): Form) -> PageResult {
    fields.only(&[])?;
    let session = session(&visit)?;
    let made = visit.app.engine().renew_recovery_codes(&session).await?;
    let text = say("The codes that you had do not work any more.");
    Ok(with_codes(visit, &made, text))
}

/// Goes on under the new token, to the page that shows the codes once.
fn with_codes(mut visit: Visit, made: &FactorMade, text: &str) -> Response {
    let FactorMade { signed_in, codes } = made;
    visit.set_cookie(Cookie::Session, signed_in.token.expose_secret());
    visit.see_other_saying(&format!("{HERE}?codes={codes}"), &done(text))
}

/// `POST /account/second-factor/remove`.
async fn remove(mut visit: Visit, Form(fields): Form) -> PageResult {
    fields.only(&[])?;
    let session = session(&visit)?;
    let engine = visit.app.engine().clone();
    let SignedIn { token, .. } = engine.remove_second_factor(&session).await?;
    visit.set_cookie(Cookie::Session, token.expose_secret());
    let text = say("Your second factor is off. Your other sessions were ended.");
    Ok(visit.see_other_saying(HERE, &done(text)))
}
