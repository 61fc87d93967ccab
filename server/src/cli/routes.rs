//! `carillon routes`: every route with method and permission.

use clap::Args;

use super::output;
use crate::middleware::gate::Side;
use crate::router;
use crate::router::table::Route;

/// Show every route with its method and permission.
#[derive(Args)]
pub(super) struct Routes {
    /// As JSON, for tools
    #[arg(long)]
    json: bool,
}

impl Routes {
    pub(super) fn run(&self) {
        let (mut routes, _) = router::table().into_parts();
        routes.sort_by_key(|route| (route.path, route.verb.as_str()));
        if self.json {
            let rows: Vec<_> = routes.iter().map(row).collect();
            output::line(&serde_json::Value::from(rows).to_string());
        } else {
            for route in &routes {
                let (verb, side) = (route.verb.as_str(), side(route));
                output::line(&format!(
                    "{verb:6} {:44} {:17} {side}",
                    route.path, route.access
                ));
            }
        }
    }
}

const fn side(route: &Route) -> &'static str {
    match route.side {
        Side::Pages => "page",
        Side::Api => "api",
        Side::Reports => "report",
    }
}

fn row(route: &Route) -> serde_json::Value {
    serde_json::json!({
        "method": route.verb.as_str(),
        "path": route.path,
        "permission": route.access.to_string(),
        "side": side(route),
        "body_limit": route.body_limit,
    })
}
