//! `/account`: one's own password, sessions and tokens.

use carillon_contract::account::{AccountView, SessionRow};
use carillon_contract::form::Choice;
use carillon_contract::tokens::{NewToken, TokenForm};
use carillon_contract::{FormErrors, FrameView};
use carillon_domain::Language;
use carillon_domain::look::{Density, Look, Theme};
use carillon_language::say;
use leptos::prelude::*;

use super::tokens::token_table;
use crate::components::{
    Field, ago, badge, error_summary, hidden, icon, mono, panel, post, select, snippet, submit,
    table, td, th, th_hidden, th_row, tr,
};
use crate::shell::{Page, Scripts};
use crate::words;

/// `/account`.
pub(super) fn account(frame: &FrameView, view: &AccountView) -> String {
    let scripts = Scripts {
        copy: view.new_token.is_some(),
        ..Scripts::default()
    };
    Page::new(say("Your account"))
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
                <div class="columns">
                    <div class="stack">{look(view.look)}{language(view)}{password(view)}</div>
                    <div class="stack">{second_factor(view)}{sessions(view)}</div>
                </div>
                {tokens(view)}
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
                <p class="note-heading">{say!("Token “{label}” was made. It is shown this once.", label = token.label)}</p>
                {snippet(say("Token"), token.token.clone())}
                {snippet(say("Try it"), example)}
            </div>
        </div>
    }
    .into_any()
}

fn password(view: &AccountView) -> AnyView {
    if !view.has_password {
        let text = say("You sign in by a sign-in service. No password of yours is kept here.");
        return panel(
            "password",
            say("Password"),
            view! { <p class="muted">{text}</p> },
        );
    }
    let length = say!(
        "At least {password_min} characters.",
        password_min = view.password_min
    );
    let errors = &view.password_errors;
    let form = post(
        "/account/password",
        "stack",
        view! {
            {Field::password("current", say("Password now"), "current-password").plainly_required().errors(errors).view()}
            {Field::password("password", say("New password"), "new-password").hint(length).plainly_required().errors(errors).view()}
            {Field::password("password_again", say("New password again"), "new-password").plainly_required().errors(errors).view()}
            <p class="muted">{say("Changing it ends your other sessions.")}</p>
            <div class="row">{submit("", "check", say("Change password"))}</div>
        },
    );
    panel(
        "password",
        say("Password"),
        view! { {error_summary(errors)}{form} },
    )
}

/// In which language the account reads its pages.
fn language(view: &AccountView) -> AnyView {
    let mut choices = vec![Choice::new(
        "",
        say("As the browser asks"),
        view.language.is_none(),
    )];
    choices.extend(Language::ALL.iter().map(|language| {
        let chosen = view.language == Some(*language);
        Choice::new(language.as_str(), language.own_name(), chosen)
    }));
    let form = post(
        "/language",
        "filter-row",
        view! {
            {hidden("next", "/account")}
            {select("language", say("Language of the pages"), &choices, None, &FormErrors::default())}
            {submit("", "check", say("Save language"))}
        },
    );
    let english = say("The API, the audit records, exports and the command line stay English.");
    panel(
        "language",
        say("Language"),
        view! { {form}<p class="hint">{english}</p> },
    )
}

/// How the account's pages look.
fn look(chosen: Look) -> AnyView {
    let themes = [
        (None, say("Automatic")),
        (Some(Theme::Light), say("Light")),
        (Some(Theme::Dark), say("Dark")),
    ];
    let themes = themes.map(|(theme, word)| {
        Choice::new(theme.map_or("", Theme::as_str), word, theme == chosen.theme)
    });
    let densities = [
        (None, say("Automatic")),
        (Some(Density::Compact), say("Compact")),
        (Some(Density::Comfortable), say("Comfortable")),
    ];
    let densities = densities.map(|(density, word)| {
        Choice::new(
            density.map_or("", Density::as_str),
            word,
            density == chosen.density,
        )
    });
    let none = FormErrors::default();
    let form = post(
        "/account/look",
        "filter-row",
        view! {
            {select("theme", say("Colours"), &themes, None, &none)}
            {select("density", say("Rows of lists"), &densities, None, &none)}
            {submit("", "check", say("Save look"))}
        },
    );
    panel("look", say("Look"), form)
}

