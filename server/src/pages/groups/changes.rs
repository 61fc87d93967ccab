//! `/groups/{slug}/changes`: who joined and who left, as far as records say it.

use axum::extract::Path;
use carillon_contract::Href;
use carillon_contract::groups::{GroupChangesView, MemberChange as Line, Moved, NamedPhone};
use carillon_contract::list::Total;
use carillon_engine::Caller;
use carillon_engine::inventory::{MemberChange, Moved as Phones, Why};
use carillon_language::{quoted, say};
use carillon_store::Seek;

use super::SEE;
use crate::fields::Query;
use crate::pages::visit::{PageResult, Visit};
use crate::pages::{actor_words, seek};
use crate::router::table::Table;

/// Records on a page: each names some phones.
const ROWS: i64 = 30;

pub(super) fn routes(table: Table) -> Table {
    table.get("/groups/{slug}/changes", SEE, changes)
}

async fn changes(
    mut visit: Visit,
    caller: Caller,
    Path(slug): Path<String>,
    Query(fields): Query,
) -> PageResult {
    let engine = visit.app.engine().clone();
    let group = engine.group_alone(&caller, &slug).await?;
    let at = seek::seek(&fields);
    let found = engine.member_changes(&caller, &slug, (&at, ROWS)).await;
    let first = (&Seek::Start, ROWS);
    let page = match seek::or_first(&mut visit, found)? {
        Some(page) => page,
        None => engine.member_changes(&caller, &slug, first).await?,
    };
    let here = Href::new(format!("/groups/{slug}/changes"));
    let view = GroupChangesView {
        paging: seek::paging(&page, &here, Total::default()),
        rows: page.items.into_iter().map(line).collect(),
        name: group.name,
        kind: group.kind,
        slug,
    };
    let html = carillon_ui::group_changes(&visit.frame, &view);
    Ok(visit.page(html))
}

fn line(change: MemberChange) -> Line {
    Line {
        seq: change.seq,
        at: change.at,
        actor: actor_words::shown(&change.actor),
        why: why(&change.why),
        joined: change.joined.map(moved),
        left: change.left.map(moved),
    }
}

fn moved(phones: Phones) -> Moved {
    let named = phones.phones.into_iter();
    Moved {
        count: phones.count,
        phones: named.map(|(mac, name)| NamedPhone { mac, name }).collect(),
    }
}

fn why(why: &Why) -> String {
    let (old, new) = match why {
        Why::Made => return say("The group was made.").to_owned(),
        Why::Listed => return say("The list was changed.").to_owned(),
        Why::Deleted => return say("Phones were deleted.").to_owned(),
        Why::Rule { old, new } => (old, new),
    };
    match (old.is_empty(), new.is_empty()) {
        (true, _) => say!("The group got the rule {new}.", new = quoted(new)),
        (false, true) => say!("The rule {old} was given up for a list.", old = quoted(old)),
        (false, false) => say!(
            "The rule {old} became {new}.",
            old = quoted(old),
            new = quoted(new)
        ),
    }
}
