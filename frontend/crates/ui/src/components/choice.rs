//! Fields of forms that choose: lists, ticks, and one among several.

use carillon_contract::FormErrors;
use carillon_contract::form::Choice;
use carillon_language::retell;
use leptos::prelude::*;

use super::field::{described_by, error_line, field_id, frame_of};

/// A choice of one among several, as a list that opens.
pub(crate) fn select(
    name: &str,
    label: impl Into<String>,
    choices: &[Choice],
    hint: Option<&str>,
    errors: &FormErrors,
) -> AnyView {
    let id = field_id(name);
    let error = errors.of(name).map(|message| retell(message).into_owned());
    let described = described_by(&id, hint.is_some(), error.is_some());
    let options: Vec<AnyView> = choices
        .iter()
        .map(|choice| {
            let label = match choice.count {
                Some(count) => format!("{} ({})", choice.label, crate::words::number(count)),
                None => choice.label.clone(),
            };
            view! { <option value=choice.value.clone() selected=choice.selected>{label}</option> }
                .into_any()
        })
        .collect();
    let control = view! {
        <select
            class="input"
            id=id.clone()
            name=name.to_owned()
            aria-describedby=described
            aria-invalid=error.is_some().then_some("true")
        >
            {options}
        </select>
    }
    .into_any();
    frame_of(
        &id,
        label.into(),
        false,
        hint.map(str::to_owned),
        error,
        control,
    )
}

/// A tick with its words.
pub(crate) fn checkbox(
    name: impl Into<String>,
    value: impl Into<String>,
    label: impl IntoAny,
    checked: bool,
) -> AnyView {
    view! {
        <label class="check">
            <input type="checkbox" name=name.into() value=value.into() checked=checked />
            <span>{label.into_any()}</span>
        </label>
    }
    .into_any()
}

/// One of several that exclude each other.
pub(crate) fn radio(
    name: impl Into<String>,
    value: impl Into<String>,
    label: impl IntoAny,
    checked: bool,
) -> AnyView {
    view! {
        <label class="check">
            <input type="radio" name=name.into() value=value.into() checked=checked />
            <span>{label.into_any()}</span>
        </label>
    }
    .into_any()
}

/// Fields that belong together. Errors of `name` stand below the legend.
pub(crate) fn fieldset(
    name: &str,
    legend: impl Into<String>,
    hint: Option<&str>,
    errors: &FormErrors,
    body: impl IntoAny,
) -> AnyView {
    let id = field_id(name);
    let error = errors
        .of(name)
        .map(|error| error_line(&id, retell(error).into_owned()));
    let hint = hint.map(|hint| view! { <p class="hint">{hint.to_owned()}</p> });
    view! {
        <fieldset class="fieldset" id=id>
            <legend>{legend.into()}</legend>
            {hint}
            {error}
            {body.into_any()}
        </fieldset>
    }
    .into_any()
}

/// A radio button with a title and a sentence.
pub(crate) fn radio_card(
    name: impl Into<String>,
    value: impl Into<String>,
    title: impl Into<String>,
    sentence: impl Into<String>,
    checked: bool,
) -> AnyView {
    view! {
        <label class="check card">
            <input type="radio" name=name.into() value=value.into() checked=checked />
            <span>
                <span class="check-title">{title.into()}</span>
                <span class="hint">{sentence.into()}</span>
            </span>
        </label>
    }
    .into_any()
}
