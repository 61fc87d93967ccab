//! The table of phones, wherever phones are listed.

use carillon_contract::Href;
use carillon_contract::list::SortLink;
use carillon_contract::phones::{LastResult, OwnCredential, PhoneColumn, PhoneRow};
use carillon_domain::Mac;
use carillon_language::say;
use leptos::prelude::*;

use super::{
    age, dash, drawn_and_read, instant, mono, protected_mark, reachability_badge, readiness_badge,
    restarting_badge, table, tag, target_badge, td, td_named, text_or_dash, th, th_hidden, th_row,
    th_sort, tr,
};
use crate::words;

/// Most tags that a row shows.
const TAGS_SHOWN: usize = 2;

/// Phones as a table with these columns; with check boxes of name `mac` when they can be ticked,
/// of which some may be.
pub(crate) fn phone_table(
    caption: String,
    rows: &[PhoneRow],
    sort: &[SortLink],
    columns: &[PhoneColumn],
    ticked: Option<&[Mac]>,
) -> AnyView {
    let selectable = ticked.is_some();
    let sorts = |key: &str, word: &'static str| th_sort(sort, (key, selectable), word);
    let mut head = vec![sorts("label", say("Phone"))];
    head.extend(columns.iter().map(|column| heading(*column, sorts)));
    if selectable {
        head.insert(0, th_hidden(say("Select")));
    }
    let rows = rows
        .iter()
        .map(|row| phone_row(row, columns, ticked))
        .collect();
    table(class(selectable, head.len()), caption, head, rows)
}

/// From so many columns on, the table scrolls by itself.
const MANY: usize = 11;
/// From so many on it does not fold what it says.
const WIDEST: usize = 12;

/// The width is told by class: a rule that counts headings has the browser look at all rows anew
/// when a heading changes.
fn class(selectable: bool, columns: usize) -> &'static str {
    match (selectable, columns) {
        (true, WIDEST..) => "phones selectable many widest",
        (true, MANY..) => "phones selectable many",
        (true, _) => "phones selectable",
        (false, WIDEST..) => "phones many widest",
        (false, MANY..) => "phones many",
        (false, _) => "phones",
    }
}

