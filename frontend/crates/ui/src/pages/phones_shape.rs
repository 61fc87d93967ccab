//! How somebody likes the list of phones: its columns, and the lists that they keep.

use carillon_contract::phones::{MovedColumn, PhoneColumn, PhonesView, SavedViewLink};
use carillon_language::{retell, say};
use leptos::prelude::*;

use super::phones::kept;
use crate::components::{checkbox, field_id, hidden, icon, post, submit};
use crate::words;

/// Ticks for the columns: those that are shown in their order, with buttons that change it, so that
/// nothing has to be dragged.
pub(super) fn column_choice(view: &PhonesView) -> AnyView {
    let columns = view.columns.iter().enumerate();
    let last = view.columns.len().saturating_sub(1);
    let shown: Vec<AnyView> = columns
        .map(|(place, column)| shown_column(*column, (place > 0, place < last), view.moved))
        .collect();
    let form = post(
        "/phones/columns",
        "pop-body columns-form",
        view! {
            // Enter presses the first button of a form.
            <button type="submit" hidden>{say("Show these columns")}</button>
            {kept(&view.kept_by_columns)}
            <fieldset><legend>{say("Columns beside the name, in order")}</legend><ol class="plain-list">{shown}</ol></fieldset>
            {more_columns(&view.columns)}
            <div class="row">{submit("primary small", "check", say("Show these columns"))}</div>
        },
    );
    let open = view.moved.is_some();
    view! {
        <details class="pop" name="pop" open=open>
            <summary class="button small">{icon("columns")}<span>{say("Columns")}</span></summary>
            {form}
        </details>
    }
    .into_any()
}

/// A column that is shown, behind the buttons that move it.
fn shown_column(
    column: PhoneColumn,
    (may_up, may_down): (bool, bool),
    moved: Option<MovedColumn>,
) -> AnyView {
    let name = words::phone_column(column);
    let was = moved.filter(|moved| moved.column == column);
    // At the edge the other button goes on.
    let focus_up = was.map(|moved| if moved.up { may_up } else { !may_down });
    let button = |up: bool, word: String, may: bool| {
        mover(
            MovedColumn { column, up },
            word,
            (may, focus_up == Some(up)),
        )
    };
    view! {
        <li class="row">
            {button(true, say!("Move {column} up", column = name), may_up)}
            {button(false, say!("Move {column} down", column = name), may_down)}
            {checkbox("cols", column.as_str(), name, true)}
        </li>
    }
    .into_any()
}

/// A button that moves a column by one place. Where there is none, its room stays.
fn mover(moved: MovedColumn, word: String, (may, focus): (bool, bool)) -> AnyView {
    let symbol = if moved.up { "up" } else { "down" };
    let class = if may {
        "button small plain"
    } else {
        "button small plain is-gone"
    };
    let title = word.clone();
    view! {
        <button class=class type="submit" name="moved" value=moved.to_string() disabled=!may autofocus=focus title=title>
            {icon(symbol)}<span class="visually-hidden">{word}</span>
        </button>
    }
    .into_any()
}

/// The columns that are not shown.
fn more_columns(shown: &[PhoneColumn]) -> Option<AnyView> {
    let others = PhoneColumn::ALL.iter();
    let ticks: Vec<AnyView> = others
        .filter(|column| !shown.contains(column))
        .map(|column| {
            let name = words::phone_column(*column);
            checkbox("cols", column.as_str(), name, false)
        })
        .collect();
    (!ticks.is_empty()).then(|| {
        view! { <fieldset><legend>{say("More columns")}</legend><div class="columns-ticks">{ticks}</div></fieldset> }
            .into_any()
    })
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
