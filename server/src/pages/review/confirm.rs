//! When a review asks for the number of phones to be typed.
//!
//! Owns what counts as a lot.

use std::collections::BTreeMap;

use carillon_domain::action::Class;
use carillon_engine::jobs::JobPreview;
use carillon_store::SiteRow;

/// So many phones are a lot.
const MANY: usize = 50;
/// More percent than this of a site's phones are a lot, too.
const MANY_PERCENT: i64 = 20;

/// The number that must be typed, when one must, given the sites that the caller sees.
pub(super) fn to_type(sites: &[SiteRow], preview: &JobPreview) -> Option<i64> {
    let run = preview.plan.run.len();
    let must = match preview.action.entry().class {
        Class::Harmless => false,
        _ if run <= 1 => false,
        Class::Disruptive => run > MANY || takes_much_of_a_site(sites, preview),
        Class::Destructive => true,
    };
    must.then_some(run as i64)
}

fn takes_much_of_a_site(sites: &[SiteRow], preview: &JobPreview) -> bool {
    let mut taken: BTreeMap<&str, i64> = BTreeMap::new();
    for site in preview
        .plan
        .run
        .iter()
        .filter_map(|phone| phone.site.as_deref())
    {
        *taken.entry(site).or_default() += 1;
    }
    let much = |row: &SiteRow| {
        let run = taken.get(&*row.site.slug).copied().unwrap_or(0);
        run > 1 && run * 100 > row.phones * MANY_PERCENT
    };
    sites.iter().any(much)
}
