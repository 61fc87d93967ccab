//! `/groups/new` and `/groups/{slug}/edit`, with a look at what a rule would change.
//!
//! The look is a page of its own address: nothing is changed, so it is a `GET` again.

use axum::extract::Path;
use carillon_contract::form::VERSION_FIELD;
use carillon_contract::groups::{GroupForm, GroupFormView, NamedPhone, RuleEffect};
use carillon_contract::{FormErrors, Href};
use carillon_domain::Mac;
use carillon_domain::phone::{Group, GroupKind};
use carillon_domain::role::Permission;
use carillon_engine::error::EngineError;
use carillon_engine::inventory::{GroupInput, RuleEffect as Effect};
use carillon_engine::{Caller, Engine};
use carillon_language::say;
use carillon_store::{AuditQuery, GroupRow};

use super::{EDIT, names};
use crate::fields::{Fields, Form, Query};
use crate::pages::meanwhile;
use crate::pages::phone_form::credential_choices;
use crate::pages::refused::{Refusal, refusal, version};
use crate::pages::visit::{PageResult, Visit, done};
use crate::problem::Problem;
use crate::router::table::Table;

const FIELDS: [&str; 9] = [
    "name",
    "slug",
    "kind",
    "filter",
    "members",
    "credential",
    "do",
    SHOWN,
    VERSION_FIELD,
];
const PREVIEW: &str = "preview";
/// The rule whose effect stood on the page that a form comes from.
const SHOWN: &str = "shown";

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/groups/new", EDIT, new)
        .post("/groups/new", EDIT, create)
        .get("/groups/{slug}/edit", EDIT, edit)
        .post("/groups/{slug}/edit", EDIT, update)
}

async fn new(visit: Visit, caller: Caller, Query(fields): Query) -> PageResult {
    let mut form = typed(&fields);
    if form.kind.is_empty() {
        form.kind = GroupKind::Fixed.to_string();
    }
    let view = view(visit.app.engine(), &caller, None, form).await?;
    shown(visit, &caller, &fields, view).await
}

async fn edit(
    visit: Visit,
    caller: Caller,
    Path(slug): Path<String>,
    Query(fields): Query,
) -> PageResult {
    let row = visit.app.engine().group(&caller, &slug).await?;
    let looks = fields.text("do") == Some(PREVIEW);
    let form = if looks {
        typed(&fields)
    } else {
        stored(&row.group)
    };
    let mut view = view(visit.app.engine(), &caller, Some(&row), form).await?;
    if looks && let Some(started) = version(&fields) {
        view.version = started;
    }
    shown(visit, &caller, &fields, view).await
}

/// The form, with the effect of its rule where that was asked for.
async fn shown(
    visit: Visit,
    caller: &Caller,
    fields: &Fields,
    mut view: GroupFormView,
) -> PageResult {
    if fields.text("do") != Some(PREVIEW) {
        let html = carillon_ui::group_form(&visit.frame, &view);
        return Ok(visit.page(html));
    }
    let slug = view.slug.clone();
    let effect = visit
        .app
        .engine()
        .preview_rule(caller, slug.as_deref(), &view.form.filter)
        .await;
    match effect {
        Ok(effect) => {
            view.effect = Some(effect_view(effect));
            let html = carillon_ui::group_form(&visit.frame, &view);
            Ok(visit.page(html))
        }
        Err(error) => {
            let refused = refusal(error)?;
            view.errors = refused.errors;
            let html = carillon_ui::group_form(&visit.frame, &view);
            Ok(visit.html(refused.status, html))
        }
    }
}

fn effect_view(effect: Effect) -> RuleEffect {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let named = |phones: Vec<(Mac, String)>| {
        let phones = phones.into_iter();
        phones.map(|(mac, name)| NamedPhone { mac, name }).collect()
    };
    RuleEffect {
        after: count(effect.after),
        joining: count(effect.joining),
        leaving: count(effect.leaving),
        joining_examples: named(effect.joining_examples),
        leaving_examples: named(effect.leaving_examples),
    }
}

async fn create(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&FIELDS)?;
    let form = typed(&fields);
    if fields.text("do") == Some(PREVIEW) {
        return Ok(visit.see_other(&look("/groups/new", &form, &fields)));
    }
    let engine = visit.app.engine();
    let created = match members(engine, &caller, &form).await {
        Ok(members) => match input(&form, members) {
            Ok(input) => engine.create_group(&caller, &input).await.map_err(refusal),
            Err(refused) => Err(Ok(refused)),
        },
        Err(error) => Err(refusal(error)),
    };
    match created {
        Ok(row) => {
            let text = say!("The group {name} was added.", name = row.group.name);
            let to = format!("/groups/{}", row.group.slug);
            Ok(visit.see_other_saying(&to, &done(text)))
        }
        Err(refused) => again(visit, &caller, None, form, refused?).await,
    }
}

