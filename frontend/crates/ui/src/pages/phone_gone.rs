//! `/phones/{mac}` of a phone that was deleted.

use carillon_contract::FrameView;
use carillon_contract::phone::GonePhoneView;
use leptos::prelude::*;

use crate::components::{ago, mono, panel_with, timeline};
use crate::shell::Page;

/// `/phones/{mac}`, after it was deleted.
pub fn gone_phone(frame: &FrameView, view: &GonePhoneView) -> String {
    let name = if view.name.is_empty() {
        view.mac.to_string()
    } else {
        view.name.clone()
    };
    Page::new(name).write(frame, |page| {
        page.up("/phones", "Phones");
        page.lede(view! {
            <span class="headline">
                {mono(view.mac.to_string())}
                <span>
                    "Deleted on "{view.deleted_at.to_minute_text()}" UTC by "
                    <strong>{view.deleted_by.clone()}</strong>", "{ago(view.deleted_at)}
                </span>
            </span>
        });
        let all = view! { <a href=view.timeline_href.clone()>"All of it"</a> }.into_any();
        panel_with(
            "timeline",
            "What happened",
            Some(all),
            timeline(&view.timeline),
        )
    })
}
