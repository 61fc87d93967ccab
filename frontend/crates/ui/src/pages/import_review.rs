//! `/phones/import/{id}`: exactly what an import would do.

use carillon_contract::import::{
    ImportChange, ImportError, ImportReviewView, ImportRow, ImportTab, NewSite,
};
use carillon_contract::list::Tab;
use carillon_contract::{FrameView, Href};
use carillon_domain::phone::TransportSecurity;
use carillon_language::{retell, say, say_many, text};
use leptos::prelude::*;

use crate::components::{
    ago, error_summary, fieldset, hidden, icon, link_button, mono, note, paging, post,
    primary_link, radio, said_with, submit_as, table, tabs, td, th, th_num, th_row,
};
use crate::shell::Page;
use crate::words;

mod notes;

use notes::{IGNORED, renamed, warnings};

/// Step 2.
pub(super) fn import_review(frame: &FrameView, view: &ImportReviewView) -> String {
    Page::new(say("Review the import")).write(frame, |page| {
        page.up("/phones/import", say("Import phones"));
        if !view.ignored.is_empty() || view.error_rows > 0 {
            let href = Href::new("/phones/import").add("kept", &view.id);
            page.action(link_button(href, "edit", say("Correct the first line")));
        }
        page.lede(view! {
            <span>{view.file_name.clone()}</span>
            <span class="muted">" · "{said_with(
                say("nothing is written yet · this review ends {when}"),
                vec![("when", ago(view.expires_at))],
            )}</span>
        });
        view! {
            {error_summary(&view.form_errors)}
            {warnings(view)}
            {renamed(&view.renamed)}
            {tiles(view)}
            {apply(view)}
            {tabs(say("Parts of the file"), &parts(view))}
            {part(view)}
        }
        .into_any()
    })
}

fn address(view: &ImportReviewView, tab: ImportTab) -> String {
    Href::new(format!("/phones/import/{}", view.id))
        .add("tab", tab.as_str())
        .to_string()
}

fn tab_word(tab: ImportTab) -> &'static str {
    match tab {
        ImportTab::Errors => say("Errors"),
        ImportTab::Create => say("New"),
        ImportTab::Update => say("Changed"),
        ImportTab::Unchanged => say("Unchanged"),
    }
}

fn tab_count(view: &ImportReviewView, tab: ImportTab) -> i64 {
    match tab {
        ImportTab::Errors => view.error_rows,
        ImportTab::Create => view.create,
        ImportTab::Update => view.update,
        ImportTab::Unchanged => view.unchanged,
    }
}

fn parts(view: &ImportReviewView) -> Vec<Tab> {
    ImportTab::ALL
        .iter()
        .map(|tab| Tab {
            text: tab_word(*tab).to_owned(),
            href: address(view, *tab),
            count: Some(tab_count(view, *tab)),
            current: *tab == view.tab,
        })
        .collect()
}

fn tiles(view: &ImportReviewView) -> AnyView {
    let tiles: Vec<AnyView> = [
        (
            ImportTab::Create,
            "verified",
            "plus",
            say("phones that are not there yet"),
        ),
        (
            ImportTab::Update,
            "acknowledged",
            "edit",
            say("phones with other values"),
        ),
        (
            ImportTab::Unchanged,
            "waiting",
            "check",
            say("phones that stay as they are"),
        ),
        (
            ImportTab::Errors,
            "failed",
            "failed",
            say("rows that cannot be taken"),
        ),
    ]
    .into_iter()
    .map(|(tab, meaning, symbol, note)| {
        let count = tab_count(view, tab);
        let zero = if count == 0 { " is-zero" } else { "" };
        let class = format!("tile is-{meaning}{zero}");
        view! {
            <li class=class>
                <a href=address(view, tab)>
                    <span class="tile-word">{icon(symbol)}<span>{tab_word(tab)}</span></span>
                    <span class="tile-number">{words::number(count)}</span>
                    <span class="tile-note muted">{note}</span>
                </a>
            </li>
        }
        .into_any()
    })
    .collect();
    view! { <ul class="tiles">{tiles}{ignored_tile(view)}</ul> }.into_any()
}

fn ignored_tile(view: &ImportReviewView) -> Option<AnyView> {
    let many = i64::try_from(view.ignored.len()).unwrap_or(i64::MAX);
    (many > 0).then(|| {
        view! {
            <li class="tile is-unknown">
                <a href=format!("#{IGNORED}")>
                    <span class="tile-word">{icon("warning")}<span>{say("Ignored columns")}</span></span>
                    <span class="tile-number">{words::number(many)}</span>
                    <span class="tile-note muted">{say("nothing of them is imported")}</span>
                </a>
            </li>
        }
        .into_any()
    })
}

fn apply(view: &ImportReviewView) -> AnyView {
    let changes = view.create + view.update;
    if changes + view.unchanged + view.error_rows == 0 {
        return note(
            "warning",
            "warning",
            say("This file names its columns and no phone: there is no row below the first line."),
        );
    }
    if changes == 0 && view.error_rows == 0 {
        return note(
            "good",
            "verified",
            say("Everything in this file is stored already. There is nothing to do."),
        );
    }
    let sites: Vec<AnyView> = view
        .new_sites
        .iter()
        .map(|site| new_site(site, view))
        .collect();
    let sites = (!sites.is_empty()).then(|| {
        view! {
            <div class="new-sites">
                <h2>{say("New sites")}</h2>
                <p class="muted">{say("They are made with the import. Say how their phones are reached.")}</p>
                {sites}
            </div>
        }
    });
    post(
        format!("/phones/import/{}", view.id),
        "stack apply",
        view! {
            {hidden("digest", view.digest.clone())}
            {sites}
            <div class="form-end">{apply_buttons(view, changes)}</div>
        },
    )
}

