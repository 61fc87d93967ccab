//! Everything that the page of one phone shows.

use carillon_contract::list::Link;
use carillon_contract::phone::{CredentialSource, PastAddress, PhoneView, PinView};
use carillon_contract::{FormErrors, Href};
use carillon_domain::phone::{Phone, Scheme, TransportSecurity};
use carillon_domain::role::Permission;
use carillon_domain::{Cause, Mac};
use carillon_engine::inventory::EffectiveLogin;
use carillon_engine::{Caller, Engine};
use carillon_store::{AuditQuery, CredentialSource as Source, PhoneAddress, PhoneRow, Seek};

use super::{keypad, quick};
use crate::pages::audit_row::Line;
use crate::pages::phones::rows;
use crate::pages::{audit_row, job_links, snippet};
use crate::problem::Problem;
use carillon_language::say;

/// A site's name, and how it is reached.
type Site = (String, TransportSecurity);

/// Records on the page; the log has all.
const TIMELINE: i64 = 20;
/// Addresses on the page.
const ADDRESSES: i64 = 10;

/// The page of one phone.
pub(super) async fn view(engine: &Engine, caller: &Caller, mac: Mac) -> Result<PhoneView, Problem> {
    let row = engine.phone(caller, mac).await?;
    let beside = engine.beside_phone(caller, &row, ADDRESSES).await?;
    let (groups, login) = engine.belongings_of_phone(caller, mac).await?;
    let timeline = timeline(engine, caller, mac).await?;
    let last = row.last.as_ref();
    let restarting = rows::restarting(beside.awaited.as_ref());
    let actions = last.zip(beside.action);
    let actions: rows::Actions = actions
        .map(|(last, action)| (last.job.clone(), action))
        .into_iter()
        .collect();
    let site = beside.site;
    Ok(PhoneView {
        state: row.contact.reachability,
        restarting,
        last_seen: row.contact.last_seen,
        last_tried: row.contact.last_tried,
        ready: rows::readiness(row.last.as_ref()),
        last_result: row
            .last
            .as_ref()
            .map(|last| rows::last_result(last, &actions)),
        target: target(&row.phone, site.as_ref()),
        addresses: beside.addresses.into_iter().map(past_address).collect(),
        credential: credential(login, site.as_ref()),
        auth_scheme: row.contact.auth_scheme,
        pin: pin(&row, site.as_ref()),
        actions: quick::actions(caller.role, &row.phone.model),
        keypad: keypad::pad(caller.role, &row.phone.model),
        snippet: lines(&row),
        groups: groups.into_iter().map(group_link).collect(),
        created_at: row.created_at,
        updated_at: row.updated_at,
        site,
        timeline,
        timeline_href: Href::new("/audit").add("phone", mac).into(),
        version: row.version,
        errors: FormErrors::default(),
        phone: row.phone,
    })
}

pub(super) async fn timeline(
    engine: &Engine,
    caller: &Caller,
    mac: Mac,
) -> Result<Vec<Line>, Problem> {
    if !caller.role.may(Permission::ViewAudit) {
        return Ok(Vec::new());
    }
    let query = AuditQuery {
        phone: Some(mac),
        ..AuditQuery::default()
    };
    let page = engine
        .audit_page(caller, &query, &Seek::Start, TIMELINE)
        .await?;
    let lines = page.items.iter().map(audit_row::row_view);
    let mut lines: Vec<_> = lines.map(of_phone).collect();
    job_links::of_lines(engine, caller, &mut lines).await?;
    Ok(lines)
}

/// A line of the log on the page of its phone: a step of a command tells what became of it, everything
/// else who did it.
fn of_phone(mut line: Line) -> Line {
    let command = line.job.as_ref().map(|job| job.text.clone());
    line.words = match (line.action.as_str(), command) {
        ("target.intent", Some(command)) => say!("Sending: {command}", command),
        ("target.answered", Some(command)) => say!("The phone took it: {command}", command),
        ("target.unanswered", Some(command)) => say!("No answer yet: {command}", command),
        ("target.retrying", Some(command)) => say!("Will be tried again: {command}", command),
        ("target.given_back", Some(command)) => say!("Not sent after all: {command}", command),
        (code, _) if code.starts_with("target.") => line.words,
        _ => format!("{} {}", line.actor, line.words),
    };
    if let Some(job) = &mut line.job {
        say("The job").clone_into(&mut job.text);
    }
    line
}

fn past_address(PhoneAddress { address, since }: PhoneAddress) -> PastAddress {
    PastAddress { address, since }
}

fn group_link(slug: String) -> Link {
    let href = format!("/groups/{slug}");
    Link::new(slug, href)
}

/// Which scheme is spoken: the phone's, else the site's.
fn scheme(phone: &Phone, site: Option<&Site>) -> Scheme {
    let security = site.map_or(TransportSecurity::Pinned, |(_, security)| *security);
    let usual = match security {
        TransportSecurity::PlainHttp => Scheme::Http,
        TransportSecurity::Pinned | TransportSecurity::PrivateCa => Scheme::Https,
    };
    phone.scheme.unwrap_or(usual)
}

/// Where requests go.
fn target(phone: &Phone, site: Option<&Site>) -> Option<String> {
    let scheme = scheme(phone, site);
    let port = phone.port.unwrap_or(scheme.default_port());
    let place = std::net::SocketAddr::new(phone.address?, port);
    Some(format!("{scheme}://{place}{}", phone.url_form.path()))
}

fn credential(login: Option<EffectiveLogin>, site: Option<&Site>) -> CredentialSource {
    let Some(login) = login else {
        return CredentialSource::Missing;
    };
    match login.source {
        Source::Own => CredentialSource::Own {
            name: say!("User {username}", username = login.username),
        },
        Source::Phone => CredentialSource::Own { name: login.name },
        Source::Group(slug) => CredentialSource::Group {
            name: login.name,
            group: group_link(slug),
        },
        Source::Site(slug) => {
            let name = site.map_or_else(|| slug.clone(), |(name, _)| name.clone());
            CredentialSource::Site {
                name: login.name,
                site: Link::new(name, Href::new("/phones").add("site", slug)),
            }
        }
    }
}

/// Keys matter where they are what a phone is known by.
fn pin(row: &PhoneRow, site: Option<&Site>) -> Option<PinView> {
    let pinned = row.contact.tls_pin.clone();
    let by_key = site.is_none_or(|(_, security)| *security == TransportSecurity::Pinned);
    let matters = by_key && scheme(&row.phone, site) == Scheme::Https;
    (matters || pinned.is_some()).then_some(PinView { pinned, seen: None })
}

/// The lines that let us in, where the phone kept us out.
fn lines(row: &PhoneRow) -> Option<String> {
    let cause = row.last.as_ref()?.cause?;
    let kept_out = matches!(cause, Cause::Forbidden | Cause::PromptPending);
    kept_out
        .then(|| snippet::lines_for(row.phone.address))
        .flatten()
}
