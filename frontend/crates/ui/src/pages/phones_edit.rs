//! `/phones/edit`: many phones are changed in the same way.

use carillon_contract::FrameView;
use carillon_contract::form::Choice;
use carillon_contract::phones::{BulkEditView, KEEP};
use carillon_domain::phone::UrlForm;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use crate::components::{Field, error_summary, hidden, note, post, select, submit};
use crate::shell::Page;
use crate::words;

/// `/phones/edit?sel=…`.
pub(super) fn edit_phones(frame: &FrameView, view: &BulkEditView) -> String {
    let title = say!("Edit {phones}", phones = words::phones(view.count));
    Page::new(title).narrow().write(frame, |page| {
        page.up(&view.back_href, say("Phones"));
        page.lede(words::names(&view.examples, view.count));
        let gone = (view.missing > 0).then(|| note("warning", "warning", gone(view)));
        let button = say!("Change {phones}", phones = words::phones(view.count - view.missing));
        let form = post(
            "/phones/edit",
            "stack form",
            view! {
                {hidden("sel", view.sel.clone())}
                {hidden("list", view.list.clone())}
                {hidden("count", view.count.to_string())}
                {choices(view)}
                {texts(view)}
                <p class="muted">{say("Each phone that changes gets its own record in the audit log.")}</p>
                <div class="form-end">
                    {submit("primary", "check", button)}
                    <a class="button" href=view.back_href.clone()>{say("Cancel")}</a>
                </div>
            },
        );
        view! { {error_summary(&view.errors)}{gone}{form} }.into_any()
    })
}

fn gone(view: &BulkEditView) -> String {
    say_many!(
        view.missing,
        "{count} phone of this selection left the inventory meanwhile; the others can be changed.",
        "{count} phones of this selection left the inventory meanwhile; the others can be changed."
    )
}

fn choices(view: &BulkEditView) -> AnyView {
    let (form, errors) = (&view.form, &view.errors);
    let protected = with_keep(
        &form.protected,
        &[
            ("yes", say("Protected: jobs leave them out")),
            ("no", say("Not protected")),
        ],
    );
    let schemes = with_keep(
        &form.scheme,
        &[
            ("", say("As the site says")),
            ("https", "HTTPS"),
            ("http", say("HTTP, in clear")),
        ],
    );
    let forms: Vec<(&str, &str)> = UrlForm::ALL
        .iter()
        .map(|form| (form.as_str(), words::url_form(*form)))
        .collect();
    view! {
        {select("site", say("Site"), &view.sites, None, errors)}
        {select("credential", say("Stored credential"), &view.credentials, Some(say("Passwords of single phones stay.")), errors)}
        {select("protected", say("Protection"), &protected, None, errors)}
        {select("scheme", say("Scheme"), &schemes, None, errors)}
        {select("url_form", say("Address form"), &with_keep(&form.url_form, &forms), None, errors)}
    }
    .into_any()
}

fn texts(view: &BulkEditView) -> AnyView {
    let (form, errors) = (&view.form, &view.errors);
    view! {
        {Field::text("model", say("Model")).value(&form.model).errors(errors).hint(say("Blank = stays as it is.")).width("medium").view()}
        {Field::lines("notes", say("Notes"), "3").value(&form.notes).errors(errors).hint(say("Blank = stay as they are; otherwise they are replaced.")).view()}
    }
    .into_any()
}

/// Choices with "leave as it is" first.
fn with_keep(chosen: &str, choices: &[(&str, &str)]) -> Vec<Choice> {
    let keep = Choice::new(KEEP, say("Leave as it is"), chosen == KEEP);
    let others = choices
        .iter()
        .map(|(value, label)| Choice::new(*value, *label, *value == chosen));
    std::iter::once(keep).chain(others).collect()
}
