//! `/actions`: the catalogue.

use axum::Json;
use carillon_contract::api::{Action, ActionModels, ActionParam, Page};
use carillon_domain::action::{self, Entry, Param};
use carillon_domain::role::Permission;
use carillon_engine::Caller;

use super::doc::{Content, Doc};
use super::paging::whole;
use crate::router::table::{Access, Table, Verb};

pub(super) fn routes() -> Table {
    Table::api().get("/api/v1/actions", Access::Needs(Permission::ViewJobs), list)
}

pub(super) const DOCS: &[Doc] = &[Doc {
    verb: Verb::Get,
    path: "/api/v1/actions",
    summary: "The catalogue of actions",
    query: &[],
    body: Content::Nothing,
    answer: (200, Content::List("Action")),
}];

/// The same for everybody who may see jobs.
async fn list(_: Caller) -> Json<Page<Action>> {
    whole(action::all().map(shown).collect())
}

fn shown(entry: &Entry) -> Action {
    Action {
        name: entry.name.to_owned(),
        title: entry.title.to_owned(),
        note: entry.note.to_owned(),
        category: entry.category.to_string(),
        class: entry.class.to_string(),
        call_control: entry.call_control,
        repeatable: entry.repeatable,
        params: entry.params.iter().map(param).collect(),
        models: ActionModels {
            lacking: owned(entry.models.lacking),
            only: owned(entry.models.only),
        },
        transports: entry.transports.to_vec(),
        verification: entry.verification.to_string(),
    }
}

fn param(param: &Param) -> ActionParam {
    ActionParam {
        name: param.name.to_owned(),
        title: param.title.to_owned(),
        hint: param.hint.to_owned(),
        kind: param.kind.to_string(),
        required: param.required,
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
