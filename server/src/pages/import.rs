//! `/phones/import`: a list of phones comes in: given, looked at, then exactly that.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::extract::Path;
use carillon_contract::Href;
use carillon_contract::import::{ImportResultView, TakenBack};
use carillon_contract::list::Link;
use carillon_domain::phone::TransportSecurity;
use carillon_domain::role::Permission;
use carillon_engine::error::EngineError;
use carillon_engine::inventory::{ImportChoices, ImportResult, NewSite, Undone};
use carillon_engine::{Caller, Engine};
use carillon_language::{number, say};

use super::phones;
use super::refused::{Refusal, refusal};
use super::visit::{PageResult, Visit, done};
use crate::fields::{Fields, Form, Query};
use crate::router::table::{Access, Table};

mod blocked;
mod given;
mod imported;
mod left_out;
mod parts;
mod recent;
mod undo;

use parts::{Place, first_tab, review_view, tab};

const MANAGE: Access = Access::Needs(Permission::ManageInventory);
const SECURITY: &str = "security.";
/// By it a spreadsheet reads the file as UTF-8, and a name with an umlaut stays what it is.
const BYTE_ORDER_MARK: char = '\u{feff}';

type Securities = BTreeMap<String, TransportSecurity>;

/// The routes of this file.
pub fn routes(table: Table) -> Table {
    table
        .get("/phones/import", MANAGE, given::ask)
        .post_file("/phones/import", MANAGE, given::upload)
        .get("/phones/import/{id}", MANAGE, review)
        .post("/phones/import/{id}", MANAGE, apply)
        .get("/phones/import/{id}/result", MANAGE, result)
        .get("/phones/import/{id}/errors.csv", MANAGE, errors_file)
        .get("/phones/import/{id}/undo", MANAGE, undo::ask)
        .post("/phones/import/{id}/undo", MANAGE, undo::undo)
}

async fn review(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Query(fields): Query,
) -> PageResult {
    let review = match visit.app.engine().import_review(&caller, &id).await {
        // Applied already, perhaps by a second press: its result is what is wanted.
        Err(EngineError::NotFound) => {
            visit.app.engine().import_result(&caller, &id).await?;
            return Ok(visit.see_other(&format!("/phones/import/{id}/result")));
        }
        other => other?,
    };
    let tab = tab(&fields).unwrap_or_else(|| first_tab(&review));
    let at = Place::of(tab, &fields);
    let html =
        carillon_ui::import_review(&visit.frame, &review_view(review, at, &Securities::new()));
    Ok(visit.page(html))
}

fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

async fn apply(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let securities = match securities(&fields) {
        Ok(securities) => securities,
        Err(refused) => return again(visit, &caller, &id, &Securities::new(), refused).await,
    };
    let choices = ImportChoices {
        digest: fields.or_empty("digest"),
        valid_rows_only: fields.text("valid_rows_only") == Some("true"),
        new_site_security: securities,
    };
    let engine = visit.app.engine().clone();
    let file = left_out::before(&engine, &caller, &id, &choices).await?;
    match engine.apply_import(&caller, &id, &choices).await {
        Ok(result) => {
            left_out::keep(&engine, &caller, &id, file).await;
            imported::keep(&engine, &caller, &id).await;
            let to = format!("/phones/import/{id}/result");
            Ok(visit.see_other_saying(&to, &done(in_words(&result))))
        }
        // The same form sent twice.
        Err(EngineError::NotFound) => Ok(visit.see_other(&format!("/phones/import/{id}"))),
        Err(error) => {
            again(
                visit,
                &caller,
                &id,
                &choices.new_site_security,
                refusal(error)?,
            )
            .await
        }
    }
}

/// The review as it is now, with what was wrong and what was chosen.
async fn again(
    visit: Visit,
    caller: &Caller,
    id: &str,
    chosen: &Securities,
    refused: Refusal,
) -> PageResult {
    let review = visit.app.engine().import_review(caller, id).await?;
    let tab = first_tab(&review);
    let mut view = review_view(review, Place { tab, page: 1 }, chosen);
    view.form_errors = refused.errors;
    let html = carillon_ui::import_review(&visit.frame, &view);
    Ok(visit.html(refused.status, html))
}

