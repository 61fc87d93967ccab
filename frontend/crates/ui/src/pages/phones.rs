//! `/phones`: the list.

use carillon_contract::FrameView;
use carillon_contract::form::Choice;
use carillon_contract::list::Facet;
use carillon_contract::phones::{ENTER, Meant, PhonesView};
use carillon_language::{retell, say, say_many};
use leptos::prelude::*;

use super::phones_bulk::bulk_bar;
use super::phones_shape::{column_choice, saved_views};
use crate::components::{
    chips, empty, error_summary, get, hidden, icon, link_button, note, paging, paging_with_ticks,
    phone_table, post, primary_link, submit, total_text,
};
use crate::shell::{Page, Scripts};
use crate::words;

/// Filters that an empty list offers to take away, one by one.
const WAYS_BACK: usize = 4;

/// `/phones`.
pub(super) fn phones(frame: &FrameView, view: &PhonesView) -> String {
    let scripts = Scripts {
        select: !view.bulk.is_empty(),
        ..Scripts::default()
    };
    Page::new(say("Phones"))
        .scripts(scripts)
        .write(frame, |page| {
            let manage = frame.user.as_ref().is_some_and(|u| u.may.manage_inventory);
            if let Some(href) = view
                .export_href
                .as_ref()
                .filter(|_| view.paging.total.count > 0)
            {
                let word = say!(
                    "Export CSV ({total})",
                    total = total_text(view.paging.total)
                );
                page.action(link_button(href.clone(), "download", word));
            }
            if manage {
                page.action(link_button("/phones/import", "upload", say("Import")));
                page.action(link_button("/phones/new", "plus", say("Add")));
            }
            if view.inventory == 0 && view.filter_error.is_none() {
                return nothing_yet(manage);
            }
            if view.filter_error.is_none() {
                page.lede(lede(view));
            }
            view! {
                {error_summary(&view.errors)}
                {unknown_parameters(&view.unknown_parameters)}
                {filter_form(view)}
                {view.typed_q.as_deref().map(|typed| read_as(typed, &view.q))}
                {meant(&view.meant)}
                <div class="list-tools">
                    <div class="list-chips">{chips(&view.chips, &view.clear_href)}</div>
                    {saved_views(view)}
                    {column_choice(view)}
                </div>
                {list(view)}
            }
            .into_any()
        })
}

fn sentence(view: &PhonesView) -> String {
    if view.filter.is_empty() {
        words::phones(view.inventory)
    } else {
        let total = total_text(view.paging.total);
        say_many!(
            view.inventory,
            "{total} of {count} phone",
            "{total} of {count} phones",
            total
        )
    }
}

/// How many there are, and in the selection: on a narrow screen its bar is far below.
fn lede(view: &PhonesView) -> String {
    let Some(selection) = &view.selection else {
        return sentence(view);
    };
    let phones = sentence(view);
    say_many!(
        selection.count,
        "{phones} · {count} in the selection",
        "{phones} · {count} in the selection",
        phones
    )
}

fn nothing_yet(manage: bool) -> AnyView {
    let next = if manage {
        vec![
            primary_link("/phones/import", "upload", say("Import a CSV")),
            link_button("/phones/new", "plus", say("Add one")),
        ]
    } else {
        vec![]
    };
    empty(
        "phone",
        say("No phones yet"),
        say(
            "A list with one column, mac, is enough to begin with. Addresses, sites and names can come later.",
        ),
        next,
    )
}

fn unknown_parameters(names: &[String]) -> Option<AnyView> {
    if names.is_empty() {
        return None;
    }
    let text = say!(
        "Not used, because unknown: {names}. The list is not narrowed by it.",
        names = names.join(", ")
    );
    Some(note("warning", "warning", text))
}

/// That other phones are shown than those that are called as somebody typed.
fn read_as(typed: &str, shown: &str) -> AnyView {
    let text = say!(
        "No phone is called “{typed}”. Shown is {shown}: one of the words names a site.",
        typed,
        shown
    );
    note("neutral", "info", text)
}

/// The places that a typed word may have meant.
fn meant(places: &[Meant]) -> Option<AnyView> {
    if places.is_empty() {
        return None;
    }
    let line = |Meant { link, known_as }: &Meant| {
        // The palette looks at it: the words around a name are no name.
        let known = (!known_as.is_empty()).then(|| known_as.clone());
        view! { <li><a href=link.href.clone() data-known=known>{link.text.clone()}</a></li> }
    };
    let lines: Vec<AnyView> = places.iter().map(|place| line(place).into_any()).collect();
    Some(
        view! {
            <div class="meant">
                <p>{icon("search")}<span>{say("Did you mean")}</span></p>
                <ul class="inline-list">{lines}</ul>
            </div>
        }
        .into_any(),
    )
}

fn filter_form(view: &PhonesView) -> AnyView {
    let error = view.filter_error.clone().map(|error| {
        view! { <p class="field-error" id="q-error" role="alert">{icon("failed")}<span>{retell(&error).into_owned()}</span></p> }
    });
    let described = view.filter_error.is_some().then_some("q-error");
    let facets = facets(&view.facets);
    // Then the tools of the list stand in its last line.
    let alone = facets.is_some() && view.meant.is_empty() && view.chips.is_empty();
    get(
        "/phones",
        if alone { "filters beside" } else { "filters" },
        view! {
            <div class="filter-line">
                <label class="visually-hidden" for="q">{say("Filter")}</label>
                <input
                    class="input"
                    id="q"
                    type="search"
                    name="q"
                    value=view.q.clone()
                    placeholder="reception   2041   site:kiel   model:T46S   -tag:vip   seen:>7d"
                    autocomplete="off"
                    spellcheck="false"
                    aria-describedby=described
                    aria-invalid=described.map(|_| "true")
                />
                {kept(&view.kept_by_filter)}
                {submit("", "filter", say("Filter"))}
            </div>
            {error}
            {(!view.bulk.is_empty()).then(before_filtering)}
            {facets}
        },
    )
}

