//! `/sites` and the form of a site.

use carillon_contract::form::VERSION_FIELD;
use carillon_contract::sites::{SiteFormView, SiteRow, SitesView};
use carillon_contract::{FrameView, Href};
use carillon_domain::phone::TransportSecurity;
use carillon_domain::sip::SipUse;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use super::groups::answering;
use crate::components::{
    Field, badge, empty, error_summary, fieldset, hidden, icon, post, primary_link, radio_card,
    select, snippet, submit, table, td, td_num, th, th_hidden, th_num, th_row, tr,
};
use crate::shell::{Page, Scripts};
use crate::words;

/// `/sites`.
pub(super) fn sites(frame: &FrameView, view: &SitesView) -> String {
    Page::new(say("Sites")).write(frame, |page| {
        let manage = frame.user.as_ref().is_some_and(|u| u.may.manage_inventory);
        if view.rows.is_empty() {
            let next = if manage {
                vec![primary_link("/sites/new", "plus", say("Add a site"))]
            } else {
                vec![]
            };
            return empty(
                "site",
                say("No sites yet"),
                say("A site says how its phones are reached, which credential they ask for, and how many may be down at once. Imports make new ones by themselves."),
                next,
            );
        }
        if manage {
            page.action(primary_link("/sites/new", "plus", say("Add a site")));
        }
        let mut head = vec![
            th(say("Site")),
            th(say("Reached by")),
            th("SIP"),
            th(say("Credential")),
            th_num(say("Phones")),
            th_num(say("Reachable")),
            th_num(say("At most down")),
        ];
        if manage {
            head.push(th_hidden(say("Change")));
        }
        let rows = view.rows.iter().map(|row| site_row(row, manage)).collect();
        table("sites wraps", say("Sites"), head, rows)
    })
}

fn security_badge(mode: TransportSecurity) -> AnyView {
    match mode {
        TransportSecurity::Pinned | TransportSecurity::PrivateCa => {
            badge("verified", "lock", words::security(mode))
        }
        TransportSecurity::PlainHttp => badge("unknown", "unlocked", words::security(mode)),
    }
}

fn sip_badge(used: Option<SipUse>) -> AnyView {
    match used {
        Some(used) => words::sip_use(used).into_any(),
        None => view! { <span class="muted">{say("None")}</span> }.into_any(),
    }
}

fn site_row(row: &SiteRow, manage: bool) -> AnyView {
    let phones = Href::new("/phones").add("site", &row.slug).to_string();
    let credential = match &row.credential {
        Some(name) => name.clone().into_any(),
        None => view! { <span class="muted">{say("None")}</span> }.into_any(),
    };
    let mut cells = vec![
        th_row(
            view! { <a class="row-name" href=phones>{row.name.clone()}</a>" "<span class="muted mono">{row.slug.clone()}</span> },
        ),
        td(say("Reached by"), security_badge(row.security)),
        td("SIP", sip_badge(row.sip)),
        td(say("Credential"), credential),
        td_num(say("Phones"), words::number(row.phones)),
        td_num(
            say("Reachable"),
            answering(row.reachable, row.contacted, row.phones),
        ),
        td_num(say("At most down"), format!("{} %", row.max_down_percent)),
    ];
    if manage {
        let (sip, edit, delete) = (
            format!("/sites/{}/sip", row.slug),
            format!("/sites/{}/edit", row.slug),
            format!("/sites/{}/delete", row.slug),
        );
        cells.push(
            view! {
                <td class="row-actions">
                    <a href=sip aria-label=say!("SIP at {name}", name = row.name)>"SIP"</a>
                    <a href=edit aria-label=say!("Edit {name}", name = row.name)>{say("Edit")}</a>
                    <a href=delete aria-label=say!("Delete {name}", name = row.name)>{say("Delete…")}</a>
                </td>
            }
            .into_any(),
        );
    }
    tr(cells)
}

/// `/sites/new` and `/sites/{slug}/edit`.
pub(super) fn site_form(frame: &FrameView, view: &SiteFormView) -> String {
    let title = match view.slug {
        Some(_) => say!("Edit site {name}", name = view.form.name),
        None => say("Add a site").to_owned(),
    };
    let scripts = Scripts {
        copy: view.snippet.is_some(),
        ..Scripts::default()
    };
    Page::new(title).narrow().scripts(scripts).write(frame, |page| {
        page.up("/sites", say("Sites"));
        let action = match &view.slug {
            Some(slug) => format!("/sites/{slug}/edit"),
            None => "/sites/new".to_owned(),
        };
        let form = post(
            action,
            "stack form",
            view! {
                {hidden(VERSION_FIELD, view.version.to_string())}
                {names(view)}
                {security(view)}
                {select("credential", say("Credential of its phones"), &view.credentials, Some(say("Used by phones that have none of their own and none from a group.")), &view.errors)}
                {Field::integer("max_down_percent", say("At most down at once, in percent"), 1, 100).value(&view.form.max_down_percent).hint(say("How much of the site a disruptive job may take down at the same time.")).errors(&view.errors).view()}
                <div class="form-end">
                    {submit("primary", "check", say("Save site"))}
                    <a class="button" href="/sites">{say("Cancel")}</a>
                </div>
            },
        );
        let lines = view.snippet.clone().map(|lines| {
            view! {
                <div class="aside">
                    <h2>{say("Prepare its phones")}</h2>
                    <p class="muted">{say("Yealink phones refuse everybody at first. These lines, put into their provisioning, let in this server and nobody else.")}</p>
                    {snippet(say("Provisioning lines"), lines)}
                </div>
            }
        });
        view! { {error_summary(&view.errors)}{form}{lines} }.into_any()
    })
}

fn names(view: &SiteFormView) -> AnyView {
    let slug = Field::text("slug", say("Short name"))
        .value(&view.form.slug)
        .errors(&view.errors)
        .width("medium");
    let slug = if view.slug.is_some() {
        slug.readonly()
            .hint(say("For addresses and filters; it stays."))
    } else {
        slug.hint(say(
            "For addresses and filters, site:kiel. Made from the name when blank.",
        ))
    };
    view! {
        {Field::text("name", say("Name")).value(&view.form.name).errors(&view.errors).required().view()}
        {slug.view()}
    }
    .into_any()
}

fn security(view: &SiteFormView) -> AnyView {
    let cards: Vec<AnyView> = TransportSecurity::ALL
        .iter()
        .map(|mode| {
            radio_card(
                "transport_security",
                mode.as_str(),
                words::security(*mode),
                words::security_meaning(*mode),
                view.form.transport_security == mode.as_str(),
            )
        })
        .collect();
    let phones = (view.phones > 0).then(|| {
        view! { <p class="hint">{icon("info")}" "{say_many!(view.phones, "A change concerns {count} phone at once.", "A change concerns {count} phones at once.")}</p> }
    });
    fieldset(
        "transport_security",
        say("How its phones are reached"),
        None,
        &view.errors,
        view! {
            {phones}
            <div class="stack tight">{cards}</div>
            <div class="when-ca">
                {Field::lines("ca_pem", say("Certificate of your authority (PEM)"), "6").value(&view.form.ca_pem).errors(&view.errors).view()}
            </div>
        },
    )
}