fn securities(fields: &Fields) -> Result<Securities, Refusal> {
    let mut chosen = Securities::new();
    for (name, value) in fields.pairs() {
        let Some(slug) = name.strip_prefix(SECURITY) else {
            continue;
        };
        let Ok(security) = value.parse() else {
            return Err(Refusal::field(
                name,
                "invalid",
                say("Choose how these phones are reached."),
            ));
        };
        chosen.insert(slug.to_owned(), security);
    }
    Ok(chosen)
}

fn in_words(result: &ImportResult) -> String {
    say!(
        "{created} phones were added, {updated} changed.",
        created = number(count(result.created)),
        updated = number(count(result.updated))
    )
}

async fn result(visit: Visit, caller: Caller, Path(id): Path<String>) -> PageResult {
    let engine = visit.app.engine();
    let result = engine.import_result(&caller, &id).await?;
    let without = sites_without_credential(engine, &caller, &result.new_sites).await?;
    let sites = result.new_sites.iter();
    let (bare, ready): (Vec<&NewSite>, _) = sites.partition(|site| without.contains(&site.slug));
    let phones_href = match result.undone {
        None => imported::href(engine, &caller, &id).await?,
        Some(_) => None,
    };
    let view = ImportResultView {
        phones_href,
        created: count(result.created),
        updated: count(result.updated),
        unchanged: count(result.unchanged),
        left_out: count(result.left_out),
        errors_href: format!("/phones/import/{id}/errors.csv"),
        bare_sites: site_links(&bare),
        new_sites: site_links(&ready),
        audit_href: Href::new("/audit").add("q", &result.id).into(),
        undo_href: result
            .undone
            .is_none()
            .then(|| format!("/phones/import/{id}/undo")),
        undone: result.undone.map(taken_back),
        file_name: result.file_name,
    };
    let html = carillon_ui::import_result(&visit.frame, &view);
    Ok(visit.page(html))
}

/// Those of the new sites that have phones without a credential, and still none for them.
async fn sites_without_credential(
    engine: &Engine,
    caller: &Caller,
    new_sites: &[NewSite],
) -> Result<BTreeSet<String>, EngineError> {
    let bare = new_sites.iter().filter(|site| site.without_credential > 0);
    let bare: BTreeSet<&str> = bare.map(|site| site.slug.as_str()).collect();
    if bare.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = engine.sites(caller).await?.into_iter().map(|row| row.site);
    let without = rows.filter(|site| site.credential.is_none() && bare.contains(&*site.slug));
    Ok(without.map(|site| site.slug).collect())
}

fn site_links(sites: &[&NewSite]) -> Vec<Link> {
    let link = |site: &&NewSite| Link::new(&site.name, format!("/sites/{}/edit", site.slug));
    sites.iter().map(link).collect()
}

fn taken_back(undone: Undone) -> TakenBack {
    TakenBack {
        deleted: count(undone.deleted),
        restored: count(undone.restored),
        left: count(undone.left),
        at: undone.at,
    }
}

async fn errors_file(visit: Visit, caller: Caller, Path(id): Path<String>) -> PageResult {
    let file = left_out::file(visit.app.engine(), &caller, &id).await?;
    let file = Body::from(format!("{BYTE_ORDER_MARK}{file}"));
    Ok(phones::csv("phones-with-errors.csv", file))
}

#[cfg(test)]
mod tests {
    use carillon_language::{Language, during};

    use super::*;

    #[test]
    fn numbers_stand_as_on_the_page_below() {
        let result = ImportResult {
            created: 4991,
            updated: 1,
            ..ImportResult::default()
        };
        let told = in_words(&result);
        assert_eq!(told, "4,991 phones were added, 1 changed.");
        let told = during(Language::De, || in_words(&result));
        assert_eq!(told, "4.991 Telefone hinzugefügt, 1 geändert.");
    }
}
