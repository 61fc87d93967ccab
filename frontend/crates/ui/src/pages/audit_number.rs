//! The dialled number of a record: masked, and in full for whoever may read it.

use carillon_contract::audit::{NumberView, ShownNumber};
use carillon_language::say;
use leptos::prelude::*;

use crate::components::{Field, error_summary, fact, facts, note, panel, post, submit};

/// What a record's page says of the number that it commits to.
pub(super) fn number(seq: i64, view: &NumberView) -> AnyView {
    let body = match &view.shown {
        Some(shown) => in_full(shown, &view.commitment),
        None if view.may_read => ask(seq, view),
        None => view! { <p class="muted">{say("The record holds its last digits. Auditors read it in full, one at a time and with a reason, until its time is over.")}</p> }.into_any(),
    };
    panel("number", say("Dialled number"), body)
}

fn in_full(shown: &ShownNumber, commitment: &str) -> AnyView {
    let mono = |text: &str| view! { <span class="mono key">{text.to_owned()}</span> };
    view! {
        {note("warning", "eye", say("Shown this once. That you looked, and why, is in the log."))}
        {facts(vec![
            fact(say("In full"), mono(&shown.value)),
            fact(say("Random bytes"), mono(&shown.salt)),
            fact(say("Commitment"), mono(commitment)),
        ])}
        <p class="hint">{say("The commitment in the record is the SHA-256 of the random bytes followed by the text in full.")}</p>
    }
    .into_any()
}

fn ask(seq: i64, view: &NumberView) -> AnyView {
    let reason = Field::text("reason", say("Why you need it"))
        .value(&view.reason)
        .errors(&view.errors)
        .plainly_required();
    let form = post(
        format!("/audit/{seq}/number"),
        "stack",
        view! {
            {reason.view()}
            <div class="row">{submit("", "eye", say("Show the number"))}</div>
        },
    );
    view! {
        {error_summary(&view.errors)}
        <p class="muted">{say("It is shown once. Your reason goes into the log with your name.")}</p>
        {form}
    }
    .into_any()
}
