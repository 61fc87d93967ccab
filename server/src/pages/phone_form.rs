//! `/phones/new` and `/phones/{mac}/edit`.

use std::collections::BTreeMap;

use axum::extract::Path;
use carillon_contract::FormErrors;
use carillon_contract::form::{Choice, VERSION_FIELD};
use carillon_contract::list::Link;
use carillon_contract::phone::{PhoneForm, PhoneFormView};
use carillon_domain::Mac;
use carillon_domain::change::text;
use carillon_domain::phone::{DialForm, Phone, UrlForm};
use carillon_domain::phone_list::Column;
use carillon_domain::role::Permission;
use carillon_engine::inventory::PhoneEdit;
use carillon_engine::{Caller, Engine};
use carillon_language::say;
use carillon_store::{AuditQuery, CredentialSource};
use secrecy::SecretString;

use super::meanwhile;
use super::phone::mac_of;
use super::refused::{Refusal, refusal, version};
use super::visit::{PageResult, Visit, done, done_see};
use crate::fields::{Fields, Form};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

const MANAGE: Access = Access::Needs(Permission::ManageInventory);

/// The routes of this file.
pub fn routes(table: Table) -> Table {
    table
        .get("/phones/new", MANAGE, new)
        .post("/phones/new", MANAGE, create)
        .get("/phones/{mac}/edit", MANAGE, edit)
        .post("/phones/{mac}/edit", MANAGE, update)
}

const FIELDS: [&str; 18] = [
    "mac",
    "label",
    "extension",
    "model",
    "address",
    "port",
    "scheme",
    "site",
    "tags",
    "sip_uri",
    "credential",
    "username",
    "password",
    "protected",
    "notes",
    "url_form",
    "dial_form",
    VERSION_FIELD,
];

