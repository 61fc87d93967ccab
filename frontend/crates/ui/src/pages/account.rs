//! `/account`: one's own password, sessions and tokens.

use carillon_contract::FrameView;
use carillon_contract::account::{AccountView, SessionRow};
use carillon_contract::form::Choice;
use carillon_contract::tokens::{NewToken, TokenForm};
use leptos::prelude::*;

use super::tokens::token_table;
use crate::components::{
    Field, ago, ago_or, badge, error_summary, icon, mono, panel, post, select, snippet, submit,
    table, td, th, th_hidden, th_row, tr,
};
use crate::shell::{Page, Scripts};
use crate::words;

/// `/account`.
pub fn account(frame: &FrameView, view: &AccountView) -> String {
    let scripts = Scripts {
        copy: view.new_token.is_some(),
        ..Scripts::default()
    };
    Page::new("Your account")
        .scripts(scripts)
        .write(frame, |page| {
            page.lede(view! {
                <span class="headline">
                    <strong>{view.name.clone()}</strong>
                    <span>{words::role(view.role)}</span>
                    <span class="muted">{words::role_meaning(view.role)}</span>
                </span>
            });
            view! {
                {view.new_token.as_ref().map(|token| new_token(token, &frame.base))}
                {tokens(view)}
                <div class="columns">
                    {password(view)}
                    {sessions(view)}
                </div>
            }
            .into_any()
        })
}

fn new_token(token: &NewToken, base: &str) -> AnyView {
    let example = format!(
        "curl -H 'Authorization: Bearer {}' {base}/api/v1/phones",
        token.token
    );
    view! {
        <div class="note is-good" role="alert">
            {icon("key")}
            <div>
                <p class="note-heading">{format!("Token “{}” was made. It is shown this once.", token.label)}</p>
                {snippet("Token", token.token.clone())}
                {snippet("Try it", example)}
            </div>
        </div>
    }
    .into_any()
}

fn password(view: &AccountView) -> AnyView {
    let length = format!("At least {} characters.", view.password_min);
    let errors = &view.password_errors;
    let form = post(
        "/account/password",
        "stack",
        view! {
            {Field::password("current", "Password now", "current-password").plainly_required().errors(errors).view()}
            {Field::password("password", "New password", "new-password").hint(length).plainly_required().errors(errors).view()}
            {Field::password("password_again", "New password again", "new-password").plainly_required().errors(errors).view()}
            <p class="muted">"Set "{ago_or(view.password_changed_at, "when the account was made")}". Changing it ends your other sessions."</p>
            <div class="row">{submit("", "check", "Change password")}</div>
        },
    );
    panel(
        "password",
        "Password",
        view! { {error_summary(errors)}{form} },
    )
}

fn sessions(view: &AccountView) -> AnyView {
    let head = vec![th("Where"), th("Last used"), th_hidden("End it")];
    let rows = view.sessions.iter().map(session).collect();
    let others = (view.sessions.len() > 1).then(|| {
        post(
            "/account/sessions/end-others",
            "row",
            submit("", "sign-out", "End all others"),
        )
    });
    panel(
        "sessions",
        "Sessions",
        view! { {table("sessions", "Where you are signed in", head, rows)}{others} },
    )
}

fn session(row: &SessionRow) -> AnyView {
    let end = if row.current {
        badge("verified", "check", "This one")
    } else {
        let label = format!("End the session from {}", row.ip);
        let button =
            view! { <button class="button small" type="submit" aria-label=label>"End"</button> };
        post(format!("/account/sessions/{}/end", row.id), "", button)
    };
    tr(vec![
        th_row(view! { {mono(row.ip.clone())}<span class="muted sub">{row.agent.clone()}</span> }),
        td("Last used", ago(row.last_seen)),
        td("", end),
    ])
}

fn tokens(view: &AccountView) -> AnyView {
    let list = if view.tokens.is_empty() {
        view! { <p class="muted quiet-line">"No tokens. Scripts use one to do what you may do."</p> }.into_any()
    } else {
        token_table("Your tokens", &view.tokens, "/account/tokens", false)
    };
    panel("tokens", "API tokens", view! { {list}{token_form(view)} })
}

fn token_form(view: &AccountView) -> AnyView {
    let (form, errors) = (&view.token_form, &view.token_errors);
    let body = view! {
        {Field::text("label", "What for").value(&form.label).errors(errors).plainly_required().width("medium").placeholder("nightly report").view()}
        {select("scope", "May", &scopes(form), None, errors)}
        {Field::text("sites", "Only at sites").value(&form.sites).errors(errors).placeholder("all you reach").view()}
        {Field::text("groups", "Only in groups").value(&form.groups).errors(errors).placeholder("all you reach").view()}
        {select("expires_days", "Works for", &expiries(form), None, errors)}
        {submit("", "plus", "Make a token")}
    };
    view! { {error_summary(errors)}{post("/account/tokens", "filter-row", body)} }.into_any()
}

fn scopes(form: &TokenForm) -> [Choice; 3] {
    [
        Choice::new(
            "read",
            "read",
            form.scope == "read" || form.scope.is_empty(),
        ),
        Choice::new("run", "read and run jobs", form.scope == "run"),
        Choice::new("manage", "everything you may", form.scope == "manage"),
    ]
}

fn expiries(form: &TokenForm) -> [Choice; 3] {
    [
        Choice::new("30", "30 days", form.expires_days == "30"),
        Choice::new(
            "90",
            "90 days",
            form.expires_days == "90" || form.expires_days.is_empty(),
        ),
        Choice::new("365", "a year", form.expires_days == "365"),
    ]
}
