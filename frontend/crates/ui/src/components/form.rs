//! Forms: the token that proves them ours, and what was wrong with them.

use carillon_contract::FormErrors;
use carillon_contract::form::CSRF_FIELD;
use carillon_language::{retell, say};
use leptos::prelude::*;

use super::icon;
use crate::surroundings::Surroundings;

/// A form that changes something.
pub(crate) fn post(action: impl Into<String>, class: &'static str, body: impl IntoAny) -> AnyView {
    let csrf = Surroundings::of_page().csrf.to_string();
    view! {
        <form class=class method="post" action=action.into()>
            <input type="hidden" name=CSRF_FIELD value=csrf />
            {body.into_any()}
        </form>
    }
    .into_any()
}

/// The same with a name by which buttons outside of it send it.
pub(crate) fn post_named(
    id: &'static str,
    action: impl Into<String>,
    class: &'static str,
    body: impl IntoAny,
) -> AnyView {
    let csrf = Surroundings::of_page().csrf.to_string();
    view! {
        <form id=id class=class method="post" action=action.into()>
            <input type="hidden" name=CSRF_FIELD value=csrf />
            {body.into_any()}
        </form>
    }
    .into_any()
}

/// A form that sends a file.
pub(crate) fn post_file(
    action: impl Into<String>,
    class: &'static str,
    body: impl IntoAny,
) -> AnyView {
    let csrf = Surroundings::of_page().csrf.to_string();
    view! {
        <form class=class method="post" action=action.into() enctype="multipart/form-data">
            <input type="hidden" name=CSRF_FIELD value=csrf />
            {body.into_any()}
        </form>
    }
    .into_any()
}

/// A form that only asks: its fields go into the address.
pub(crate) fn get(action: impl Into<String>, class: &'static str, body: impl IntoAny) -> AnyView {
    view! { <form class=class method="get" action=action.into()>{body.into_any()}</form> }
        .into_any()
}

/// A value that goes with a form unseen.
pub(crate) fn hidden(name: impl Into<String>, value: impl Into<String>) -> AnyView {
    view! { <input type="hidden" name=name.into() value=value.into() /> }.into_any()
}

/// Everything that was wrong with a form, with the way to each field.
pub(crate) fn error_summary(errors: &FormErrors) -> Option<AnyView> {
    summary_under(say("Nothing was changed. Please mend:"), errors)
}

/// The same of a form that sends a command.
pub(crate) fn unsent_summary(errors: &FormErrors) -> Option<AnyView> {
    summary_under(say("Nothing was sent. Please mend:"), errors)
}

/// Everything that was wrong with the filters of a list.
pub(crate) fn filter_errors(errors: &FormErrors) -> Option<AnyView> {
    summary_under(say("These filters cannot be used:"), errors)
}

fn summary_under(heading: &'static str, errors: &FormErrors) -> Option<AnyView> {
    if errors.is_empty() {
        return None;
    }
    let items: Vec<AnyView> = errors
        .0
        .iter()
        .map(|error| {
            let message = retell(&error.message).into_owned();
            if error.field.is_empty() {
                view! { <li>{message}</li> }.into_any()
            } else {
                let href = format!("#{}", super::field_id(&error.field));
                view! { <li><a href=href>{message}</a></li> }.into_any()
            }
        })
        .collect();
    Some(
        view! {
            <div class="note is-bad" role="alert" tabindex="-1" autofocus=true>
                {icon("failed")}
                <div>
                    <p class="note-heading">{heading}</p>
                    <ul>{items}</ul>
                </div>
            </div>
        }
        .into_any(),
    )
}

/// A note inside a page: a tone's icon and a sentence.
pub(crate) fn note(meaning: &str, symbol: &str, body: impl IntoAny) -> AnyView {
    let class = format!("note is-{meaning}");
    view! { <div class=class>{icon(symbol)}<div>{body.into_any()}</div></div> }.into_any()
}