async fn new(visit: Visit, caller: Caller) -> PageResult {
    let form = PhoneForm {
        url_form: UrlForm::Servlet.to_string(),
        dial_form: DialForm::Key.to_string(),
        ..PhoneForm::default()
    };
    let view = view(visit.app.engine(), &caller, form).await?;
    let html = carillon_ui::phone_form(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn create(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&FIELDS)?;
    let form = typed(&fields);
    match created(visit.app.engine(), &caller, &fields, &form).await? {
        Ok((mac, name)) => {
            let link = Link::new(say("Add another"), "/phones/new");
            let flash = done_see(say!("{name} was added.", name), link);
            Ok(visit.see_other_saying(&format!("/phones/{mac}"), &flash))
        }
        Err(refused) => {
            let mut view = view(visit.app.engine(), &caller, form).await?;
            view.errors = refused.errors;
            let html = carillon_ui::phone_form(&visit.frame, &view);
            Ok(visit.html(refused.status, html))
        }
    }
}

async fn created(
    engine: &Engine,
    caller: &Caller,
    fields: &Fields,
    form: &PhoneForm,
) -> Result<Result<(Mac, String), Refusal>, Problem> {
    let mac: Mac = match form.mac.parse() {
        Ok(mac) => mac,
        Err(problem) => {
            let message = super::refused::sentence(&format!("{problem}"));
            return Ok(Err(Refusal::field("mac", "invalid", message)));
        }
    };
    let edit = match edit_of(fields, form, None) {
        Ok(edit) => edit,
        Err(refused) => return Ok(Err(refused)),
    };
    match engine.create_phone(caller, mac, &edit).await {
        Ok(row) => Ok(Ok((mac, row.phone.display_name()))),
        Err(error) => refusal(error).map(Err),
    }
}

async fn edit(visit: Visit, caller: Caller, Path(mac): Path<String>) -> PageResult {
    let engine = visit.app.engine();
    let row = engine.phone(&caller, mac_of(&mac)?).await?;
    let own = own_user(engine, &caller, row.phone.mac).await?;
    let form = stored(&row.phone, own.as_deref());
    let mut view = view(engine, &caller, form).await?;
    name(&mut view, &row.phone, own.is_some());
    view.version = row.version;
    let html = carillon_ui::phone_form(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn update(
    visit: Visit,
    caller: Caller,
    Path(mac): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&FIELDS)?;
    let (engine, mac) = (visit.app.engine(), mac_of(&mac)?);
    let own = own_user(engine, &caller, mac).await?;
    let form = typed(&fields);
    let changed = match edit_of(&fields, &form, own.as_deref()) {
        Ok(edit) => engine
            .update_phone(&caller, mac, &edit, version(&fields))
            .await
            .map_err(refusal),
        Err(refused) => Err(Ok(refused)),
    };
    match changed {
        Ok(row) => {
            let text = say!("{name} was saved.", name = row.phone.display_name());
            Ok(visit.see_other_saying(&format!("/phones/{mac}"), &done(text)))
        }
        Err(refused) => {
            let mut refused = refused?;
            let query = AuditQuery {
                phone: Some(mac),
                actions: vec!["phone.changed".to_owned()],
                ..AuditQuery::default()
            };
            meanwhile::tell(engine, &caller, &mut refused, query).await?;
            again(visit, &caller, mac, form, own.is_some(), refused).await
        }
    }
}

/// The form again, with what was typed. After somebody else's change saving once more replaces it.
async fn again(
    visit: Visit,
    caller: &Caller,
    mac: Mac,
    form: PhoneForm,
    has_own: bool,
    refused: Refusal,
) -> PageResult {
    let engine = visit.app.engine();
    let row = engine.phone(caller, mac).await?;
    let mut view = view(engine, caller, form).await?;
    name(&mut view, &row.phone, has_own);
    view.version = row.version;
    view.errors = refused.errors;
    let html = carillon_ui::phone_form(&visit.frame, &view);
    Ok(visit.html(refused.status, html))
}

/// The form with what can be chosen.
async fn view(engine: &Engine, caller: &Caller, form: PhoneForm) -> Result<PhoneFormView, Problem> {
    let sites = engine.sites(caller).await?;
    let mut choices = vec![Choice::new("", say("None"), form.site.is_empty())];
    choices.extend(sites.into_iter().map(|row| {
        let selected = row.site.slug == form.site;
        Choice::new(row.site.slug, row.site.name, selected)
    }));
    Ok(PhoneFormView {
        credentials: credential_choices(engine, caller, &form.credential).await?,
        sites: choices,
        form,
        ..PhoneFormView::default()
    })
}

/// The stored credentials, and none.
///
/// # Errors
/// Only when the storage fails.
pub async fn credential_choices(
    engine: &Engine,
    caller: &Caller,
    chosen: &str,
) -> Result<Vec<Choice>, Problem> {
    let stored = engine.credentials(caller).await?;
    let none = Choice::new("", say("None"), chosen.is_empty());
    let stored = stored.into_iter().map(|row| {
        let label = format!("{} ({})", row.name, row.username);
        let selected = row.name == chosen;
        Choice::new(row.name, label, selected)
    });
    Ok([none].into_iter().chain(stored).collect())
}

fn name(view: &mut PhoneFormView, phone: &Phone, has_own: bool) {
    view.mac = Some(phone.mac);
    view.form.mac = phone.mac.to_string();
    view.name = phone.display_name();
    view.has_own_password = has_own;
    view.errors = FormErrors::default();
}

/// The user name that this phone has for itself.
async fn own_user(engine: &Engine, caller: &Caller, mac: Mac) -> Result<Option<String>, Problem> {
    let login = engine.effective_login(caller, mac).await?;
    let own = login.filter(|login| login.source == CredentialSource::Own);
    Ok(own.map(|login| login.username))
}

fn stored(phone: &Phone, own: Option<&str>) -> PhoneForm {
    PhoneForm {
        mac: phone.mac.to_string(),
        label: phone.label.clone(),
        extension: phone.extension.clone(),
        model: phone.model.clone(),
        address: text(phone.address),
        port: text(phone.port),
        scheme: text(phone.scheme),
        site: text(phone.site.as_ref()),
        tags: phone.tags.join("; "),
        sip_uri: phone.sip_uri.clone(),
        credential: text(phone.credential.as_ref()),
        username: own.unwrap_or_default().to_owned(),
        protected: phone.protected,
        notes: phone.notes.clone(),
        url_form: phone.url_form.to_string(),
        dial_form: phone.dial_form.to_string(),
    }
}

fn typed(fields: &Fields) -> PhoneForm {
    let text = |name: &str| fields.or_empty(name);
    PhoneForm {
        mac: text("mac"),
        label: text("label"),
        extension: text("extension"),
        model: text("model"),
        address: text("address"),
        port: text("port"),
        scheme: text("scheme"),
        site: text("site"),
        tags: text("tags"),
        sip_uri: text("sip_uri"),
        credential: text("credential"),
        username: text("username"),
        protected: fields.checked("protected"),
        notes: text("notes"),
        url_form: text("url_form"),
        dial_form: text("dial_form"),
    }
}

/// What a form changes. A user name that was there before and a stored credential chosen now:
/// the credential is meant.
fn edit_of(fields: &Fields, form: &PhoneForm, own: Option<&str>) -> Result<PhoneEdit, Refusal> {
    let password = fields
        .text("password")
        .filter(|password| !password.is_empty());
    let replaced = password.is_none() && !form.credential.is_empty();
    let unchanged = own == Some(form.username.trim());
    let username = if replaced && unchanged {
        ""
    } else {
        &form.username
    };
    let protected = if form.protected { "yes" } else { "no" };
    let columns = [
        (Column::Label, form.label.as_str()),
        (Column::Extension, &form.extension),
        (Column::Model, &form.model),
        (Column::Address, &form.address),
        (Column::Port, &form.port),
        (Column::Scheme, &form.scheme),
        (Column::Site, &form.site),
        (Column::Tags, &form.tags),
        (Column::SipUri, &form.sip_uri),
        (Column::Credential, &form.credential),
        (Column::Username, username),
        (Column::Protected, protected),
        (Column::Notes, &form.notes),
    ];
    let owned = columns
        .into_iter()
        .map(|(column, text)| (column, text.to_owned()));
    Ok(PhoneEdit {
        fields: owned.collect::<BTreeMap<_, _>>(),
        password: password.map(SecretString::from),
        url_form: word("url_form", &form.url_form)?,
        dial_form: word("dial_form", &form.dial_form)?,
    })
}

fn word<T: std::str::FromStr>(field: &str, text: &str) -> Result<Option<T>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || {
        Refusal::field(
            field,
            "invalid",
            say("Choose one of those that are offered."),
        )
    };
    text.parse().map(Some).map_err(|_| wrong())
}
