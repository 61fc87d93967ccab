//! Who asked for what they may not, for the audit log.
//!
//! Owns what of a refused request is recorded: who, from where, which route; never what was in
//! it. *Invariant:* an answer stays refused where that cannot be recorded.

use axum::extract::{MatchedPath, Request};
use carillon_engine::Caller;
use http::Method;

use super::identify::Visitor;
use crate::app::App;
use crate::problem::{Code, Problem, chain};

/// A request, as far as it is recorded when it is refused.
pub(super) struct Asked {
    app: Option<App>,
    caller: Option<Caller>,
    method: Method,
    route: String,
}

impl Asked {
    /// This one.
    pub(super) fn of(request: &Request) -> Self {
        let extensions = request.extensions();
        let visitor = extensions.get::<Visitor>();
        let route = extensions.get::<MatchedPath>().map(MatchedPath::as_str);
        Self {
            app: extensions.get::<App>().cloned(),
            caller: visitor.and_then(|visitor| visitor.caller.clone()),
            method: request.method().clone(),
            route: route.unwrap_or_default().to_owned(),
        }
    }

    /// Who asked, where somebody is known.
    pub(super) const fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// Records it when what the answer tells is that somebody may not.
    pub(super) async fn record(self, told: Option<Problem>) {
        let Some(problem) = told.filter(|problem| problem.code == Code::Forbidden) else {
            return;
        };
        let Some((app, caller)) = self.app.zip(self.caller) else {
            return;
        };
        let engine = app.engine();
        let what = format!("{} {}", self.method, self.route);
        let recorded = engine.record_denied(&caller, &what, problem.lacks).await;
        if let Err(error) = recorded {
            tracing::error!(error = %chain(&error), "a denial was not recorded");
        }
    }
}