fn second_factor(view: &AccountView) -> AnyView {
    let (state, link) = if view.second_factor {
        let left = view.codes_left;
        (
            say!("On. Recovery codes left: {left}", left),
            say("Manage it"),
        )
    } else {
        let without = say("Off: whoever knows your password is you.");
        (without.to_owned(), say("Set it up"))
    };
    panel(
        "second-factor",
        say("Second factor"),
        view! { <p>{state}</p><p><a class="button" href="/account/second-factor">{link}</a></p> },
    )
}

fn sessions(view: &AccountView) -> AnyView {
    let head = vec![
        th(say("Where")),
        th(say("Last used")),
        th_hidden(say("End it")),
    ];
    let rows = view.sessions.iter().map(session).collect();
    let others = (view.sessions.len() > 1).then(|| {
        post(
            "/account/sessions/end-others",
            "row",
            submit("", "sign-out", say("End all others")),
        )
    });
    panel(
        "sessions",
        say("Sessions"),
        view! { {table("sessions", say("Where you are signed in"), head, rows)}{others} },
    )
}

fn session(row: &SessionRow) -> AnyView {
    let end = if row.current {
        badge("verified", "check", say("This one"))
    } else {
        let label = say!("End the session from {ip}", ip = row.ip);
        let button = view! { <button class="button small" type="submit" aria-label=label>{say("End")}</button> };
        post(format!("/account/sessions/{}/end", row.id), "", button)
    };
    tr(vec![
        th_row(
            view! { {mono(row.ip.clone())}<span class="muted sub" title=row.agent.clone()>{words::browser::name_of(&row.agent)}</span> },
        ),
        td(say("Last used"), ago(row.last_seen)),
        td("", end),
    ])
}

fn tokens(view: &AccountView) -> AnyView {
    let list = if view.tokens.is_empty() {
        view! { <p class="muted quiet-line">{say("No tokens. Scripts use one to do what you may do.")}</p> }.into_any()
    } else {
        token_table(say("Your tokens"), &view.tokens, "/account/tokens", false)
    };
    panel(
        "tokens",
        say("API tokens"),
        view! { {list}{token_form(view)} },
    )
}

fn token_form(view: &AccountView) -> AnyView {
    let (form, errors) = (&view.token_form, &view.token_errors);
    let body = view! {
        {Field::text("label", say("What for")).value(&form.label).errors(errors).plainly_required().width("medium").placeholder(say("nightly report")).view()}
        {select("scope", say("May"), &scopes(form), None, errors)}
        {Field::text("sites", say("Only at sites")).value(&form.sites).errors(errors).placeholder(say("all you reach")).view()}
        {Field::text("groups", say("Only in groups")).value(&form.groups).errors(errors).placeholder(say("all you reach")).view()}
        {select("expires_days", say("Works for"), &expiries(form), None, errors)}
        {submit("", "plus", say("Make a token"))}
    };
    view! { {error_summary(errors)}{post("/account/tokens", "filter-row", body)} }.into_any()
}

fn scopes(form: &TokenForm) -> [Choice; 3] {
    [
        Choice::new(
            "read",
            say("read"),
            form.scope == "read" || form.scope.is_empty(),
        ),
        Choice::new("run", say("read and run jobs"), form.scope == "run"),
        Choice::new("manage", say("everything you may"), form.scope == "manage"),
    ]
}

fn expiries(form: &TokenForm) -> [Choice; 3] {
    [
        Choice::new("30", say("30 days"), form.expires_days == "30"),
        Choice::new(
            "90",
            say("90 days"),
            form.expires_days == "90" || form.expires_days.is_empty(),
        ),
        Choice::new("365", say("a year"), form.expires_days == "365"),
    ]
}
