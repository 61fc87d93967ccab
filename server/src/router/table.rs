//! The table of routes: method, path, and what each one needs.
//!
//! Owns the only way to register a route. *Invariant:* no route without a declared access, and
//! the gate in front of each is made from that same declaration.

use axum::Router;
use axum::handler::Handler;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodFilter, on};
use carillon_domain::role::Permission;

use crate::app::App;
use crate::middleware::exports;
use crate::middleware::gate::{self, Gate, Side};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever holds the permission.
    Needs(Permission),
}

impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Public => f.pad("public"),
            Self::SignedIn => f.pad("signed_in"),
            Self::Needs(permission) => f.pad(permission.as_str()),
        }
    }
}

/// The methods that we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the method of its name")]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// As it stands in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Route {
    /// Method.
    pub verb: Verb,
    /// Path, parameters in braces.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    /// Pages with a cookie or the API with a token.
    pub side: Side,
    /// Most bytes of a body.
    pub body_limit: usize,
    /// Kinds of bodies that are taken.
    pub kinds: &'static [&'static str],
    /// Whether whoever asks must have shown lately who they are.
    pub proof: bool,
}

/// Largest report of a browser.
const REPORT_LIMIT: usize = 16 * 1024;
/// Largest body where a route says nothing else.
pub const BODY_LIMIT: usize = 64 * 1024;
/// Largest phone list.
pub const IMPORT_LIMIT: usize = 10 * 1024 * 1024;

const FORM: &[&str] = &["application/x-www-form-urlencoded"];
const UPLOAD: &[&str] = &["multipart/form-data"];
const JSON: &[&str] = &["application/json"];
const LIST: &[&str] = &["text/csv"];
const REPORT: &[&str] = &[
    "application/csp-report",
    "application/reports+json",
    "application/json",
];

/// Routes and the router made of them, growing together.
pub struct Table {
    side: Side,
    router: Router<App>,
    routes: Vec<Route>,
}

impl Table {
    /// Routes for browsers: a cookie says who asks, forms carry a token.
    pub fn pages() -> Self {
        Self::new(Side::Pages)
    }

    /// Routes for programs: a bearer token says who asks.
    pub fn api() -> Self {
        Self::new(Side::Api)
    }

    /// Where browsers report by themselves: no form, no token, nobody known.
    pub fn reports() -> Self {
        Self::new(Side::Reports)
    }

    fn new(side: Side) -> Self {
        Self {
            side,
            router: Router::new(),
            routes: Vec::new(),
        }
    }

    /// Adds a read.
    #[must_use]
    pub fn get<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Verb::Get, path, access, BODY_LIMIT, handler)
    }

    /// Adds a read that hands out a file of any size: one account takes a few at once.
    #[must_use]
    pub fn get_export<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.get(path, access, handler.layer(from_fn(exports::limit)))
    }

    /// Takes what browsers report by themselves.
    #[must_use]
    pub fn post_report<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Verb::Post, path, Access::Public, REPORT_LIMIT, handler)
    }

    /// Adds a change by `POST`.
    #[must_use]
    pub fn post<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Verb::Post, path, access, BODY_LIMIT, handler)
    }

    /// Adds a change by `POST` that names many phones.
    #[must_use]
    pub fn post_large<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Verb::Post, path, access, IMPORT_LIMIT, handler)
    }

    /// Adds a change by `POST` that takes a phone list as a file.
    #[must_use]
    pub fn post_file<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let gate = Gate {
            kinds: match self.side {
                Side::Api => LIST,
                _ => UPLOAD,
            },
            ..self.gate(access, IMPORT_LIMIT)
        };
        self.behind(gate, Verb::Post, path, handler)
    }

    /// Adds a change by `POST` that is dangerous in wrong hands: whoever asks must have shown
    /// lately who they are.
    #[must_use]
    pub fn post_proved<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let gate = Gate {
            proof: true,
            ..self.gate(access, BODY_LIMIT)
        };
        self.behind(gate, Verb::Post, path, handler)
    }

    /// Adds a change by another method.
    #[must_use]
    pub fn on<H, T>(self, verb: Verb, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(verb, path, access, BODY_LIMIT, handler)
    }

    /// Takes over all routes of another table.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.routes.extend(other.routes);
        self
    }

    /// The rows, and the router that serves exactly them.
    pub fn into_parts(self) -> (Vec<Route>, Router<App>) {
        (self.routes, self.router)
    }

    fn route<H, T>(
        self,
        verb: Verb,
        path: &'static str,
        access: Access,
        body_limit: usize,
        handler: H,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let gate = self.gate(access, body_limit);
        self.behind(gate, verb, path, handler)
    }

    const fn gate(&self, access: Access, body_limit: usize) -> Gate {
        Gate {
            access,
            side: self.side,
            body_limit,
            kinds: match self.side {
                Side::Pages => FORM,
                Side::Api => JSON,
                Side::Reports => REPORT,
            },
            proof: false,
        }
    }

    fn behind<H, T>(mut self, gate: Gate, verb: Verb, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let guarded = on(
            verb.filter(),
            handler.layer(from_fn_with_state(gate, gate::pass)),
        );
        self.router = self.router.route(path, guarded);
        self.routes.push(Route {
            verb,
            path,
            access: gate.access,
            side: gate.side,
            body_limit: gate.body_limit,
            kinds: gate.kinds,
            proof: gate.proof,
        });
        self
    }
}
