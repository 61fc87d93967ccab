//! Adding or changing a phone.

use carillon_contract::form::{Choice, VERSION_FIELD};
use carillon_contract::phone::PhoneFormView;
use carillon_contract::{FormErrors, FrameView};
use carillon_domain::phone::{DialForm, UrlForm};
use carillon_language::say;
use leptos::prelude::*;

use crate::components::{Field, checkbox, error_summary, fieldset, hidden, post, select, submit};
use crate::shell::Page;
use crate::words;

/// `/phones/new` and `/phones/{mac}/edit`.
pub(super) fn phone_form(frame: &FrameView, view: &PhoneFormView) -> String {
    let title = match view.mac {
        Some(_) => say!("Edit {name}", name = view.name),
        None => say("Add a phone").to_owned(),
    };
    Page::new(title).narrow().write(frame, |page| {
        page.up("/phones", say("Phones"));
        let (action, back) = match view.mac {
            Some(mac) => (format!("/phones/{mac}/edit"), format!("/phones/{mac}")),
            None => ("/phones/new".to_owned(), "/phones".to_owned()),
        };
        let form = post(
            action,
            "stack form",
            view! {
                {hidden(VERSION_FIELD, view.version.to_string())}
                {identity(view)}
                {reach(view)}
                {credentials(view)}
                {rest(view)}
                <div class="form-end">
                    {submit("primary", "check", say("Save phone"))}
                    <a class="button" href=back>{say("Cancel")}</a>
                </div>
            },
        );
        view! { {error_summary(&view.errors)}{form} }.into_any()
    })
}

fn identity(view: &PhoneFormView) -> AnyView {
    let (form, errors) = (&view.form, &view.errors);
    let mac = Field::text("mac", say("MAC address"))
        .value(&form.mac)
        .errors(errors)
        .width("medium")
        .placeholder("00:15:65:aa:bb:cc");
    let mac = if view.mac.is_some() {
        mac.readonly()
            .hint(say("The identity of the phone; it cannot change."))
    } else {
        mac.required()
            .hint(say("Any notation: it stands on the back of the phone."))
    };
    fieldset(
        "identity",
        say("What it is"),
        None,
        errors,
        view! {
            {mac.view()}
            {Field::text("label", say("Label")).value(&form.label).errors(errors).hint(say("What people call it: Reception.")).view()}
            <div class="field-row">
                {Field::text("extension", say("Extension")).value(&form.extension).errors(errors).width("short").view()}
                {Field::text("model", say("Model")).value(&form.model).errors(errors).width("short").placeholder("T46S").view()}
            </div>
            {select("site", say("Site"), &view.sites, None, errors)}
            {Field::text("tags", say("Tags")).value(&form.tags).errors(errors).hint(say("Separated by semicolons.")).view()}
        },
    )
}

fn reach(view: &PhoneFormView) -> AnyView {
    let (form, errors) = (&view.form, &view.errors);
    let schemes = [
        Choice::new("", say("As the site says"), form.scheme.is_empty()),
        Choice::new("https", "HTTPS", form.scheme == "https"),
        Choice::new("http", say("HTTP, in clear"), form.scheme == "http"),
    ];
    let url_forms: Vec<Choice> = UrlForm::ALL
        .iter()
        .map(|f| Choice::new(f.as_str(), words::url_form(*f), f.as_str() == form.url_form))
        .collect();
    let dial_forms: Vec<Choice> = DialForm::ALL
        .iter()
        .map(|f| {
            Choice::new(
                f.as_str(),
                words::dial_form(*f),
                f.as_str() == form.dial_form,
            )
        })
        .collect();
    fieldset(
        "reach",
        say("How it is reached"),
        None,
        errors,
        view! {
            <div class="field-row">
                {Field::text("address", say("IP address")).value(&form.address).errors(errors).width("medium").view()}
                {port(&form.port, errors)}
            </div>
            {select("scheme", say("Scheme"), &schemes, None, errors)}
            <div class="field-row">
                {select("url_form", say("Address form"), &url_forms, None, errors)}
                {select("dial_form", say("Form of a number"), &dial_forms, None, errors)}
            </div>
            {Field::text("sip_uri", say("SIP address")).value(&form.sip_uri).errors(errors).placeholder("2041@pbx.example").view()}
        },
    )
}

/// Of its bounds the server tells, by the name of the field and with whatever else is wrong.
fn port(value: &str, errors: &FormErrors) -> AnyView {
    Field::text("port", say("Port"))
        .inputmode("numeric")
        .width("short")
        .value(value)
        .errors(errors)
        .view()
}

fn credentials(view: &PhoneFormView) -> AnyView {
    let (form, errors) = (&view.form, &view.errors);
    let keep = if view.has_own_password {
        say("Leave blank to keep the stored one. It is never shown.")
    } else {
        say("Only together with a user name.")
    };
    fieldset(
        "credentials",
        say("What it asks for"),
        Some(say(
            "Without anything here it uses the credential of its group or site.",
        )),
        errors,
        view! {
            {select("credential", say("Stored credential"), &view.credentials, None, errors)}
            <p class="or">{say("or one for this phone alone")}</p>
            <div class="field-row">
                {Field::text("username", say("User name")).value(&form.username).errors(errors).width("medium").view()}
                {Field::password("password", say("Password"), "new-password").hint(keep).errors(errors).width("medium").view()}
            </div>
        },
    )
}

fn rest(view: &PhoneFormView) -> AnyView {
    let protect = view! {
        {say("Protected")}" "<span class="hint">{say("Jobs leave it out unless an administrator includes it.")}</span>
    };
    view! {
        {checkbox("protected", "on", protect, view.form.protected)}
        {Field::lines("notes", say("Notes"), "3").value(&view.form.notes).errors(&view.errors).view()}
    }
    .into_any()
}
