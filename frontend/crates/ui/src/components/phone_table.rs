//! The table of phones, wherever phones are listed.

use carillon_contract::Href;
use carillon_contract::list::SortLink;
use carillon_contract::phones::{LastResult, PhoneRow};
use carillon_domain::Timestamp;
use leptos::prelude::*;

use super::{
    age, dash, icon, mono, reachability_badge, readiness_badge, table, tag, target_badge, td,
    text_or_dash, th, th_hidden, th_row, th_sort, tr,
};

/// Most tags that a row shows.
const TAGS_SHOWN: usize = 2;

/// Phones as a table; with check boxes of name `mac` when they can be ticked.
pub(crate) fn phone_table(
    caption: String,
    rows: &[PhoneRow],
    sort: &[SortLink],
    selectable: bool,
) -> AnyView {
    let mut head = vec![
        th_sort(sort, "label", "Phone"),
        th_sort(sort, "extension", "Ext."),
        th_sort(sort, "model", "Model"),
        th_sort(sort, "site", "Site"),
        th_sort(sort, "address", "Address"),
        th_sort(sort, "last_seen", "State"),
        th("Readiness"),
        th_sort(sort, "firmware", "Firmware"),
        th_sort(sort, "last_result", "Last result"),
        th("Tags"),
    ];
    if selectable {
        head.insert(0, th_hidden("Select"));
    }
    let rows = rows.iter().map(|row| phone_row(row, selectable)).collect();
    table(
        if selectable {
            "phones selectable"
        } else {
            "phones"
        },
        caption,
        head,
        rows,
    )
}

fn phone_row(row: &PhoneRow, selectable: bool) -> AnyView {
    let mut cells = vec![
        th_row(name_cell(row)),
        td("Ext.", text_or_dash(&row.extension)),
        td("Model", text_or_dash(&row.model)),
        td("Site", site_cell(row)),
        td("Address", address_cell(&row.address)),
        td("State", state_cell(row)),
        td("Readiness", readiness_badge(row.ready)),
        td("Firmware", firmware_cell(&row.firmware)),
        td("Last result", last_result(row.last_result.as_ref())),
        td("Tags", tags_cell(&row.tags)),
    ];
    if selectable {
        cells.insert(0, select_cell(row));
    }
    tr(cells)
}

/// The tick of a row, named after its phone.
fn select_cell(row: &PhoneRow) -> AnyView {
    let words: Vec<&str> = [row.model.as_str(), &row.extension, &row.label]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect();
    let name = if words.is_empty() {
        row.mac.to_string()
    } else {
        words.join(" ")
    };
    let label = format!("Select {name}");
    view! {
        <td class="select">
            <label class="tick">
                <input type="checkbox" name="mac" value=row.mac.to_string() data-row="" />
                <span class="visually-hidden">{label}</span>
            </label>
        </td>
    }
    .into_any()
}

fn name_cell(row: &PhoneRow) -> AnyView {
    let href = format!("/phones/{}", row.mac);
    let lock = row.protected.then(|| {
        view! { <span class="mark" title="Protected: left out of jobs">{icon("lock")}<span class="visually-hidden">"Protected"</span></span> }
    });
    view! { <a class="row-name" href=href>{row.name()}</a>{lock} }.into_any()
}

fn site_cell(row: &PhoneRow) -> AnyView {
    match &row.site {
        Some((slug, name)) => {
            let href = Href::new("/phones").add("site", slug).to_string();
            view! { <a class="quiet" href=href>{name.clone()}</a> }.into_any()
        }
        None => dash(),
    }
}

fn address_cell(address: &str) -> AnyView {
    if address.is_empty() {
        view! { <span class="muted">"No address"</span> }.into_any()
    } else {
        mono(address)
    }
}

fn firmware_cell(firmware: &str) -> AnyView {
    if firmware.is_empty() {
        dash()
    } else {
        view! { <span class="tnum">{firmware.to_owned()}</span> }.into_any()
    }
}

fn state_cell(row: &PhoneRow) -> AnyView {
    let age = row.last_seen.map(|at: Timestamp| {
        view! { <span class="muted age">{age(at)}</span> }
    });
    view! { {reachability_badge(row.state)}{age} }.into_any()
}

/// The result of the last command, with its age and a link to its job.
pub(crate) fn last_result(result: Option<&LastResult>) -> AnyView {
    let Some(result) = result else {
        return dash();
    };
    let href = format!("/jobs/{}", result.job);
    let title = match result.cause {
        Some(cause) => format!("{}: {}", result.action, cause.title()),
        None => result.action.clone(),
    };
    view! {
        <a class="quiet" href=href title=title>{target_badge(result.state)}</a>
        <span class="muted age">{age(result.at)}</span>
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
