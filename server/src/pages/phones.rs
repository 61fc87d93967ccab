//! `/phones`: the list, and the same list as a file.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use carillon_contract::FormErrors;
use carillon_contract::form::Choice;
use carillon_contract::list::{Paging, Total, sort_links};
use carillon_contract::phones::{BulkAction, PhoneColumn, PhoneRow, PhonesView, SelectionView};
use carillon_domain::Filter;
use carillon_domain::filter::FilterError;
use carillon_domain::phone::GroupKind;
use carillon_domain::role::{Permission, Role};
use carillon_engine::error::EngineError;
use carillon_engine::inventory::{PhoneExport, PhoneQuery};
use carillon_engine::{Caller, Engine};
use carillon_language::{retell, say};
use carillon_store::{ListedPhones, PhoneChoices, PhoneSort};
use futures_util::stream::{self, Stream};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::refused::sentence;
use super::selection;
use super::visit::{PageResult, Visit};
use crate::cookies::Cookie;
use crate::fields::{Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

mod at_site;
mod meant;
pub mod query;
pub mod rows;
mod views;

use query::ListQuery;
use rows::SiteNames;

/// The routes of this file.
pub fn routes(table: Table) -> Table {
    views::routes(table)
        .get("/phones", Access::Needs(Permission::ViewInventory), show)
        .post(
            "/phones/columns",
            Access::Needs(Permission::ViewInventory),
            keep_columns,
        )
        .get_export(
            "/phones/export",
            Access::Needs(Permission::ViewInventory),
            export,
        )
}

async fn show(visit: Visit, caller: Caller, Query(fields): Query) -> PageResult {
    let engine = visit.app.engine();
    let choices = engine.phone_choices(&caller).await?;
    let query = views::opened(&choices, &fields).liking(visit.columns.as_deref());
    let view = view_of(engine, &caller, query, &choices).await?;
    let html = carillon_ui::phones(&visit.frame, &view);
    Ok(visit.page(html))
}

/// A year.
const COLUMNS_KEPT: u32 = 365 * 24 * 60 * 60;

/// `POST /phones/columns`: this browser shows these columns, in this order, from now on. What is ticked
/// by now goes along. Where one was moved, the address has their order and the choice stays open.
async fn keep_columns(mut visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let mut query = ListQuery::of(&fields);
    query.sel = selection::with_ticks(&caller, visit.app.engine(), &fields).await?;
    query.move_column();
    let moved = query.moved.map(|_| query.moved_href());
    match query.keep_columns() {
        Some(columns) => visit.keep_cookie(Cookie::Columns, &columns, COLUMNS_KEPT),
        None => visit.remove_cookie(Cookie::Columns),
    }
    let to = moved.unwrap_or_else(|| query.here().into());
    Ok(visit.see_other(&to))
}

/// The list as an address asks for it.
///
/// # Errors
/// Only when the storage fails.
pub async fn view(
    engine: &Engine,
    caller: &Caller,
    query: ListQuery,
) -> Result<PhonesView, Problem> {
    let choices = engine.phone_choices(caller).await?;
    view_of(engine, caller, query, &choices).await
}

async fn view_of(
    engine: &Engine,
    caller: &Caller,
    mut query: ListQuery,
    choices: &PhoneChoices,
) -> Result<PhonesView, Problem> {
    let typed = query.q.clone();
    let found = match query.filter() {
        Ok(filter) => Ok(found_or_at_site(engine, caller, (&mut query, filter), choices).await?),
        Err(error) => Err(mistake(&error)),
    };
    let mut view = PhonesView {
        typed_q: Some(typed).filter(|typed| *typed != query.q),
        q: query.q.clone(),
        unknown_parameters: query.unknown.clone(),
        meant: found
            .as_ref()
            .map_or_else(|_| Vec::new(), |found| meant::places(&found.asked, choices)),
        chips: query.chips(choices),
        clear_href: query.clear_href(),
        facets: query.facets(choices),
        inventory: choices.inventory,
        sort: sort_links(
            &query.href().without("sort"),
            query.sort_in_effect(),
            &sort_keys(),
        ),
        sort_value: query.sort.clone(),
        columns: query.columns().to_vec(),
        moved: query.moved,
        kept_by_filter: query.kept_by_filter(),
        kept_by_columns: query.kept_by_columns(),
        views: views::links(choices, query.view.as_deref()),
        view_query: query.view_query(),
        here_query: query.here_query(),
        bulk: bulk(caller.role),
        fixed_groups: fixed_groups(choices),
        errors: FormErrors::default(),
        ..PhonesView::default()
    };
    match found {
        Ok(found) => found.put(&mut view, &query, choices),
        Err(error) => view.filter_error = Some(error),
    }
    view.selection = selection_view(engine, caller, &query, &view.rows).await?;
    let ticked = view.selection.as_ref().map(|all| all.on_page.clone());
    view.typed.ticked = ticked.unwrap_or_default();
    Ok(view)
}

/// What is wrong with a filter, and what would be understood. Where no part of it is at fault by
/// name, its place tells.
pub(super) fn mistake(error: &FilterError) -> String {
    let problem = retell(&error.problem);
    let known = error.known.join(", ");
    match (error.field.as_str(), known.as_str()) {
        ("", _) => sentence(&say!(
            "{error}, at character {position}.",
            error = problem,
            position = error.position + 1
        )),
        (field, "") => format!("{field}: {problem}."),
        (field, _) => say!(
            "{field}: {problem} (known: {known}).",
            field,
            problem,
            known
        ),
    }
}

/// The phones of one page and what belongs to them.
struct Found {
    /// As it was asked for, before any of its words was taken for a site.
    asked: Filter,
    filter: Filter,
    listed: ListedPhones,
}

async fn found(
    engine: &Engine,
    caller: &Caller,
    query: &mut ListQuery,
    filter: Filter,
) -> Result<Found, Problem> {
    let listed = match listed(engine, caller, query, &filter).await {
        Err(error) if is_no_place(&error) => {
            query.begin_again();
            listed(engine, caller, query, &filter).await?
        }
        other => other?,
    };
    Ok(Found {
        asked: filter.clone(),
        filter,
        listed,
    })
}

/// The phones; where there are none, those of the first reading of its words that finds any. The
/// query is then that reading.
async fn found_or_at_site(
    engine: &Engine,
    caller: &Caller,
    (query, filter): (&mut ListQuery, Filter),
    choices: &PhoneChoices,
) -> Result<Found, Problem> {
    let none = found(engine, caller, query, filter).await?;
    if none.listed.set.count > 0 {
        return Ok(none);
    }
    let typed: Filter = query.q.parse().unwrap_or_default();
    for reading in at_site::readings(&typed, choices) {
        let mut other = query.clone();
        other.q = reading.to_string();
        let Ok(filter) = other.filter() else { continue };
        let found = found(engine, caller, &mut other, filter).await?;
        if found.listed.set.count > 0 {
            *query = other;
            return Ok(Found {
                asked: none.asked,
                ..found
            });
        }
    }
    Ok(none)
}

/// Whether a list was asked for a place that it does not have.
pub fn is_no_place(error: &EngineError) -> bool {
    match error {
        EngineError::Invalid(errors) => errors.iter().any(|error| error.field == "after"),
        _ => false,
    }
}

async fn listed(
    engine: &Engine,
    caller: &Caller,
    query: &ListQuery,
    filter: &Filter,
) -> Result<ListedPhones, EngineError> {
    let (sort, direction) = query.order();
    let wanted = PhoneQuery {
        filter,
        sort,
        direction,
        seek: query.seek(),
        limit: query.limit(),
    };
    let with_groups = query.columns().contains(&PhoneColumn::Groups);
    engine.listed_phones(caller, wanted, with_groups).await
}

impl Found {
    fn put(mut self, view: &mut PhonesView, query: &ListQuery, choices: &PhoneChoices) {
        let sites = site_names(choices);
        let listed = &mut self.listed;
        let rows = listed.page.items.iter();
        view.rows = rows
            .map(|row| PhoneRow {
                groups: listed.groups.remove(&row.phone.mac).unwrap_or_default(),
                ..rows::row_view(row, &sites, &listed.jobs)
            })
            .collect();
        view.digest.clone_from(&listed.set.digest);
        view.filter = self.filter.to_string();
        let place = |name: &str, cursor: &str| String::from(query.href().add(name, cursor));
        view.paging = Paging {
            total: Total::exactly(listed.set.count),
            previous: listed
                .page
                .previous
                .as_ref()
                .map(|cursor| place("before", cursor.as_str())),
            next: listed
                .page
                .next
                .as_ref()
                .map(|cursor| place("after", cursor.as_str())),
        };
        let export = carillon_contract::Href::new("/phones/export");
        view.export_href = Some(export.add_some("filter", &view.filter).into());
    }
}

/// The names of all sites.
pub fn site_names(choices: &PhoneChoices) -> SiteNames {
    let names = choices
        .sites
        .iter()
        .map(|site| (site.value.clone(), site.label.clone()));
    names.collect()
}

fn sort_keys() -> Vec<&'static str> {
    PhoneSort::ALL.iter().map(|sort| sort.as_str()).collect()
}

