//! `/groups` and `/groups/{slug}`: who is in which group.

use axum::extract::Path;
use carillon_contract::form::VERSION_FIELD;
use carillon_contract::groups::{DeleteView, GroupRow as Line, GroupView, GroupsView, LastJob};
use carillon_contract::list::{Link, Paging, Total};
use carillon_contract::{FormErrors, Href};
use carillon_domain::Filter;
use carillon_domain::filter::Test;
use carillon_domain::phone::{Group, GroupKind};
use carillon_domain::role::{Permission, Role};
use carillon_engine::error::EngineError;
use carillon_engine::inventory::PhoneQuery;
use carillon_engine::{Caller, Engine};
use carillon_language::{say, say_many};
use carillon_store::{Cursor, Direction, GroupRow, JobQuery, Page, PhoneRow, PhoneSort, Seek};

use super::refused::{Refusal, refusal, sentence, version};
use super::visit::{PageResult, Visit, done};
use super::{job_row, phones};
use crate::fields::{Fields, Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

mod changes;
mod form;

const SEE: Access = Access::Needs(Permission::ViewInventory);
const EDIT: Access = Access::Needs(Permission::EditTags);
const PHONES: i64 = 50;
const JOBS: i64 = 10;

/// The routes of this file.
pub fn routes(table: Table) -> Table {
    let table = table
        .get("/groups", SEE, list)
        .get("/groups/{slug}", SEE, show)
        .post("/groups/{slug}/members", EDIT, members)
        .get("/groups/{slug}/delete", EDIT, ask)
        .post("/groups/{slug}/delete", EDIT, delete);
    form::routes(changes::routes(table))
}

async fn list(visit: Visit, caller: Caller) -> PageResult {
    let engine = visit.app.engine();
    let rows = engine.groups(&caller).await?;
    let mut jobs = engine.last_group_jobs(&caller).await?;
    let line = |row: GroupRow| Line {
        reachable: row.reachable,
        contacted: row.contacted,
        last_job: jobs.remove(&row.group.slug).map(|job| LastJob {
            action: job_row::title(&job.action),
            id: job.id,
            at: job.created_at,
        }),
        slug: row.group.slug,
        name: row.group.name,
        kind: row.group.kind,
        filter: row.group.filter,
        broken: row.broken,
        phones: row.phones,
    };
    let mut view = GroupsView {
        rows: rows.into_iter().map(line).collect(),
    };
    view.rows.sort_by_key(|row| row.name.to_lowercase());
    let html = carillon_ui::groups(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn show(
    visit: Visit,
    caller: Caller,
    Path(slug): Path<String>,
    Query(fields): Query,
) -> PageResult {
    let seek = seek(&fields);
    let view = view(visit.app.engine(), &caller, &slug, seek).await?;
    let html = carillon_ui::group(&visit.frame, &view);
    Ok(visit.page(html))
}

fn seek(fields: &Fields) -> Seek {
    match (fields.filled("after"), fields.filled("before")) {
        (Some(after), _) => Seek::After(Cursor::from_text(after)),
        (None, Some(before)) => Seek::Before(Cursor::from_text(before)),
        (None, None) => Seek::Start,
    }
}

async fn view(
    engine: &Engine,
    caller: &Caller,
    slug: &str,
    seek: Seek,
) -> Result<GroupView, Problem> {
    let row = engine.group(caller, slug).await?;
    let page = match members_page(engine, caller, slug, seek).await {
        // A place that is none: the beginning is as good.
        Err(error) if phones::is_no_place(&error) => {
            members_page(engine, caller, slug, Seek::Start).await?
        }
        other => other?,
    };
    let (sites, actions) = engine.names_beside(caller, &page.items).await?;
    let query = JobQuery {
        group: Some(slug.to_owned()),
        ..JobQuery::default()
    };
    let jobs = engine.jobs(caller, &query, &Seek::Start, JOBS).await?;
    let place = |name: &str, cursor: &Cursor| {
        let href = Href::new(format!("/groups/{slug}"));
        String::from(href.add(name, cursor.as_str()))
    };
    let rows = page.items.iter();
    Ok(GroupView {
        phones: rows
            .map(|row| phones::rows::row_view(row, &sites, &actions))
            .collect(),
        paging: Paging {
            total: Total::exactly(row.phones),
            previous: page.previous.as_ref().map(|cursor| place("before", cursor)),
            next: page.next.as_ref().map(|cursor| place("after", cursor)),
        },
        jobs: jobs.items.iter().map(job_row::row_view).collect(),
        audit_href: Href::new("/audit").add("group", slug).into(),
        may_edit: may_edit(caller.role, &row.group),
        rule_in_words: rule_in_words(&row.group),
        version: row.version,
        add: String::new(),
        errors: FormErrors::default(),
        slug: row.group.slug,
        name: row.group.name,
        kind: row.group.kind,
        filter: row.group.filter,
        credential: row.group.credential,
    })
}

async fn members_page(
    engine: &Engine,
    caller: &Caller,
    slug: &str,
    seek: Seek,
) -> Result<Page<PhoneRow>, EngineError> {
    let mut filter = Filter::default();
    filter.require(Test::Group(slug.to_owned()));
    let query = PhoneQuery {
        filter: &filter,
        sort: PhoneSort::Label,
        direction: Direction::Ascending,
        seek,
        limit: PHONES,
    };
    engine.phone_page(caller, query).await
}

/// Fixed groups without a credential are open to operators.
fn may_edit(role: Role, group: &Group) -> bool {
    let plain = group.kind == GroupKind::Fixed && group.credential.is_none();
    role.may(if plain {
        Permission::EditTags
    } else {
        Permission::ManageInventory
    })
}

fn rule_in_words(group: &Group) -> String {
    let rule: Option<Filter> = group.filter.as_deref().and_then(|text| text.parse().ok());
    rule.map(|rule| sentence(&rule.in_words_of(say)))
        .unwrap_or_default()
}

async fn members(
    visit: Visit,
    caller: Caller,
    Path(slug): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&["add", "remove", VERSION_FIELD])?;
    match changed(visit.app.engine(), &caller, &slug, &fields).await {
        Ok((added, removed)) => {
            let text = say!("{added} came, {removed} went.", added, removed);
            Ok(visit.see_other_saying(&format!("/groups/{slug}"), &done(text)))
        }
        Err(error) => {
            let refused = refusal(error)?;
            let mut view = view(visit.app.engine(), &caller, &slug, Seek::Start).await?;
            view.add = fields.or_empty("add");
            view.errors = refused.errors;
            let html = carillon_ui::group(&visit.frame, &view);
            Ok(visit.html(refused.status, html))
        }
    }
}

async fn changed(
    engine: &Engine,
    caller: &Caller,
    slug: &str,
    fields: &Fields,
) -> Result<(u64, u64), EngineError> {
    let add = engine
        .named_phones(caller, "add", &names(fields.text("add")))
        .await?;
    let remove = engine
        .named_phones(caller, "remove", &names(fields.text("remove")))
        .await?;
    engine
        .change_members(caller, slug, &add, &remove, version(fields))
        .await
}

/// MACs or extensions, one a line or with commas between them.
fn names(text: Option<&str>) -> Vec<String> {
    let parts = text.unwrap_or_default().split(['\n', '\r', ',', ';']);
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

async fn ask(visit: Visit, caller: Caller, Path(slug): Path<String>) -> PageResult {
    let row = visit.app.engine().group(&caller, &slug).await?;
    let html = carillon_ui::delete(&visit.frame, &question(&row, None));
    Ok(visit.page(html))
}

fn question(row: &GroupRow, refused: Option<String>) -> DeleteView {
    let slug = &row.group.slug;
    let mut consequences = vec![say_many!(
        row.phones,
        "Its {count} phone stays in the inventory; it only leaves this group.",
        "Its {count} phones stay in the inventory; they only leave this group."
    )];
    if let Some(credential) = &row.group.credential {
        consequences.push(say!(
            "They no longer get the credential {credential} from it.",
            credential
        ));
    }
    DeleteView {
        what: say!("group {name}", name = row.group.name),
        consequences,
        refused,
        action: format!("/groups/{slug}/delete"),
        version: row.version,
        back: Link::new(&row.group.name, format!("/groups/{slug}")),
        confirm: None,
    }
}

async fn delete(
    visit: Visit,
    caller: Caller,
    Path(slug): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&[VERSION_FIELD])?;
    let engine = visit.app.engine();
    let row = engine.group(&caller, &slug).await?;
    match engine.delete_group(&caller, &slug, version(&fields)).await {
        Ok(()) => {
            let text = say!("The group {name} was deleted.", name = row.group.name);
            Ok(visit.see_other_saying("/groups", &done(text)))
        }
        Err(error) => {
            let refused = refusal(error)?;
            let why = first_message(&refused);
            let html = carillon_ui::delete(&visit.frame, &question(&row, why));
            Ok(visit.html(refused.status, html))
        }
    }
}

/// What was said first.
pub fn first_message(refused: &Refusal) -> Option<String> {
    refused.errors.0.first().map(|error| error.message.clone())
}
