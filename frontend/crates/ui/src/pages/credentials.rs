//! `/admin/credentials`: passwords go in and never come out.

use carillon_contract::FrameView;
use carillon_contract::credentials::{CredentialFormView, CredentialRow, CredentialsView};
use carillon_contract::form::VERSION_FIELD;
use leptos::prelude::*;

use crate::components::{
    Field, ago, ago_or, badge, empty, error_summary, hidden, post, primary_link, submit, table, td,
    td_num, th, th_hidden, th_num, th_row, tr,
};
use crate::shell::Page;
use crate::words;

/// `/admin/credentials`.
pub fn credentials(frame: &FrameView, view: &CredentialsView) -> String {
    Page::new("Credentials").write(frame, |page| {
        let add = || primary_link("/admin/credentials/new", "plus", "Add a credential");
        if view.rows.is_empty() {
            return empty(
                "lock",
                "No credentials yet",
                "What phones ask for: a user name and a password, kept sealed. Give one to a site and all its phones use it.",
                vec![add()],
            );
        }
        page.action(add());
        if view.own > 0 {
            page.lede(format!("{} with one of their own are not listed here.", words::phones(view.own)));
        }
        let head = vec![
            th("Name"),
            th("User name"),
            th("Password"),
            th("Used by"),
            th_num("Refused by"),
            th_hidden("Change"),
        ];
        table("credentials", "Credentials", head, view.rows.iter().map(row).collect())
    })
}

fn row(row: &CredentialRow) -> AnyView {
    let path = format!("/admin/credentials/{}", row.name);
    let used = format!(
        "{} · {} · {}",
        words::phones(row.phones),
        words::counted(row.sites, "site", "sites"),
        words::counted(row.groups, "group", "groups")
    );
    let refused = if row.refused == 0 {
        view! { <span class="muted">"0"</span> }.into_any()
    } else {
        badge("failed", "failed", words::phones(row.refused))
    };
    tr(vec![
        th_row(view! { <a class="row-name" href=format!("{path}/edit")>{row.name.clone()}</a> }),
        td("User name", row.username.clone()),
        td("Password", view! { <span class="muted">"set "{ago(row.changed_at)}</span> }),
        td("Used by", used),
        td_num("Refused by", refused),
        view! {
            <td class="row-actions">
                <a href=format!("{path}/edit") aria-label=format!("Change {}", row.name)>"Change"</a>
                <a href=format!("{path}/delete") aria-label=format!("Delete {}", row.name)>"Delete…"</a>
            </td>
        }
        .into_any(),
    ])
}

/// `/admin/credentials/new` and `/admin/credentials/{name}/edit`.
pub fn credential_form(frame: &FrameView, view: &CredentialFormView) -> String {
    let title = match &view.existing {
        Some(name) => format!("Change credential {name}"),
        None => "Add a credential".to_owned(),
    };
    Page::new(title).narrow().write(frame, |page| {
        page.up("/admin/credentials", "Credentials");
        let (action, verb) = match &view.existing {
            Some(name) => (format!("/admin/credentials/{name}/edit"), "Save credential"),
            None => ("/admin/credentials/new".to_owned(), "Add credential"),
        };
        if view.existing.is_some() {
            page.lede(view! { {words::phones(view.phones)}" use it · password set "{ago_or(view.changed_at, "never")} });
        }
        let name = Field::text("name", "Name").value(&view.name).errors(&view.errors).width("medium");
        let name = if view.existing.is_some() {
            name.readonly()
        } else {
            name.required().hint("How it is called in lists and in the CSV.")
        };
        let password = Field::password("password", "Password", "new-password")
            .errors(&view.errors)
            .width("medium");
        let password = if view.existing.is_some() {
            password.hint("Leave blank to keep the stored one. It is never shown.")
        } else {
            password.required().hint("Kept sealed; never shown again.")
        };
        let form = post(
            action,
            "stack form",
            view! {
                {hidden(VERSION_FIELD, view.version.to_string())}
                {name.view()}
                {Field::text("username", "User name").value(&view.username).errors(&view.errors).width("medium").required().view()}
                {password.view()}
                <div class="form-end">
                    {submit("primary", "check", verb)}
                    <a class="button" href="/admin/credentials">"Cancel"</a>
                </div>
            },
        );
        view! { {error_summary(&view.errors)}{form} }.into_any()
    })
}
