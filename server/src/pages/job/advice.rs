//! What is told beside the causes of a job: where they struck, and the page of the next step.
//!
//! *Invariant:* a link leads where its reader may go. While a job runs, nothing is linked that the next
//! phone could make wrong.

use carillon_contract::Href;
use carillon_contract::job::CauseAdvice;
use carillon_domain::role::Permission;
use carillon_domain::{Cause, Mac};
use carillon_engine::Caller;
use carillon_store::{CausePlace, JobRow};

use crate::pages::phones::rows::SiteNames;

/// So many sites of a cause are named.
const NAMED: usize = 2;
/// Causes whose next step has a page wherever they strike.
const EVERYWHERE: [Cause; 4] = [
    Cause::AuthFailed,
    Cause::AuthLockedOut,
    Cause::NoCredential,
    Cause::BlockedAddress,
];

/// Where a cause struck.
pub(super) struct Struck {
    cause: Cause,
    count: i64,
    /// Slugs, empty where phones have no site; most first.
    sites: Vec<(String, i64)>,
    /// One of the phones.
    mac: Mac,
}

/// What is the same for all phones of a cause.
#[derive(Clone, Copy, Default)]
struct Common<'s> {
    site: Option<&'s str>,
    phone: Option<Mac>,
}

/// Where each cause that needs a look struck.
pub(super) fn struck(places: &[CausePlace]) -> Vec<Struck> {
    let mut all: Vec<Struck> = Vec::new();
    for place in places.iter().filter(|place| place.cause.needs_a_look()) {
        match all.iter_mut().find(|struck| struck.cause == place.cause) {
            Some(struck) => struck.add(place),
            None => all.push(Struck::of(place)),
        }
    }
    for struck in &mut all {
        struck.sites.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    }
    all
}

impl Struck {
    fn of(place: &CausePlace) -> Self {
        Self {
            cause: place.cause,
            count: place.count,
            sites: vec![(place.site.clone().unwrap_or_default(), place.count)],
            mac: place.mac,
        }
    }

    fn add(&mut self, place: &CausePlace) {
        self.count += place.count;
        let slug = place.site.as_deref().unwrap_or_default();
        match self.sites.iter_mut().find(|(known, _)| known == slug) {
            Some((_, count)) => *count += place.count,
            None => self.sites.push((slug.to_owned(), place.count)),
        }
    }

    fn common(&self) -> Common<'_> {
        let site = match self.sites.as_slice() {
            [(slug, _)] if !slug.is_empty() => Some(slug.as_str()),
            _ => None,
        };
        Common {
            site,
            phone: (self.count == 1).then_some(self.mac),
        }
    }
}

/// The sites whose names are told.
pub(super) fn slugs(struck: &[Struck]) -> impl Iterator<Item = &str> {
    let named = struck.iter().flat_map(|one| one.sites.iter().take(NAMED));
    named
        .map(|(slug, _)| slug.as_str())
        .filter(|slug| !slug.is_empty())
}

/// What is told beside causes; while the job runs, also beside those that may come.
pub(super) fn of(
    caller: &Caller,
    job: &JobRow,
    (struck, names): (&[Struck], &SiteNames),
) -> Vec<CauseAdvice> {
    let settled = job.state.is_terminal() || job.total == 1;
    let mut list: Vec<CauseAdvice> = struck
        .iter()
        .map(|one| {
            let common = if settled {
                one.common()
            } else {
                Common::default()
            };
            CauseAdvice {
                site_href: phones_there(caller, job, one),
                ..advice(one, names, page(caller, one.cause, common))
            }
        })
        .collect();
    if !job.state.is_terminal() {
        let known = |cause: &Cause| struck.iter().any(|one| one.cause == *cause);
        let coming = EVERYWHERE.into_iter().filter(|cause| !known(cause));
        list.extend(coming.filter_map(|cause| coming_one(caller, cause)));
    }
    list
}

