//! `/run/review/{id}/phones`: every phone of a review by name.

use carillon_contract::FrameView;
use carillon_contract::list::{Paging, Total};
use carillon_contract::run::{ReviewPhone, ReviewPhonesView};
use leptos::prelude::*;

use crate::components::{badge, mono, paging, table, td, text_or_dash, th, th_row, tr};
use crate::shell::Page;
use crate::words;

/// `/run/review/{id}/phones`.
pub fn review_phones(frame: &FrameView, view: &ReviewPhonesView) -> String {
    let title = format!("{}: {} by name", view.title, words::phones(view.total));
    Page::new(title).write(frame, |page| {
        page.up(&format!("/run/review/{}", view.id), "Review");
        page.lede("As the inventory stands now. The review compares it with what you saw before anything is sent.");
        let head = vec![
            th("Phone"),
            th("MAC"),
            th("Ext."),
            th("Model"),
            th("Site"),
            th("What happens"),
        ];
        let rows = view.rows.iter().map(line).collect();
        let pages = Paging {
            total: Total::exactly(view.total),
            previous: view.previous.clone(),
            next: view.next.clone(),
        };
        view! {
            {table("named", "Phones of this review", head, rows)}
            {paging(&pages, view.rows.len(), "Previous", "Next")}
        }
        .into_any()
    })
}

fn line(phone: &ReviewPhone) -> AnyView {
    let fate = match phone.skip {
        None => badge("verified", "run", "Will get it"),
        Some(cause) => badge("idle", "skipped", cause.title()),
    };
    let href = format!("/phones/{}", phone.mac);
    tr(vec![
        th_row(view! { <a class="row-name" href=href>{phone.name.clone()}</a> }),
        td("MAC", mono(phone.mac.to_string())),
        td("Ext.", text_or_dash(&phone.extension)),
        td("Model", text_or_dash(&phone.model)),
        td("Site", text_or_dash(&phone.site)),
        td("What happens", fate),
    ])
}
