//! `/phones/import`: upload, review, result.

use carillon_contract::FrameView;
use carillon_contract::import::ImportView;
use leptos::prelude::*;

use crate::components::{
    Field, error_summary, icon, mono, post_file, submit, table, td, th, th_row, tr,
};
use crate::shell::Page;
use crate::words;

/// Step 1.
pub fn import(frame: &FrameView, view: &ImportView) -> String {
    Page::new("Import phones").narrow().write(frame, |page| {
        page.up("/phones", "Phones");
        page.lede("Nothing is written before you have seen what would change.");
        let limits = format!(
            "CSV in UTF-8, comma or semicolon, up to {} rows and {} MB.",
            words::number(i64::try_from(view.max_rows).unwrap_or(i64::MAX)),
            view.max_bytes / 1_000_000
        );
        let form = post_file(
            "/phones/import",
            "stack form",
            view! {
                <div class="field">
                    <label for="f-file">"File"</label>
                    <p class="hint" id="f-file-hint">{limits}</p>
                    <input class="input file" id="f-file" type="file" name="file" accept=".csv,text/csv,text/plain" aria-describedby="f-file-hint" />
                </div>
                {Field::lines("text", "or paste it here", "8").value(&view.text).errors(&view.errors).placeholder("mac,label,extension,site,address").view()}
                <div class="form-end">
                    {submit("primary", "next", "Review")}
                    <a class="button" href="/phones">"Cancel"</a>
                </div>
            },
        );
        view! { {error_summary(&view.errors)}{form}{columns()} }.into_any()
    })
}

const COLUMNS: [(&str, &str); 15] = [
    ("mac", "Required. Identifies the phone, in any notation."),
    ("label", "What people call it."),
    ("extension", "As text: leading zeros stay."),
    ("model", "T46S"),
    ("address", "IP address."),
    ("port", "Where it is not 80 or 443."),
    ("scheme", "http or https; blank = as the site says."),
    (
        "site",
        "Name or slug. A new one is shown before it is made.",
    ),
    ("tags", "Separated by semicolons."),
    ("sip_uri", "2041@pbx.example"),
    ("credential", "Name of a stored one."),
    ("username", "Of a credential for this phone alone."),
    ("password", "With username. Never shown again."),
    ("protected", "yes or no."),
    ("notes", "Free text."),
];

fn columns() -> AnyView {
    let rows = COLUMNS
        .iter()
        .map(|(name, meaning)| tr(vec![th_row(mono(*name)), td("Meaning", *meaning)]))
        .collect();
    view! {
        <details class="aside">
            <summary>{icon("open")}<span>"Columns"</span></summary>
            <p class="muted">"In any order. A column that is left out keeps what is stored; a blank cell clears it, but never a password."</p>
            {table("columns", "Columns of a phone list", vec![th("Column"), th("Meaning")], rows)}
        </details>
    }
    .into_any()
}
