//! `/phones/import/{id}/undo`: an import is taken back, after somebody saw what that means.

use axum::extract::Path;
use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::import::ImportUndoView;
use carillon_engine::inventory::UndoReview;
use carillon_engine::{Caller, EngineError};
use carillon_language::say;

use super::count;
use crate::fields::Form;
use crate::pages::refused::refusal;
use crate::pages::visit::{PageResult, Visit, done};
use crate::problem::Problem;

/// `GET /phones/import/{id}/undo`.
pub(super) async fn ask(visit: Visit, caller: Caller, Path(id): Path<String>) -> PageResult {
    let html = page(&visit, &caller, &id, (String::new(), FormErrors::default())).await?;
    Ok(visit.page(html))
}

/// `POST /phones/import/{id}/undo`: `count` as it was shown, `typed` where phones are deleted.
pub(super) async fn undo(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&["count", "typed"])?;
    let seen = fields.filled("count").and_then(|seen| seen.parse().ok());
    let review = visit.app.engine().undo_review(&caller, &id).await?;
    let typed = fields.or_empty("typed");
    if review.deleted > 0 && typed.trim().parse() != Ok(review.deleted) {
        let mut errors = FormErrors::default();
        let message = say!(
            "Type {count} to delete these phones.",
            count = review.deleted
        );
        let message = crate::pages::form::another_number(&typed, message);
        errors.push("typed", "different", message);
        return again(visit, &caller, &id, (typed, errors)).await;
    }
    let undone = visit.app.engine();
    let undone = undone.undo_import(&caller, &id, seen.unwrap_or(usize::MAX));
    match undone.await {
        Ok(_) => {
            let to = format!("/phones/import/{id}/result");
            Ok(visit.see_other_saying(&to, &done(say("The import was taken back."))))
        }
        Err(error @ EngineError::Conflict(_)) => {
            let errors = refusal(error)?.errors;
            again(visit, &caller, &id, (typed, errors)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn again(
    visit: Visit,
    caller: &Caller,
    id: &str,
    wrong: (String, FormErrors),
) -> Result<Response, Problem> {
    let html = page(&visit, caller, id, wrong).await?;
    Ok(visit.refused(html))
}

async fn page(
    visit: &Visit,
    caller: &Caller,
    id: &str,
    (typed, errors): (String, FormErrors),
) -> Result<String, Problem> {
    let review = visit.app.engine().undo_review(caller, id).await?;
    let UndoReview {
        file_name,
        deleted,
        restored,
        left,
        left_names,
        logins,
    } = review;
    let view = ImportUndoView {
        action: format!("/phones/import/{id}/undo"),
        file_name,
        deleted: count(deleted),
        restored: count(restored),
        left: count(left),
        left_names,
        logins: count(logins),
        typed,
        errors,
    };
    Ok(carillon_ui::import_undo(&visit.frame, &view))
}