fn advice(struck: &Struck, names: &SiteNames, href: Option<String>) -> CauseAdvice {
    let name = |slug: &String| names.get(slug).unwrap_or(slug).clone();
    let sites = struck.sites.iter().take(NAMED);
    let more = struck.sites.len().saturating_sub(NAMED);
    CauseAdvice {
        cause: struck.cause,
        count: struck.count,
        sites: sites.map(|(slug, count)| (name(slug), *count)).collect(),
        more_sites: i64::try_from(more).unwrap_or(i64::MAX),
        href,
        site_href: None,
    }
}

/// The phones of the only site of a cause. While the job runs, the next phone could be of another.
fn phones_there(caller: &Caller, job: &JobRow, struck: &Struck) -> Option<String> {
    let may = job.state.is_terminal() && caller.require(Permission::ViewInventory).is_ok();
    let slug = struck.common().site.filter(|_| may)?;
    Some(Href::new("/phones").add("site", slug).to_string())
}

fn coming_one(caller: &Caller, cause: Cause) -> Option<CauseAdvice> {
    Some(CauseAdvice {
        cause,
        count: 0,
        sites: Vec::new(),
        more_sites: 0,
        href: Some(page(caller, cause, Common::default())?),
        site_href: None,
    })
}

/// The page of a cause's next step, for who may open it.
fn page(caller: &Caller, cause: Cause, common: Common<'_>) -> Option<String> {
    let may = |permission| caller.require(permission).is_ok();
    let phone = common.phone.filter(|_| may(Permission::ViewInventory));
    let phone = phone.map(|mac| format!("/phones/{mac}"));
    let managed = common.site.filter(|_| may(Permission::ManageInventory));
    match cause {
        Cause::AuthFailed | Cause::AuthLockedOut | Cause::NoCredential => {
            let list = may(Permission::ManageInventory).then(|| "/admin/credentials".to_owned());
            phone.or(list)
        }
        Cause::BlockedAddress => {
            let networks = may(Permission::Administer).then(|| "/admin/networks".to_owned());
            phone.or(networks)
        }
        Cause::TlsFailed | Cause::AuthNotAllowedInClear => {
            managed.map(|slug| format!("/sites/{slug}/edit")).or(phone)
        }
        Cause::Sip(401 | 403 | 407) | Cause::PbxRefused => {
            managed.map(|slug| format!("/sites/{slug}/sip")).or(phone)
        }
        // What is to be done stands beside it, or is done elsewhere.
        Cause::Forbidden | Cause::PromptPending | Cause::FailureLimit => None,
        _ => phone,
    }
}

#[cfg(test)]
mod tests {
    use carillon_domain::TargetState;

    use super::*;

    fn place(cause: Cause, site: &str, count: i64) -> CausePlace {
        CausePlace {
            cause,
            state: TargetState::Failed,
            site: (!site.is_empty()).then(|| site.to_owned()),
            count,
            mac: "00:15:65:00:00:01".parse().unwrap(),
        }
    }

    #[test]
    fn the_largest_sites_of_a_cause_come_first_and_the_others_are_counted() {
        let places = [
            place(Cause::AuthFailed, "kiel", 2),
            place(Cause::AuthFailed, "bonn", 4),
            place(Cause::AuthFailed, "", 1),
            place(Cause::AuthFailed, "kiel", 3),
            place(Cause::Protected, "bonn", 9),
        ];
        let struck = struck(&places);
        let [one] = struck.as_slice() else {
            panic!("one cause needs a look")
        };
        let names = SiteNames::from([("kiel".to_owned(), "Kiel".to_owned())]);
        let told = advice(one, &names, None);
        let sites = [("Kiel".to_owned(), 5), ("bonn".to_owned(), 4)];
        assert_eq!(
            (told.sites, told.more_sites, told.count),
            (sites.to_vec(), 1, 10)
        );
        assert!(one.common().site.is_none());
        assert_eq!(slugs(&struck).collect::<Vec<_>>(), ["kiel", "bonn"]);
    }

    #[test]
    fn one_site_and_one_phone_are_common() {
        let all = struck(&[place(Cause::TlsFailed, "kiel", 1)]);
        let common = all[0].common();
        assert_eq!(
            (common.site, common.phone),
            (Some("kiel"), Some(all[0].mac))
        );
        assert!(
            struck(&[place(Cause::TlsFailed, "", 2)])[0]
                .common()
                .site
                .is_none()
        );
    }
}
