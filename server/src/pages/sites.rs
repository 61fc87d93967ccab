//! `/sites`: where phones are, and how those phones are reached.

use std::collections::HashMap;

use axum::extract::Path;
use carillon_contract::FormErrors;
use carillon_contract::form::VERSION_FIELD;
use carillon_contract::groups::DeleteView;
use carillon_contract::list::Link;
use carillon_contract::sites::{SiteForm, SiteFormView, SiteRow as Line, SitesView};
use carillon_domain::Filter;
use carillon_domain::filter::Test;
use carillon_domain::phone::{Site, TransportSecurity, USUAL_DOWN_PERCENT};
use carillon_domain::role::Permission;
use carillon_engine::inventory::{PhoneQuery, SiteInput};
use carillon_engine::{Caller, Engine};
use carillon_language::{say, say_many};
use carillon_store::{AuditQuery, Direction, PhoneSort, Seek, SiteRow};

use super::groups::first_message;
use super::meanwhile;
use super::phone_form::credential_choices;
use super::refused::{Refusal, refusal, version};
use super::snippet;
use super::visit::{PageResult, Visit, done};
use crate::fields::{Fields, Form};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

const MANAGE: Access = Access::Needs(Permission::ManageInventory);
const FIELDS: [&str; 7] = [
    "name",
    "slug",
    "transport_security",
    "ca_pem",
    "credential",
    "max_down_percent",
    VERSION_FIELD,
];
/// So many phones of a site are asked from which of our addresses they are reached.
const ASKED: i64 = 50;

/// The routes of this file.
pub fn routes(table: Table) -> Table {
    table
        .get("/sites", Access::Needs(Permission::ViewInventory), list)
        .get("/sites/new", MANAGE, new)
        .post("/sites/new", MANAGE, create)
        .get("/sites/{slug}/edit", MANAGE, edit)
        .post("/sites/{slug}/edit", MANAGE, update)
        .get("/sites/{slug}/delete", MANAGE, ask)
        .post("/sites/{slug}/delete", MANAGE, delete)
}