fn apply_buttons(view: &ImportReviewView, changes: i64) -> AnyView {
    if view.error_rows == 0 {
        return submit_as(
            "primary",
            "check",
            say_many!(changes, "Import {count} row", "Import {count} rows"),
            "valid_rows_only",
            "false",
        );
    }
    let csv = format!("/phones/import/{}/errors.csv", view.id);
    let take = (changes > 0).then(|| {
        submit_as(
            "",
            "check",
            say_many!(
                changes,
                "Import only the {count} row without errors",
                "Import only the {count} rows without errors"
            ),
            "valid_rows_only",
            "true",
        )
    });
    let why = say_many!(
        view.error_rows,
        "{count} row cannot be taken. Mend the file and upload it again, or leave it out.",
        "{count} rows cannot be taken. Mend the file and upload it again, or leave them out."
    );
    view! {
        {primary_link(csv, "download", say("Download the rows with mistakes"))}
        {take}
        <p class="muted form-end-note">{why}" "{say(WITHOUT_PASSWORDS)}</p>
    }
    .into_any()
}

/// What the file of mistakes does not have.
pub(super) const WITHOUT_PASSWORDS: &str = text!(
    "The file to download has the rows with mistakes only, and no passwords: type those again before you upload it."
);

fn new_site(site: &NewSite, view: &ImportReviewView) -> AnyView {
    let field = format!("security.{}", site.slug);
    let choices: Vec<AnyView> = TransportSecurity::ALL
        .iter()
        .filter(|mode| **mode != TransportSecurity::PrivateCa)
        .map(|mode| {
            let label = view! {
                {words::security(*mode)}<span class="hint">{words::security_meaning(*mode)}</span>
            };
            radio(field.clone(), mode.as_str(), label, *mode == site.security)
        })
        .collect();
    let legend = format!("{} ({})", site.name, words::phones(site.phones));
    fieldset(
        &field,
        legend,
        None,
        &view.form_errors,
        view! { <div class="stack tight">{choices}</div> },
    )
}

fn part(view: &ImportReviewView) -> AnyView {
    match view.tab {
        ImportTab::Errors => errors(view),
        tab => rows(view, tab),
    }
}

fn errors(view: &ImportReviewView) -> AnyView {
    if view.errors.is_empty() {
        return view! { <p class="quiet-line">{icon("verified")}" "{say("No row has an error.")}</p> }
            .into_any();
    }
    let more = view.paging.next.as_ref().map(|_| {
        view! { <p class="muted">{say("The download has all errors in one file.")}</p> }
    });
    let rows = view.errors.iter().map(error_row).collect();
    view! {
        {more}
        {table(
            "import-errors",
            say("Rows that cannot be taken"),
            vec![th_num(say("Line")), th(say("Column")), th(say("Value")), th(say("Problem")), th(say("What would be right"))],
            rows,
        )}
        {paging(&view.paging, view.errors.len(), say("Previous"), say("Next"))}
    }
    .into_any()
}

fn error_row(error: &ImportError) -> AnyView {
    let value = if error.value.is_empty() {
        view! { <span class="muted">{say("blank")}</span> }.into_any()
    } else {
        mono(error.value.clone())
    };
    view! {
        <tr>
            <th scope="row" class="num">{error.line.to_string()}</th>
            {td(say("Column"), view! { <span class="mono nowrap">{error.column.clone()}</span> }.into_any())}
            {td(say("Value"), value)}
            {td(say("Problem"), retell(&error.problem).into_owned())}
            {td(say("What would be right"), retell(&error.fix).into_owned())}
        </tr>
    }
    .into_any()
}

fn rows(view: &ImportReviewView, tab: ImportTab) -> AnyView {
    if view.rows.is_empty() {
        return view! { <p class="muted quiet-line">{say("No rows here.")}</p> }.into_any();
    }
    let heading = if tab == ImportTab::Update {
        say("Old → new")
    } else {
        say("Values")
    };
    let rows = view
        .rows
        .iter()
        .map(|row| import_row(row, heading))
        .collect();
    view! {
        {table(
            "import-rows",
            tab_word(tab),
            vec![th_num(say("Line")), th("MAC"), th(say("Phone")), th(heading)],
            rows,
        )}
        {paging(&view.paging, view.rows.len(), say("Previous"), say("Next"))}
    }
    .into_any()
}

fn import_row(row: &ImportRow, heading: &'static str) -> AnyView {
    let changes: Vec<AnyView> = row.changes.iter().map(change).collect();
    view! {
        <tr>
            <td class="num" data-label=say("Line")>{row.line.to_string()}</td>
            {th_row(mono(row.mac.clone()))}
            {td(say("Phone"), row.name.clone())}
            {td(heading, view! { <span class="changes">{changes}</span> })}
        </tr>
    }
    .into_any()
}

fn change(change: &ImportChange) -> AnyView {
    let old = change.old.as_ref().map(|old| {
        let old = if old.is_empty() {
            view! { <span class="muted">{say("blank")}</span> }.into_any()
        } else {
            view! { <del>{old.clone()}</del> }.into_any()
        };
        view! { {old}<span aria-hidden="true">" → "</span><span class="visually-hidden">" "{say("becomes")}" "</span> }
    });
    let new = if change.new.is_empty() {
        view! { <span class="muted">{say("blank")}</span> }.into_any()
    } else {
        view! { <ins>{change.new.clone()}</ins> }.into_any()
    };
    view! { <span class="change"><span class="muted">{format!("{} ", change.column)}</span>{old}{new}</span> }
        .into_any()
}
