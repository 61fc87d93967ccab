//! What every page says: what holds now, and what the last change came to.

use carillon_contract::FrameView;
use carillon_contract::frame::{Banner, Flash, Tone};
use carillon_domain::Timestamp;
use carillon_language::{quoted, retell, say};
use leptos::prelude::*;

use crate::components::{ago, icon, said_with, with_moment};
use crate::words;

/// What holds now, most urgent first: one box on the ground of the worst, a line for each.
pub(super) fn banners(frame: &FrameView) -> Option<AnyView> {
    let may_release = frame
        .user
        .as_ref()
        .is_some_and(|user| user.may.release_stop);
    let mut banners: Vec<&Banner> = frame.banners.iter().collect();
    banners.sort_by_key(|banner| urgency(tone_of(banner)));
    let (_, meaning) = words::tone(tone_of(banners.first()?));
    let class = format!("banners is-{meaning}");
    let lines: Vec<AnyView> = banners
        .into_iter()
        .map(|banner| one(banner, may_release))
        .collect();
    Some(view! { <div class=class>{lines}</div> }.into_any())
}

const fn tone_of(banner: &Banner) -> Tone {
    match banner {
        Banner::Demo | Banner::Loopback => Tone::Neutral,
        Banner::InsecureHttp => Tone::Warning,
        Banner::Sealed { .. } | Banner::StopAll { .. } => Tone::Bad,
        Banner::Notice { tone, .. } => *tone,
    }
}

/// How soon somebody must read it; the smaller, the sooner.
const fn urgency(tone: Tone) -> u8 {
    match tone {
        Tone::Bad => 0,
        Tone::Warning => 1,
        Tone::Neutral | Tone::Good => 2,
    }
}

fn one(banner: &Banner, may_release: bool) -> AnyView {
    let body = match banner {
        Banner::Demo => say("Demo: the phones are simulated and the data is thrown away.").into_any(),
        Banner::Loopback => say("Addresses of this machine may be contacted (--allow-loopback). Not for a real fleet.").into_any(),
        Banner::InsecureHttp => say("These pages cross the network in clear (--insecure-http): anybody on the way can read along.").into_any(),
        Banner::Sealed { reason } => say!("Sealed: no stored password can be read, so nothing is sent. {reason}", reason = retell(reason)).into_any(),
        Banner::Notice { text, .. } => with_moment(text),
        Banner::StopAll { by, at, reason } => stopped(by, *at, reason, may_release),
    };
    line(tone_of(banner), body)
}

fn stopped(by: &str, at: Option<Timestamp>, reason: &str, may_release: bool) -> AnyView {
    let since = at.map_or_else(|| say("since an unknown time").into_any(), ago);
    let text = said_with(
        say("Everything is stopped: nothing is sent to any phone. {by}, {when}"),
        vec![("by", by.to_owned().into_any()), ("when", since)],
    );
    let reason = (!reason.is_empty()).then(|| format!(": {}", quoted(reason)));
    let release = may_release.then(|| view! { " "<a href="/stop-all">{say("Let it go on…")}</a> });
    view! { {text}{reason}{release} }.into_any()
}

fn line(tone: Tone, body: AnyView) -> AnyView {
    let (symbol, meaning) = words::tone(tone);
    let class = format!("banner is-{meaning}");
    view! { <div class=class>{icon(symbol)}<p>{body}</p></div> }.into_any()
}

/// What the last change came to. The region stands before there is anything in it.
pub(super) fn flash(frame: &FrameView) -> AnyView {
    let body = frame.flash.as_ref().map(flash_line);
    view! { <div class="flash-region" role="status">{body}</div> }.into_any()
}

/// What a change came to, as one line.
pub(crate) fn flash_line(flash: &Flash) -> AnyView {
    let (symbol, meaning) = words::tone(flash.tone);
    let class = format!("note flash is-{meaning}");
    let link = flash
        .link
        .as_ref()
        .map(|link| view! { " "<a href=link.href.clone()>{link.text.clone()}</a> });
    view! { <div class=class>{icon(symbol)}<div><p>{with_moment(&flash.text)}{link}</p></div></div> }
        .into_any()
}
