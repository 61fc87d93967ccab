//! The way on where a job stopped itself: a review of the phones that it left out, and of no others.

use carillon_contract::job::{JobView, RetryForm, RetryState};
use carillon_domain::{Cause, TargetState};
use carillon_language::{say, say_many};
use leptos::prelude::*;

use crate::components::{hidden, icon, post, submit};
use crate::words;

/// What failed may never be mended from here: one press leads to the review of the others.
pub(super) fn panel(view: &JobView) -> Option<AnyView> {
    let retry = view.retry.as_ref()?;
    let is_skipped = |row: &&RetryState| row.state == TargetState::Skipped;
    let skipped = retry.states.iter().find(is_skipped)?;
    let mut causes = skipped.causes.iter();
    let left = causes.find(|row| row.cause == Cause::FailureLimit)?.count;
    let text = say_many!(
        left,
        "{count} phone was not tried because the job stopped itself. What failed can stay as it is.",
        "{count} phones were not tried because the job stopped itself. What failed can stay as it is."
    );
    let word = say!("Go on with the other {left}", left = words::number(left));
    let body = view! { {fields(retry, skipped)}{submit("", "next", word)} };
    let form = post(format!("/jobs/{}/retry", view.summary.id), "", body);
    Some(
        view! {
            <div id="go-on" class="note is-warning">{icon("warning")}<div><p>{text}</p>{form}</div></div>
        }
        .into_any(),
    )
}

/// The form that is sent as if just these were ticked: what is offered and not ticked is left out, as is
/// whatever was skipped for another reason.
fn fields(retry: &RetryForm, skipped: &RetryState) -> AnyView {
    let value = |cause: Cause| format!("{}.{cause}", skipped.state);
    let causes = skipped.causes.iter().map(|row| row.cause);
    let offered: Vec<AnyView> = causes
        .chain([Cause::Protected])
        .map(|cause| hidden("offered", value(cause)))
        .collect();
    view! {
        {offered}
        {hidden("causes", value(Cause::FailureLimit))}
        {hidden("reason", retry.reason.clone())}
    }
    .into_any()
}
