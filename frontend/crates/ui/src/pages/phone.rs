//! `/phones/{mac}`: one phone.

use carillon_contract::list::Link;
use carillon_contract::phone::{CredentialSource, PastAddress, PhoneView, PinView};
use carillon_contract::phones::Readiness;
use carillon_contract::{FormErrors, FrameView, Href};
use carillon_domain::phone::AuthScheme;
use carillon_language::say;
use leptos::prelude::*;

use super::phone_actions::actions;
use super::phone_keypad::{is_of_keys, keypad};
use crate::components::{
    ago, ago_or, cause_note, dash, error_summary, fact, fact_text, facts, hidden, icon,
    instant_and_age, last_result, link_button, mono, panel, panel_with, post, protected_mark,
    reachability_badge, readiness_badge, restarting_badge, said_with, submit, tag, timeline,
    unsent_summary,
};
use crate::shell::{Page, Scripts};
use crate::words;

/// What was wrong with a command, or with the key that somebody trusts.
fn wrong(errors: &FormErrors) -> Option<AnyView> {
    if errors.of("pin").is_some() {
        error_summary(errors)
    } else {
        unsent_summary(errors)
    }
}

/// `/phones/{mac}`.
pub(super) fn phone(frame: &FrameView, view: &PhoneView) -> String {
    let scripts = Scripts {
        copy: view.snippet.is_some(),
        ..Scripts::default()
    };
    Page::new(view.phone.display_name())
        .scripts(scripts)
        .write(frame, |page| {
            let may = frame.user.as_ref().map(|user| user.may).unwrap_or_default();
            page.up("/phones", say("Phones"));
            page.lede(headline(view));
            if may.manage_inventory {
                let path = format!("/phones/{}", view.phone.mac);
                page.action(link_button(format!("{path}/edit"), "edit", say("Edit")));
                page.action(link_button(
                    format!("{path}/delete"),
                    "trash",
                    say("Delete…"),
                ));
            }
            let errors = (!is_of_keys(&view.errors)).then(|| wrong(&view.errors));
            view! {
                {errors}
                {gate(view)}
                <div class="columns sidebar-right">
                    <div>
                        {actions(view, may.run_jobs)}
                    {view.keypad.as_ref().map(|pad| keypad(view, pad))}
                        {history(view)}
                    </div>
                    <div>
                        {what_it_is(view)}
                        {how_reached(view)}
                        {trust(view, may.manage_inventory)}
                    </div>
                </div>
            }
            .into_any()
        })
}

fn headline(view: &PhoneView) -> AnyView {
    let protected = view.phone.protected.then(protected_mark);
    view! {
        <span class="headline">
            {state(view)}
            {readiness_badge(view.ready)}
            {protected}
            <span class="muted">{said_with(say("Last answer {when}"), vec![("when", ago_or(view.last_seen, say("never")))])}</span>
        </span>
    }
    .into_any()
}

/// What the last contact said, but while it restarts.
fn state(view: &PhoneView) -> AnyView {
    view.restarting.as_ref().map_or_else(
        || reachability_badge(view.state),
        |job| restarting_badge(job),
    )
}

/// What stands in the way of the next command, with the lines that mend it.
fn gate(view: &PhoneView) -> Option<AnyView> {
    match view.ready {
        Readiness::Gate(cause) => Some(cause_note(cause, view.snippet.as_deref())),
        Readiness::Ready | Readiness::Unchecked => None,
    }
}

fn what_it_is(view: &PhoneView) -> AnyView {
    let phone = &view.phone;
    let tags = if phone.tags.is_empty() {
        dash()
    } else {
        let tags: Vec<AnyView> = phone.tags.iter().map(tag).collect();
        view! { <span class="tags">{tags}</span> }.into_any()
    };
    panel(
        "facts",
        say("What it is"),
        facts(vec![
            fact("MAC", mono(phone.mac.to_string())),
            fact_text(say("Label"), &phone.label),
            fact_text(say("Extension"), &phone.extension),
            fact_text(say("Model"), &phone.model),
            fact_text(say("Firmware"), &phone.firmware),
            fact(say("Site"), site(view)),
            fact(say("Groups"), groups(view)),
            fact(say("Tags"), tags),
            fact_text("SIP", &phone.sip_uri),
            fact_text(say("Notes"), &phone.notes),
            fact(say("Added"), instant_and_age(view.created_at)),
            fact(say("Changed"), instant_and_age(view.updated_at)),
        ]),
    )
}

fn site(view: &PhoneView) -> AnyView {
    match (&view.phone.site, &view.site) {
        (Some(slug), Some((name, _))) => {
            let href = Href::new("/phones").add("site", slug).to_string();
            view! { <a href=href>{name.clone()}</a> }.into_any()
        }
        _ => dash(),
    }
}

fn groups(view: &PhoneView) -> AnyView {
    if view.groups.is_empty() {
        return dash();
    }
    let links: Vec<AnyView> = view
        .groups
        .iter()
        .map(|group| {
            view! { <li><a href=group.href.clone()>{group.text.clone()}</a></li> }.into_any()
        })
        .collect();
    view! { <ul class="inline-list">{links}</ul> }.into_any()
}

