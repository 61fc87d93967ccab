//! Lines to copy.

use carillon_language::say;
use leptos::prelude::*;

use super::symbol;

/// Lines of text with a button that copies them. The button appears only where scripts run.
pub(crate) fn snippet(label: impl Into<String>, lines: impl Into<String>) -> AnyView {
    lines_to_copy(label.into(), lines.into()).into_any()
}

/// The same for islands.
pub(crate) fn lines_to_copy(label: String, lines: String) -> impl IntoView + use<> {
    let copy = say!("Copy: {label}", label);
    view! {
        <figure class="snippet">
            <figcaption>{label}</figcaption>
            <pre tabindex="0"><code data-copy="">{lines}</code></pre>
            <button class="button small copy" type="button" data-copy-button="" data-copied=say("Copied") data-refused=say("Not allowed") hidden=true aria-label=copy>
                {symbol("copy")}<span>{say("Copy")}</span>
            </button>
        </figure>
    }
}
