//! `/selection?sel=…`: exactly the phones of a selection.
//!
//! Owns the pages of that list. Reads no more phones than one page shows.

use carillon_contract::Href;
use carillon_contract::list::{Paging, Total};
use carillon_contract::phones::SelectedPhonesView;
use carillon_domain::Mac;
use carillon_domain::role::Permission;
use carillon_engine::inventory::Selection;
use carillon_engine::{Caller, Engine};

use crate::fields::{Fields, Query};
use crate::pages::phones::query::ListQuery;
use crate::pages::phones::rows::row_view;
use crate::pages::visit::{PageResult, Visit};
use crate::problem::Problem;

/// Phones of one page.
const ROWS: usize = 100;

/// The list of those who are in a selection, which leads back to the list of all.
pub(crate) fn list_href(sel: &str, list: &str) -> String {
    let href = Href::new("/selection").add("sel", sel);
    href.add_some("list", list).into()
}

/// `GET /selection?sel=&list=&page=`; without a selection, as after a reload, the list of phones.
pub(super) async fn show(visit: Visit, caller: Caller, Query(fields): Query) -> PageResult {
    let fields = fields.only(&["sel", "list", "page"])?;
    let Some(sel) = fields.filled("sel") else {
        return Ok(visit.see_other("/phones"));
    };
    let engine = visit.app.engine();
    let selection = engine.selection(&caller, sel).await?;
    let view = view(engine, &caller, &fields, &selection).await?;
    let html = carillon_ui::selected_phones(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn view(
    engine: &Engine,
    caller: &Caller,
    fields: &Fields,
    selection: &Selection,
) -> Result<SelectedPhonesView, Problem> {
    let (sel, list) = (fields.or_empty("sel"), fields.or_empty("list"));
    let last = selection.phones.len().div_ceil(ROWS).max(1);
    let page = fields.filled("page").and_then(|text| text.parse().ok());
    let page = page.unwrap_or(1).clamp(1, last);
    let shown: Vec<Mac> = of_page(selection, page);
    let mut phones = engine.phones_by_macs(caller, &shown).await?;
    if last == 1 {
        phones.sort_by_key(|row| row.phone.display_name().to_lowercase());
    }
    let (sites, jobs) = engine.names_beside(caller, &phones).await?;
    let there: Vec<Mac> = phones.iter().map(|row| row.phone.mac).collect();
    let rows = phones.iter();
    let may_run = caller.require(Permission::RunJobs).is_ok();
    Ok(SelectedPhonesView {
        rows: rows.map(|row| row_view(row, &sites, &jobs)).collect(),
        missing: shown
            .into_iter()
            .filter(|mac| !there.contains(mac))
            .collect(),
        paging: paging(fields, selection, (page, last)),
        back_href: ListQuery::of_here(&list, Some(&sel)).here().into(),
        run_href: may_run.then(|| Href::new("/run").add("sel", &sel).into()),
    })
}

fn paging(fields: &Fields, selection: &Selection, (page, last): (usize, usize)) -> Paging {
    let place = |page: usize| {
        let href = Href::new("/selection").add("sel", fields.or_empty("sel"));
        let href = href.add_some("list", &fields.or_empty("list"));
        String::from(href.add("page", page))
    };
    Paging {
        total: Total::exactly(i64::try_from(selection.phones.len()).unwrap_or(i64::MAX)),
        previous: (page > 1).then(|| place(page - 1)),
        next: (page < last).then(|| place(page + 1)),
    }
}

fn of_page(selection: &Selection, page: usize) -> Vec<Mac> {
    let from = selection.phones.iter().skip((page - 1) * ROWS);
    from.take(ROWS).copied().collect()
}
