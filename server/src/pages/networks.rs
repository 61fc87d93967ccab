//! `/admin/networks`: where phones may be contacted.
//!
//! *Invariant:* a choice is made only after what it does to the phones was shown, and only while
//! that still holds.

use axum::response::Response;
use carillon_contract::networks::{NetworksEffect, NetworksView};
use carillon_domain::ChangeKind;
use carillon_domain::job::PlannedPhone;
use carillon_domain::networks::Stored;
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_engine::networks::{Effect, Networks, Seen, read};
use carillon_language::say;
use http::StatusCode;

use super::changes::{self, outcome};
use super::notice;
use super::refused::{Refusal, refusal};
use super::visit::{PageResult, Visit};
use crate::fields::{Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

const ADMINISTER: Access = Access::Needs(Permission::Administer);
const HERE: &str = "/admin/networks";
/// Phones that are named; the others are counted.
const NAMED: usize = 1000;

pub(super) fn routes(table: Table) -> Table {
    table
        .get(HERE, ADMINISTER, show)
        .post_proved(HERE, ADMINISTER, choose)
}

/// `GET /admin/networks`; `networks` = what a choice of these would do.
async fn show(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, &["networks"]);
    let typed = query.text("networks").map(str::to_owned);
    page(visit, &caller, typed, None).await
}

/// `POST /admin/networks`.
async fn choose(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["networks", "version", "digest", "reason"])?;
    let (typed, reason) = (fields.or_empty("networks"), fields.or_empty("reason"));
    let seen = Seen {
        version: fields.or_empty("version").parse().unwrap_or(-1),
        digest: fields.or_empty("digest"),
    };
    let engine = visit.app.engine();
    let chosen = match read(&typed) {
        Ok(networks) => {
            let asked = engine.change_networks(&caller, &networks, &seen, &reason);
            asked.await
        }
        Err(error) => Err(error),
    };
    match chosen {
        Ok(made) => {
            let text = say("These networks hold from now on.");
            Ok(visit.see_other_saying(HERE, &outcome(&made, text)))
        }
        Err(error) => {
            let refused = refusal(error)?;
            page(visit, &caller, Some(typed), Some(refused)).await
        }
    }
}

async fn page(
    visit: Visit,
    caller: &Caller,
    typed: Option<String>,
    refused: Option<Refusal>,
) -> Result<Response, Problem> {
    let engine = visit.app.engine();
    let now = engine.networks(caller).await?;
    let asked = match typed.as_deref().map(read) {
        None => Ok(None),
        Some(Err(error)) => Err(error),
        Some(Ok(networks)) => {
            let effect = engine.networks_effect(caller, &networks).await;
            effect.map(|effect| Some(shown(&texts(&networks), effect)))
        }
    };
    let (effect, refused) = match (asked, refused) {
        (Ok(effect), refused) => (effect, refused),
        (Err(_), Some(refused)) => (None, Some(refused)),
        (Err(error), None) => (None, Some(refusal(error)?)),
    };
    let status = refused
        .as_ref()
        .map_or(StatusCode::OK, |refused| refused.status);
    let view = NetworksView {
        networks: typed.unwrap_or_else(|| texts(&now.chosen).join("\n")),
        effect,
        waiting: changes::notices(&visit, caller, &[ChangeKind::Networks], None)
            .await?
            .pop(),
        errors: refused.map(|refused| refused.errors).unwrap_or_default(),
        ..held(now)
    };
    let html = carillon_ui::networks(&visit.frame, &view);
    Ok(visit.html(status, html))
}

fn held(now: Networks) -> NetworksView {
    NetworksView {
        allowed: texts(&now.allowed),
        in_force: texts(&now.in_force),
        broken: Some(now.stored).filter(|stored| matches!(stored, Stored::Lost | Stored::Forged)),
        changed: now.changed,
        ..NetworksView::default()
    }
}

fn shown(networks: &[String], effect: Effect) -> NetworksEffect {
    let named = |phone: &PlannedPhone| {
        let address = phone.address.map(|address| address.to_string());
        (
            phone.mac.to_string(),
            phone.name.clone(),
            address.unwrap_or_default(),
        )
    };
    NetworksEffect {
        networks: networks.to_vec(),
        phones: effect.phones.len() as i64,
        already: effect.already as i64,
        named: effect.phones.iter().take(NAMED).map(named).collect(),
        sites: effect.sites,
        version: effect.seen.version,
        digest: effect.seen.digest,
    }
}

/// As people write them.
pub fn texts(networks: &[impl ToString]) -> Vec<String> {
    networks.iter().map(ToString::to_string).collect()
}
