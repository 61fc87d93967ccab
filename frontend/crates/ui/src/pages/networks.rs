//! `/admin/networks`.

use carillon_contract::FrameView;
use carillon_contract::networks::{NetworksEffect, NetworksView};
use carillon_domain::networks::Stored;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use super::changes;
use crate::components::{
    Field, ago, error_summary, fact_text, facts, get, hidden, note, post, said_with, submit, table,
    td, th, th_row, tr,
};
use crate::shell::Page;

/// `/admin/networks`.
pub(super) fn networks(frame: &FrameView, view: &NetworksView) -> String {
    Page::new(say("Networks")).write(frame, |page| {
        page.lede(say("Only phones in these networks are contacted. The settings of the server are the outer bound: here it can be made narrower, never wider."));
        view! {
            {error_summary(&view.errors)}
            {view.broken.map(broken)}
            {view.waiting.as_ref().map(changes::notice)}
            {holds(view)}
            {form(view)}
            {view.effect.as_ref().map(|effect| shown(view, effect))}
        }
        .into_any()
    })
}

/// What happened to the choice behind our back, and what to do about it.
fn broken(stored: Stored) -> AnyView {
    let text = if stored == Stored::Forged {
        say(
            "The choice that is kept was changed outside Carillon. It is not believed: no phone is contacted. The audit log tells of it; once you know what happened, carillon rows accept networks phones --reason … believes it again, and then you can choose here.",
        )
    } else {
        say(
            "The choice that was made is gone from the database. What was in force stays so where a server runs; one that starts allows all that the settings allow. Choose again.",
        )
    };
    note("bad", "danger", text)
}

fn holds(view: &NetworksView) -> AnyView {
    let in_force = if view.in_force.is_empty() {
        say("none: no phone is contacted").to_owned()
    } else {
        view.in_force.join(", ")
    };
    let changed = view.changed.as_ref().map(|(who, at)| {
        let words = vec![("actor", who.clone().into_any()), ("when", ago(*at))];
        view! { <p class="muted">{said_with(say("Chosen by {actor} {when}."), words)}</p> }
    });
    let rows = vec![
        fact_text(say("Allowed by the settings"), &view.allowed.join(", ")),
        fact_text(say("In force"), &in_force),
    ];
    view! { {facts(rows)}{changed} }.into_any()
}

fn form(view: &NetworksView) -> AnyView {
    get(
        "/admin/networks",
        "stack form",
        view! {
            {Field::lines("networks", say("Networks of the phones"), "6")
                .value(&view.networks)
                .hint(say("One a line, such as 10.20.0.0/16. Blank: all that the settings allow."))
                .errors(&view.errors)
                .view()}
            <div class="form-end">{submit("secondary", "search", say("Show what this would do"))}</div>
        },
    )
}

/// What it would do, the decision, and then the phones one by one: however many they are, the
/// button is in sight.
fn shown(view: &NetworksView, effect: &NetworksEffect) -> AnyView {
    let may_be_chosen = view.broken != Some(Stored::Forged);
    let networks = if effect.networks.is_empty() {
        say("all that the settings allow").to_owned()
    } else {
        effect.networks.join(", ")
    };
    view! {
        <section class="panel">
            <div class="panel-head"><h2>{say("What this would do")}</h2></div>
            <p>{say!("In force would be: {networks}.", networks)}</p>
            {consequence(effect)}
            {may_be_chosen.then(|| decision(view, effect))}
            {named(effect)}
        </section>
    }
    .into_any()
}

fn decision(view: &NetworksView, effect: &NetworksEffect) -> AnyView {
    post(
        "/admin/networks",
        "stack form",
        view! {
            {hidden("networks", effect.networks.join(" "))}
            {hidden("version", effect.version.to_string())}
            {hidden("digest", effect.digest.clone())}
            {changes::reason("", &view.errors)}
            <div class="form-end">{submit("danger", "check", say("Put these networks in force"))}</div>
        },
    )
}

fn consequence(effect: &NetworksEffect) -> AnyView {
    let sites = (!effect.sites.is_empty()).then(|| {
        let sites = effect.sites.join(", ");
        note(
            "warning",
            "warning",
            say!(
                "Out of reach would be the SIP server or PBX of: {sites}.",
                sites
            ),
        )
    });
    let phones = if effect.phones == 0 {
        note(
            "good",
            "check",
            say("Every phone with an address stays in reach."),
        )
    } else {
        let text = say_many!(
            effect.phones,
            "{count} phone would be out of reach: nothing is sent to it, also by jobs that run.",
            "{count} phones would be out of reach: nothing is sent to them, also by jobs that run."
        );
        let already = (effect.already > 0).then(|| {
            say_many!(
                effect.already,
                "{count} of them is so now.",
                "{count} of them are so now."
            )
        });
        let already = already.unwrap_or_default();
        note(
            "warning",
            "warning",
            format!("{text} {already}").trim_end().to_owned(),
        )
    };
    view! { {phones}{sites} }.into_any()
}

fn named(effect: &NetworksEffect) -> Option<AnyView> {
    if effect.named.is_empty() {
        return None;
    }
    let rows = effect.named.iter().map(|(mac, name, address)| {
        let href = format!("/phones/{mac}");
        tr(vec![
            th_row(view! { <a href=href>{name.clone()}</a> }),
            td(say("Address"), address.clone()),
        ])
    });
    let left = effect.phones - effect.named.len() as i64;
    let more = (left > 0).then(|| {
        view! { <p class="muted">{say_many!(left, "{count} more is not named here.", "{count} more are not named here.")}</p> }
    });
    let rows = rows.collect();
    let head = vec![th(say("Phone")), th(say("Address"))];
    let list = table("networks", say("Phones out of reach"), head, rows);
    Some(view! { {list}{more} }.into_any())
}
