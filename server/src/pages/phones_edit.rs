//! `/phones/edit`: a selection of phones is changed in the same way.

use std::collections::{BTreeMap, HashSet};

use carillon_contract::FormErrors;
use carillon_contract::form::Choice;
use carillon_contract::phones::{BulkEditForm, BulkEditView, KEEP};
use carillon_domain::Mac;
use carillon_domain::phone_list::Column;
use carillon_domain::role::Permission;
use carillon_engine::inventory::{BulkEdited, PhoneEdit, Selection};
use carillon_engine::{Caller, Engine};

use super::phone::gone;
use super::phone_form::credential_choices;
use super::phones::query::ListQuery;
use super::refused::{Refusal, refusal};
use super::visit::{PageResult, Visit, done};
use crate::fields::{Fields, Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};
use carillon_language::{say, say_many};

const MANAGE: Access = Access::Needs(Permission::ManageInventory);
/// Names that are shown of the phones.
const EXAMPLES: usize = 10;
const FIELDS: [&str; 10] = [
    "sel",
    "list",
    "count",
    "site",
    "credential",
    "protected",
    "scheme",
    "url_form",
    "model",
    "notes",
];

/// The routes of this file.
pub fn routes(table: Table) -> Table {
    table
        .get("/phones/edit", MANAGE, ask)
        .post("/phones/edit", MANAGE, change)
}