fn heading(column: PhoneColumn, sorts: impl Fn(&str, &'static str) -> AnyView) -> AnyView {
    let word = words::phone_column(column);
    match column {
        PhoneColumn::Extension => sorts("extension", word),
        PhoneColumn::Model => sorts("model", word),
        PhoneColumn::Site => sorts("site", word),
        PhoneColumn::Address => sorts("address", word),
        PhoneColumn::State | PhoneColumn::Seen => sorts("last_seen", word),
        PhoneColumn::Firmware => sorts("firmware", word),
        PhoneColumn::Mac => sorts("mac", word),
        _ => th(word),
    }
}

fn phone_row(row: &PhoneRow, columns: &[PhoneColumn], ticked: Option<&[Mac]>) -> AnyView {
    let mut cells = vec![th_row(name_cell(row))];
    cells.extend(columns.iter().map(|column| {
        let content = cell(*column, row, ticked.is_none());
        let heading = words::phone_column(*column);
        if needs_its_name(*column) {
            td_named(heading, content)
        } else {
            td(heading, content)
        }
    }));
    if let Some(ticked) = ticked {
        cells.insert(0, select_cell(row, ticked.contains(&row.mac)));
    }
    tr(cells)
}

/// Whether nobody knows what stands in a card without the name of its column.
const fn needs_its_name(column: PhoneColumn) -> bool {
    matches!(
        column,
        PhoneColumn::Firmware
            | PhoneColumn::Result
            | PhoneColumn::Groups
            | PhoneColumn::Account
            | PhoneColumn::Seen
            | PhoneColumn::Credential
            | PhoneColumn::Notes
    )
}

fn cell(column: PhoneColumn, row: &PhoneRow, site_leads: bool) -> AnyView {
    match column {
        PhoneColumn::Extension => text_or_dash(&row.extension),
        PhoneColumn::Model => text_or_dash(&row.model),
        PhoneColumn::Site => site_cell(row, site_leads),
        PhoneColumn::Address => address_cell(&row.address),
        PhoneColumn::State => state_cell(row),
        PhoneColumn::Ready => readiness_badge(row.ready),
        PhoneColumn::Firmware => firmware_cell(&row.firmware),
        PhoneColumn::Result => last_result(row.last_result.as_ref()),
        PhoneColumn::Tags => tags_cell(&row.tags),
        PhoneColumn::Mac => mono(row.mac.to_string()),
        PhoneColumn::Groups => tags_cell(&row.groups),
        PhoneColumn::Account => text_or_dash(&row.account),
        PhoneColumn::Seen => row.last_seen.map_or_else(dash, instant),
        PhoneColumn::Credential => credential_cell(row.credential.as_ref()),
        PhoneColumn::Protected => {
            if row.protected {
                protected_mark()
            } else {
                dash()
            }
        }
        PhoneColumn::Notes => clipped(&row.notes),
    }
}

fn credential_cell(credential: Option<&OwnCredential>) -> AnyView {
    match credential {
        Some(OwnCredential::Named(name)) => name.clone().into_any(),
        Some(OwnCredential::Alone) => say("Its own").into_any(),
        None => view! { <span class="muted">{say("As its group or site")}</span> }.into_any(),
    }
}

fn clipped(text: &str) -> AnyView {
    if text.is_empty() {
        return dash();
    }
    view! { <span class="clip" title=text.to_owned()>{text.to_owned()}</span> }.into_any()
}

/// The tick of a row, named after its phone.
fn select_cell(row: &PhoneRow, ticked: bool) -> AnyView {
    let words: Vec<&str> = [row.model.as_str(), &row.extension, &row.label]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect();
    let name = if words.is_empty() {
        row.mac.to_string()
    } else {
        words.join(" ")
    };
    let label = say!("Select {name}", name);
    view! {
        <td class="select">
            <label class="tick">
                <input type="checkbox" name="mac" value=row.mac.to_string() data-row="" checked=ticked aria-label=label />
            </label>
        </td>
    }
    .into_any()
}

fn name_cell(row: &PhoneRow) -> AnyView {
    let href = format!("/phones/{}", row.mac);
    let lock = row.protected.then(|| {
        view! { <span class="mark" title=say("Protected: left out of jobs")>{drawn_and_read("muted", "lock", say("Protected"))}</span> }
    });
    view! { <a class="row-name" href=href>{row.name()}</a>{lock} }.into_any()
}

/// Where a row has a tick, the site is no link: with a keyboard each one is a stop on the way to
/// what is done with the ticked phones.
fn site_cell(row: &PhoneRow, leads: bool) -> AnyView {
    match &row.site {
        // Long ones go on in a second line, as names of phones do.
        Some((_, name)) if !leads => {
            view! { <span class="row-site">{name.clone()}</span> }.into_any()
        }
        Some((slug, name)) => {
            let href = Href::new("/phones").add("site", slug).to_string();
            view! { <a class="quiet row-site" href=href>{name.clone()}</a> }.into_any()
        }
        None => dash(),
    }
}

fn address_cell(address: &str) -> AnyView {
    if address.is_empty() {
        view! { <span class="muted">{say("No address")}</span> }.into_any()
    } else {
        mono(address)
    }
}

fn firmware_cell(firmware: &str) -> AnyView {
    if firmware.is_empty() {
        dash()
    } else {
        firmware.to_owned().into_any()
    }
}

fn state_cell(row: &PhoneRow) -> AnyView {
    if let Some(job) = &row.restarting {
        return restarting_badge(job);
    }
    view! { {reachability_badge(row.state)}{row.last_seen.map(age)} }.into_any()
}

/// The result of the last command, with its age and a link to its job.
pub(crate) fn last_result(result: Option<&LastResult>) -> AnyView {
    let Some(result) = result else {
        return dash();
    };
    let href = format!("/jobs/{}", result.job);
    let title = match result.cause {
        Some(cause) => format!("{}: {}", result.action, words::cause_title(cause)),
        None => result.action.clone(),
    };
    view! {
        <a class="quiet" href=href title=title>{target_badge(result.state)}</a>
        {age(result.at)}
    }
    .into_any()
}

fn tags_cell(tags: &[String]) -> AnyView {
    if tags.is_empty() {
        return dash();
    }
    let shown: Vec<AnyView> = tags.iter().take(TAGS_SHOWN).map(tag).collect();
    let more = tags.len().saturating_sub(TAGS_SHOWN);
    let more = (more > 0).then(|| {
        let all = tags.join(", ");
        view! { <span class="muted" title=all>{format!("+{more}")}</span> }
    });
    view! { <span class="tags">{shown}{more}</span> }.into_any()
}
