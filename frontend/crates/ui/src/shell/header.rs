//! The header: the product, the search, running jobs, who is signed in.

use carillon_contract::{FrameView, UserView};
use carillon_language::{say, say_many};
use leptos::prelude::*;

use crate::components::{icon, post, submit};
use crate::words;

/// The header of a page.
pub(super) fn header(frame: &FrameView) -> AnyView {
    let search = frame
        .user
        .as_ref()
        .filter(|user| user.may.view_inventory)
        .map(|_| search());
    let jobs = under_way(frame.running_jobs - frame.paused_jobs, frame.paused_jobs);
    let user = frame.user.as_ref().map(user_menu);
    view! {
        <header class="top">
            <a class="brand-link" href="/">{brand()}</a>
            {search}
            <div class="top-end">{jobs}{user}</div>
        </header>
    }
    .into_any()
}

/// The product's mark and name.
pub(super) fn brand() -> AnyView {
    view! { <span class="brand">{icon("carillon")}<span class="brand-name">"Carillon"</span></span> }.into_any()
}

fn search() -> AnyView {
    view! {
        <search class="search">
            <form method="get" action="/phones">
                <label class="visually-hidden" for="global-search">{say("Find phones")}</label>
                {icon("search")}
                <input
                    id="global-search"
                    class="input"
                    type="search"
                    name="q"
                    placeholder=say("Find a phone: name, extension, MAC, site:kiel")
                    autocomplete="off"
                    spellcheck="false"
                />
            </form>
        </search>
    }
    .into_any()
}

/// Jobs that send, and apart from them those that wait until somebody resumes them.
fn under_way(running: i64, paused: i64) -> Option<AnyView> {
    let (symbol, text) = match (running, paused) {
        (..=0, ..=0) => return None,
        (..=0, _) => (
            "pause",
            say_many!(paused, "{count} job paused", "{count} jobs paused"),
        ),
        (_, ..=0) => (
            "working",
            say_many!(running, "{count} job running", "{count} jobs running"),
        ),
        _ => (
            "working",
            say_many!(
                running,
                "{count} job running, {paused} paused",
                "{count} jobs running, {paused} paused",
                paused = words::number(paused)
            ),
        ),
    };
    let link =
        view! { <a class="running" href="/jobs?tab=running">{icon(symbol)}<span>{text}</span></a> };
    Some(link.into_any())
}

fn user_menu(user: &UserView) -> AnyView {
    let stop = user.may.stop_all.then(
        || view! { <li><a href="/stop-all">{icon("stop")}<span>{say("Stop everything…")}</span></a></li> },
    );
    let sign_out = post(
        "/sign-out",
        "",
        submit("menu-item", "sign-out", say("Sign out")),
    );
    view! {
        <details class="menu">
            <summary>{icon("user")}<span class="menu-name">{user.name.clone()}</span>{icon("open")}</summary>
            <div class="menu-body">
                <p class="menu-head">{user.name.clone()}<span class="muted">{words::role(user.role)}</span></p>
                <ul>
                    <li><a href="/account">{icon("key")}<span>{say("Password, sessions, tokens")}</span></a></li>
                    {stop}
                    <li>{sign_out}</li>
                </ul>
            </div>
        </details>
    }
    .into_any()
}
