//! The JSON API: one file per noun, its documentation beside its handlers.
//!
//! Owns the routes under `/api`. A handler takes its `Caller` from the gate, asks the engine,
//! and maps what comes back to `carillon_contract::api`. *Invariant:* no cookie is read here.

use crate::router::table::{Access, Table};

pub mod doc;
pub mod docs_page;
pub mod json;
pub mod openapi;
pub mod paging;
pub mod schema;

mod accounts;
mod actions;
pub mod audit;
mod changes;
mod credentials;
mod groups;
mod import;
mod jobs;
mod metrics;
mod networks;
mod phones;
mod sip;
mod sites;
mod stop_all;
mod streams;
mod submit;
mod targets;

use doc::Doc;

/// Every route of the API.
pub fn routes() -> Table {
    Table::api()
        .get("/api/v1/openapi.json", Access::Public, openapi::serve)
        .get("/api/docs", Access::Public, docs_page::serve)
        .with(phones::routes())
        .with(import::routes())
        .with(groups::routes())
        .with(sites::routes())
        .with(sip::routes())
        .with(credentials::routes())
        .with(actions::routes())
        .with(submit::routes())
        .with(jobs::routes())
        .with(targets::routes())
        .with(stop_all::routes())
        .with(audit::routes())
        .with(networks::routes())
        .with(changes::routes())
        .with(streams::routes())
        .with(metrics::routes())
        .with(accounts::routes())
}

/// What is said about every route of the API.
pub fn docs() -> impl Iterator<Item = &'static Doc> {
    [
        phones::DOCS,
        import::DOCS,
        groups::DOCS,
        sites::DOCS,
        sip::DOCS,
        credentials::DOCS,
        actions::DOCS,
        submit::DOCS,
        jobs::DOCS,
        targets::DOCS,
        stop_all::DOCS,
        audit::DOCS,
        networks::DOCS,
        changes::DOCS,
        streams::DOCS,
        metrics::DOCS,
        accounts::DOCS,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_documented_and_nothing_else_is() {
        let (routes, _) = routes().into_parts();
        let mut served: Vec<_> = routes
            .iter()
            .filter(|route| !matches!(route.path, "/api/v1/openapi.json" | "/api/docs"))
            .map(|route| (route.path, route.verb.as_str()))
            .collect();
        let mut told: Vec<_> = docs().map(|doc| (doc.path, doc.verb.as_str())).collect();
        served.sort_unstable();
        told.sort_unstable();
        assert_eq!(served, told);
    }
}
