//! `/admin/streams`.

use carillon_contract::FrameView;
use carillon_contract::streams::{AnchorRow, NewSecret, StreamRow, StreamsView};
use carillon_language::{retell, say, say_many};
use leptos::prelude::*;

use crate::components::{
    ago, ago_or, badge, empty, note, panel, post, said_with, snippet, table, td, th, th_hidden,
    th_row, tr,
};
use crate::shell::{Page, Scripts};

/// `/admin/streams`.
pub(super) fn streams(frame: &FrameView, view: &StreamsView) -> String {
    let scripts = Scripts {
        copy: view.new_secret.is_some(),
        ..Scripts::default()
    };
    Page::new(say("Streams of the audit log"))
        .scripts(scripts)
        .write(frame, |page| {
            page.lede(say("Every record goes to these receivers, in order. What one has not taken waits in the log; nothing else waits for it."));
            let secret = view.new_secret.as_ref().map(new_secret);
            let streams = if view.streams.is_empty() {
                none()
            } else {
                let rows = view.streams.iter().map(stream).collect();
                table("streams", say("Receivers of records"), head(), rows)
            };
            view! { {secret}{streams}{anchors(&view.anchors)} }.into_any()
        })
}

fn none() -> AnyView {
    empty(
        "send",
        say("No streams"),
        say(
            "Name receivers in the settings of the server: --stream NAME=syslog+tls://HOST:6514 or NAME=https://HOST/PATH",
        ),
        vec![],
    )
}

fn new_secret(made: &NewSecret) -> AnyView {
    let label = say!("Secret of {stream}", stream = made.stream);
    view! {
        {note("good", "key", say("This secret is shown this once. Give it to the receiver: it signs from now on, and the one before for a day."))}
        {snippet(label, made.secret.clone())}
    }
    .into_any()
}

fn head() -> Vec<AnyView> {
    vec![
        th(say("Receiver")),
        th(say("State")),
        th(say("Waiting")),
        th(say("Last taken")),
        th(say("Signed")),
        th_hidden(say("Secret")),
    ]
}

fn stream(row: &StreamRow) -> AnyView {
    let clear = row.in_clear.then(|| {
        view! { <span class="sub">{badge("unknown", "unlocked", say("crosses the network in clear"))}</span> }
    });
    let receiver = row.receiver.clone();
    tr(vec![
        th_row(view! { {row.name.clone()}<span class="muted sub">{receiver}</span>{clear} }),
        td(say("State"), state(row)),
        td(say("Waiting"), waiting(row)),
        td(say("Last taken"), ago_or(row.taken_at, say("never"))),
        td(say("Signed"), signed(row)),
        view! { <td class="row-actions">{row.signed.then(|| make(row))}</td> }.into_any(),
    ])
}

fn state(row: &StreamRow) -> AnyView {
    if !row.named {
        return badge("idle", "cancelled", say("No longer in the settings"));
    }
    match (row.failing_since, row.waiting) {
        (Some(since), _) => {
            let why = row.problem.as_deref().map(|why| retell(why).into_owned());
            let since = said_with(say("since {when}"), vec![("when", ago(since))]);
            view! { {badge("failed", "warning", say("Stands still"))}<span class="sub">{since}": "{why}</span> }.into_any()
        }
        (None, 0) => badge("verified", "check", say("Up to date")),
        (None, _) => badge("working", "working", say("Catching up")),
    }
}

fn waiting(row: &StreamRow) -> AnyView {
    if row.waiting == 0 {
        return view! { <span class="muted">{say("nothing")}</span> }.into_any();
    }
    let count = say_many!(row.waiting, "{count} record", "{count} records");
    let oldest = row.oldest.map(|at| {
        let text = said_with(say("the oldest from {when}"), vec![("when", ago(at))]);
        view! { <span class="muted sub">{text}</span> }
    });
    view! { {count}{oldest} }.into_any()
}

fn signed(row: &StreamRow) -> AnyView {
    if row.signed {
        ago_or(row.secret_at, say("no secret yet"))
    } else {
        view! { <span class="muted">{say("syslog is not signed")}</span> }.into_any()
    }
}

fn make(row: &StreamRow) -> AnyView {
    let label = say!("Make a new secret of {stream}", stream = row.name);
    let button = view! { <button class="button small" type="submit" aria-label=label>{say("New secret")}</button> };
    post(format!("/admin/streams/{}/secret", row.name), "", button)
}

fn anchors(rows: &[AnchorRow]) -> Option<AnyView> {
    if rows.is_empty() {
        return None;
    }
    let head = vec![th(say("Receiver")), th(say("State")), th(say("Reaches"))];
    let rows = rows.iter().map(anchor).collect();
    let list = table("anchors", say("Receivers of checkpoints"), head, rows);
    let text = say(
        "Each signed checkpoint of the log goes here as well. A log that is cut off or written anew is found by them.",
    );
    let body = view! { <p class="muted">{text}</p>{list} };
    Some(panel("anchors", say("Anchors"), body))
}

fn anchor(row: &AnchorRow) -> AnyView {
    let state = match row.behind {
        Some(since) => {
            let why = row.problem.as_deref().map(|why| retell(why).into_owned());
            let since = said_with(say("since {when}"), vec![("when", ago(since))]);
            view! { {badge("failed", "warning", say("Not reached"))}<span class="sub">{since}": "{why}</span> }.into_any()
        }
        None => badge("verified", "check", say("Up to date")),
    };
    let reached = say_many!(row.reached, "{count} record", "{count} records");
    tr(vec![
        th_row(row.receiver.clone()),
        td(say("State"), state),
        td(say("Reaches"), reached),
    ])
}
