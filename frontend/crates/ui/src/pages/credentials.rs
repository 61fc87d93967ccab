//! `/admin/credentials`: passwords go in and never come out.

use carillon_contract::FrameView;
use carillon_contract::credentials::{CredentialFormView, CredentialRow, CredentialsView};
use carillon_contract::form::VERSION_FIELD;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use crate::components::{
    Field, ago, ago_or, badge, empty, error_summary, hidden, post, primary_link, said_with, submit,
    table, td, td_num, th, th_hidden, th_num, th_row, tr,
};
use crate::shell::Page;
use crate::words;

/// `/admin/credentials`.
pub(super) fn credentials(frame: &FrameView, view: &CredentialsView) -> String {
    Page::new(say("Credentials")).write(frame, |page| {
        let add = || primary_link("/admin/credentials/new", "plus", say("Add a credential"));
        if view.rows.is_empty() {
            return empty(
                "lock",
                say("No credentials yet"),
                say("What phones ask for: a user name and a password, kept sealed. Give one to a site and all its phones use it."),
                vec![add()],
            );
        }
        page.action(add());
        if view.own > 0 {
            page.lede(say_many!(
                view.own,
                "{count} phone with one of its own is not listed here.",
                "{count} phones with one of their own are not listed here."
            ));
        }
        let head = vec![
            th(say("Name")),
            th(say("User name")),
            th(say("Password")),
            th(say("Used by")),
            th_num(say("Refused by")),
            th_hidden(say("Change")),
        ];
        table("credentials", say("Credentials"), head, view.rows.iter().map(row).collect())
    })
}

fn row(row: &CredentialRow) -> AnyView {
    let path = format!("/admin/credentials/{}", row.name);
    let used = format!(
        "{} · {} · {}",
        words::phones(row.phones),
        say_many!(row.sites, "{count} site", "{count} sites"),
        say_many!(row.groups, "{count} group", "{count} groups")
    );
    let refused = if row.refused == 0 {
        view! { <span class="muted">"0"</span> }.into_any()
    } else {
        badge("failed", "failed", words::phones(row.refused))
    };
    tr(vec![
        th_row(view! { <a class="row-name" href=format!("{path}/edit")>{row.name.clone()}</a> }),
        td(say("User name"), row.username.clone()),
        td(say("Password"), view! { <span class="muted">{said_with(say("set {when}"), vec![("when", ago(row.changed_at))])}</span> }),
        td(say("Used by"), used),
        td_num(say("Refused by"), refused),
        view! {
            <td class="row-actions">
                <a href=format!("{path}/edit") aria-label=say!("Change {name}", name = row.name)>{say("Change")}</a>
                <a href=format!("{path}/delete") aria-label=say!("Delete {name}", name = row.name)>{say("Delete…")}</a>
            </td>
        }
        .into_any(),
    ])
}

/// `/admin/credentials/new` and `/admin/credentials/{name}/edit`.
pub(super) fn credential_form(frame: &FrameView, view: &CredentialFormView) -> String {
    let title = match &view.existing {
        Some(name) => say!("Change credential {name}", name),
        None => say("Add a credential").to_owned(),
    };
    Page::new(title).narrow().write(frame, |page| {
        page.up("/admin/credentials", say("Credentials"));
        let (action, verb) = match &view.existing {
            Some(name) => (format!("/admin/credentials/{name}/edit"), say("Save credential")),
            None => ("/admin/credentials/new".to_owned(), say("Add credential")),
        };
        if view.existing.is_some() {
            page.lede(said_with(
                &say_many!(
                    view.phones,
                    "{count} phone uses it · password set {when}",
                    "{count} phones use it · password set {when}",
                    when = "{when}"
                ),
                vec![("when", ago_or(view.changed_at, say("never")))],
            ));
        }
        let name = Field::text("name", say("Name")).value(&view.name).errors(&view.errors).width("medium");
        let name = if view.existing.is_some() {
            name.readonly()
        } else {
            name.required().hint(say("How it is called in lists and in the CSV."))
        };
        let password = Field::password("password", say("Password"), "new-password")
            .errors(&view.errors)
            .width("medium");
        let password = if view.existing.is_some() {
            password.hint(say("Leave blank to keep the stored one. It is never shown."))
        } else {
            password.required().hint(say("Kept sealed; never shown again."))
        };
        let form = post(
            action,
            "stack form",
            view! {
                {hidden(VERSION_FIELD, view.version.to_string())}
                {name.view()}
                {Field::text("username", say("User name")).value(&view.username).errors(&view.errors).width("medium").required().view()}
                {password.view()}
                <div class="form-end">
                    {submit("primary", "check", verb)}
                    <a class="button" href="/admin/credentials">{say("Cancel")}</a>
                </div>
            },
        );
        view! { {error_summary(&view.errors)}{form} }.into_any()
    })
}
