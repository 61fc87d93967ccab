//! The table of contents of all URLs.
//!
//! Owns which handler answers where and what each route needs. Nothing is served that does not
//! stand here.

use axum::Router;
use axum::response::{IntoResponse as _, Response};

use crate::app::{App, Facts};
use crate::middleware;
use crate::problem::{Code, Problem};
use crate::{api, assets, health, pages, policy};
use carillon_engine::Engine;

pub mod table;

use table::{Access, Table};

/// Every route, without anything behind it: what `carillon routes` prints.
pub fn table() -> Table {
    Table::pages()
        .get("/healthz", Access::Public, health::live)
        .get("/readyz", Access::Public, health::ready)
        .get("/static/{*name}", Access::Public, assets::serve)
        .with(policy::routes())
        .with(pages::routes())
        .with(api::routes())
}

/// The whole application over an engine.
pub fn build(engine: Engine, facts: Facts) -> (App, Router) {
    let (routes, router) = table().into_parts();
    let app = App::new(engine, facts, routes);
    let router = router
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_with_this_method);
    let router = middleware::around(router, &app).with_state(app.clone());
    (app, router)
}

async fn nothing_here() -> Response {
    Problem::new(Code::NotFound)
        .detail("Nothing lives at this address.")
        .into_response()
}

async fn not_with_this_method() -> Response {
    Problem::new(Code::MethodNotAllowed)
        .detail("This address exists, but takes another method.")
        .into_response()
}
