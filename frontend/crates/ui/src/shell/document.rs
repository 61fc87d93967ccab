//! The HTML document around a page.
//!
//! Owns the head, the regions, and the one place where a view becomes text.
//! *Invariant:* the title of the document is its first heading.

use std::sync::Arc;

use carillon_contract::FrameView;
use carillon_domain::look::{Density, Theme};
use carillon_language::{moment, say};
use hydration_context::SsrSharedContext;
use leptos::prelude::*;
use leptos::reactive::owner::Owner;

use super::{banners, header, navigation, script_words, tidy};
use crate::components::{said_with, stripes};
use crate::surroundings::Surroundings;

/// Which scripts a page loads besides none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scripts {
    /// Copy buttons.
    pub copy: bool,
    /// Ticking a range of rows.
    pub select: bool,
    /// Islands.
    pub islands: bool,
}

/// A page on its way into a document.
pub(crate) struct Page {
    title: String,
    above: Option<AnyView>,
    lede: Option<AnyView>,
    actions: Vec<AnyView>,
    scripts: Scripts,
    class: &'static str,
    bare: bool,
}

impl Page {
    /// A page with this heading.
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            above: None,
            lede: None,
            actions: Vec::new(),
            scripts: Scripts::default(),
            class: "wide",
            bare: false,
        }
    }

    /// Narrow: forms and texts.
    pub(crate) fn narrow(mut self) -> Self {
        self.class = "narrow";
        self
    }

    /// Alone in the middle, without navigation: before somebody is signed in.
    pub(crate) fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// The scripts that it loads.
    pub(crate) fn scripts(mut self, scripts: Scripts) -> Self {
        self.scripts = scripts;
        self
    }

    /// Writes the document. The parts are made inside, where the surroundings are known.
    pub(crate) fn write(
        self,
        frame: &FrameView,
        fill: impl FnOnce(&mut Self) -> AnyView,
    ) -> String {
        let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
        let html = owner.with(|| {
            Surroundings {
                now: frame.now,
                icons: frame.assets.icons.as_str().into(),
                csrf: frame.csrf.as_str().into(),
            }
            .provide();
            let mut page = self;
            let body = fill(&mut page);
            document(frame, page, body).to_html()
        });
        owner.cleanup();
        format!("<!DOCTYPE html>{}", tidy::tidy(&html))
    }

    /// A link back to where this page belongs.
    pub(crate) fn up(&mut self, href: &str, text: &str) {
        self.above = Some(
            view! { <p class="crumb"><a href=href.to_owned()>{text.to_owned()}</a></p> }.into_any(),
        );
    }

    /// A sentence below the heading.
    pub(crate) fn lede(&mut self, lede: impl IntoAny) {
        self.lede = Some(lede.into_any());
    }

    /// Something to do, beside the heading.
    pub(crate) fn action(&mut self, action: AnyView) {
        self.actions.push(action);
    }
}

fn document(frame: &FrameView, page: Page, body: AnyView) -> AnyView {
    let title = page.title.clone();
    let assets = &frame.assets;
    view! {
        <html
            lang=frame.language.as_str()
            data-theme=frame.look.theme.map(Theme::as_str)
            data-density=frame.look.density.map(Density::as_str)
            data-form=frame.form.clone()
        >
            <head>
                <meta charset="utf-8" />
                <title>{title}</title>
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content=frame.look.theme.map_or("light dark", Theme::as_str) />
                <meta name="referrer" content="same-origin" />
                <link rel="icon" href=assets.favicon.clone() type="image/svg+xml" />
                <link rel="preload" href=assets.font.clone() r#as="font" type="font/woff2" crossorigin="anonymous" />
                <link rel="stylesheet" href=assets.css.clone() />
                {on_dark(frame)}
                // Half a table would be drawn, and move when the rest comes.
                <link rel="expect" href="#page-end" blocking="render" />
                {scripts(frame, page.scripts)}
            </head>
            {if page.bare { bare_body(frame, page, body) } else { full_body(frame, page, body) }}
        </html>
    }
    .into_any()
}

/// What holds on a dark ground only, where the page may have one. On paper it never has.
fn on_dark(frame: &FrameView) -> Option<AnyView> {
    let when = match frame.look.theme {
        None => "screen and (prefers-color-scheme: dark)",
        Some(Theme::Dark) => "screen",
        Some(Theme::Light) => return None,
    };
    let href = frame.assets.dark_css.clone();
    Some(view! { <link rel="stylesheet" href=href media=when /> }.into_any())
}

