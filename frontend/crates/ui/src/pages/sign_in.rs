//! Signing in, the first administrator, and a new password by a one-time link.

use carillon_contract::FrameView;
use carillon_contract::sign_in::{
    CodeView, Elsewhere, KEPT_ACTION, KEPT_FIELD, KeptForm, ResetView, SendAgainView, SetupView,
    SignInView,
};
use carillon_domain::Language;
use carillon_language::{retell, say};
use leptos::prelude::*;

use crate::components::{Field, error_summary, hidden, icon, note, post, said_with, submit};
use crate::shell::Page;
use crate::words;

/// Values of one field that are shown of a form that is sent again, and letters of each.
const SHOWN: usize = 5;
const LETTERS: usize = 80;

/// `/sign-in`.
pub(super) fn sign_in(frame: &FrameView, view: &SignInView) -> String {
    Page::new(say("Sign in")).bare().write(frame, |_| {
        let notice = view
            .notice
            .clone()
            .map(|notice| note("neutral", "info", retell(&notice).into_owned()));
        let unnamed = view.username.is_empty();
        let form = post(
            "/sign-in",
            "stack",
            view! {
                {hidden("next", view.next.clone())}
                {view.kept.as_ref().map(kept)}
                {Field::text("username", say("Name")).value(&view.username).autocomplete("username").plainly_required().focused(unnamed).view()}
                {Field::password("password", say("Password"), "current-password").plainly_required().focused(!unnamed).view()}
                {Field::text("code", say("Code")).hint(say("Of your app, or a recovery code. Leave it blank if you have set up none.")).autocomplete("one-time-code").view()}
                {submit("primary block", "sign-in", say("Sign in"))}
            },
        );
        let elsewhere = elsewhere(view);
        view! { {notice}{refusal(&view.errors)}{form}{elsewhere}{languages(frame)} }.into_any()
    })
}

/// A form on its way through the sign-in.
fn kept(form: &KeptForm) -> Vec<AnyView> {
    let fields = form.fields.iter();
    let fields = fields.map(|(name, value)| hidden(format!("{KEPT_FIELD}{name}"), value.clone()));
    let action = hidden(KEPT_ACTION, form.action.clone());
    std::iter::once(action).chain(fields).collect()
}

/// Behind a sign-in with a form that had come too late.
pub(super) fn send_again(frame: &FrameView, view: &SendAgainView) -> String {
    Page::new(say("Send it now?")).bare().write(frame, |page| {
        page.lede(say!("You are signed in as {name}. What you had typed is still here, but for passwords; nothing of it was sent.", name = view.name));
        let carried: Vec<AnyView> = view
            .form
            .fields
            .iter()
            .map(|(name, value)| hidden(name.clone(), value.clone()))
            .collect();
        post(
            view.form.action.clone(),
            "stack",
            view! {
                {carried}
                {what_it_does(view)}
                {what_is_sent(view)}
                <div class="form-end">
                    {send(view)}
                    <a class="button" href=view.next.clone()>{say("Leave it")}</a>
                </div>
            },
        )
    })
}

/// What it does, in words; the fields below are the whole of it.
fn what_it_does(view: &SendAgainView) -> AnyView {
    (!view.told.is_empty())
        .then(|| view! { <p><strong>{view.told.clone()}</strong></p> })
        .into_any()
}

/// The button, in the colour of what it does.
fn send(view: &SendAgainView) -> AnyView {
    let kind = if view.takes_away {
        "danger solid"
    } else {
        "primary"
    };
    submit(kind, "send", say("Send it"))
}

/// What the button would send, and where to: nobody sends what they do not see.
fn what_is_sent(view: &SendAgainView) -> AnyView {
    let form = &view.form;
    // Where no words say it, the fields do.
    let alone = view.told.is_empty();
    let mut fields: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, value) in form.fields.iter().filter(|(_, value)| !value.is_empty()) {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => fields.push((name, vec![value])),
        }
    }
    let lines: Vec<AnyView> = fields
        .iter()
        .map(|(name, values)| line(name, values))
        .collect();
    view! {
        <details class="aside" open=alone>
            <summary>{icon("open")}<span>{say("Every field of the form")}</span></summary>
            <p>{said_with(say("To {address}"), vec![("address", view! { <code class="code">{form.action.clone()}</code> }.into_any())])}</p>
            <dl class="facts">{lines}</dl>
        </details>
    }
    .into_any()
}

/// One field; of many values the first, and how many more.
fn line(name: &str, values: &[&str]) -> AnyView {
    let shown = values.iter().take(SHOWN).copied();
    let shown: Vec<String> = shown.map(snippet).collect();
    let more = values.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!(" … + {}", words::number(more as i64)));
    view! {
        <div class="fact">
            <dt><code class="code">{name.to_owned()}</code></dt>
            <dd class="mono">{shown.join(", ")}{more}</dd>
        </div>
    }
    .into_any()
}

/// The beginning of a long value.
fn snippet(value: &str) -> String {
    let mut letters = value.chars();
    let beginning: String = letters.by_ref().take(LETTERS).collect();
    if letters.next().is_some() {
        beginning + "…"
    } else {
        beginning
    }
}

