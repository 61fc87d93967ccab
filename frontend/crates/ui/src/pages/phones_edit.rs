//! `/phones/edit`: many phones are changed in the same way.

use carillon_contract::FrameView;
use carillon_contract::form::Choice;
use carillon_contract::phones::{BulkEditView, KEEP};
use carillon_domain::phone::UrlForm;
use leptos::prelude::*;

use crate::components::{Field, error_summary, hidden, note, post, select, submit};
use crate::shell::Page;
use crate::words;

/// `/phones/edit?sel=…`.
pub fn edit_phones(frame: &FrameView, view: &BulkEditView) -> String {
    let title = format!("Edit {}", words::phones(view.count));
    Page::new(title).narrow().write(frame, |page| {
        page.up(&view.back_href, "Phones");
        page.lede(words::names(&view.examples, view.count));
        let gone = (view.missing > 0).then(|| note("warning", "warning", gone(view)));
        let button = format!("Change {}", words::phones(view.count - view.missing));
        let form = post(
            "/phones/edit",
            "stack form",
            view! {
                {hidden("sel", view.sel.clone())}
                {hidden("count", view.count.to_string())}
                {choices(view)}
                {texts(view)}
                <p class="muted">"Each phone that changes gets its own record in the audit log."</p>
                <div class="form-end">
                    {submit("primary", "check", button)}
                    <a class="button" href=view.back_href.clone()>"Cancel"</a>
                </div>
            },
        );
        view! { {error_summary(&view.errors)}{gone}{form} }.into_any()
    })
}

fn gone(view: &BulkEditView) -> String {
    format!(
        "{} of this selection left the inventory meanwhile; the others can be changed.",
        words::phones(view.missing)
    )
}

fn choices(view: &BulkEditView) -> AnyView {
    let (form, errors) = (&view.form, &view.errors);
    let protected = with_keep(
        &form.protected,
        &[
            ("yes", "Protected: jobs leave them out"),
            ("no", "Not protected"),
        ],
    );
    let schemes = with_keep(
        &form.scheme,
        &[
            ("", "As the site says"),
            ("https", "HTTPS"),
            ("http", "HTTP, in clear"),
        ],
    );
    let forms: Vec<(&str, &str)> = UrlForm::ALL
        .iter()
        .map(|form| (form.as_str(), words::url_form(*form)))
        .collect();
    view! {
        {select("site", "Site", &view.sites, None, errors)}
        {select("credential", "Stored credential", &view.credentials, Some("Passwords of single phones stay."), errors)}
        {select("protected", "Protection", &protected, None, errors)}
        {select("scheme", "Scheme", &schemes, None, errors)}
        {select("url_form", "Address form", &with_keep(&form.url_form, &forms), None, errors)}
    }
    .into_any()
}

fn texts(view: &BulkEditView) -> AnyView {
    let (form, errors) = (&view.form, &view.errors);
    view! {
        {Field::text("model", "Model").value(&form.model).errors(errors).hint("Blank = stays as it is.").width("medium").view()}
        {Field::lines("notes", "Notes", "3").value(&form.notes).errors(errors).hint("Blank = stay as they are; otherwise they are replaced.").view()}
    }
    .into_any()
}

/// Choices with "leave as it is" first.
fn with_keep(chosen: &str, choices: &[(&str, &str)]) -> Vec<Choice> {
    let keep = Choice::new(KEEP, "Leave as it is", chosen == KEEP);
    let others = choices
        .iter()
        .map(|(value, label)| Choice::new(*value, *label, *value == chosen));
    std::iter::once(keep).chain(others).collect()
}
