//! `/run/review/{id}/phones`: every phone of a review by name.

use carillon_contract::FrameView;
use carillon_contract::list::{Paging, Total};
use carillon_contract::run::{ReviewPhone, ReviewPhonesView};
use carillon_language::say;
use leptos::prelude::*;

use crate::components::{badge, mono, paging, table, td, text_or_dash, th, th_row, tr};
use crate::shell::Page;
use crate::words;

/// `/run/review/{id}/phones`.
pub(super) fn review_phones(frame: &FrameView, view: &ReviewPhonesView) -> String {
    let title = say!(
        "{title}: {phones} by name",
        title = view.title,
        phones = words::phones(view.total)
    );
    Page::new(title).write(frame, |page| {
        page.up(&format!("/run/review/{}", view.id), say("Review"));
        page.lede(say("As the inventory stands now. The review compares it with what you saw before anything is sent."));
        let head = vec![
            th(say("Phone")),
            th("MAC"),
            th(say("Ext.")),
            th(say("Model")),
            th(say("Site")),
            th(say("What happens")),
        ];
        let rows = view.rows.iter().map(line).collect();
        let pages = Paging {
            total: Total::exactly(view.total),
            previous: view.previous.clone(),
            next: view.next.clone(),
        };
        view! {
            {table("named", say("Phones of this review"), head, rows)}
            {paging(&pages, view.rows.len(), say("Previous"), say("Next"))}
        }
        .into_any()
    })
}

fn line(phone: &ReviewPhone) -> AnyView {
    let fate = match phone.skip {
        None => badge("verified", "run", say("Will get it")),
        Some(cause) => badge("idle", "skipped", words::cause_title(cause)),
    };
    let href = format!("/phones/{}", phone.mac);
    tr(vec![
        th_row(view! { <a class="row-name" href=href>{phone.name.clone()}</a> }),
        td("MAC", mono(phone.mac.to_string())),
        td(say("Ext."), text_or_dash(&phone.extension)),
        td(say("Model"), text_or_dash(&phone.model)),
        td(say("Site"), text_or_dash(&phone.site)),
        td(say("What happens"), fate),
    ])
}