/// The phones that a new fixed group begins with.
async fn members(
    engine: &Engine,
    caller: &Caller,
    form: &GroupForm,
) -> Result<Option<Vec<Mac>>, EngineError> {
    if form.kind == GroupKind::Rule.as_str() {
        return Ok(None);
    }
    let names = names(Some(&form.members));
    engine
        .named_phones(caller, "members", &names)
        .await
        .map(Some)
}

async fn update(
    visit: Visit,
    caller: Caller,
    Path(slug): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&FIELDS)?;
    let form = typed(&fields);
    let engine = visit.app.engine();
    let before = engine.group(&caller, &slug).await?.group;
    if fields.text("do") == Some(PREVIEW) || is_news(&form, &before, fields.text(SHOWN)) {
        let to = look(&format!("/groups/{slug}/edit"), &form, &fields);
        return Ok(visit.see_other(&to));
    }
    let changed = match input(&form, None) {
        Ok(input) => engine
            .update_group(&caller, &slug, &input, version(&fields))
            .await
            .map_err(refusal),
        Err(refused) => Err(Ok(refused)),
    };
    match changed {
        Ok(row) => {
            let text = say!("The group {name} was saved.", name = row.group.name);
            Ok(visit.see_other_saying(&format!("/groups/{slug}"), &done(text)))
        }
        Err(refused) => {
            let mut refused = refused?;
            let query = AuditQuery {
                group: Some(slug.clone()),
                actions: vec!["group.changed".to_owned()],
                ..AuditQuery::default()
            };
            meanwhile::tell(engine, &caller, &mut refused, query).await?;
            let row = engine.group(&caller, &slug).await?;
            again(visit, &caller, Some(&row), form, refused).await
        }
    }
}

/// Whether the form brings a rule whose effect nobody has looked at yet: who comes and who goes
/// is shown before it is saved.
fn is_news(form: &GroupForm, before: &Group, shown: Option<&str>) -> bool {
    let rule = form.filter.trim();
    let is_rule = form.kind == GroupKind::Rule.as_str();
    let same = before.kind == GroupKind::Rule && before.filter.as_deref() == Some(rule);
    is_rule && !same && shown.map(str::trim) != Some(rule)
}

async fn again(
    visit: Visit,
    caller: &Caller,
    row: Option<&GroupRow>,
    form: GroupForm,
    refused: Refusal,
) -> PageResult {
    let mut view = view(visit.app.engine(), caller, row, form).await?;
    view.errors = refused.errors;
    let html = carillon_ui::group_form(&visit.frame, &view);
    Ok(visit.html(refused.status, html))
}

/// The address of the form with everything that was typed, and the effect of its rule.
fn look(path: &str, form: &GroupForm, fields: &Fields) -> String {
    let href = Href::new(path)
        .add("do", PREVIEW)
        .add("kind", &form.kind)
        .add_some("name", &form.name)
        .add_some("slug", &form.slug)
        .add_some("filter", &form.filter)
        .add_some("credential", &form.credential)
        .add_some(
            VERSION_FIELD,
            fields.text(VERSION_FIELD).unwrap_or_default(),
        );
    format!("{href}#effect")
}

async fn view(
    engine: &Engine,
    caller: &Caller,
    row: Option<&GroupRow>,
    mut form: GroupForm,
) -> Result<GroupFormView, Problem> {
    let may_manage = caller.role.may(Permission::ManageInventory);
    let credentials = if may_manage {
        credential_choices(engine, caller, &form.credential).await?
    } else {
        Vec::new()
    };
    if let Some(row) = row {
        form.slug.clone_from(&row.group.slug);
    }
    Ok(GroupFormView {
        slug: row.map(|row| row.group.slug.clone()),
        version: row.map_or(0, |row| row.version),
        form,
        effect: None,
        credentials,
        may_manage,
        errors: FormErrors::default(),
    })
}

fn stored(group: &Group) -> GroupForm {
    GroupForm {
        name: group.name.clone(),
        slug: group.slug.clone(),
        kind: group.kind.to_string(),
        filter: group.filter.clone().unwrap_or_default(),
        members: String::new(),
        credential: group.credential.clone().unwrap_or_default(),
    }
}

fn typed(fields: &Fields) -> GroupForm {
    GroupForm {
        name: fields.or_empty("name"),
        slug: fields.or_empty("slug"),
        kind: fields.or_empty("kind"),
        filter: fields.or_empty("filter"),
        members: fields.or_empty("members"),
        credential: fields.or_empty("credential"),
    }
}

fn input(form: &GroupForm, members: Option<Vec<Mac>>) -> Result<GroupInput, Refusal> {
    let Ok(kind) = form.kind.parse() else {
        return Err(Refusal::field(
            "kind",
            "invalid",
            say("Choose who is in the group."),
        ));
    };
    Ok(GroupInput {
        slug: form.slug.clone(),
        name: form.name.clone(),
        kind,
        filter: form.filter.clone(),
        members,
        credential: Some(form.credential.clone()),
    })
}
