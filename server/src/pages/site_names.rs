//! Sites by the names that people gave them.
//!
//! Owns how a page that has only slugs of sites comes to their names. A site that is gone keeps its
//! slug.

use carillon_engine::{Caller, Engine, EngineError};
use carillon_store::SiteRow;

use super::phones::rows::SiteNames;

/// The names of these sites.
pub(super) async fn of<'s>(
    engine: &Engine,
    caller: &Caller,
    slugs: impl Iterator<Item = &'s str>,
) -> Result<SiteNames, EngineError> {
    engine.site_names(caller, &slugs.collect::<Vec<_>>()).await
}

/// The names of sites that were read for something else.
pub(super) fn of_sites(sites: &[SiteRow]) -> SiteNames {
    let named = |row: &SiteRow| (row.site.slug.clone(), row.site.name.clone());
    sites.iter().map(named).collect()
}

/// Puts the name where the slug is.
pub(super) fn put(names: &SiteNames, slug: &mut String) {
    if let Some(name) = names.get(slug) {
        slug.clone_from(name);
    }
}
