//! How somebody likes the list of phones: its columns, and the lists that they keep.

use carillon_contract::phones::{PhoneColumn, PhonesView, SavedViewLink};
use carillon_language::{retell, say};
use leptos::prelude::*;

use super::phones::kept;
use crate::components::{checkbox, field_id, hidden, icon, post, submit};
use crate::words;

/// Ticks for the columns. Their order is the page's, so that nothing has to be dragged.
pub(super) fn column_choice(view: &PhonesView) -> AnyView {
    let ticks: Vec<AnyView> = PhoneColumn::ALL
        .iter()
        .map(|column| {
            let shown = view.columns.contains(column);
            checkbox("cols", column.as_str(), words::phone_column(*column), shown)
        })
        .collect();
    let form = post(
        "/phones/columns",
        "pop-body columns-form",
        view! {
            {kept(&view.kept_by_columns)}
            <fieldset><legend>{say("Columns beside the name")}</legend><div class="columns-ticks">{ticks}</div></fieldset>
            <div class="row">{submit("primary small", "check", say("Show these columns"))}</div>
        },
    );
    view! {
        <details class="pop" name="pop">
            <summary class="button small">{icon("columns")}<span>{say("Columns")}</span></summary>
            {form}
        </details>
    }
    .into_any()
}

/// The lists that this person keeps, and a way to keep this one.
pub(super) fn saved_views(view: &PhonesView) -> AnyView {
    let items: Vec<AnyView> = view.views.iter().map(saved_view).collect();
    let list = if items.is_empty() {
        view! { <p class="muted">{say("None yet. Filter the list, then keep it here under a name.")}</p> }
            .into_any()
    } else {
        view! { <ul class="view-list">{items}</ul> }.into_any()
    };
    let current = view.views.iter().find(|one| one.current);
    let word = current.map_or_else(|| say("Views").to_owned(), |one| one.name.clone());
    let name = current.map(|one| one.name.clone()).unwrap_or_default();
    let error = view
        .errors
        .of("name")
        .map(|message| retell(message).into_owned());
    let id = field_id("name");
    let keep = post(
        "/phones/views",
        "stack tight",
        view! {
            {hidden("query", view.view_query.clone())}
            <label for=id.clone()>{say("Keep this list as")}</label>
            <div class="filter-line">
                <input class="input" id=id.clone() name="name" value=name required=true maxlength="60" autocomplete="off" aria-invalid=error.is_some().then_some("true") />
                {submit("", "check", say("Keep"))}
            </div>
            {error.clone().map(|error| view! { <p class="field-error">{icon("failed")}<span>{error}</span></p> })}
        },
    );
    let open = error.is_some();
    view! {
        <details class="pop" name="pop" open=open>
            <summary class="button small">{icon("view")}<span>{word}</span></summary>
            <div class="pop-body views">{list}{keep}</div>
        </details>
    }
    .into_any()
}

fn saved_view(saved: &SavedViewLink) -> AnyView {
    let body = view! {
        {hidden("slug", saved.slug.clone())}
        <button class="button small plain" type="submit">
            {icon("trash")}<span class="visually-hidden">{say!("Delete the view {name}", name = saved.name)}</span>
        </button>
    };
    view! {
        <li>
            <a href=saved.href.clone() aria-current=saved.current.then_some("true")>{saved.name.clone()}</a>
            {post("/phones/views/delete", "inline-form", body)}
        </li>
    }
    .into_any()
}
