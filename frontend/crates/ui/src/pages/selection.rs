//! `/selection`: exactly the phones of a selection.

use carillon_contract::FrameView;
use carillon_contract::phones::{PhoneColumn, SelectedPhonesView};
use carillon_language::{say, say_many};
use leptos::prelude::*;

use crate::components::{note, paging, phone_table, primary_link};
use crate::shell::Page;

/// `/selection`.
pub(super) fn selected_phones(frame: &FrameView, view: &SelectedPhonesView) -> String {
    let title = say_many!(
        view.paging.total.count,
        "Selection of {count} phone",
        "Selection of {count} phones"
    );
    Page::new(title.clone()).write(frame, |page| {
        page.up(&view.back_href, say("Phones"));
        page.lede(say(
            "To take one out, untick it in the list of phones and press “Add to selection”.",
        ));
        if let Some(href) = &view.run_href {
            page.action(primary_link(href.clone(), "run", say("Run a command")));
        }
        let columns = [&[PhoneColumn::Mac], PhoneColumn::USUAL].concat();
        let rows = &view.rows;
        view! {
            {missing(view)}
            {(!rows.is_empty()).then(|| phone_table(title, rows, &[], &columns, None))}
            {paging(&view.paging, rows.len(), say("Previous"), say("Next"))}
        }
        .into_any()
    })
}

/// Phones that left the inventory since.
fn missing(view: &SelectedPhonesView) -> Option<AnyView> {
    let macs: Vec<String> = view.missing.iter().map(ToString::to_string).collect();
    (!macs.is_empty()).then(|| {
        let text = say!(
            "No longer in the inventory: {phones}.",
            phones = macs.join(", ")
        );
        note("warning", "warning", text)
    })
}
