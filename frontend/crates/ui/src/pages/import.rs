//! `/phones/import`: upload, review, result.

use carillon_contract::FrameView;
use carillon_contract::import::{FirstLine, ImportView, KeptFile, RecentImport};
use carillon_language::{decimal, say, text};
use leptos::prelude::*;

use crate::components::{
    Field, ago, error_summary, hidden, icon, mono, note, panel, post_file, submit, table, td, th,
    th_row, tr,
};
use crate::shell::Page;
use crate::words;

/// Step 1.
pub(super) fn import(frame: &FrameView, view: &ImportView) -> String {
    Page::new(say("Import phones")).narrow().write(frame, |page| {
        page.up("/phones", say("Phones"));
        page.lede(say("Nothing is written before you have seen what would change."));
        let limits = say!(
            "CSV in UTF-8 with commas, semicolons or tabs, up to {rows} rows and {size} MB.",
            rows = words::number(i64::try_from(view.max_rows).unwrap_or(i64::MAX)),
            size = view.max_bytes / 1_000_000
        );
        let file_label = match view.kept {
            Some(_) => say("Another file"),
            None => say("File"),
        };
        let form = post_file(
            "/phones/import",
            "stack form",
            view! {
                {view.kept.as_ref().map(|file| kept(file, view))}
                <div class="field">
                    <label for="f-file">{file_label}</label>
                    <p class="hint" id="f-file-hint">{limits}</p>
                    <input class="input file" id="f-file" type="file" name="file" accept=".csv,text/csv,text/plain" aria-describedby="f-file-hint" />
                </div>
                {Field::lines("text", say("or paste it here"), "8").value(&view.text).errors(&view.errors).placeholder("mac,label,extension,site,address").view()}
                <div class="form-end">
                    {submit("primary", "next", say("Review"))}
                    <a class="button" href="/phones">{say("Cancel")}</a>
                </div>
            },
        );
        view! { {error_summary(&view.errors)}{form}{recent(&view.recent)}{columns()} }.into_any()
    })
}

const COLUMNS: [(&str, &str); 15] = [
    (
        "mac",
        text!("Required. Identifies the phone, in any notation."),
    ),
    ("label", text!("What people call it.")),
    ("extension", text!("As text: leading zeros stay.")),
    ("model", "T46S"),
    ("address", text!("IP address.")),
    ("port", text!("Where it is not 80 or 443.")),
    ("scheme", text!("http or https; blank = as the site says.")),
    (
        "site",
        text!("Name or short name. A new one is shown before it is made."),
    ),
    ("tags", text!("Separated by semicolons.")),
    ("sip_uri", "2041@pbx.example"),
    ("credential", text!("Name of a stored one.")),
    ("username", text!("Of a credential for this phone alone.")),
    ("password", text!("With username. Never shown again.")),
    ("protected", text!("yes or no.")),
    ("notes", text!("Free text.")),
];

/// What was given before: it is there, and its first line can be mended.
fn kept(file: &KeptFile, view: &ImportView) -> AnyView {
    let text = say!(
        "{name} ({size}) is here: it need not be chosen again.",
        name = file.file_name,
        size = size(file.bytes)
    );
    let line = file.first_line.as_ref().map(|line| first_line(line, view));
    view! { {hidden("kept", file.id.clone())}{note("neutral", "info", text)}{line} }.into_any()
}

fn first_line(line: &FirstLine, view: &ImportView) -> AnyView {
    let hint = if line.is_phone {
        say(
            "The first line of this file is a phone already. Type here what its cells are, in their order; it is put above.",
        )
    } else {
        say(
            "It names the columns, and what stands between the names stands between all cells. The other lines stay as they are.",
        )
    };
    Field::text("first_line", say("First line of the file"))
        .value(&line.text)
        .hint(hint)
        .errors(&view.errors)
        .view()
}

/// `812 B`, `1.4 MB`.
fn size(bytes: u64) -> String {
    let so_many = |of: u64| {
        let tenths = u32::try_from(bytes / (of / 10)).unwrap_or(u32::MAX);
        decimal(f64::from(tenths) / 10.0)
    };
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", so_many(1_000)),
        _ => format!("{} MB", so_many(1_000_000)),
    }
}

/// The way back to what was imported, while it can be taken back.
fn recent(imports: &[RecentImport]) -> Option<AnyView> {
    if imports.is_empty() {
        return None;
    }
    let line = |one: &RecentImport| {
        let text = say!(
            "{created} phones were added, {updated} changed.",
            created = words::number(one.created),
            updated = words::number(one.updated)
        );
        view! { <li><a href=one.href.clone()>{one.file_name.clone()}</a>" "{text}" "{ago(one.at)}</li> }.into_any()
    };
    let lines: Vec<AnyView> = imports.iter().map(line).collect();
    Some(panel(
        "recent",
        say("Imported within the last day"),
        view! {
            <p class="muted">{say("Each can be taken back from its page for a day.")}</p>
            <ul class="plain-list">{lines}</ul>
        },
    ))
}

fn columns() -> AnyView {
    let rows = COLUMNS
        .iter()
        .map(|(name, meaning)| tr(vec![th_row(mono(*name)), td(say("Meaning"), say(meaning))]))
        .collect();
    view! {
        <details class="aside">
            <summary>{icon("open")}<span>{say("Columns")}</span></summary>
            <p class="muted">{say("In any order. A column that is left out keeps what is stored; a blank cell clears it, but never a password.")}" "{say("Common other names, such as MAC address, name, ext or IP, are taken too; the review says which.")}</p>
            {table("columns", say("Columns of a phone list"), vec![th(say("Column")), th(say("Meaning"))], rows)}
        </details>
    }
    .into_any()
}
