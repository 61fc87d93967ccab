//! `POST /language`: the language in which somebody wants to read.
//!
//! Owns the one way to choose it, before signing in and after. The account keeps it for every
//! browser; this browser keeps it for the page on which one signs in.

use carillon_domain::Language;

use super::sign_in::local;
use super::visit::{PageResult, Visit};
use crate::cookies::Cookie;
use crate::fields::Form;
use crate::problem::Problem;
use crate::router::table::{Access, Table};

/// Half a year.
const KEPT_SECONDS: u32 = 180 * 24 * 60 * 60;

pub(super) fn routes(table: Table) -> Table {
    table.post("/language", Access::Public, choose)
}

/// `POST /language`: `language` (empty = as the browser asks), `next`.
async fn choose(mut visit: Visit, Form(form): Form) -> PageResult {
    let form = form.only(&["language", "next"])?;
    let chosen =
        match form.filled("language") {
            None => None,
            Some(word) => Some(word.parse::<Language>().map_err(|_| {
                Problem::field("language", "invalid", "Choose one of the languages.")
            })?),
        };
    if let Some(session) = &visit.session {
        let caller = &session.caller;
        visit.app.engine().choose_language(caller, chosen).await?;
    }
    match chosen {
        Some(language) => visit.keep_cookie(Cookie::Language, language.as_str(), KEPT_SECONDS),
        None => visit.remove_cookie(Cookie::Language),
    }
    let next = match form.text("next") {
        Some("/sign-in") => "/sign-in".to_owned(),
        next => local(next),
    };
    Ok(visit.see_other(&next))
}
