//! `/phones/import/{id}/result`: what an import came to.

use carillon_contract::FrameView;
use carillon_contract::import::{ImportResultView, TakenBack};
use carillon_contract::list::Link;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use super::import_review::WITHOUT_PASSWORDS;
use crate::components::{ago, link_button, note, primary_link, said_with};
use crate::shell::Page;
use crate::words;

/// Step 3.
pub(super) fn import_result(frame: &FrameView, view: &ImportResultView) -> String {
    Page::new(title(view)).narrow().write(frame, |page| {
        page.up("/phones", say("Phones"));
        page.lede(view.file_name.clone());
        let body = match view.undone {
            Some(undone) => taken_back(view, undone),
            None => imported(view),
        };
        view! {
            {body}
            <div class="form-end">
                {phones(view)}
                {link_button(view.audit_href.clone(), "audit", say("What was recorded"))}
                {view.undo_href.clone().map(|href| link_button(href, "retry", say("Take it back…")))}
            </div>
        }
        .into_any()
    })
}

/// The way to the phones of this import, and to all where these are no longer known.
fn phones(view: &ImportResultView) -> AnyView {
    match &view.phones_href {
        Some(href) => primary_link(href.clone(), "phone", say("Show these phones")),
        None => primary_link("/phones", "phone", say("Show all phones")),
    }
}

fn title(view: &ImportResultView) -> String {
    if view.undone.is_some() {
        return say("Import taken back").to_owned();
    }
    say_many!(
        view.created + view.updated,
        "{count} phone imported",
        "{count} phones imported"
    )
}

fn imported(view: &ImportResultView) -> AnyView {
    view! {
        <dl class="score-words">
            {result_line(say("Created"), view.created)}
            {result_line(say("Changed"), view.updated)}
            {result_line(say("Unchanged"), view.unchanged)}
            {result_line(say("Left out"), view.left_out)}
        </dl>
        {left_out(view)}
        {sites(
            say("New sites whose phones have no credential; give each one before the first command:"),
            &view.bare_sites,
        )}
        {sites(say("New sites; their phones have credentials:"), &view.new_sites)}
    }
    .into_any()
}

/// What is true since: numbers of before are told as such.
fn taken_back(view: &ImportResultView, undone: TakenBack) -> AnyView {
    let text = say!(
        "This import was taken back: {deleted} phones were deleted, {restored} are as they were, {left} were left alone.",
        deleted = words::number(undone.deleted),
        restored = words::number(undone.restored),
        left = words::number(undone.left)
    );
    let when = undone.at.map(|at| {
        let told = said_with(say("You took it back {when}."), vec![("when", ago(at))]);
        view! { <p>{told}</p> }
    });
    let before = say!(
        "It had added {created} phones and changed {updated}.",
        created = words::number(view.created),
        updated = words::number(view.updated)
    );
    let made = [&view.bare_sites[..], &view.new_sites].concat();
    let body = view! { <p>{text}</p>{when}<p>{before}</p> };
    view! {
        {note("neutral", "info", body)}
        {left_out(view)}
        {sites(say("Sites that it made stay:"), &made)}
    }
    .into_any()
}

fn sites(told: &'static str, sites: &[Link]) -> Option<AnyView> {
    let links: Vec<AnyView> = sites
        .iter()
        .map(|site| view! { <li><a href=site.href.clone()>{site.text.clone()}</a></li> }.into_any())
        .collect();
    (!links.is_empty())
        .then(|| view! { <p>{told}</p><ul class="inline-list">{links}</ul> }.into_any())
}

/// The way to what is to be mended.
fn left_out(view: &ImportResultView) -> Option<AnyView> {
    let text = say_many!(
        view.left_out,
        "{count} row with errors was left out, as you chose.",
        "{count} rows with errors were left out, as you chose."
    );
    let file = view.errors_href.clone();
    (view.left_out > 0).then(|| {
        let body = view! {
            <p>{text}" "{say(WITHOUT_PASSWORDS)}</p>
            <p><a href=file>{say("Download the rows with mistakes")}</a></p>
        };
        note("warning", "warning", body)
    })
}

fn result_line(word: &'static str, count: i64) -> AnyView {
    view! { <div><dt>{word}</dt><dd class="tnum">{words::number(count)}</dd></div> }.into_any()
}
