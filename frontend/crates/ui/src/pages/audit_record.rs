//! `/audit/{seq}`: one record, as exact as the log has it.

use carillon_contract::FrameView;
use carillon_contract::audit::AuditRecordView;
use leptos::prelude::*;

use super::audit::{concerns, job, result, who};
use crate::components::{
    dash, fact, fact_text, facts, instant_and_age, link_button, mono, panel, table, td,
    text_or_dash, th, th_row, tr,
};
use crate::shell::{Page, Scripts};
use crate::words;

/// `/audit/{seq}`.
pub fn audit_record(frame: &FrameView, view: &AuditRecordView) -> String {
    let title = format!("Record {}: {}", words::number(view.row.seq), view.row.words);
    let scripts = Scripts {
        copy: true,
        ..Scripts::default()
    };
    Page::new(title).scripts(scripts).write(frame, |page| {
        page.up("/audit", "Audit log");
        if let Some(href) = &view.previous_href {
            page.action(link_button(href.clone(), "left", "Before"));
        }
        if let Some(href) = &view.next_href {
            page.action(link_button(href.clone(), "right", "After"));
        }
        view! {
            <div class="columns sidebar-right">
                <div>{told(view)}{changes(view)}{details(view)}</div>
                <div>{committed(view)}{related(view)}</div>
            </div>
        }
        .into_any()
    })
}

fn told(view: &AuditRecordView) -> AnyView {
    let row = &view.row;
    let mut items = vec![
        fact("When", instant_and_age(row.at)),
        fact("Who", who(row)),
        fact_text("Signed in by", &view.auth),
        fact(
            "From",
            row.ip.as_ref().map_or_else(dash, |ip| mono(ip.clone())),
        ),
        fact(
            "What",
            view! { {row.words.clone()}" "<code class="code">{row.action.clone()}</code> },
        ),
        fact("Concerns", concerns(row)),
        fact("Result", result(row)),
        fact("Reason", text_or_dash(&row.reason)),
        fact("Job", job(row)),
    ];
    if let Some(site) = &view.site {
        items.push(fact_text("Site then", site));
    }
    if !view.groups.is_empty() {
        items.push(fact("Groups then", view.groups.join(", ")));
    }
    panel("told", "What happened", facts(items))
}

fn changes(view: &AuditRecordView) -> Option<AnyView> {
    if view.changes.is_empty() {
        return None;
    }
    let shown = |text: &str| {
        if text.is_empty() {
            "blank".to_owned()
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
                td("Before", view! { <del>{shown(before)}</del> }),
                td("After", view! { <ins>{shown(after)}</ins> }),
            ])
        })
        .collect();
    let head = vec![th("Field"), th("Before"), th("After")];
    Some(panel(
        "changes",
        "What changed",
        table("diff", "What changed", head, rows),
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
    Some(panel("details", "Details", facts(items)))
}

fn committed(view: &AuditRecordView) -> AnyView {
    panel(
        "committed",
        "What the log commits to",
        view! {
            <p class="hint">"The exact bytes of this record, and their place in the tree."</p>
            <pre class="code-block wrap" tabindex="0"><code>{view.entry.clone()}</code></pre>
            {facts(vec![
                fact("Number", words::number(view.row.seq)),
                fact("Hash", view! { <span class="mono key">{view.leaf_hash.clone()}</span> }),
            ])}
        },
    )
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
        "See also",
        view! { <ul class="plain-list">{links}</ul> },
    ))
}
