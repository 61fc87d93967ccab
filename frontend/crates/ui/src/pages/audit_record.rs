//! `/audit/{seq}`: one record, as exact as the log has it.

use carillon_contract::FrameView;
use carillon_contract::audit::{AuditRecordView, ProofView};
use carillon_language::say;
use leptos::prelude::*;

use super::audit::{concerns, job, origin, result, who};
use crate::components::{
    fact, fact_text, facts, instant, instant_and_age, link_button, note, panel, said_with, table,
    td, text_or_dash, th, th_row, tr,
};
use crate::shell::{Page, Scripts};
use crate::words;

/// `/audit/{seq}`.
pub(super) fn audit_record(frame: &FrameView, view: &AuditRecordView) -> String {
    let title = say!(
        "Record {seq}: {words}",
        seq = words::number(view.row.seq),
        words = view.row.words
    );
    let scripts = Scripts {
        copy: true,
        ..Scripts::default()
    };
    Page::new(title).scripts(scripts).write(frame, |page| {
        page.up("/audit", say("Audit log"));
        if let Some(href) = &view.previous_href {
            page.action(link_button(href.clone(), "left", say("Before")));
        }
        if let Some(href) = &view.next_href {
            page.action(link_button(href.clone(), "right", say("After")));
        }
        let number = view.number.as_ref();
        let number = number.map(|number| super::audit_number::number(view.row.seq, number));
        view! {
            <div class="columns sidebar-right">
                <div>{told(view)}{number}{changes(view)}{details(view)}</div>
                <div>{committed(view)}{related(view)}</div>
            </div>
        }
        .into_any()
    })
}

fn told(view: &AuditRecordView) -> AnyView {
    let row = &view.row;
    let mut items = vec![
        fact(say("When"), instant_and_age(row.at)),
        fact(say("Who"), who(row)),
        fact_text(say("Signed in by"), &view.auth),
        fact(
            say("From"),
            origin(row, say("removed when its time was over")),
        ),
        fact(
            say("What"),
            view! { {row.words.clone()}" "<code class="code">{row.action.clone()}</code> },
        ),
        fact(say("Concerns"), concerns(row, true)),
        fact(say("Result"), result(row)),
        fact(say("Reason"), text_or_dash(&row.reason)),
        fact(say("Job"), job(row)),
    ];
    if let Some(site) = &view.site {
        items.push(fact_text(say("Site then"), site));
    }
    if !view.groups.is_empty() {
        items.push(fact(say("Groups then"), view.groups.join(", ")));
    }
    if let Some(boot) = &view.boot {
        items.push(fact(
            say("Server start"),
            view! { <a class="code" href=boot.href.clone()>{boot.text.clone()}</a> },
        ));
    }
    panel("told", say("What happened"), facts(items))
}

fn changes(view: &AuditRecordView) -> Option<AnyView> {
    if view.changes.is_empty() {
        return None;
    }
    let shown = |text: &str| {
        if text.is_empty() {
            say("blank").to_owned()
        } else {
            text.to_owned()
        }
    };
    let rows = view
        .changes
        .iter()
        .map(|(field, before, after)| {
            tr(vec![
                th_row(field.clone()),
                td(say("Before"), view! { <del>{shown(before)}</del> }),
                td(say("After"), view! { <ins>{shown(after)}</ins> }),
            ])
        })
        .collect();
    let head = vec![th(say("Field")), th(say("Before")), th(say("After"))];
    Some(panel(
        "changes",
        say("What changed"),
        table("diff wraps", say("What changed"), head, rows),
    ))
}

fn details(view: &AuditRecordView) -> Option<AnyView> {
    if view.details.is_empty() {
        return None;
    }
    let items: Vec<AnyView> = view
        .details
        .iter()
        .map(|(name, value)| {
            view! { <div class="fact"><dt>{name.clone()}</dt><dd>{value.clone()}</dd></div> }
                .into_any()
        })
        .collect();
    Some(panel("details", say("Details"), facts(items)))
}

fn committed(view: &AuditRecordView) -> AnyView {
    panel(
        "committed",
        say("What the log commits to"),
        view! {
            <p class="hint">{say("The exact bytes of this record, and their place in the tree.")}</p>
            <pre class="code-block wrap" tabindex="0"><code>{view.entry.clone()}</code></pre>
            {facts(vec![
                fact(say("Number"), words::number(view.row.seq)),
                fact(say("Hash"), view! { <span class="mono key">{view.leaf_hash.clone()}</span> }),
                fact(say("Signed"), signed(view.proof.as_ref())),
            ])}
            {view.proof.as_ref().filter(|proof| !proof.holds).map(|_| changed())}
            {view.proof.as_ref().filter(|proof| proof.holds).map(proof)}
        },
    )
}

fn signed(proof: Option<&ProofView>) -> AnyView {
    let Some(proof) = proof else {
        return view! { <span class="muted">{say("not signed yet")}</span> }.into_any();
    };
    let size = words::number(proof.size);
    if !proof.holds {
        return view! { <span>{say("not as it is stored now")}</span> }.into_any();
    }
    said_with(
        say("{when}, with the checkpoint of {size} records"),
        vec![("when", instant(proof.at)), ("size", size.into_any())],
    )
    .into_any()
}

fn changed() -> AnyView {
    let text = say(
        "What is stored here is not what was signed: this record, or one beside it in the tree, was changed outside Carillon. Run `carillon audit verify`: it names the first one.",
    );
    note("danger", "warning", text)
}

fn proof(proof: &ProofView) -> AnyView {
    view! {
        <p>{say("One file proves this record to whoever has the key, without this server:")}</p>
        <pre class="code-block" tabindex="0"><code>{proof.command.clone()}</code></pre>
        <div class="row">{link_button(proof.href.clone(), "download", say("Take the proof"))}</div>
    }
    .into_any()
}

fn related(view: &AuditRecordView) -> Option<AnyView> {
    if view.related.is_empty() {
        return None;
    }
    let links: Vec<AnyView> = view
        .related
        .iter()
        .map(|link| view! { <li><a href=link.href.clone()>{link.text.clone()}</a></li> }.into_any())
        .collect();
    Some(panel(
        "related",
        say("See also"),
        view! { <ul class="plain-list">{links}</ul> },
    ))
}
