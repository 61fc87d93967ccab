//! Another page of the list, or the same list in another order: what is ticked goes along.
//!
//! Owns how ticks become the selection without somebody asking for it by a word. *Invariant:* it
//! leads to the list of phones and nowhere else, and writes nothing where no tick changed.

use carillon_engine::inventory::Selection;
use carillon_engine::{Caller, Engine};

use super::kept;
use super::ticks::{ticked, unticked};
use crate::fields::Fields;
use crate::pages::phones::query::ListQuery;
use crate::pages::visit::{PageResult, Visit};
use crate::problem::Problem;

/// Goes to the list of this query with everything that is ticked by now.
pub(super) async fn turn(
    visit: Visit,
    (caller, engine): (&Caller, &Engine),
    fields: &Fields,
    to: &str,
) -> PageResult {
    let sel = with_ticks(caller, engine, fields).await?;
    let list = ListQuery::of_here(to, sel.as_deref());
    let view = list.view.clone().unwrap_or_default();
    Ok(visit.see_other(&String::from(list.here().add_some("view", &view))))
}

/// The selection with the ticks of this page; `None` where nobody is in it.
///
/// # Errors
/// Only when the storage fails.
pub(in crate::pages) async fn with_ticks(
    caller: &Caller,
    engine: &Engine,
    fields: &Fields,
) -> Result<Option<String>, Problem> {
    let now = ticked(fields);
    let known = match fields.filled("sel") {
        Some(id) => kept(engine, caller, id).await?.map(|before| (id, before)),
        None => None,
    };
    let Some((id, before)) = known else {
        return begun(caller, engine, now).await;
    };
    let gone = unticked(fields);
    if !gone.is_empty() || now.phones.iter().any(|mac| !before.has(*mac)) {
        let all = before.without(&gone).and(now);
        engine.replace_selection(caller, id, &all).await?;
        return Ok((!all.phones.is_empty()).then(|| id.to_owned()));
    }
    Ok(Some(id.to_owned()))
}

async fn begun(
    caller: &Caller,
    engine: &Engine,
    now: Selection,
) -> Result<Option<String>, Problem> {
    if now.phones.is_empty() {
        return Ok(None);
    }
    Ok(Some(engine.keep_selection(caller, &now).await?))
}
