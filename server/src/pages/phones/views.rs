//! Lists that somebody keeps under a name: `/phones?view=…`.
//!
//! Owns how a kept list becomes an address again. What else stands in the address is added.

use carillon_contract::phones::SavedViewLink;
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_store::PhoneChoices;

use super::query::{ListQuery, pairs_of_view};
use crate::fields::{Fields, Form};
use crate::pages::refused::refusal;
use crate::pages::visit::{PageResult, Visit, done};
use crate::router::table::{Access, Table};
use carillon_language::say;

const SEE: Access = Access::Needs(Permission::ViewInventory);

pub(super) fn routes(table: Table) -> Table {
    table
        .post("/phones/views", SEE, keep)
        .post("/phones/views/delete", SEE, delete)
}

/// The list that an address asks for, with the view that it names.
pub(super) fn opened(choices: &PhoneChoices, fields: &Fields) -> ListQuery {
    let Some(slug) = fields.filled("view") else {
        return ListQuery::of(fields);
    };
    let Some(view) = choices.views.iter().find(|view| view.slug == slug) else {
        let mut query = ListQuery::of(fields);
        query.unknown.push(format!("view={slug}"));
        query.view = None;
        return query;
    };
    let mut pairs = pairs_of_view(&view.query);
    pairs.extend_from_slice(fields.pairs());
    ListQuery::of(&Fields::from_pairs(pairs))
}

/// The kept lists of this person, as links.
pub(super) fn links(choices: &PhoneChoices, current: Option<&str>) -> Vec<SavedViewLink> {
    let views = choices.views.iter();
    views
        .map(|view| SavedViewLink {
            href: format!("/phones?view={slug}", slug = view.slug),
            current: current == Some(view.slug.as_str()),
            slug: view.slug.clone(),
            name: view.name.clone(),
        })
        .collect()
}

async fn keep(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["name", "query"])?;
    let query = ListQuery::of(&Fields::from_pairs(pairs_of_view(
        &fields.or_empty("query"),
    )));
    let query = query.liking(visit.columns.as_deref());
    let engine = visit.app.engine();
    let kept = engine
        .save_view(&caller, &fields.or_empty("name"), &query.view_query())
        .await;
    match kept {
        Ok(view) => {
            let text = say!("This list is kept as {name}.", name = view.name);
            let to = format!("/phones?view={}", view.slug);
            Ok(visit.see_other_saying(&to, &done(text)))
        }
        Err(error) => {
            let refused = refusal(error)?;
            let mut view = super::view(engine, &caller, query).await?;
            view.errors = refused.errors;
            let html = carillon_ui::phones(&visit.frame, &view);
            Ok(visit.html(refused.status, html))
        }
    }
}

async fn delete(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["slug"])?;
    let slug = fields.or_empty("slug");
    visit.app.engine().delete_view(&caller, &slug).await?;
    Ok(visit.see_other_saying("/phones", &done(say("The view was deleted."))))
}
