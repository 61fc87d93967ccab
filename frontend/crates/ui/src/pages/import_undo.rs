//! `/phones/import/{id}/undo`: what taking an import back would do.

use carillon_contract::FrameView;
use carillon_contract::import::ImportUndoView;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use crate::components::{Field, error_summary, hidden, note, post, submit};
use crate::shell::Page;
use crate::words;

/// Asks before an import is taken back.
pub(super) fn import_undo(frame: &FrameView, view: &ImportUndoView) -> String {
    Page::new(say("Take the import back"))
        .narrow()
        .write(frame, |page| {
            page.up("/phones", say("Phones"));
            page.lede(view.file_name.clone());
            let lines = consequences(view);
            let lines: Vec<AnyView> = lines
                .into_iter()
                .map(|line| view! { <li>{line}</li> }.into_any())
                .collect();
            let body = if view.deleted + view.restored == 0 {
                let text = say("Nothing of it is still as the import left it, so nothing can be taken back.");
                note("warning", "warning", text)
            } else {
                form(view)
            };
            view! { {error_summary(&view.errors)}<ul class="plain-list">{lines}</ul>{left(view)}{body} }
                .into_any()
        })
}

fn consequences(view: &ImportUndoView) -> Vec<String> {
    let all = [
        (
            view.deleted,
            say_many!(
                view.deleted,
                "{count} phone that it added is deleted, with its password.",
                "{count} phones that it added are deleted, with their passwords."
            ),
        ),
        (
            view.restored,
            say_many!(
                view.restored,
                "{count} phone that it changed is as it was before.",
                "{count} phones that it changed are as they were before."
            ),
        ),
        (
            view.logins,
            say_many!(
                view.logins,
                "{count} of these keeps its new password: the old one was not kept.",
                "{count} of these keep their new passwords: the old ones were not kept."
            ),
        ),
    ];
    let lines = all.into_iter().filter(|(count, _)| *count > 0);
    let sites = say("Sites that it made stay, and the audit log keeps what was.").to_owned();
    let why = (view.deleted > 0).then(alone);
    let lines = lines.map(|(_, line)| line).chain([sites]);
    lines.chain(why).collect()
}

/// Why nobody else is asked, as they are for phones of the list.
fn alone() -> String {
    say("No second person is needed: only what your import added goes, and only where nobody changed it since.")
        .to_owned()
}

/// What was changed since is nobody's to take back.
fn left(view: &ImportUndoView) -> Option<AnyView> {
    let names = words::names(&view.left_names, view.left);
    let text = say_many!(
        view.left,
        "{count} phone stays as it is: it was changed since, what it belonged to is gone, or its old address is forbidden now.",
        "{count} phones stay as they are: they were changed since, what they belonged to is gone, or their old address is forbidden now."
    );
    let body = view! { <p>{text}</p><p class="mono">{names}</p> };
    (view.left > 0).then(|| note("neutral", "info", body))
}

fn form(view: &ImportUndoView) -> AnyView {
    let count = view.deleted + view.restored;
    let typed = (view.deleted > 0).then(|| {
        Field::text(
            "typed",
            say!("Type {count} to confirm", count = view.deleted),
        )
        .value(&view.typed)
        .errors(&view.errors)
        .inputmode("numeric")
        .width("short")
        .required()
        .view()
    });
    let kind = if view.deleted > 0 {
        "danger solid"
    } else {
        "primary"
    };
    post(
        view.action.clone(),
        "stack",
        view! {
            {hidden("count", count.to_string())}
            {typed}
            <div class="form-end">
                {submit(kind, "retry", say("Take it back"))}
                <a class="button" href=view.action.replace("/undo", "/result")>{say("Keep it")}</a>
            </div>
        },
    )
}
