//! `/groups`: fixed ones and rules.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use carillon_contract::api::{Group, GroupInput, Page, Phone};
use carillon_domain::filter::{Filter, Term, Test};
use carillon_domain::phone::GroupKind;
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_engine::inventory::{GroupInput as Input, PhoneQuery};
use carillon_store::{Direction, GroupRow, PhoneSort};
use http::StatusCode;
use http::header::LOCATION;

use super::doc::{Content, Doc};
use super::json;
use super::paging::{Paging, number, page, whole};
use super::phones;
use crate::app::App;
use crate::fields::Query;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

const VIEW: Access = Access::Needs(Permission::ViewInventory);
/// Fixed groups; rules need more, which the engine asks for.
const EDIT: Access = Access::Needs(Permission::EditTags);

pub(super) fn routes() -> Table {
    Table::api()
        .get("/api/v1/groups", VIEW, list)
        .post("/api/v1/groups", EDIT, create)
        .get("/api/v1/groups/{slug}", VIEW, one)
        .on(Verb::Put, "/api/v1/groups/{slug}", EDIT, replace)
        .on(Verb::Delete, "/api/v1/groups/{slug}", EDIT, delete)
        .get("/api/v1/groups/{slug}/phones", VIEW, members)
}

pub(super) const DOCS: &[Doc] = &[
    Doc {
        verb: Verb::Get,
        path: "/api/v1/groups",
        summary: "Groups",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::List("Group")),
    },
    Doc {
        verb: Verb::Post,
        path: "/api/v1/groups",
        summary: "Make a group",
        query: &[],
        body: Content::Json("GroupInput"),
        answer: (201, Content::Json("Group")),
    },
    Doc {
        verb: Verb::Get,
        path: "/api/v1/groups/{slug}",
        summary: "One group; a fixed one with its members",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::Json("Group")),
    },
    Doc {
        verb: Verb::Put,
        path: "/api/v1/groups/{slug}",
        summary: "Replace a group; without `members` a fixed one keeps them",
        query: &[],
        body: Content::Json("GroupInput"),
        answer: (200, Content::Json("Group")),
    },
    Doc {
        verb: Verb::Delete,
        path: "/api/v1/groups/{slug}",
        summary: "Delete a group; its phones stay",
        query: &["version"],
        body: Content::Nothing,
        answer: (204, Content::Nothing),
    },
    Doc {
        verb: Verb::Get,
        path: "/api/v1/groups/{slug}/phones",
        summary: "The phones that are in a group now",
        query: &["limit", "after"],
        body: Content::Nothing,
        answer: (200, Content::Page("Phone")),
    },
];

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Page<Group>>, Problem> {
    let rows = app.engine().groups(&caller).await?;
    Ok(whole(rows.into_iter().map(shown).collect()))
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
) -> Result<Json<Group>, Problem> {
    let row = app.engine().group(&caller, &slug).await?;
    Ok(Json(with_members(&app, &caller, row).await?))
}

async fn with_members(app: &App, caller: &Caller, row: GroupRow) -> Result<Group, Problem> {
    let mut group = shown(row);
    if group.kind == GroupKind::Fixed {
        group.members = Some(app.engine().fixed_members(caller, &group.slug).await?);
    }
    Ok(group)
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    json::Json(given): json::Json<GroupInput>,
) -> Result<Response, Problem> {
    let input = input(&app, &caller, given).await?;
    let row = app.engine().create_group(&caller, &input).await?;
    let group = with_members(&app, &caller, row).await?;
    let at = format!("/api/v1/groups/{}", group.slug);
    Ok((StatusCode::CREATED, [(LOCATION, at)], Json(group)).into_response())
}

async fn replace(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    json::Json(given): json::Json<GroupInput>,
) -> Result<Json<Group>, Problem> {
    if given.slug.as_ref().is_some_and(|other| *other != slug) {
        return Err(Problem::field(
            "slug",
            "fixed",
            "The slug of a group never changes.",
        ));
    }
    let version = given.version;
    let input = input(&app, &caller, given).await?;
    let row = app
        .engine()
        .update_group(&caller, &slug, &input, version)
        .await?;
    Ok(Json(with_members(&app, &caller, row).await?))
}

async fn input(app: &App, caller: &Caller, given: GroupInput) -> Result<Input, Problem> {
    let members = match given.members {
        Some(names) => Some(app.engine().named_phones(caller, "members", &names).await?),
        None => None,
    };
    Ok(Input {
        slug: given.slug.unwrap_or_default(),
        name: given.name,
        kind: given.kind,
        filter: given.filter.unwrap_or_default(),
        members,
        credential: given.credential,
    })
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    Query(query): Query,
) -> Result<StatusCode, Problem> {
    let version = number(&query.only(&["version"])?, "version")?;
    app.engine().delete_group(&caller, &slug, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn members(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    Query(query): Query,
) -> Result<Json<Page<Phone>>, Problem> {
    let paging = Paging::of(&query.only(&["limit", "after"])?)?;
    // An unknown group is not an empty one.
    app.engine().group(&caller, &slug).await?;
    let filter = Filter {
        terms: vec![Term {
            negated: false,
            any_of: vec![Test::Group(slug)],
        }],
    };
    let query = PhoneQuery {
        filter: &filter,
        sort: PhoneSort::Label,
        direction: Direction::Ascending,
        seek: paging.seek(),
        limit: paging.limit,
    };
    let rows = app.engine().phone_page(&caller, query).await?;
    Ok(page(rows, phones::shown))
}

fn shown(row: GroupRow) -> Group {
    let GroupRow {
        group,
        phones,
        version,
        ..
    } = row;
    Group {
        slug: group.slug,
        name: group.name,
        kind: group.kind,
        filter: group.filter,
        members: None,
        credential: group.credential,
        count: phones,
        version,
    }
}
