//! `/sites/{slug}/sip`: how the phones of a site are reached by SIP.

use axum::extract::Path;
use carillon_contract::FormErrors;
use carillon_contract::form::VERSION_FIELD;
use carillon_contract::sip::{SipForm, SipFormView};
use carillon_domain::role::Permission;
use carillon_domain::sip::{
    DEFAULT_PBX_PROFILE, DEFAULT_RATE, NotifyWay, SipProfile, SipTransport, SipUse,
};
use carillon_engine::inventory::SipProfileInput;
use carillon_engine::{Caller, Engine};
use carillon_language::say;
use carillon_store::AuditQuery;

use super::meanwhile;
use super::phone_form::credential_choices;
use super::refused::{Refusal, refusal, version};
use super::visit::{PageResult, Visit, done};
use crate::fields::{Fields, Form};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

const MANAGE: Access = Access::Needs(Permission::ManageInventory);
const FIELDS: [&str; 15] = [
    "use",
    "way",
    "proxy",
    "port",
    "transport",
    "tls_name",
    "ca_pem",
    "from",
    "credential",
    "realm",
    "rate",
    "after_forbidden",
    "pbx_profile",
    "password_in_clear",
    VERSION_FIELD,
];

/// The routes of this file.
pub fn routes(table: Table) -> Table {
    table
        .get("/sites/{slug}/sip", MANAGE, edit)
        .post("/sites/{slug}/sip", MANAGE, save)
        .post("/sites/{slug}/sip/remove", MANAGE, remove)
}

async fn edit(visit: Visit, caller: Caller, Path(slug): Path<String>) -> PageResult {
    let profile = visit.app.engine().sip_profile(&caller, &slug).await?;
    let form = profile.map_or_else(fresh, |row| stored(&row.profile));
    let view = view(visit.app.engine(), &caller, &slug, form).await?;
    let html = carillon_ui::sip_form(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn save(
    visit: Visit,
    caller: Caller,
    Path(slug): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&FIELDS)?;
    let form = typed(&fields);
    let engine = visit.app.engine();
    let saved = match input(&form) {
        Ok(input) => engine
            .save_sip_profile(&caller, &slug, &input, version(&fields))
            .await
            .map_err(refusal),
        Err(refused) => Err(Ok(refused)),
    };
    match saved {
        Ok(()) => {
            let text = say("The SIP settings of the site were saved.");
            Ok(visit.see_other_saying("/sites", &done(text)))
        }
        Err(refused) => again(visit, &caller, &slug, form, refused?).await,
    }
}

async fn again(
    visit: Visit,
    caller: &Caller,
    slug: &str,
    form: SipForm,
    mut refused: Refusal,
) -> PageResult {
    let engine = visit.app.engine();
    let query = AuditQuery {
        site: Some(slug.to_owned()),
        actions: vec!["site.sip_changed".to_owned()],
        ..AuditQuery::default()
    };
    meanwhile::tell(engine, caller, &mut refused, query).await?;
    let mut view = view(engine, caller, slug, form).await?;
    view.errors = refused.errors;
    let html = carillon_ui::sip_form(&visit.frame, &view);
    Ok(visit.html(refused.status, html))
}

async fn remove(
    visit: Visit,
    caller: Caller,
    Path(slug): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&[VERSION_FIELD])?;
    let engine = visit.app.engine();
    engine
        .delete_sip_profile(&caller, &slug, version(&fields))
        .await?;
    let text = say("The phones of the site are reached over HTTP only.");
    Ok(visit.see_other_saying("/sites", &done(text)))
}

async fn view(
    engine: &Engine,
    caller: &Caller,
    slug: &str,
    form: SipForm,
) -> Result<SipFormView, Problem> {
    let site = engine.site(caller, slug).await?;
    let profile = engine.sip_profile(caller, slug).await?;
    Ok(SipFormView {
        slug: slug.to_owned(),
        name: site.site.name,
        phones: site.phones,
        has_profile: profile.is_some(),
        version: profile.map_or(0, |row| row.version),
        credentials: credential_choices(engine, caller, &form.credential).await?,
        form,
        errors: FormErrors::default(),
    })
}

