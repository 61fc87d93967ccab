//! What the demo begins with: sites, credentials, phones, groups, people.
//!
//! Everything goes the way that a person's input goes: the same use cases, the same audit.

use std::collections::BTreeSet;

use carillon_domain::phone::GroupKind;
use carillon_domain::role::Role;
use carillon_domain::sip::{DEFAULT_RATE, NotifyWay, SipTransport, SipUse};
use carillon_engine::accounts::NewUser;
use carillon_engine::inventory::{
    CredentialInput, GroupInput, ImportOnce, SipProfileInput, SiteInput,
};
use carillon_engine::{Caller, Engine, EngineError};
use carillon_simulator::{Fleet, SimulatedSite};
use secrecy::SecretString;

use crate::cli::Failure;

/// An account of the demo.
pub(super) struct Account {
    pub(super) name: &'static str,
    pub(super) password: String,
}

const PEOPLE: &[(&str, Role)] = &[
    ("admin", Role::Admin),
    ("operator", Role::Operator),
    ("auditor", Role::Auditor),
];

/// Rules of the demo: slug, name, filter.
const RULES: &[(&str, &str)] = &[
    ("Conference rooms", "tag:conference"),
    ("Touch models", "model:T57W model:T58W model:T54W"),
    ("Did not answer", "state:offline"),
];
/// How many phones the fixed group of the demo has.
const HELPDESK: usize = 12;

/// Fills an empty database; a filled one only learns the phones' ports of today.
pub(super) async fn fill(engine: &Engine, fleet: &Fleet) -> Result<Vec<Account>, Failure> {
    let caller = Caller::local(rustix::process::geteuid().as_raw());
    let fresh = engine.setup_needed().await?;
    if fresh {
        for site in fleet.sites() {
            add_site(engine, &caller, site).await?;
        }
    }
    import(engine, &caller, fleet).await?;
    add_sip(engine, &caller, fleet).await?;
    if !fresh {
        return Ok(Vec::new());
    }
    add_groups(engine, &caller, fleet).await?;
    // Whoever tries the demo has no time for an app.
    let nobody = BTreeSet::new();
    engine.demand_second_factor(&caller, &nobody, "").await?;
    let mut accounts = Vec::new();
    for (name, role) in PEOPLE {
        accounts.push(add_person(engine, &caller, name, *role).await?);
    }
    Ok(accounts)
}

async fn add_site(engine: &Engine, caller: &Caller, site: &SimulatedSite) -> Result<(), Failure> {
    let credential = CredentialInput {
        name: site.credential.clone(),
        username: site.username.clone(),
        password: Some(SecretString::from(site.password.as_str().to_owned())),
    };
    engine.create_credential(caller, &credential).await?;
    let input = SiteInput {
        slug: site.slug.clone(),
        name: site.name.clone(),
        transport_security: site.transport_security,
        ca_pem: None,
        credential: Some(site.credential.clone()),
        max_down_percent: 100,
    };
    engine.create_site(caller, &input).await?;
    Ok(())
}

/// Sites whose phones are registered with the fleet's SIP server are reached through it, on its
/// port of today.
async fn add_sip(engine: &Engine, caller: &Caller, fleet: &Fleet) -> Result<(), Failure> {
    let profile = SipProfileInput {
        used: SipUse::Second,
        way: NotifyWay::Sip,
        proxy: "127.0.0.1".to_owned(),
        port: fleet.sip_port(),
        transport: SipTransport::Udp,
        tls_name: String::new(),
        ca_pem: String::new(),
        from: "carillon@pbx.test".to_owned(),
        credential: None,
        realm: String::new(),
        rate: u32::from(DEFAULT_RATE),
        after_forbidden: false,
        pbx_profile: String::new(),
        password_in_clear: false,
    };
    for site in fleet.sites().iter().filter(|site| site.sip) {
        engine
            .save_sip_profile(caller, &site.slug, &profile, None)
            .await?;
    }
    Ok(())
}

async fn import(engine: &Engine, caller: &Caller, fleet: &Fleet) -> Result<(), Failure> {
    let list = fleet.inventory_csv().into_bytes();
    let report = engine
        .import_once(caller, list, ImportOnce::default())
        .await?;
    match report.errors.first() {
        None => Ok(()),
        Some(error) => Err(Failure::Failed(format!(
            "the simulated phones' list is wrong in line {}, {}: {}",
            error.line, error.column, error.problem
        ))),
    }
}

async fn add_groups(engine: &Engine, caller: &Caller, fleet: &Fleet) -> Result<(), Failure> {
    for (name, filter) in RULES {
        let rule = group(name, GroupKind::Rule, filter, None);
        engine.create_group(caller, &rule).await?;
    }
    let phones = fleet.phones().iter().step_by(7).take(HELPDESK);
    let members = phones
        .filter_map(|phone| phone.inventory.mac.parse().ok())
        .collect();
    let fixed = group("Helpdesk", GroupKind::Fixed, "", Some(members));
    engine.create_group(caller, &fixed).await?;
    Ok(())
}

fn group(
    name: &str,
    kind: GroupKind,
    filter: &str,
    members: Option<Vec<carillon_domain::Mac>>,
) -> GroupInput {
    GroupInput {
        slug: String::new(),
        name: name.to_owned(),
        kind,
        filter: filter.to_owned(),
        members,
        credential: None,
    }
}

async fn add_person(
    engine: &Engine,
    caller: &Caller,
    name: &'static str,
    role: Role,
) -> Result<Account, Failure> {
    let password = password(engine)?;
    let new = NewUser {
        name: name.to_owned(),
        role,
        password: SecretString::from(password.clone()),
    };
    engine.add_user(caller, new).await?;
    Ok(Account { name, password })
}

/// 80 random bits in groups of four that can be typed.
fn password(engine: &Engine) -> Result<String, EngineError> {
    let digits = hex::encode(engine.random.bytes::<10>()?);
    let groups = digits.as_bytes().chunks(4).map(String::from_utf8_lossy);
    Ok(groups.collect::<Vec<_>>().join("-"))
}
