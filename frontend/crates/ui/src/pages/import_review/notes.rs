//! What is to be known of a file before its rows: columns that are left out or renamed, shared addresses.

use carillon_contract::import::{IgnoredColumn, ImportReviewView, RenamedColumn};
use carillon_language::{quoted, say, say_many};
use leptos::prelude::*;

use crate::components::{mono, note};
use crate::words;

/// Where is said which are ignored.
pub(super) const IGNORED: &str = "ignored";

/// What somebody might miss or regret later, in one box before anything else.
pub(super) fn warnings(view: &ImportReviewView) -> Option<AnyView> {
    let parts = [ignored(&view.ignored), shared(view)];
    let parts: Vec<AnyView> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| note("warning", "warning", parts))
}

fn ignored(columns: &[IgnoredColumn]) -> Option<AnyView> {
    let many = i64::try_from(columns.len()).unwrap_or(i64::MAX);
    let named: Vec<String> = columns.iter().map(named).collect();
    let text = say_many!(
        many,
        "{count} column is ignored, nothing of it is imported: {columns}.",
        "{count} columns are ignored, nothing of them is imported: {columns}.",
        columns = named.join(", ")
    );
    let all = say("If you need them, correct the first line: name them there as Carillon does.");
    (many > 0).then(|| view! { <div id=IGNORED><p>{text}</p><p>{all}</p></div> }.into_any())
}

/// What was taken under another name: a wrong guess is seen before anything is written.
pub(super) fn renamed(columns: &[RenamedColumn]) -> Option<AnyView> {
    let many = i64::try_from(columns.len()).unwrap_or(i64::MAX);
    let named = columns.iter().map(|one| {
        let (name, column) = (quoted(&one.name), one.column.as_str());
        say!("{name} as {column}", name, column)
    });
    let named: Vec<String> = named.collect();
    let text = say_many!(
        many,
        "{count} column is taken under its other name: {columns}.",
        "{count} columns are taken under their other names: {columns}.",
        columns = named.join(", ")
    );
    (many > 0).then(|| note("neutral", "info", text))
}

/// Addresses move, so that this is only told.
fn shared(view: &ImportReviewView) -> Option<AnyView> {
    let text = say_many!(
        view.shared_total,
        "{count} address is given to more than one phone. It can be imported; see whether it is right.",
        "{count} addresses are given to more than one phone. They can be imported; see whether they are right."
    );
    let lines = view.shared.iter().map(|one| {
        let names = words::names(&one.names, one.total);
        view! { <li>{mono(one.place.clone())}" "{names}</li> }.into_any()
    });
    let lines: Vec<AnyView> = lines.collect();
    let shown = i64::try_from(view.shared.len()).unwrap_or(i64::MAX);
    let more = view.shared_total - shown;
    let more = (more > 0).then(|| {
        let text = say!("{count} more", count = words::number(more));
        view! { <li>{text}</li> }
    });
    (view.shared_total > 0)
        .then(|| view! { <p>{text}</p><ul class="plain-list">{lines}{more}</ul> }.into_any())
}

fn named(column: &IgnoredColumn) -> String {
    if column.name.is_empty() {
        let number = words::number(column.place);
        return say!("column {number}, which has no name", number);
    }
    let name = quoted(&column.name);
    match (&column.meant, &column.beside) {
        (_, Some(other)) => say!("{name} (the column {other} is taken instead)", name, other),
        (Some(known), None) => say!("{name} (did you mean {known}?)", name, known),
        (None, None) => name,
    }
}
