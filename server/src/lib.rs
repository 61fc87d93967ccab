//! Carillon: plays a whole fleet of desk phones from one keyboard.
//!
//! This package is the composition root: settings, start and stop, the accept loop, middleware,
//! the JSON API, the pages' handlers and the command line. What is done is decided in the
//! engine; how it looks is decided in the UI.
//!
//! *Invariant:* no handler runs that did not pass the gate of its route.

pub mod api;
pub mod app;
pub mod assets;
pub mod cli;
pub mod config;
pub mod cookies;
pub mod feed;
pub mod fields;
pub mod firewall;
pub mod form_token;
pub mod health;
pub mod listen;
pub mod local;
pub mod metrics;
pub mod middleware;
pub mod oidc;
pub mod origin;
pub mod pages;
pub mod places;
pub mod policy;
pub mod problem;
pub mod router;
pub mod startup;
pub mod telemetry;
pub mod tls;
