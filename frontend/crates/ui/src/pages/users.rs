//! `/admin/users`.

use carillon_contract::FrameView;
use carillon_contract::form::VERSION_FIELD;
use carillon_contract::users::{UserFormView, UserRow, UsersView};
use carillon_domain::role::Role;
use carillon_language::say;
use leptos::prelude::*;

use super::changes;
use crate::components::{
    Field, ago, ago_or, badge, checkbox, error_summary, fieldset, hidden, icon, note, panel, post,
    primary_link, radio_card, snippet, submit, table, td, td_num, th, th_num, th_row, tr,
};
use crate::shell::{Page, Scripts};
use crate::words;

/// `/admin/users`.
pub(super) fn users(frame: &FrameView, view: &UsersView) -> String {
    Page::new(say("Accounts")).write(frame, |page| {
        page.action(primary_link(
            "/admin/users/new",
            "plus",
            say("Add an account"),
        ));
        let head = vec![
            th(say("Name")),
            th(say("Role")),
            th(say("May approve")),
            th(say("Reaches")),
            th(say("State")),
            th(say("Last used")),
            th_num(say("Tokens")),
            th(say("Made")),
        ];
        let list = table(
            "users",
            say("Accounts"),
            head,
            view.rows.iter().map(row).collect(),
        );
        let alone = view.lone_administrator.then(|| note("warning", "warning", say("There is one administrator. If they lose their password or their second factor, only commands on the server help: give a second account that role.")));
        view! { {alone}{list} }.into_any()
    })
}

fn row(row: &UserRow) -> AnyView {
    let href = format!("/admin/users/{}/edit", row.name);
    let own = row
        .own
        .then(|| view! { " "<span class="muted">{say("you")}</span> });
    let approver = if row.approver {
        badge("verified", "check", say("yes"))
    } else {
        say("no").into_any()
    };
    let reach = if row.reach.is_empty() {
        say("everything").to_owned()
    } else {
        row.reach.clone()
    };
    let factor = row
        .second_factor
        .then(|| view! { <span class="muted sub">{say("second factor")}</span> });
    let state = if row.disabled {
        badge("idle", "cancelled", say("Disabled"))
    } else {
        badge("verified", "check", say("Can sign in"))
    };
    tr(vec![
        th_row(view! { <a class="row-name" href=href>{row.name.clone()}</a>{own} }),
        td(say("Role"), words::role(row.role)),
        td(say("May approve"), approver),
        td(say("Reaches"), reach),
        td(say("State"), view! { {state}{factor} }),
        td(say("Last used"), ago_or(row.last_seen, say("never"))),
        td_num(say("Tokens"), words::number(row.tokens)),
        td(say("Made"), ago(row.created_at)),
    ])
}

/// `/admin/users/new` and `/admin/users/{name}/edit`.
pub(super) fn user_form(frame: &FrameView, view: &UserFormView) -> String {
    let title = match &view.existing {
        Some(name) => say!("Account {name}", name),
        None => say("Add an account").to_owned(),
    };
    let scripts = Scripts {
        copy: view.link.is_some(),
        ..Scripts::default()
    };
    Page::new(title)
        .narrow()
        .scripts(scripts)
        .write(frame, |page| {
            page.up("/admin/users", say("Accounts"));
            match &view.existing {
                Some(name) => change(view, name),
                None => add(view),
            }
        })
}

fn add(view: &UserFormView) -> AnyView {
    let form = post(
        "/admin/users/new",
        "stack form",
        view! {
            {Field::text("name", say("Name")).value(&view.name).errors(&view.errors).width("medium").required().view()}
            {roles(view)}
            <p class="muted">{say("A link is made with the account: by it its owner chooses a password that nobody else sees. It works once, and for an hour.")}</p>
            <div class="form-end">
                {submit("primary", "check", say("Add account"))}
                <a class="button" href="/admin/users">{say("Cancel")}</a>
            </div>
        },
    );
    view! { {error_summary(&view.errors)}{form} }.into_any()
}

