//! Phones as rows of a list.
//!
//! Shared by every page that lists phones.

use std::collections::HashMap;

use carillon_contract::phones::{LastResult, OwnCredential, PhoneRow as Line, Readiness};
use carillon_domain::TargetState;
use carillon_domain::phone::{Phone, Scheme};
use carillon_store::{Awaited, JobsBeside, LastResult as Last, PhoneRow};

use crate::pages::job_row;

/// Names of sites by slug.
pub type SiteNames = HashMap<String, String>;
/// Names of actions by job.
pub type Actions = HashMap<String, String>;

/// What surely restarts a phone. What fetches a configuration is proven by its return too, but most
/// phones stay for it.
const RESTARTS: [&str; 3] = ["Reboot", "CheckSyncRestart", "Reset"];

/// One row.
pub fn row_view(row: &PhoneRow, sites: &SiteNames, jobs: &JobsBeside) -> Line {
    let phone = &row.phone;
    Line {
        mac: phone.mac,
        label: phone.label.clone(),
        extension: phone.extension.clone(),
        model: phone.model.clone(),
        site: phone
            .site
            .as_ref()
            .map(|slug| (slug.clone(), site_name(slug, sites))),
        address: address(phone),
        state: row.contact.reachability,
        restarting: restarting(jobs.awaited.get(&phone.mac)),
        last_seen: row.contact.last_seen,
        ready: readiness(row.last.as_ref()),
        firmware: phone.firmware.clone(),
        last_result: row
            .last
            .as_ref()
            .map(|last| last_result(last, &jobs.actions)),
        tags: phone.tags.clone(),
        protected: phone.protected,
        groups: Vec::new(),
        account: phone.sip_uri.clone(),
        credential: own_credential(row),
        notes: phone.notes.clone(),
    }
}

fn own_credential(row: &PhoneRow) -> Option<OwnCredential> {
    if row.own_credential {
        return Some(OwnCredential::Alone);
    }
    row.phone.credential.clone().map(OwnCredential::Named)
}

fn site_name(slug: &str, sites: &SiteNames) -> String {
    sites.get(slug).cloned().unwrap_or_else(|| slug.to_owned())
}

/// The address, with the port where it is not the scheme's own.
pub fn address(phone: &Phone) -> String {
    let Some(address) = phone.address else {
        return String::new();
    };
    let usual = |port: u16| match phone.scheme {
        Some(scheme) => port == scheme.default_port(),
        None => [Scheme::Http, Scheme::Https]
            .iter()
            .any(|s| s.default_port() == port),
    };
    match phone.port {
        Some(port) if !usual(port) => std::net::SocketAddr::new(address, port).to_string(),
        _ => address.to_string(),
    }
}

/// The job that restarts a phone, while its return is awaited.
pub fn restarting(awaited: Option<&Awaited>) -> Option<String> {
    let restarts = awaited.filter(|awaited| RESTARTS.contains(&awaited.action.as_str()));
    restarts.map(|awaited| awaited.job.clone())
}

/// Whether a command would get through, as far as the last one tells.
pub fn readiness(last: Option<&Last>) -> Readiness {
    match last {
        Some(Last {
            cause: Some(cause), ..
        }) => Readiness::Gate(*cause),
        Some(Last {
            state: TargetState::Verified | TargetState::Acknowledged,
            ..
        }) => Readiness::Ready,
        _ => Readiness::Unchecked,
    }
}

/// What the last command came to.
pub fn last_result(last: &Last, actions: &Actions) -> LastResult {
    let action = actions.get(&last.job).map(|name| job_row::title(name));
    LastResult {
        state: last.state,
        cause: last.cause,
        at: last.at,
        job: last.job.clone(),
        action: action.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use carillon_domain::Mac;
    use carillon_domain::action::{Verification, find};

    use super::*;

    #[test]
    fn what_restarts_is_proven_by_the_return() {
        let proven = RESTARTS.map(|name| find(name).map(|entry| entry.verification));
        assert_eq!(proven, [Some(Verification::ComesBack); 3]);
        let awaited = |action: &str| Awaited {
            job: "j".to_owned(),
            action: action.to_owned(),
        };
        assert_eq!(restarting(Some(&awaited("Reboot"))).as_deref(), Some("j"));
        assert_eq!(restarting(Some(&awaited("AutoP"))), None);
        assert_eq!(restarting(None), None);
    }

    #[test]
    fn only_ports_of_ones_own_are_shown() {
        let mut phone = Phone::new(Mac::from_bytes([0, 0x15, 0x65, 1, 2, 3]));
        assert_eq!(address(&phone), "");
        phone.address = "10.1.2.3".parse().ok();
        phone.port = Some(443);
        assert_eq!(address(&phone), "10.1.2.3");
        phone.scheme = Some(Scheme::Http);
        assert_eq!(address(&phone), "10.1.2.3:443");
        phone.address = "fd00::1".parse().ok();
        assert_eq!(address(&phone), "[fd00::1]:443");
    }
}
