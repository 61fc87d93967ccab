//! A dialled number in full, for whoever may read it.
//!
//! *Invariant:* it is recorded before it is shown, and waits sealed for the one page behind the
//! redirect, which takes it away; no address holds it.

use std::time::Duration;

use axum::extract::Path;
use carillon_contract::FormErrors;
use carillon_contract::audit::{NumberView, ShownNumber};
use carillon_domain::event::Event;
use carillon_domain::role::Permission;
use carillon_engine::{Caller, EngineError};
use secrecy::ExposeSecret as _;

use super::record;
use crate::fields::Form;
use crate::pages::refused::refusal;
use crate::pages::visit::{PageResult, Visit};

pub(super) const SHOWN: &str = "number";
/// It waits so long for its page.
const WAITS: Duration = Duration::from_mins(2);

/// `POST /audit/{seq}/number`.
pub(super) async fn read(
    visit: Visit,
    caller: Caller,
    Path(seq): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let reason = fields.only(&["reason"])?.or_empty("reason");
    let seq: i64 = seq.parse().map_err(|_| EngineError::NotFound)?;
    let engine = visit.app.engine();
    let disclosed = match engine.read_number(&caller, seq, &reason).await {
        Ok(disclosed) => disclosed,
        Err(error) => {
            let refused = refusal(error)?;
            let typed = (reason, refused.errors);
            return record::page(visit, &caller, seq, (None, typed), refused.status).await;
        }
    };
    let shown = ShownNumber {
        value: disclosed.value.expose_secret().to_owned(),
        salt: disclosed.salt,
    };
    let id = engine.keep_draft(&caller, SHOWN, &shown, WAITS).await?;
    Ok(visit.see_other(&format!("/audit/{seq}?shown={id}")))
}

/// What the page of a record says of its number; nothing where it has none.
pub(super) fn view(
    event: &Event,
    caller: &Caller,
    (shown, (reason, errors)): (Option<ShownNumber>, (String, FormErrors)),
) -> Option<NumberView> {
    Some(NumberView {
        commitment: event.detail["private"]["sha256"].as_str()?.to_owned(),
        may_read: caller.require(Permission::ReadNumbers).is_ok(),
        shown,
        reason,
        errors,
    })
}
