//! `/phones/{mac}` of a phone that was deleted.

use carillon_contract::FrameView;
use carillon_contract::phone::GonePhoneView;
use carillon_language::say;
use leptos::prelude::*;

use crate::components::{ago, instant, mono, panel_with, said_with, timeline};
use crate::shell::Page;

/// `/phones/{mac}`, after it was deleted.
pub(super) fn gone_phone(frame: &FrameView, view: &GonePhoneView) -> String {
    let name = if view.name.is_empty() {
        view.mac.to_string()
    } else {
        view.name.clone()
    };
    Page::new(name).write(frame, |page| {
        page.up("/phones", say("Phones"));
        page.lede(view! {
            <span class="headline">
                {mono(view.mac.to_string())}
                <span>
                    {said_with(
                        say("Deleted on {moment} by {actor}, {age}"),
                        vec![
                            ("moment", instant(view.deleted_at)),
                            ("actor", view! { <strong>{view.deleted_by.clone()}</strong> }.into_any()),
                            ("age", ago(view.deleted_at)),
                        ],
                    )}
                </span>
            </span>
        });
        let all = view! { <a href=view.timeline_href.clone()>{say("All of it")}</a> }.into_any();
        panel_with(
            "timeline",
            say("What happened"),
            Some(all),
            timeline(&view.timeline),
        )
    })
}
