//! Which phones of a plan are sent to by SIP, and whom else that reaches.
//!
//! Owns what the review tells before anything is sent. Only what the inventory knows: a SIP
//! server may know of more phones at an address.

use std::collections::HashMap;

use carillon_domain::Mac;
use carillon_domain::action::CheckedAction;
use carillon_domain::job::{EffectiveOptions, Plan, PlannedPhone, TransportChoice};
use carillon_domain::sip::{SipProfile, SipUse};

use crate::Engine;
use crate::error::Result;
use crate::inventory::shared::SharedAddresses;

/// What SIP means for a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BySip {
    /// Phones that are sent to by SIP from the beginning.
    pub first: i64,
    /// Phones that are sent to by SIP where HTTP does not reach them.
    pub second: i64,
    /// Of all these, phones whose SIP address is that of other phones too: each command for one
    /// of them runs on all of them.
    pub shared: i64,
}

/// Reads what SIP means for a plan.
pub(super) async fn by_sip(
    engine: &Engine,
    action: &CheckedAction,
    options: &EffectiveOptions,
    plan: &Plan,
) -> Result<BySip> {
    let may = matches!(
        options.transport,
        TransportChoice::Auto | TransportChoice::Sip
    );
    if !may || !action.entry().travels_by_sip() {
        return Ok(BySip::default());
    }
    let rows = engine.store.sip_profiles().await?;
    let profiles: HashMap<&str, &SipProfile> = rows
        .iter()
        .map(|row| (row.site.as_str(), &row.profile))
        .collect();
    let profile_of = |phone: &PlannedPhone| profiles.get(phone.site.as_deref()?).copied();
    let at_such_sites: Vec<&PlannedPhone> = plan
        .run
        .iter()
        .filter(|phone| profile_of(phone).is_some())
        .collect();
    if at_such_sites.is_empty() {
        return Ok(BySip::default());
    }
    let macs: Vec<Mac> = at_such_sites.iter().map(|phone| phone.mac).collect();
    let addresses = engine.store.sip_addresses(&macs).await?;
    let shared = SharedAddresses::read(engine, &profiles).await?;
    let mut found = BySip::default();
    for phone in at_such_sites {
        let address = addresses.get(&phone.mac).map(|text| text.parse());
        let (Some(Ok(address)), Some(profile)) = (address, profile_of(phone)) else {
            continue;
        };
        let first = options.transport == TransportChoice::Sip
            || profile.used == SipUse::Only
            || phone.address.is_none()
            || !action.entry().travels_by_http();
        found.first += i64::from(first);
        found.second += i64::from(!first);
        found.shared += i64::from(shared.has(profile, &address));
    }
    Ok(found)
}
