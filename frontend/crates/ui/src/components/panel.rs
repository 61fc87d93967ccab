//! Parts of a page under a heading of their own.

use leptos::prelude::*;

/// A bordered part of a page.
pub(crate) fn panel(id: &'static str, heading: impl Into<String>, body: impl IntoAny) -> AnyView {
    panel_with(id, heading, None, body)
}

/// A bordered part of a page with something beside its heading.
pub(crate) fn panel_with(
    id: &'static str,
    heading: impl Into<String>,
    beside: Option<AnyView>,
    body: impl IntoAny,
) -> AnyView {
    let (heading_id, labelled) = (format!("{id}-heading"), format!("{id}-heading"));
    view! {
        <section class="panel" id=id aria-labelledby=labelled>
            <div class="panel-head"><h2 id=heading_id>{heading.into()}</h2>{beside}</div>
            {body.into_any()}
        </section>
    }
    .into_any()
}

/// A part of a page without a border: lists.
pub(crate) fn section(
    id: &'static str,
    heading: impl Into<String>,
    beside: Option<AnyView>,
    body: impl IntoAny,
) -> AnyView {
    let (heading_id, labelled) = (format!("{id}-heading"), format!("{id}-heading"));
    view! {
        <section class="section" id=id aria-labelledby=labelled>
            <div class="section-head"><h2 id=heading_id>{heading.into()}</h2>{beside}</div>
            {body.into_any()}
        </section>
    }
    .into_any()
}