fn bulk(role: Role) -> Vec<BulkAction> {
    let all = [
        (BulkAction::Run, Permission::RunJobs),
        (BulkAction::Check, Permission::RunJobs),
        (BulkAction::Collect, Permission::EditTags),
        (BulkAction::Tag, Permission::EditTags),
        (BulkAction::Untag, Permission::EditTags),
        (BulkAction::AddToGroup, Permission::EditTags),
        (BulkAction::Edit, Permission::ManageInventory),
        (BulkAction::Delete, Permission::ManageInventory),
    ];
    let allowed = all
        .into_iter()
        .filter(|(_, permission)| role.may(*permission));
    allowed.map(|(action, _)| action).collect()
}

fn fixed_groups(choices: &PhoneChoices) -> Vec<Choice> {
    let fixed = choices
        .groups
        .iter()
        .filter(|(_, kind)| *kind == GroupKind::Fixed);
    fixed
        .map(|(group, _)| Choice::new(&group.value, &group.label, false))
        .collect()
}

/// A selection that is over is as if it had not been there.
async fn selection_view(
    engine: &Engine,
    caller: &Caller,
    query: &ListQuery,
    rows: &[PhoneRow],
) -> Result<Option<SelectionView>, Problem> {
    let Some(id) = &query.sel else {
        return Ok(None);
    };
    let macs = rows.iter().map(|row| row.mac);
    match engine.selection(caller, id).await {
        Ok(selection) => Ok(Some(SelectionView {
            id: id.clone(),
            count: i64::try_from(selection.phones.len()).unwrap_or(i64::MAX),
            on_page: macs.filter(|mac| selection.has(*mac)).collect(),
            list_href: selection::list_href(id, &query.here_query()),
            clear_href: query.without_selection(),
        })),
        Err(EngineError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn export(visit: Visit, caller: Caller, Query(fields): Query) -> PageResult {
    let fields = fields.only(&["filter"])?;
    let filter: Filter = fields.text("filter").unwrap_or_default().parse().map_err(
        |error: carillon_domain::filter::FilterError| {
            Problem::field("filter", "invalid", error.to_string())
        },
    )?;
    let export = visit.app.engine().export_phones(&caller, &filter).await?;
    Ok(csv("phones.csv", Body::from_stream(pieces(export))))
}

fn pieces(export: PhoneExport) -> impl Stream<Item = Result<String, Problem>> {
    stream::try_unfold(export, |mut export| async move {
        let piece = export.next().await?;
        Ok(piece.map(|piece| (piece, export)))
    })
}

/// A file to save.
pub fn csv(name: &str, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    let file = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    if let Ok(file) = file {
        headers.insert(CONTENT_DISPOSITION, file);
    }
    response
}
