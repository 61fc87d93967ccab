//! What can be done with many phones at once: the bar below the list.

use carillon_contract::phones::{BulkAction, PhonesView};
use carillon_language::{say, say_many};
use leptos::prelude::*;

use crate::components::{Field, field_id, hidden, icon, radio, submit_as, total_text};

/// Which phones, and what to do with them.
pub(super) fn bulk_bar(view: &PhonesView) -> AnyView {
    let all = say!(
        "All {total} matching",
        total = total_text(view.paging.total)
    );
    let on_page = view! {
        {say("Ticked here")}" "<span class="ticked" aria-hidden="true"></span>
    };
    let collected = view.selection.as_ref().map(|selection| {
        let was = selection.on_page.iter().map(ToString::to_string);
        let was: Vec<String> = was.collect();
        let words = say_many!(
            selection.count,
            "Selection of {count} phone, with the ticks of this page",
            "Selection of {count} phones, with the ticks of this page"
        );
        view! {
            {radio("scope", "selection", words, true)}
            <a href=selection.list_href.clone()>{say("Show them")}</a>
            <a href=selection.clear_href.clone()>{say("Forget it")}</a>
            {hidden("was", was.join(","))}
        }
    });
    let scope = scope(view);
    let sel = view
        .selection
        .as_ref()
        .map(|s| s.id.clone())
        .unwrap_or_default();
    view! {
        <div class="bulk" id="bulk" tabindex="-1" role="group" aria-label=say("Do something with phones")>
            {hidden("list", view.here_query.clone())}
            {hidden("filter", view.filter.clone())}
            {hidden("sort", view.sort_value.clone())}
            {hidden("count", view.paging.total.count.to_string())}
            {hidden("digest", view.digest.clone())}
            {hidden("sel", sel)}
            <fieldset class="bulk-scope">
                <legend class="visually-hidden">{say("Which phones")}</legend>
                {radio("scope", "page", on_page, scope == "page")}
                {radio("scope", "all", all, scope == "all")}
                {collected}
            </fieldset>
            <div class="bulk-actions">{bulk_actions(view)}</div>
        </div>
    }
    .into_any()
}

/// What is chosen at first. In a list that somebody narrowed nothing is: they may mean all of it or
/// tick some, and what is ticked counts by itself.
fn scope(view: &PhonesView) -> &str {
    match view.typed.scope.as_str() {
        _ if view.selection.is_some() => "selection",
        "" if view.filter.is_empty() => "page",
        typed => typed,
    }
}

/// The first stands for itself; on a narrow screen the others wait behind a word.
fn bulk_actions(view: &PhonesView) -> AnyView {
    let mut actions = view
        .bulk
        .iter()
        .filter_map(|action| bulk_action(*action, view));
    let first = actions.next();
    let others: Vec<AnyView> = actions.collect();
    view! {
        {first}
        <details class="bulk-more" open=!view.errors.is_empty()>
            <summary class="button">{icon("open")}<span>{say("More…")}</span></summary>
            {others}
        </details>
    }
    .into_any()
}

/// One of the ways on; taking a tag off stands beside giving it.
fn bulk_action(action: BulkAction, view: &PhonesView) -> Option<AnyView> {
    let send = |kind, symbol, word| Some(submit_as(kind, symbol, word, "do", action.as_str()));
    match action {
        BulkAction::Run => send("primary", "run", say("Run command…")),
        BulkAction::Check => send("", "question", say("Check readiness…")),
        BulkAction::Collect => send("", "plus", say("Add to selection")),
        BulkAction::Tag => Some(tag_menu(view)),
        BulkAction::AddToGroup if !view.fixed_groups.is_empty() => Some(group_menu(view)),
        BulkAction::Untag | BulkAction::AddToGroup => None,
        BulkAction::Edit => send("", "edit", say("Edit…")),
        BulkAction::Delete => send("danger", "trash", say("Delete…")),
    }
}

fn tag_menu(view: &PhonesView) -> AnyView {
    let wrong = view.errors.of("tag").is_some();
    view! {
        <details class="pop" name="pop" open=wrong>
            <summary class="button">{icon("tag")}<span>{say("Tag…")}</span></summary>
            <div class="pop-body">
                {Field::text("tag", say("Tag")).value(&view.typed.tag).errors(&view.errors).view()}
                <div class="row">
                    {submit_as("", "plus", say("Add"), "do", BulkAction::Tag.as_str())}
                    {submit_as("", "close", say("Remove"), "do", BulkAction::Untag.as_str())}
                </div>
            </div>
        </details>
    }
    .into_any()
}

fn group_menu(view: &PhonesView) -> AnyView {
    let options: Vec<AnyView> = view
        .fixed_groups
        .iter()
        .map(|group| {
            let chosen = group.value == view.typed.group;
            view! { <option value=group.value.clone() selected=chosen>{group.label.clone()}</option> }.into_any()
        })
        .collect();
    view! {
        <details class="pop" name="pop" open=view.errors.of("group").is_some()>
            <summary class="button">{icon("group")}<span>{say("Group…")}</span></summary>
            <div class="pop-body">
                <label for=field_id("group")>{say("Fixed group")}</label>
                <select class="input" id=field_id("group") name="group">{options}</select>
                {submit_as("", "plus", say("Add to group"), "do", BulkAction::AddToGroup.as_str())}
            </div>
        </details>
    }
    .into_any()
}
