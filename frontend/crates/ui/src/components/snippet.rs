//! Lines to copy.

use carillon_language::say;
use leptos::prelude::*;

use super::icon;

/// Lines of text with a button that copies them. The button appears only where scripts run.
pub(crate) fn snippet(label: impl Into<String>, lines: impl Into<String>) -> AnyView {
    let (label, lines) = (label.into(), lines.into());
    let copy = say!("Copy: {label}", label);
    view! {
        <figure class="snippet">
            <figcaption>{label}</figcaption>
            <pre tabindex="0"><code data-copy="">{lines}</code></pre>
            <button class="button small copy" type="button" data-copy-button="" data-copied=say("Copied") data-refused=say("Not allowed") hidden=true aria-label=copy>
                {icon("copy")}<span>{say("Copy")}</span>
            </button>
        </figure>
    }
    .into_any()
}
