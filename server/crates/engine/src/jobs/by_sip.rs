//! Which phones of a plan are sent to by SIP, and whom else that reaches.
//!
//! Owns what the review tells before anything is sent. Only what the inventory knows: a SIP
//! server may know of more phones at an address.

use std::collections::HashMap;

use carillon_domain::Mac;
use carillon_domain::action::CheckedAction;
use carillon_domain::job::{EffectiveOptions, Plan, PlannedPhone, TransportChoice};
use carillon_domain::sip::{SipAddress, SipUse};

use crate::Engine;
use crate::error::Result;

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
    let uses: HashMap<_, _> = engine
        .store
        .sip_profiles()
        .await?
        .into_iter()
        .map(|row| (row.site, row.profile.used))
        .collect();
    let at_such_sites: Vec<&PlannedPhone> = plan
        .run
        .iter()
        .filter(|phone| {
            phone
                .site
                .as_ref()
                .is_some_and(|site| uses.contains_key(site))
        })
        .collect();
    if at_such_sites.is_empty() {
        return Ok(BySip::default());
    }
    let macs: Vec<Mac> = at_such_sites.iter().map(|phone| phone.mac).collect();
    let addresses = engine.store.sip_addresses(&macs).await?;
    let shared = engine.store.shared_sip_addresses().await?;
    let mut found = BySip::default();
    for phone in at_such_sites {
        let address = addresses.get(&phone.mac).map(|text| text.parse());
        let Some(Ok(address)) = address else {
            continue;
        };
        let address: SipAddress = address;
        let used = phone.site.as_ref().and_then(|site| uses.get(site));
        let first = options.transport == TransportChoice::Sip
            || used == Some(&SipUse::Only)
            || phone.address.is_none()
            || !action.entry().travels_by_http();
        found.first += i64::from(first);
        found.second += i64::from(!first);
        found.shared += i64::from(shared.contains_key(&address.likeness()));
    }
    Ok(found)
}
