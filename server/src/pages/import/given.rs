//! Step 1: a list is given, or one that is kept is looked at once more.
//!
//! Owns what is kept for whoever made a mistake in the first line: the file need not be chosen again.

use carillon_contract::FormErrors;
use carillon_contract::import::{FirstLine, ImportView, KeptFile};
use carillon_domain::phone_list::{MAX_BYTES, MAX_ROWS};
use carillon_engine::inventory::{ImportReview, KeptList};
use carillon_engine::{Caller, Engine, EngineError};
use carillon_language::say;

use super::blocked::whole_file;
use super::recent;
use crate::fields::{Fields, Query};
use crate::pages::form::Upload;
use crate::pages::visit::{PageResult, Visit};

const KEPT: &str = "kept";
const FIRST_LINE: &str = "first_line";

/// What a form gives.
enum Given {
    List { name: String, bytes: Vec<u8> },
    Kept { id: String, first_line: String },
    Nothing(FormErrors),
}

pub(super) async fn ask(visit: Visit, caller: Caller, Query(fields): Query) -> PageResult {
    let engine = visit.app.engine();
    let mut view = first_step("", FormErrors::default());
    match fields.filled(KEPT) {
        Some(id) => match engine.kept_list(&caller, id).await {
            Ok(list) => view.kept = Some(kept(list)),
            Err(EngineError::NotFound) => view.errors = gone(),
            Err(error) => return Err(error.into()),
        },
        None => view.recent = recent::imports(engine, &caller).await?,
    }
    let html = carillon_ui::import(&visit.frame, &view);
    Ok(visit.page(html))
}

fn first_step(text: &str, errors: FormErrors) -> ImportView {
    ImportView {
        text: text.to_owned(),
        max_bytes: MAX_BYTES as u64,
        max_rows: MAX_ROWS,
        errors,
        ..ImportView::default()
    }
}

pub(super) async fn upload(visit: Visit, caller: Caller, upload: Upload) -> PageResult {
    let fields = upload.fields.only(&["text", KEPT, FIRST_LINE])?;
    let engine = visit.app.engine();
    let text = fields.or_empty("text");
    let given = given(&fields, &upload.file_name, &upload.content);
    let is_pasted = matches!(given, Given::List { .. }) && upload.content.is_empty();
    let reviewed = match given {
        Given::Nothing(errors) => Err(errors),
        Given::List { name, bytes } => Ok(engine.review_import(&caller, &name, bytes).await?),
        Given::Kept { id, first_line } => again(engine, &caller, (&id, &first_line)).await?,
    };
    let view = match reviewed {
        Ok(review) if !review.blocked => {
            return Ok(visit.see_other(&format!("/phones/import/{}", review.id)));
        }
        // What was pasted stands in the form, and is mended there.
        Ok(review) if is_pasted => first_step(&text, whole_file(&review)),
        Ok(review) => with_kept(engine, &caller, (&review.id, whole_file(&review))).await?,
        Err(errors) => match fields.filled(KEPT) {
            Some(id) => with_kept(engine, &caller, (id, errors)).await?,
            None => first_step(&text, errors),
        },
    };
    let html = carillon_ui::import(&visit.frame, &view);
    Ok(visit.refused(html))
}

/// A file goes before what was pasted, and both before what is kept.
fn given(fields: &Fields, file_name: &str, content: &[u8]) -> Given {
    let text = fields.or_empty("text");
    let blank = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_whitespace);
    let mut errors = FormErrors::default();
    if !blank(content) {
        let (name, bytes) = (file_name.to_owned(), content.to_vec());
        return Given::List { name, bytes };
    }
    if content.is_empty() && !blank(text.as_bytes()) {
        let (name, bytes) = (say("pasted text").to_owned(), text.into_bytes());
        return Given::List { name, bytes };
    }
    if !file_name.is_empty() {
        let message = say!(
            "The file {name} is empty. Its first line names the columns, at least mac.",
            name = file_name
        );
        errors.push("file", "empty", message);
        return Given::Nothing(errors);
    }
    if let Some(id) = fields.filled(KEPT) {
        let (id, first_line) = (id.to_owned(), fields.or_empty(FIRST_LINE));
        return Given::Kept { id, first_line };
    }
    let message = say("Choose a file, or paste the list here.");
    errors.push("text", "required", message);
    Given::Nothing(errors)
}

/// What is kept, reviewed once more; that it is gone is told where it is given anew.
async fn again(
    engine: &Engine,
    caller: &Caller,
    (id, first_line): (&str, &str),
) -> Result<Result<ImportReview, FormErrors>, EngineError> {
    match engine.review_kept_list(caller, id, first_line).await {
        Err(EngineError::NotFound) => Ok(Err(gone())),
        other => other.map(Ok),
    }
}

fn gone() -> FormErrors {
    let mut errors = FormErrors::default();
    let message = say("The file is not kept any more: choose it again.");
    errors.push("file", "gone", message);
    errors
}

/// The form with what is kept, as far as its first line can be mended; what is wrong with the file is told
/// beside that line then.
async fn with_kept(
    engine: &Engine,
    caller: &Caller,
    (id, mut errors): (&str, FormErrors),
) -> Result<ImportView, EngineError> {
    let list = match engine.kept_list(caller, id).await {
        Err(EngineError::NotFound) => None,
        list => Some(list?).filter(|list| list.first_line.is_some()),
    };
    if list.is_some() {
        for error in errors.0.iter_mut().filter(|error| error.field == "text") {
            FIRST_LINE.clone_into(&mut error.field);
        }
    }
    Ok(ImportView {
        kept: list.map(kept),
        ..first_step("", errors)
    })
}

fn kept(list: KeptList) -> KeptFile {
    KeptFile {
        id: list.id,
        file_name: list.file_name,
        bytes: list.bytes as u64,
        first_line: list.first_line.map(|line| FirstLine {
            text: line.text,
            is_phone: line.is_phone,
        }),
    }
}