fn how_reached(view: &PhoneView) -> AnyView {
    let target = match &view.target {
        Some(target) => mono(target.clone()),
        None => {
            view! { <span class="is-failed">{icon("failed")}" "{say("No address in the inventory")}</span> }
                .into_any()
        }
    };
    let security = view
        .site
        .as_ref()
        .map_or(say("No site"), |(_, security)| words::security(*security));
    panel(
        "reach",
        say("How it is reached"),
        facts(vec![
            fact(say("Requests go to"), target),
            fact(say("Site's rule"), security),
            fact(say("Credential"), credential(&view.credential)),
            fact(say("Last tried"), ago_or(view.last_tried, say("never"))),
            fact(say("Last result"), last_result(view.last_result.as_ref())),
            fact(say("Addresses so far"), addresses(&view.addresses)),
        ]),
    )
}

/// Where it was, latest first: who looks for a phone that moved looks here.
fn addresses(past: &[PastAddress]) -> AnyView {
    if past.is_empty() {
        return dash();
    }
    let line = |one: &PastAddress| {
        let address = match &one.address {
            Some(address) => mono(address.clone()),
            None => view! { <span class="muted">{say("no address")}</span> }.into_any(),
        };
        view! { <li>{address}" "<span class="muted">{said_with(say("since {when}"), vec![("when", ago(one.since))])}</span></li> }
            .into_any()
    };
    view! { <ul class="plain-list">{past.iter().map(line).collect::<Vec<_>>()}</ul> }.into_any()
}

fn credential(source: &CredentialSource) -> AnyView {
    match source {
        CredentialSource::Missing => {
            view! { <span>{say("None stored")}</span>" "<span class="muted">{say("(fine while the phone asks for none)")}</span> }.into_any()
        }
        CredentialSource::Own { name } => {
            view! { {name.clone()}<span class="muted">", "{say("this phone's own")}</span> }.into_any()
        }
        CredentialSource::Group { name, group } => {
            view! { {name.clone()}<span class="muted">", "{from_where(say("from group {name}"), group)}</span> }
                .into_any()
        }
        CredentialSource::Site { name, site } => {
            view! { {name.clone()}<span class="muted">", "{from_where(say("from site {name}"), site)}</span> }
                .into_any()
        }
    }
}

fn from_where(text: &str, link: &Link) -> Vec<AnyView> {
    let link = view! { <a href=link.href.clone()>{link.text.clone()}</a> }.into_any();
    said_with(text, vec![("name", link)])
}

fn trust(view: &PhoneView, may_manage: bool) -> AnyView {
    let path = format!("/phones/{}", view.phone.mac);
    let learned = view.auth_scheme != AuthScheme::Unknown;
    let forget = (may_manage && learned).then(|| {
        post(
            format!("{path}/forget-sign-in"),
            "inline-form",
            submit("small", "close", say("Forget")),
        )
    });
    let old_form =
        (may_manage && view.auth_scheme != AuthScheme::LegacyLogin).then(|| legacy_login(&path));
    let pin = view.pin.as_ref().map(|pin| pinned(pin, &path, may_manage));
    panel(
        "trust",
        say("What was learned from it"),
        view! {
            <dl class="facts">
                {fact(say("Asks for its password by"), view! { {words::auth_scheme(view.auth_scheme)}" "{forget} })}
                {pin}
            </dl>
            {old_form}
        },
    )
}

/// The way to phones that know nothing but the old login form.
fn legacy_login(path: &str) -> AnyView {
    let choose = post(
        format!("{path}/legacy-login"),
        "inline-form",
        submit("small danger", "check", say("Use the old login form")),
    );
    view! {
        <details class="aside">
            <summary>{icon("open")}<span>{say("Very old firmware?")}</span></summary>
            <p>{say("Phones up to about 2016 may know only a login form that puts user name and password into the address of each request. Choose it when nothing else works; in clear it is sent only at plain HTTP sites.")}</p>
            {choose}
        </details>
    }
    .into_any()
}

fn pinned(pin: &PinView, path: &str, may_manage: bool) -> AnyView {
    let known = match &pin.pinned {
        Some(key) => {
            let forget = may_manage.then(|| {
                post(
                    format!("{path}/forget-pin"),
                    "inline-form",
                    submit("small", "close", say("Forget")),
                )
            });
            view! { <span class="mono key">{key.clone()}</span>" "{forget} }.into_any()
        }
        None => {
            view! { <span class="muted">{say("None yet; the first one it shows is remembered")}</span> }
                .into_any()
        }
    };
    let seen = pin.seen.as_ref().map(|seen| {
        let confirm = may_manage.then(|| {
            let body = view! {
                {hidden("pin", seen.clone())}
                {submit("small danger", "check", say("It is this phone: trust the new key"))}
            };
            post(format!("{path}/confirm-pin"), "inline-form", body)
        });
        fact(
            say("Key it showed last"),
            view! { <span class="mono key">{seen.clone()}</span>{confirm} },
        )
    });
    view! { {fact(say("Pinned key (SHA-256)"), known)}{seen} }.into_any()
}

fn history(view: &PhoneView) -> AnyView {
    let all = view! { <a href=view.timeline_href.clone()>{say("All of it")}</a> }.into_any();
    let body = if view.timeline.is_empty() {
        view! { <p class="muted quiet-line">{say("Nothing was recorded for this phone yet.")}</p> }
            .into_any()
    } else {
        timeline(&view.timeline)
    };
    panel_with("timeline", say("What happened"), Some(all), body)
}