async fn ask(visit: Visit, caller: Caller, Query(fields): Query) -> PageResult {
    let fields = fields.only(&["sel", "list"])?;
    let view = view(
        visit.app.engine(),
        &caller,
        &fields,
        BulkEditForm::default(),
    )
    .await?;
    let html = carillon_ui::edit_phones(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn view(
    engine: &Engine,
    caller: &Caller,
    fields: &Fields,
    form: BulkEditForm,
) -> Result<BulkEditView, Problem> {
    let sel = fields.or_empty("sel");
    let selection = engine.selection(caller, &sel).await?;
    let back_href = list_before(fields, &selection, None);
    let phones = selection.phones;
    let there = engine.phones_by_macs(caller, &phones).await?;
    let some = there.iter().take(EXAMPLES);
    Ok(BulkEditView {
        sel,
        list: fields.or_empty("list"),
        count: phones.len() as i64,
        examples: some.map(|row| row.phone.distinct_name()).collect(),
        missing: (phones.len() - there.len()) as i64,
        sites: sites(engine, caller, &form.site).await?,
        credentials: credentials(engine, caller, &form.credential).await?,
        form,
        back_href,
        errors: FormErrors::default(),
    })
}

/// The list that a selection was made in; else that of the filter which took exactly its phones.
pub(super) fn list_before(fields: &Fields, selection: &Selection, sel: Option<&str>) -> String {
    let list = match (fields.filled("list"), &selection.filter) {
        (Some(list), _) => ListQuery::of_here(list, sel),
        (None, Some(filter)) => ListQuery::of_filter(&filter.to_string(), "", sel),
        (None, None) => ListQuery::of_here("", sel),
    };
    list.here().into()
}

fn keep(chosen: &str) -> Choice {
    Choice::new(KEEP, say("Leave as it is"), chosen == KEEP)
}

async fn sites(engine: &Engine, caller: &Caller, chosen: &str) -> Result<Vec<Choice>, Problem> {
    let mut choices = vec![
        keep(chosen),
        Choice::new("", say("None"), chosen.is_empty()),
    ];
    let sites = engine.sites(caller).await?.into_iter();
    choices.extend(sites.map(|row| {
        let selected = row.site.slug == chosen;
        Choice::new(row.site.slug, row.site.name, selected)
    }));
    Ok(choices)
}

async fn credentials(
    engine: &Engine,
    caller: &Caller,
    chosen: &str,
) -> Result<Vec<Choice>, Problem> {
    let mut choices = vec![keep(chosen)];
    choices.extend(credential_choices(engine, caller, chosen).await?);
    Ok(choices)
}

async fn change(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&FIELDS)?;
    let (engine, sel) = (visit.app.engine(), fields.or_empty("sel"));
    let form = typed(&fields);
    let selection = engine.selection(&caller, &sel).await?;
    let refused = if fields.filled("count") == Some(&selection.phones.len().to_string()) {
        let edited = engine
            .edit_phones(&caller, &selection.phones, &edit_of(&form))
            .await;
        match edited {
            Ok(edited) => {
                let gone = gone(engine, &caller, &selection, edited).await?;
                let list = list_before(&fields, &selection, Some(&sel));
                return Ok(visit.see_other_saying(&list, &done(told(edited, &gone))));
            }
            Err(error) => refusal(error)?,
        }
    } else {
        let message =
            say("The selection grew or shrank meanwhile. Look at its number, then go on.");
        Refusal::field("", "changed", message)
    };
    let mut view = view(engine, &caller, &fields, form).await?;
    view.errors = refused.errors;
    let html = carillon_ui::edit_phones(&visit.frame, &view);
    Ok(visit.html(refused.status, html))
}

fn typed(fields: &Fields) -> BulkEditForm {
    let choice = |name: &str| fields.text(name).unwrap_or(KEEP).to_owned();
    BulkEditForm {
        site: choice("site"),
        credential: choice("credential"),
        protected: choice("protected"),
        scheme: choice("scheme"),
        url_form: choice("url_form"),
        model: fields.or_empty("model"),
        notes: fields.or_empty("notes"),
    }
}

/// What is chosen or typed; everything else stays.
fn edit_of(form: &BulkEditForm) -> PhoneEdit {
    let chosen = [
        (Column::Site, &form.site),
        (Column::Credential, &form.credential),
        (Column::Protected, &form.protected),
        (Column::Scheme, &form.scheme),
    ];
    let chosen = chosen.into_iter().filter(|(_, text)| *text != KEEP);
    let typed = [(Column::Model, &form.model), (Column::Notes, &form.notes)];
    let typed = typed
        .into_iter()
        .filter(|(_, text)| !text.trim().is_empty());
    let fields = chosen.chain(typed);
    PhoneEdit {
        fields: fields
            .map(|(column, text)| (column, text.clone()))
            .collect::<BTreeMap<_, _>>(),
        url_form: form.url_form.parse().ok(),
        ..PhoneEdit::default()
    }
}

/// The phones that were no longer there, as they were called.
async fn gone(
    engine: &Engine,
    caller: &Caller,
    selection: &Selection,
    edited: BulkEdited,
) -> Result<Vec<String>, Problem> {
    if edited.missing == 0 {
        return Ok(Vec::new());
    }
    let there = engine.phones_by_macs(caller, &selection.phones).await?;
    let there: HashSet<Mac> = there.iter().map(|row| row.phone.mac).collect();
    let gone = selection.phones.iter().filter(|mac| !there.contains(mac));
    let gone = gone.take(EXAMPLES).copied();
    Ok(gone::names(engine, caller, gone).await?)
}

fn told(edited: BulkEdited, gone: &[String]) -> String {
    let [changed, unchanged, missing] = [edited.changed, edited.unchanged, edited.missing]
        .map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    let mut parts = Vec::new();
    if changed > 0 {
        parts.push(say_many!(
            changed,
            "{count} phone was changed.",
            "{count} phones were changed."
        ));
    }
    if unchanged > 0 {
        parts.push(say_many!(
            unchanged,
            "{count} phone was so already.",
            "{count} phones were so already."
        ));
    }
    if missing > 0 {
        parts.push(say_many!(
            missing,
            "{count} phone was no longer there: {names}.",
            "{count} phones were no longer there: {names}.",
            names = gone.join(", ")
        ));
    }
    parts.join(" ")
}