/// A form cannot take the ticks of another along; where scripts run, one does it for them.
fn before_filtering() -> AnyView {
    view! { <noscript><p class="hint">{say("Ticks go along with Previous, Next and the headings. Before you filter or choose columns, press “Add to selection”.")}</p></noscript> }
        .into_any()
}

/// What the list can be narrowed by. The whole stays folded until somebody wants it.
fn facets(facets: &[Facet]) -> Option<AnyView> {
    if facets.is_empty() {
        return None;
    }
    let chosen = facets
        .iter()
        .flat_map(|facet| &facet.choices)
        .filter(|choice| choice.selected)
        .count();
    let count = (chosen > 0).then(|| view! { <span class="count">{chosen.to_string()}</span> });
    let groups: Vec<AnyView> = facets.iter().map(facet).collect();
    Some(
        view! {
            <details class="facets">
                <summary>{icon("open")}<span>{say("More filters")}</span>{count}</summary>
                <div class="facet-grid">{groups}</div>
                <div class="row">{submit("primary", "filter", say("Show these phones"))}</div>
            </details>
        }
        .into_any(),
    )
}

/// A list of no more choices is shown whole.
const SHOWN_WHOLE: usize = 12;
/// Of a longer one so many are seen, and what is chosen. Whoever unfolds the filters waits for each
/// element that is seen.
const SHOWN_FIRST: usize = 8;

fn facet(facet: &Facet) -> AnyView {
    let all = facet.choices.len() <= SHOWN_WHOLE;
    let (seen, rest): (Vec<_>, Vec<_>) = (facet.choices.iter().enumerate())
        .partition(|(index, choice)| all || *index < SHOWN_FIRST || choice.selected);
    let boxes = |choices: Vec<(usize, &Choice)>| -> Vec<AnyView> {
        let choices = choices.into_iter();
        choices
            .map(|(_, choice)| facet_box(&facet.name, choice))
            .collect()
    };
    let more = (!rest.is_empty()).then(|| {
        let text = say!("{count} more", count = words::number(rest.len() as i64));
        view! { <details><summary>{icon("open")}<span>{text}</span></summary>{boxes(rest)}</details> }
    });
    view! {
        <fieldset class="facet">
            <legend>{facet.label.clone()}</legend>
            <div class="facet-list">{boxes(seen)}{more}</div>
        </fieldset>
    }
    .into_any()
}

fn facet_box(name: &str, choice: &Choice) -> AnyView {
    let count = choice
        .count
        .map(|count| view! { <span class="muted tnum">{words::number(count)}</span> });
    view! {
        <label class="check">
            <input type="checkbox" name=name.to_owned() value=choice.value.clone() checked=choice.selected />
            <span>{choice.label.clone()}</span>
            {count}
        </label>
    }
    .into_any()
}

/// What a form sends along unseen.
pub(super) fn kept(pairs: &[(String, String)]) -> Vec<AnyView> {
    let pairs = pairs.iter();
    pairs.map(|(name, value)| hidden(name, value)).collect()
}

fn list(view: &PhonesView) -> AnyView {
    if view.filter_error.is_some() {
        return ().into_any();
    }
    if view.rows.is_empty() {
        return none_match(view);
    }
    let caption = say!(
        "{phones}, {shown} on this page",
        phones = sentence(view),
        shown = view.rows.len()
    );
    let selectable = !view.bulk.is_empty();
    let ticked = selectable.then_some(view.typed.ticked.as_slice());
    let table = phone_table(caption, &view.rows, &view.sort, &view.columns, ticked);
    if selectable {
        let pages = paging_with_ticks(&view.paging, view.rows.len());
        let body = view! {
            // Enter presses the first button of a form.
            <button type="submit" name="do" value=ENTER hidden>{say("Tag")}</button>
            <a class="skip-on" href="#bulk">{say("Skip to what can be done with the phones")}</a>
            {table}
            {pages}
            {bulk_bar(view)}
        };
        post("/selection", "selection", body)
    } else {
        let pages = paging(&view.paging, view.rows.len(), say("Previous"), say("Next"));
        view! { {table}{pages} }.into_any()
    }
}

/// The way back from a list that is empty: each filter can go by itself.
fn none_match(view: &PhonesView) -> AnyView {
    let single = view.chips.iter().filter(|_| view.chips.len() > 1);
    let mut ways: Vec<AnyView> = single
        .take(WAYS_BACK)
        .map(|chip| {
            let word = say!("Without {text}", text = chip.text);
            link_button(chip.remove_href.clone(), "close", word)
        })
        .collect();
    ways.push(link_button(
        view.clear_href.clone(),
        "close",
        say("Show all phones"),
    ));
    empty(
        "search",
        say("No phones match"),
        say(
            "Take one of the filters away, or look for a part of the name, extension or MAC address.",
        ),
        ways,
    )
}
