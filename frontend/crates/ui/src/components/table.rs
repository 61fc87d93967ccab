//! Tables: a caption, real headings, and a way to read them on a narrow screen.
//!
//! On a narrow screen each row becomes a card, and each cell says its heading itself.

use carillon_contract::list::{Direction, SortLink};
use carillon_language::say;
use leptos::prelude::*;

use super::icon;
use super::paging::query_of;

/// A table. `name` is its class, with `wraps` where what is long goes on in a second line; `caption` says
/// what it lists.
pub(crate) fn table(
    name: &'static str,
    caption: impl Into<String>,
    head: Vec<AnyView>,
    rows: Vec<AnyView>,
) -> AnyView {
    let class = format!("table {name}");
    let caption = caption.into();
    let label = say!("{caption}, table", caption);
    view! {
        <div class="table-wrap" role="region" tabindex="0" aria-label=label>
            <table class=class>
                <caption class="visually-hidden">{caption}</caption>
                <thead><tr>{head}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A heading of a column.
pub(crate) fn th(text: &'static str) -> AnyView {
    view! { <th scope="col">{text}</th> }.into_any()
}

/// A heading of a column of numbers.
pub(crate) fn th_num(text: &'static str) -> AnyView {
    view! { <th scope="col" class="num">{text}</th> }.into_any()
}

/// A heading that nobody needs to see: of check boxes, of buttons.
pub(crate) fn th_hidden(text: &'static str) -> AnyView {
    view! { <th scope="col"><span class="visually-hidden">{text}</span></th> }.into_any()
}

/// A heading by which the list can be sorted.
/// In the form of ticks it sends them along.
pub(crate) fn th_sort(
    links: &[SortLink],
    (key, ticks): (&str, bool),
    text: &'static str,
) -> AnyView {
    let Some(link) = links.iter().find(|link| link.key == key) else {
        return th(text);
    };
    let (sorted, symbol) = match link.current {
        Some(Direction::Ascending) => (Some("ascending"), "up"),
        Some(Direction::Descending) => (Some("descending"), "down"),
        None => (None, "sort"),
    };
    let words = view! { <span>{text}</span>{icon(symbol)} };
    let way = if ticks {
        let to = query_of(&link.href);
        view! { <button class="sort" name="go" value=to>{words}</button> }.into_any()
    } else {
        view! { <a class="sort" href=link.href.clone()>{words}</a> }.into_any()
    };
    view! { <th scope="col" aria-sort=sorted>{way}</th> }.into_any()
}

/// A cell. `label` is the heading of its column, for narrow screens.
pub(crate) fn td(label: &'static str, content: impl IntoAny) -> AnyView {
    view! { <td data-label=label>{content.into_any()}</td> }.into_any()
}

/// A cell that would say nothing without its heading: told on narrow screens, too.
pub(crate) fn td_named(label: &'static str, content: impl IntoAny) -> AnyView {
    view! { <td class="named" data-label=label>{content.into_any()}</td> }.into_any()
}

/// A cell with a number.
pub(crate) fn td_num(label: &'static str, content: impl IntoAny) -> AnyView {
    view! { <td class="num" data-label=label>{content.into_any()}</td> }.into_any()
}

/// The cell that names its row.
pub(crate) fn th_row(content: impl IntoAny) -> AnyView {
    view! { <th scope="row">{content.into_any()}</th> }.into_any()
}

/// A row.
pub(crate) fn tr(cells: Vec<AnyView>) -> AnyView {
    view! { <tr>{cells}</tr> }.into_any()
}