fn roles(view: &UserFormView) -> AnyView {
    let cards: Vec<AnyView> = Role::ALL
        .iter()
        .map(|role| {
            radio_card(
                "role",
                role.as_str(),
                words::role(*role),
                words::role_meaning(*role),
                view.role == role.as_str(),
            )
        })
        .collect();
    fieldset(
        "role",
        say("Role"),
        None,
        &view.errors,
        view! { <div class="stack tight">{cards}</div> },
    )
}

/// What the account sees and commands.
fn reach(view: &UserFormView) -> AnyView {
    let hint = say(
        "Short names, with commas between. A phone counts when its site or one of its groups is named. Groups with a rule cannot be named.",
    );
    fieldset(
        "reach",
        say("Reaches"),
        None,
        &view.errors,
        view! {
            <div class="stack tight">
                {radio_card("reach", "everything", say("Everything"), say("All sites, and phones without one."), !view.scoped)}
                {radio_card("reach", "some", say("Only these"), say("Everything else does not exist for this account."), view.scoped)}
                {Field::text("sites", say("Sites")).value(&view.sites).errors(&view.errors).hint(hint).view()}
                {Field::text("groups", say("Groups")).value(&view.groups).errors(&view.errors).view()}
            </div>
        },
    )
}

fn new_link(name: &str, link: &str) -> AnyView {
    let text = say!(
        "A link for {name} was made. It is shown this once, works once, and for an hour.",
        name
    );
    view! {
        <div class="note is-good" role="alert">
            {icon("key")}
            <div>
                <p class="note-heading">{text}</p>
                {snippet(say("Link"), link)}
            </div>
        </div>
    }
    .into_any()
}

fn new_password(view: &UserFormView, path: &str) -> AnyView {
    let form = post(
        format!("{path}/reset-link"),
        "row",
        submit("", "key", say("Make a link")),
    );
    let name = &view.name;
    let text = say!(
        "By a link, {name} chooses a new password that nobody else sees. It ends all sessions of the account.",
        name
    );
    panel(
        "new-password",
        say("New password"),
        view! { <p class="muted">{text}</p>{form} },
    )
}

fn second_factor(view: &UserFormView, path: &str) -> Option<AnyView> {
    let form = post(
        format!("{path}/reset-factor"),
        "stack form",
        view! {
            {changes::reason("", &view.errors)}
            <div class="form-end">{submit("danger", "cancelled", say("Take the second factor away"))}</div>
        },
    );
    let waits = view.factor_reset_waits.as_ref().map(changes::notice);
    let text = say(
        "For somebody who lost the app and the recovery codes. Make sure that it is them. Ends all sessions of the account.",
    );
    view.second_factor.then(|| {
        panel(
            "second-factor",
            say("Second factor"),
            view! { {waits}<p class="muted">{text}</p>{form} },
        )
    })
}

fn change(view: &UserFormView, name: &str) -> AnyView {
    let path = format!("/admin/users/{name}");
    if view.own {
        return view! {
            {error_summary(&view.errors)}
            {note("neutral", "info", say("This is your own account. Another administrator can change its role or disable it."))}
            <p><a class="button" href="/account">{say("Your account")}</a></p>
        }
        .into_any();
    }
    let role = post(
        format!("{path}/edit"),
        "stack",
        view! {
            {hidden(VERSION_FIELD, view.version.to_string())}
            {roles(view)}
            {reach(view)}
            {checkbox("approver", "yes", say("May approve dangerous jobs of others"), view.approver)}
            <div class="row">{submit("primary", "check", say("Save role"))}</div>
        },
    );
    let (word, symbol, kind, verb) = if view.disabled {
        (say("Let this account sign in again"), "check", "", "enable")
    } else {
        (
            say("Disable this account"),
            "cancelled",
            "danger",
            "disable",
        )
    };
    let switch = post(format!("{path}/{verb}"), "row", submit(kind, symbol, word));
    view! {
        {view.link.as_ref().map(|link| new_link(name, link))}
        {error_summary(&view.errors)}
        {role}
        {new_password(view, &path)}
        {second_factor(view, &path)}
        {panel("switch", say("Access"), view! { <p class="muted">{say("A disabled account cannot sign in, and its tokens stop working.")}</p>{switch} })}
    }
    .into_any()
}
