//! `/phones/import/{id}/result`: what an import came to.

use carillon_contract::FrameView;
use carillon_contract::import::ImportResultView;
use leptos::prelude::*;

use crate::components::{link_button, note, primary_link};
use crate::shell::Page;
use crate::words;

/// Step 3.
pub fn import_result(frame: &FrameView, view: &ImportResultView) -> String {
    let title = format!("{} imported", words::phones(view.created + view.updated));
    Page::new(title).narrow().write(frame, |page| {
        page.up("/phones", "Phones");
        page.lede(view.file_name.clone());
        let sites: Vec<AnyView> = view
            .new_sites
            .iter()
            .map(|site| view! { <li><a href=site.href.clone()>{site.text.clone()}</a></li> }.into_any())
            .collect();
        let sites = (!sites.is_empty()).then(|| {
            view! { <p>"New sites; give each a credential before the first command:"</p><ul class="inline-list">{sites}</ul> }
        });
        let left_out = (view.left_out > 0).then(|| {
            note(
                "warning",
                "warning",
                format!("{} with errors were left out, as you chose.", words::counted(view.left_out, "row", "rows")),
            )
        });
        view! {
            <dl class="score-words">
                {result_line("Created", view.created)}
                {result_line("Changed", view.updated)}
                {result_line("Unchanged", view.unchanged)}
                {result_line("Left out", view.left_out)}
            </dl>
            {left_out}
            {sites}
            <div class="form-end">
                {primary_link("/phones", "phone", "Show the phones")}
                {link_button(view.audit_href.clone(), "audit", "What was recorded")}
            </div>
        }
        .into_any()
    })
}

fn result_line(word: &'static str, count: i64) -> AnyView {
    view! { <div><dt>{word}</dt><dd class="tnum">{words::number(count)}</dd></div> }.into_any()
}
