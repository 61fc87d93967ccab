//! `/groups/{slug}/changes`: who joined and who left.

use carillon_contract::FrameView;
use carillon_contract::groups::{GroupChangesView, MemberChange, Moved};
use carillon_domain::phone::GroupKind;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use crate::components::{dash, instant, note, paging_of, table, td, th, th_row, tr};
use crate::shell::Page;
use crate::words;

/// `/groups/{slug}/changes`.
pub(super) fn group_changes(frame: &FrameView, view: &GroupChangesView) -> String {
    let title = say!("Who joined and left {name}", name = view.name);
    Page::new(title).write(frame, |page| {
        page.up(&format!("/groups/{}", view.slug), &view.name);
        let unknown = (view.kind == GroupKind::Rule).then(|| {
            let text = say(
                "By a rule phones also come and go because they changed themselves, or because another group did that the rule asks for: that is not listed here.",
            );
            note("neutral", "info", text)
        });
        view! { {unknown}{list(view)} }.into_any()
    })
}

fn list(view: &GroupChangesView) -> AnyView {
    let count = i64::try_from(view.rows.len()).unwrap_or(i64::MAX);
    let text = say_many!(
        count,
        "{count} change on this page",
        "{count} changes on this page"
    );
    let foot = paging_of(&view.paging, text, say("Newer"), say("Older"));
    if view.rows.is_empty() {
        let none = say("No record here tells of somebody who joined or left.");
        return view! { <p class="muted quiet-line">{none}</p>{foot} }.into_any();
    }
    let head = vec![
        th(say("When")),
        th(say("Who")),
        th(say("Because")),
        th(say("Joined")),
        th(say("Left")),
    ];
    let rows = view.rows.iter().map(row).collect();
    view! { {table("member-changes wraps", say("Changes of the members, newest first"), head, rows)}{foot} }
        .into_any()
}

fn row(change: &MemberChange) -> AnyView {
    let href = format!("/audit/{}", change.seq);
    tr(vec![
        th_row(view! { <a class="nowrap" href=href>{instant(change.at)}</a> }),
        td(say("Who"), change.actor.clone()),
        td(say("Because"), change.why.clone()),
        td(say("Joined"), moved(change.joined.as_ref(), "plus", '+')),
        td(say("Left"), moved(change.left.as_ref(), "minus", '−')),
    ])
}

fn moved(phones: Option<&Moved>, class: &'static str, sign: char) -> AnyView {
    let Some(phones) = phones else {
        return view! { <span class="muted">{say("not recorded")}</span> }.into_any();
    };
    if phones.count == 0 {
        return dash();
    }
    let count = format!("{sign}{}", words::number(phones.count));
    let names: Vec<String> = phones.phones.iter().map(|one| one.name.clone()).collect();
    let names = (!names.is_empty()).then(|| words::names(&names, phones.count));
    view! { <span class=class>{count}</span>" "{names} }.into_any()
}