/// What a site without a profile is offered.
fn fresh() -> SipForm {
    SipForm {
        used: SipUse::Second.to_string(),
        way: NotifyWay::Sip.to_string(),
        transport: SipTransport::Udp.to_string(),
        rate: DEFAULT_RATE.to_string(),
        pbx_profile: DEFAULT_PBX_PROFILE.to_owned(),
        ..SipForm::default()
    }
}

fn stored(profile: &SipProfile) -> SipForm {
    let text = |value: Option<String>| value.unwrap_or_default();
    SipForm {
        used: profile.used.to_string(),
        way: profile.way.to_string(),
        proxy: text(profile.proxy.map(|address| address.to_string())),
        port: text(profile.port.map(|port| port.to_string())),
        transport: profile.transport.to_string(),
        tls_name: profile.tls_name.clone(),
        ca_pem: text(profile.ca_pem.clone()),
        from: profile.from.to_string(),
        credential: text(profile.credential.clone()),
        realm: profile.realm.clone(),
        rate: profile.rate.to_string(),
        after_forbidden: profile.after_forbidden,
        pbx_profile: profile.pbx_profile.clone(),
        password_in_clear: profile.password_in_clear,
    }
}

fn typed(fields: &Fields) -> SipForm {
    SipForm {
        used: fields.or_empty("use"),
        way: fields.or_empty("way"),
        proxy: fields.or_empty("proxy"),
        port: fields.or_empty("port"),
        transport: fields.or_empty("transport"),
        tls_name: fields.or_empty("tls_name"),
        ca_pem: fields.or_empty("ca_pem"),
        from: fields.or_empty("from"),
        credential: fields.or_empty("credential"),
        realm: fields.or_empty("realm"),
        rate: fields.or_empty("rate"),
        after_forbidden: fields.checked("after_forbidden"),
        pbx_profile: fields.or_empty("pbx_profile"),
        password_in_clear: fields.checked("password_in_clear"),
    }
}

fn input(form: &SipForm) -> Result<SipProfileInput, Refusal> {
    let mut errors = FormErrors::default();
    let used = form.used.parse();
    if used.is_err() {
        errors.push("use", "invalid", say("Choose when SIP is used."));
    }
    let way = match form.way.as_str() {
        // Who knows of no choice means the way that was always there.
        "" => Ok(NotifyWay::Sip),
        text => text.parse(),
    };
    if way.is_err() {
        errors.push("way", "invalid", say("Choose who sends."));
    }
    let transport = form.transport.parse();
    if transport.is_err() {
        errors.push("transport", "invalid", say("Choose a transport."));
    }
    let port = match form.port.trim() {
        "" => Ok(None),
        text => text.parse().map(Some),
    };
    if port.is_err() {
        let message = say("Give a number from 1 to 65535, or leave it blank.");
        errors.push("port", "invalid", message);
    }
    let (Ok(used), Ok(way), Ok(transport), Ok(port)) = (used, way, transport, port) else {
        return Err(Refusal::of(errors));
    };
    Ok(SipProfileInput {
        used,
        way,
        proxy: form.proxy.clone(),
        port,
        transport,
        tls_name: form.tls_name.clone(),
        ca_pem: form.ca_pem.clone(),
        from: form.from.clone(),
        credential: Some(form.credential.clone()).filter(|name| !name.trim().is_empty()),
        realm: form.realm.clone(),
        // What is no number is out of range.
        rate: form.rate.trim().parse().unwrap_or(0),
        after_forbidden: form.after_forbidden,
        pbx_profile: form.pbx_profile.clone(),
        password_in_clear: form.password_in_clear,
    })
}