async fn list(visit: Visit, caller: Caller) -> PageResult {
    let engine = visit.app.engine();
    let rows = engine.sites(&caller).await?;
    let health = engine.fleet_health(&caller).await?.sites.into_iter();
    let reached: HashMap<_, _> = health.map(|site| (site.slug, site.reached)).collect();
    let by_sip = engine.sip_profiles(&caller).await?.into_iter();
    let by_sip: HashMap<_, _> = by_sip.map(|row| (row.site, row.profile.used)).collect();
    let line = |row: SiteRow| {
        let reached = reached.get(&row.site.slug).copied().unwrap_or_default();
        Line {
            sip: by_sip.get(&row.site.slug).copied(),
            reachable: reached.reachable,
            contacted: reached.reachable + reached.offline,
            slug: row.site.slug,
            name: row.site.name,
            security: row.site.transport_security,
            credential: row.site.credential,
            max_down_percent: row.site.max_down_percent,
            phones: row.phones,
        }
    };
    let mut view = SitesView {
        rows: rows.into_iter().map(line).collect(),
    };
    view.rows.sort_by_key(|row| row.name.to_lowercase());
    let html = carillon_ui::sites(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn new(visit: Visit, caller: Caller) -> PageResult {
    let form = SiteForm {
        transport_security: TransportSecurity::Pinned.to_string(),
        max_down_percent: USUAL_DOWN_PERCENT.to_string(),
        ..SiteForm::default()
    };
    let view = view(visit.app.engine(), &caller, None, form).await?;
    let html = carillon_ui::site_form(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn create(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let form = typed(&fields.only(&FIELDS)?);
    let created = match input(&form) {
        Ok(input) => visit
            .app
            .engine()
            .create_site(&caller, &input)
            .await
            .map_err(refusal),
        Err(refused) => Err(Ok(refused)),
    };
    match created {
        Ok(row) => {
            let text = say!("The site {name} was added.", name = row.site.name);
            Ok(visit.see_other_saying("/sites", &done(text)))
        }
        Err(refused) => again(visit, &caller, None, form, refused?).await,
    }
}

async fn edit(visit: Visit, caller: Caller, Path(slug): Path<String>) -> PageResult {
    let row = visit.app.engine().site(&caller, &slug).await?;
    let form = stored(&row.site);
    let view = view(visit.app.engine(), &caller, Some(&row), form).await?;
    let html = carillon_ui::site_form(&visit.frame, &view);
    Ok(visit.page(html))
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
    let changed = match input(&form) {
        Ok(input) => engine
            .update_site(&caller, &slug, &input, version(&fields))
            .await
            .map_err(refusal),
        Err(refused) => Err(Ok(refused)),
    };
    match changed {
        Ok(row) => {
            let text = say!("The site {name} was saved.", name = row.site.name);
            Ok(visit.see_other_saying("/sites", &done(text)))
        }
        Err(refused) => {
            let mut refused = refused?;
            let query = AuditQuery {
                site: Some(slug.clone()),
                actions: vec!["site.changed".to_owned()],
                ..AuditQuery::default()
            };
            meanwhile::tell(engine, &caller, &mut refused, query).await?;
            let row = engine.site(&caller, &slug).await?;
            again(visit, &caller, Some(&row), form, refused).await
        }
    }
}

async fn again(
    visit: Visit,
    caller: &Caller,
    row: Option<&SiteRow>,
    form: SiteForm,
    refused: Refusal,
) -> PageResult {
    let mut view = view(visit.app.engine(), caller, row, form).await?;
    view.errors = refused.errors;
    let html = carillon_ui::site_form(&visit.frame, &view);
    Ok(visit.html(refused.status, html))
}

async fn view(
    engine: &Engine,
    caller: &Caller,
    row: Option<&SiteRow>,
    mut form: SiteForm,
) -> Result<SiteFormView, Problem> {
    let lines = match row {
        Some(row) => {
            form.slug.clone_from(&row.site.slug);
            lines(engine, caller, &row.site.slug).await?
        }
        None => None,
    };
    Ok(SiteFormView {
        slug: row.map(|row| row.site.slug.clone()),
        phones: row.map_or(0, |row| row.phones),
        version: row.map_or(0, |row| row.version),
        credentials: credential_choices(engine, caller, &form.credential).await?,
        form,
        snippet: lines,
        errors: FormErrors::default(),
    })
}

/// The lines that let us in, for the addresses from which phones of this site see us.
async fn lines(engine: &Engine, caller: &Caller, slug: &str) -> Result<Option<String>, Problem> {
    let mut filter = Filter::default();
    filter.require(Test::Site(slug.to_owned()));
    let query = PhoneQuery {
        filter: &filter,
        sort: PhoneSort::Address,
        direction: Direction::Descending,
        seek: Seek::Start,
        limit: ASKED,
    };
    let page = engine.phone_page(caller, query).await?;
    let addresses = page.items.iter().filter_map(|row| row.phone.address);
    Ok(snippet::lines_for(addresses))
}

fn stored(site: &Site) -> SiteForm {
    SiteForm {
        name: site.name.clone(),
        slug: site.slug.clone(),
        transport_security: site.transport_security.to_string(),
        ca_pem: site.ca_pem.clone().unwrap_or_default(),
        credential: site.credential.clone().unwrap_or_default(),
        max_down_percent: site.max_down_percent.to_string(),
    }
}

fn typed(fields: &Fields) -> SiteForm {
    SiteForm {
        name: fields.or_empty("name"),
        slug: fields.or_empty("slug"),
        transport_security: fields.or_empty("transport_security"),
        ca_pem: fields.or_empty("ca_pem"),
        credential: fields.or_empty("credential"),
        max_down_percent: fields.or_empty("max_down_percent"),
    }
}

fn input(form: &SiteForm) -> Result<SiteInput, Refusal> {
    let mut errors = FormErrors::default();
    let security = form.transport_security.parse();
    if security.is_err() {
        errors.push(
            "transport_security",
            "invalid",
            say("Choose how these phones are reached."),
        );
    }
    let percent = form.max_down_percent.trim().parse();
    if percent.is_err() {
        errors.push(
            "max_down_percent",
            "invalid",
            say("Give a number from 0 to 100."),
        );
    }
    let (Ok(transport_security), Ok(max_down_percent)) = (security, percent) else {
        return Err(Refusal::of(errors));
    };
    let filled = |text: &String| Some(text.clone()).filter(|text| !text.trim().is_empty());
    Ok(SiteInput {
        slug: form.slug.clone(),
        name: form.name.clone(),
        transport_security,
        ca_pem: filled(&form.ca_pem),
        credential: filled(&form.credential),
        max_down_percent,
    })
}

async fn ask(visit: Visit, caller: Caller, Path(slug): Path<String>) -> PageResult {
    let row = visit.app.engine().site(&caller, &slug).await?;
    let refused = (row.phones > 0).then(|| {
        say_many!(
            row.phones,
            "{count} phone is at this site. Move it to another one first.",
            "{count} phones are at this site. Move them to another one first."
        )
    });
    let html = carillon_ui::delete(&visit.frame, &question(&row, refused));
    Ok(visit.page(html))
}

fn question(row: &SiteRow, refused: Option<String>) -> DeleteView {
    DeleteView {
        what: say!("site {name}", name = row.site.name),
        consequences: vec![say("How its phones were reached is forgotten.").to_owned()],
        refused,
        action: format!("/sites/{}/delete", row.site.slug),
        version: row.version,
        back: Link::new(say("Sites"), "/sites"),
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
    let row = engine.site(&caller, &slug).await?;
    match engine.delete_site(&caller, &slug, version(&fields)).await {
        Ok(()) => {
            let text = say!("The site {name} was deleted.", name = row.site.name);
            Ok(visit.see_other_saying("/sites", &done(text)))
        }
        Err(error) => {
            let refused = refusal(error)?;
            let html = carillon_ui::delete(&visit.frame, &question(&row, first_message(&refused)));
            Ok(visit.html(refused.status, html))
        }
    }
}