fn full_body(frame: &FrameView, page: Page, body: AnyView) -> AnyView {
    let class = format!("main {}", page.class);
    view! {
        <body class="app">
            <a class="skip" href="#main">{say("Skip to the page")}</a>
            {stripes()}
            {header::header(frame)}
            {navigation::navigation(frame)}
            <main class=class id="main" tabindex="-1">
                {banners::banners(frame)}
                {banners::flash(frame)}
                {heading(page)}
                {body}
            </main>
            {foot(frame)}
            <div class="toasts" role="status"></div>
        </body>
    }
    .into_any()
}

fn bare_body(frame: &FrameView, page: Page, body: AnyView) -> AnyView {
    view! {
        <body class="bare">
            <a class="skip" href="#main">{say("Skip to the page")}</a>
            <header class="bare-brand">{header::brand()}</header>
            <main class="bare-main" id="main" tabindex="-1">
                {banners::banners(frame)}
                {banners::flash(frame)}
                <div class="bare-card">
                    {heading(page)}
                    {body}
                </div>
            </main>
            {foot(frame)}
        </body>
    }
    .into_any()
}

fn heading(page: Page) -> AnyView {
    let actions = (!page.actions.is_empty())
        .then(|| view! { <div class="page-actions">{page.actions}</div> });
    let lede = page
        .lede
        .map(|lede| view! { <div class="lede">{lede}</div> });
    view! {
        <div class="page-head">
            <div class="page-title">{page.above}<h1>{page.title}</h1>{lede}</div>
            {actions}
        </div>
    }
    .into_any()
}

fn foot(frame: &FrameView) -> AnyView {
    let made = view! { <time datetime=frame.now.to_string()>{format!("{} UTC", moment(frame.now))}</time> };
    let made = said_with(say("page made {moment}"), vec![("moment", made.into_any())]);
    // Whoever is not signed in need not know which one to look up weaknesses of.
    let version = frame
        .user
        .as_ref()
        .map(|_| format!("Carillon {} · ", frame.version));
    let words = frame
        .user
        .as_ref()
        .and_then(|_| script_words::for_scripts());
    let keys = frame.user.is_some().then(|| {
        view! { <button class="link-button" type="button" data-keymap="" hidden=true>{say("Keys")}</button> }
    });
    let idle = frame.session.map(|session| session.idle_s.to_string());
    let left = frame.session.map(|session| session.left_s.to_string());
    view! { <footer class="foot" id="page-end" data-words=words data-idle=idle data-left=left><p>{version}{made}</p>{keys}</footer> }
        .into_any()
}

fn scripts(frame: &FrameView, wanted: Scripts) -> Vec<AnyView> {
    let assets = &frame.assets;
    let mut list = Vec::new();
    if frame.user.is_some() {
        let everywhere = [&assets.keys_js, &assets.watch_js, &assets.session_js];
        let there = everywhere.into_iter().filter(|src| !src.is_empty());
        list.extend(there.map(|src| script(frame, src)));
        list.extend((!assets.time_js.is_empty()).then(|| times(frame)));
    } else if frame.form.is_some() && !assets.session_js.is_empty() {
        list.push(script(frame, &assets.session_js));
    }
    if wanted.copy && !assets.copy_js.is_empty() {
        list.push(script(frame, &assets.copy_js));
    }
    if wanted.select && !assets.select_js.is_empty() {
        list.push(script(frame, &assets.select_js));
    }
    if wanted.islands && !assets.pkg_js.is_empty() && !assets.islands_js.is_empty() {
        list.push(islands(frame));
        list.push(script(frame, &assets.job_js));
    }
    list
}

fn script(frame: &FrameView, src: &str) -> AnyView {
    view! { <script type="module" src=src.to_owned() nonce=frame.nonce.clone()></script> }
        .into_any()
}

/// Before the page is seen: a time that is written anew then would move what stands beside it.
fn times(frame: &FrameView) -> AnyView {
    let src = frame.assets.time_js.clone();
    view! { <script type="module" blocking="render" src=src nonce=frame.nonce.clone()></script> }
        .into_any()
}

/// The loader of the islands finds the program's two halves in its own attributes.
fn islands(frame: &FrameView) -> AnyView {
    let assets = &frame.assets;
    view! {
        <link rel="modulepreload" href=assets.pkg_js.clone() nonce=frame.nonce.clone() />
        <script
            type="module"
            id="islands"
            src=assets.islands_js.clone()
            nonce=frame.nonce.clone()
            data-js=assets.pkg_js.clone()
            data-wasm=assets.pkg_wasm.clone()
        ></script>
    }
    .into_any()
}
