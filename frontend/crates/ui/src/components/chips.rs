//! Active filters, each with the way to be rid of it.

use carillon_contract::list::Chip;
use carillon_language::say;
use leptos::prelude::*;

use super::icon;

/// The chips of a list, and "clear all" when there are several.
pub(crate) fn chips(chips: &[Chip], clear_href: &str) -> Option<AnyView> {
    if chips.is_empty() {
        return None;
    }
    let items: Vec<AnyView> = chips.iter().map(chip).collect();
    let clear = (chips.len() > 1).then(|| {
        let href = clear_href.to_owned();
        view! { <li><a class="chip-clear" href=href>{say("Clear all")}</a></li> }
    });
    Some(
        view! { <ul class="chips" aria-label=say("Active filters")>{items}{clear}</ul> }.into_any(),
    )
}

fn chip(chip: &Chip) -> AnyView {
    let label = say!("Remove filter {text}", text = chip.text);
    view! {
        <li>
            <a class="chip" href=chip.remove_href.clone() aria-label=label>
                <span>{chip.text.clone()}</span>
                {icon("close")}
            </a>
        </li>
    }
    .into_any()
}
