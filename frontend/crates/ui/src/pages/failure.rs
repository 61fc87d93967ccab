//! Why there is no page, and the one next step.

use carillon_contract::FrameView;
use carillon_contract::failure::FailureView;
use carillon_language::{retell, say};
use leptos::prelude::*;

use crate::components::icon;
use crate::shell::Page;

/// Any page that could not be shown.
pub(super) fn failure(frame: &FrameView, view: &FailureView) -> String {
    let page = Page::new(retell(&view.title).into_owned()).narrow();
    let page = if frame.user.is_none() {
        page.bare()
    } else {
        page
    };
    page.write(frame, |_| {
        let link = view
            .link
            .as_ref()
            .map(|link| view! { <p><a class="button primary" href=link.href.clone()>{retell(&link.text).into_owned()}</a></p> });
        let facts = format!("{} · {}", view.status, view.code);
        view! {
            <div class="failure">
                <p class="failure-sentence">{retell(&view.sentence).into_owned()}</p>
                <p class="next-step">{icon("next")}<span>{retell(&view.next_step).into_owned()}</span></p>
                {link}
                <p class="muted small-text">
                    {facts}" · "{say("request")}" "<code class="code">{view.request_id.clone()}</code>
                </p>
            </div>
        }
        .into_any()
    })
}
