//! Signing in, and the first administrator.

use carillon_contract::FrameView;
use carillon_contract::sign_in::{SetupView, SignInView};
use leptos::prelude::*;

use crate::components::{Field, error_summary, hidden, note, post, submit};
use crate::shell::Page;

/// `/sign-in`.
pub fn sign_in(frame: &FrameView, view: &SignInView) -> String {
    Page::new("Sign in").bare().write(frame, |_| {
        let notice = view
            .notice
            .clone()
            .map(|notice| note("neutral", "info", notice));
        let form = post(
            "/sign-in",
            "stack",
            view! {
                {hidden("next", view.next.clone())}
                {Field::text("username", "Name").value(&view.username).autocomplete("username").plainly_required().view()}
                {Field::password("password", "Password", "current-password").plainly_required().view()}
                {submit("primary block", "sign-in", "Sign in")}
            },
        );
        view! { {notice}{refusal(&view.errors)}{form} }.into_any()
    })
}

/// One sentence for everything that can be wrong with a sign-in.
fn refusal(errors: &carillon_contract::FormErrors) -> Option<AnyView> {
    let message = errors.0.first()?.message.clone();
    Some(
        view! { <div class="note is-bad" role="alert">{crate::components::icon("failed")}<div><p>{message}</p></div></div> }
            .into_any(),
    )
}

/// `/setup`.
pub fn setup(frame: &FrameView, view: &SetupView) -> String {
    Page::new("Make the first administrator")
        .bare()
        .write(frame, |page| match &view.code {
            Some(code) => {
                page.lede("This account manages everything else. The link works once.");
                setup_form(view, code)
            }
            None => no_code(),
        })
}

fn setup_form(view: &SetupView, code: &str) -> AnyView {
    let length = format!(
        "At least {} characters. Length counts, symbols do not.",
        view.password_min
    );
    let form = post(
        "/setup",
        "stack",
        view! {
            {hidden("code", code)}
            {Field::text("username", "Name").value(&view.username).autocomplete("username").plainly_required().errors(&view.errors).view()}
            {Field::password("password", "Password", "new-password").hint(length).plainly_required().errors(&view.errors).view()}
            {Field::password("password_again", "Password again", "new-password").plainly_required().errors(&view.errors).view()}
            {submit("primary block", "user", "Make administrator")}
        },
    );
    view! { {error_summary(&view.errors)}{form} }.into_any()
}

fn no_code() -> AnyView {
    view! {
        <p>"This link was used already, or part of it is missing."</p>
        <p>
            "Carillon prints the link when it starts without accounts, and keeps it in "
            <code class="code">"setup-code"</code>" in its data directory."
        </p>
        <p><a class="button block" href="/sign-in">"Sign in instead"</a></p>
    }
    .into_any()
}
