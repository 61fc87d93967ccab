//! `/phones/import/{id}/result`: what an import came to.

use carillon_contract::FrameView;
use carillon_contract::import::ImportResultView;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use super::import_review::WITHOUT_PASSWORDS;
use crate::components::{link_button, note, primary_link};
use crate::shell::Page;
use crate::words;

/// Step 3.
pub(super) fn import_result(frame: &FrameView, view: &ImportResultView) -> String {
    let title = say_many!(
        view.created + view.updated,
        "{count} phone imported",
        "{count} phones imported"
    );
    Page::new(title).narrow().write(frame, |page| {
        page.up("/phones", say("Phones"));
        page.lede(view.file_name.clone());
        let sites: Vec<AnyView> = view
            .new_sites
            .iter()
            .map(|site| view! { <li><a href=site.href.clone()>{site.text.clone()}</a></li> }.into_any())
            .collect();
        let sites = (!sites.is_empty()).then(|| {
            view! { <p>{say("New sites; give each a credential before the first command:")}</p><ul class="inline-list">{sites}</ul> }
        });
        let left_out = (view.left_out > 0).then(|| {
            let text = say_many!(
                view.left_out,
                "{count} row with errors was left out, as you chose.",
                "{count} rows with errors were left out, as you chose."
            );
            let file = view.errors_href.clone();
            let body = view! {
                <p>{text}" "{say(WITHOUT_PASSWORDS)}</p>
                <p><a href=file>{say("Download the rows with mistakes")}</a></p>
            };
            note("warning", "warning", body)
        });
        view! {
            <dl class="score-words">
                {result_line(say("Created"), view.created)}
                {result_line(say("Changed"), view.updated)}
                {result_line(say("Unchanged"), view.unchanged)}
                {result_line(say("Left out"), view.left_out)}
            </dl>
            {undone(view)}
            {left_out}
            {sites}
            <div class="form-end">
                {primary_link("/phones", "phone", say("Show the phones"))}
                {link_button(view.audit_href.clone(), "audit", say("What was recorded"))}
                {view.undo_href.clone().map(|href| link_button(href, "retry", say("Take it back…")))}
            </div>
        }
        .into_any()
    })
}

/// What became of it since.
fn undone(view: &ImportResultView) -> Option<AnyView> {
    let (deleted, restored, left) = view.undone?;
    let text = say!(
        "This import was taken back: {deleted} phones were deleted, {restored} are as they were, {left} were left alone.",
        deleted = words::number(deleted),
        restored = words::number(restored),
        left = words::number(left)
    );
    Some(note("neutral", "info", text))
}

fn result_line(word: &'static str, count: i64) -> AnyView {
    view! { <div><dt>{word}</dt><dd class="tnum">{words::number(count)}</dd></div> }.into_any()
}
