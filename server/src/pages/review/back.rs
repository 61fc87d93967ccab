//! Out of a review without a start: what was typed beside it is not asked for again.

use carillon_engine::Caller;

use crate::fields::Fields;
use crate::pages::run::Draft;
use crate::pages::visit::{PageResult, Visit};

/// The field of the button.
pub(super) const BACK: &str = "back";

/// Where it came from: step 1, or the job that it repeats.
pub(super) fn href(id: &str, draft: &Draft) -> String {
    match (&draft.retry_of, &draft.form) {
        (Some(job), None) => format!("/jobs/{job}"),
        _ => format!("/run?draft={id}"),
    }
}

/// Goes there, and keeps the reason. Nothing else is looked at, and nothing is sent.
pub(super) async fn leave(
    visit: Visit,
    caller: &Caller,
    (id, mut draft): (&str, Draft),
    fields: &Fields,
) -> PageResult {
    let reason = fields.or_empty("reason");
    let kept = (id, reason.trim());
    draft.keep_reason(visit.app.engine(), caller, kept).await?;
    Ok(visit.see_other(&href(id, &draft)))
}
