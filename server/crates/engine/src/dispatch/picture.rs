//! The question for a picture of a phone's screen.
//!
//! It changes nothing on the phone, so it is no job; it goes the same way as every request: the
//! guard, the site's rule, the phone's credential.

use std::collections::BTreeMap;
use std::sync::Arc;

use carillon_devices::{Delivery, Limits, PathAndQuery};
use carillon_domain::Cause;
use carillon_domain::action::{CheckedAction, uri};
use carillon_domain::job::JobOptions;
use carillon_domain::phone::TransportSecurity;
use carillon_store::PhoneRow;

use super::delivery::{opened, place};
use crate::Engine;
use crate::error::Result;

const ACTION: &str = "screenshot";

/// The request, or why there is none.
pub(crate) async fn delivery(
    engine: &Engine,
    row: &PhoneRow,
) -> Result<std::result::Result<Delivery, Cause>> {
    let mac = row.phone.mac;
    // Where it is and what it gets are read at one moment: no other place gets what was meant for this.
    let mut calls = engine.store.calls(&[mac], engine.clock.now()).await?;
    let Some(call) = calls.remove(&mac) else {
        return Ok(Err(Cause::NoAddress));
    };
    let site = match &call.row.site {
        Some(slug) => engine.store.site(slug).await?.map(|row| row.site),
        None => None,
    };
    let security = site
        .as_ref()
        .map_or(TransportSecurity::Pinned, |site| site.transport_security);
    let Ok(action) = CheckedAction::parse(ACTION, &BTreeMap::new()) else {
        return Ok(Err(Cause::Unsupported));
    };
    let Ok(options) = JobOptions::default().effective(&action) else {
        return Ok(Err(Cause::Unsupported));
    };
    let Some(target) = place(&call.row, security, &options) else {
        return Ok(Err(Cause::NoAddress));
    };
    let Some(path) = path(&action, row) else {
        return Ok(Err(Cause::Unsupported));
    };
    let mut delivery = Delivery::new(mac, target, path);
    delivery.auth = call.row.auth_scheme;
    delivery.pin.clone_from(&call.row.tls_pin);
    delivery.security = security;
    delivery.ca_pem = site.and_then(|site| site.ca_pem).map(Arc::from);
    delivery.limits = Limits {
        body: Limits::SCREENSHOT,
        ..Limits::default()
    };
    delivery.credential = opened(engine, &call);
    Ok(Ok(delivery))
}

fn path(action: &CheckedAction, row: &PhoneRow) -> Option<PathAndQuery> {
    let phone = &row.phone;
    let text = uri::request_target(action, phone.url_form, phone.dial_form);
    let is_known = action.supports(&phone.model);
    PathAndQuery::parse(text.as_str()).ok().filter(|_| is_known)
}