/// The way to a provider, where there is one. A link: forms lead nowhere but here.
fn elsewhere(view: &SignInView) -> Option<AnyView> {
    let Elsewhere { name, link } = view.provider.clone()?;
    let words = say!("Sign in with {provider}", provider = name);
    Some(view! { <p><a class="button block" href=link>{words}</a></p> }.into_any())
}

/// `/sign-in/oidc/code`.
pub(super) fn sign_in_code(frame: &FrameView, view: &CodeView) -> String {
    Page::new(say("Your second factor"))
        .bare()
        .write(frame, |page| {
            page.lede(say(
                "The sign-in service asked for no second factor. Your account here has one: enter its code.",
            ));
            let form = post(
                "/sign-in/oidc/code",
                "stack",
                view! {
                    {Field::text("code", say("Code")).hint(say("Of your app, or a recovery code. Each works once.")).autocomplete("one-time-code").plainly_required().view()}
                    {submit("primary block", "sign-in", say("Sign in"))}
                },
            );
            view! { {refusal(&view.errors)}{form} }.into_any()
        })
}

/// The languages, each in its own words, so that nobody has to know another to find theirs.
fn languages(frame: &FrameView) -> AnyView {
    let buttons: Vec<AnyView> = Language::ALL
        .iter()
        .map(|language| {
            let word = language.as_str();
            view! {
                <button
                    class="link-button"
                    type="submit"
                    name="language"
                    value=word
                    lang=word
                    aria-current=(*language == frame.language).then_some("true")
                >
                    {language.own_name()}
                </button>
            }
            .into_any()
        })
        .collect();
    post(
        "/language",
        "languages",
        view! { {hidden("next", "/sign-in")}{buttons} },
    )
}

/// One sentence for everything that can be wrong with a sign-in.
fn refusal(errors: &carillon_contract::FormErrors) -> Option<AnyView> {
    let message = retell(&errors.0.first()?.message).into_owned();
    Some(
        view! { <div class="note is-bad" role="alert">{icon("failed")}<div><p>{message}</p></div></div> }
            .into_any(),
    )
}

/// `/reset`.
pub(super) fn reset(frame: &FrameView, view: &ResetView) -> String {
    Page::new(say("Choose a new password"))
        .bare()
        .write(frame, |page| match &view.code {
            Some(code) => {
                let name = &view.name;
                page.lede(say!("For the account {name}. The link works once.", name));
                reset_form(view, code)
            }
            None => view! {
                <p>{say("This link was used already, is too old, or part of it is missing.")}</p>
                <p>{say("An administrator can make another.")}</p>
                <p><a class="button block" href="/sign-in">{say("Sign in instead")}</a></p>
            }
            .into_any(),
        })
}

fn reset_form(view: &ResetView, code: &str) -> AnyView {
    let password_min = view.password_min;
    let length = say!("At least {password_min} characters.", password_min);
    let form = post(
        "/reset",
        "stack",
        view! {
            {hidden("code", code)}
            {Field::password("password", say("New password"), "new-password").hint(length).plainly_required().errors(&view.errors).view()}
            {Field::password("password_again", say("New password again"), "new-password").plainly_required().errors(&view.errors).view()}
            {submit("primary block", "check", say("Set password"))}
        },
    );
    view! { {error_summary(&view.errors)}{form} }.into_any()
}

/// `/setup`.
pub(super) fn setup(frame: &FrameView, view: &SetupView) -> String {
    Page::new(say("Make the first administrator"))
        .bare()
        .write(frame, |page| match &view.code {
            Some(code) => {
                page.lede(say(
                    "This account manages everything else. The link works once.",
                ));
                setup_form(view, code)
            }
            None => no_code(),
        })
}

fn setup_form(view: &SetupView, code: &str) -> AnyView {
    let length = say!(
        "At least {min} characters. Length counts, symbols do not.",
        min = view.password_min
    );
    let form = post(
        "/setup",
        "stack",
        view! {
            {hidden("code", code)}
            {Field::text("username", say("Name")).value(&view.username).autocomplete("username").plainly_required().errors(&view.errors).view()}
            {Field::password("password", say("Password"), "new-password").hint(length).plainly_required().errors(&view.errors).view()}
            {Field::password("password_again", say("Password again"), "new-password").plainly_required().errors(&view.errors).view()}
            {submit("primary block", "user", say("Make administrator"))}
        },
    );
    view! { {error_summary(&view.errors)}{form} }.into_any()
}

fn no_code() -> AnyView {
    view! {
        <p>{say("This link was used already, or part of it is missing.")}</p>
        <p>
            {said_with(
                say("Carillon prints the link when it starts without accounts, and keeps it in {file} in its data directory."),
                vec![("file", view! { <code class="code">"setup-code"</code> }.into_any())],
            )}
        </p>
        <p><a class="button block" href="/sign-in">{say("Sign in instead")}</a></p>
    }
    .into_any()
}
