//! Which phones of a plan are sent to by SIP, and whom else that reaches.
//!
//! Owns what the review tells before anything is sent, and which phones SIP must not be used for.
//! Only what the inventory knows: a SIP server may know of more phones at an address.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use carillon_domain::action::CheckedAction;
use carillon_domain::job::{EffectiveOptions, Plan, PlannedPhone, TransportChoice};
use carillon_domain::sip::{SipAddress, SipProfile, SipUse};
use carillon_domain::{Cause, Mac};
use carillon_store::Store;

use crate::Engine;
use crate::error::Result;
use crate::inventory::shared::SharedAddresses;

/// Names of other phones that are told.
const NAMES: usize = 5;

/// What SIP means for a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BySip {
    /// Phones that are sent to by SIP from the beginning.
    pub first: i64,
    /// Phones that are sent to by SIP where HTTP does not reach them.
    pub second: i64,
    /// Of all these, phones whose SIP address is that of other phones too: each command for one
    /// of them runs on all of them.
    pub shared: i64,
    /// Some of those other phones that are not in the job themselves.
    pub others: Vec<String>,
    /// Of all these, phones of sites that a PBX sends to in our place: it never says what a phone
    /// did.
    pub through_pbx: i64,
}

impl BySip {
    /// Whether a phone's own answer by SIP is waited for: a PBX answers at once.
    pub const fn is_waited_for(&self) -> bool {
        self.first + self.second > self.through_pbx
    }
}

/// Reads what SIP means for a plan, and leaves out of it whom a command by SIP may not be sent for:
/// a phone whose SIP address is also that of one that the caller does not see, or that is protected.
pub(super) async fn by_sip(
    engine: &Engine,
    seen: &Store,
    (action, options): (&CheckedAction, &EffectiveOptions),
    plan: &mut Plan,
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
    let has_profile = |phone: &&PlannedPhone| {
        let site = phone.site.as_deref();
        site.is_some_and(|site| profiles.contains_key(site))
    };
    let macs: HashSet<Mac> = plan.run.iter().filter(has_profile).map(|p| p.mac).collect();
    if macs.is_empty() {
        return Ok(BySip::default());
    }
    let mut addresses = HashMap::with_capacity(macs.len());
    let keep = |mac, address| {
        if macs.contains(&mac) {
            addresses.insert(mac, address);
        }
    };
    let shared = SharedAddresses::read(engine, &profiles, keep).await?;
    let judged = plan.run.iter().filter_map(|phone| {
        let profile = profiles.get(phone.site.as_deref()?)?;
        let address: SipAddress = addresses.get(&phone.mac)?.clone();
        let judged = Judged::of(phone, profile, (action, options), address)?;
        let judged = judged.sharing(&shared, phone.mac);
        // As a second way SIP is not taken to an address of several phones.
        (judged.is_first || judged.others.is_empty()).then_some((phone.mac, judged))
    });
    let judged: BTreeMap<Mac, Judged> = judged.collect();
    let seen = names(seen, &judged).await?;
    let is_out = |other: &(Mac, bool)| {
        !seen.contains_key(&other.0) || (other.1 && !options.include_protected)
    };
    leave_out(plan, |phone| {
        let judged = judged.get(&phone.mac);
        judged.is_some_and(|judged| judged.is_first && judged.others.iter().any(is_out))
    });
    Ok(told(plan, &judged, &seen))
}

/// What SIP means for one phone.
struct Judged {
    is_first: bool,
    address: SipAddress,
    profile: SipProfile,
    /// The other phones at its address, and whether they are protected.
    others: Vec<(Mac, bool)>,
}

impl Judged {
    /// `None` where nothing can be sent to it by SIP.
    fn of(
        phone: &PlannedPhone,
        profile: &SipProfile,
        (action, options): (&CheckedAction, &EffectiveOptions),
        address: SipAddress,
    ) -> Option<Self> {
        let by_itself = address.host_address().is_some() || phone.address.is_some();
        let has_way = profile.proxy.is_some() || (by_itself && !profile.way.is_pbx());
        let is_first = options.transport == TransportChoice::Sip
            || profile.used == SipUse::Only
            || phone.address.is_none()
            || !action.entry().travels_by_http();
        has_way.then(|| Self {
            is_first,
            address,
            profile: profile.clone(),
            others: Vec::new(),
        })
    }

    fn sharing(mut self, shared: &SharedAddresses, phone: Mac) -> Self {
        let others = shared.others(&self.profile, &self.address, phone);
        self.others = others
            .map(|other| (other.mac, other.is_protected()))
            .collect();
        self
    }
}

/// What the other phones are called, those that the caller sees.
async fn names(seen: &Store, judged: &BTreeMap<Mac, Judged>) -> Result<HashMap<Mac, String>> {
    let others = judged.values().flat_map(|judged| &judged.others);
    let others: BTreeSet<Mac> = others.map(|(mac, _)| *mac).collect();
    let others: Vec<Mac> = others.into_iter().collect();
    let mut names = HashMap::with_capacity(others.len());
    for chunk in others.chunks(500) {
        names.extend(seen.phone_names(chunk).await?);
    }
    Ok(names)
}

fn leave_out(plan: &mut Plan, is_out: impl Fn(&PlannedPhone) -> bool) {
    let (out, run) = std::mem::take(&mut plan.run)
        .into_iter()
        .partition(|phone| is_out(phone));
    plan.run = run;
    let out: Vec<PlannedPhone> = out;
    let skipped = out.into_iter().map(|phone| (phone, Cause::AddressOfOthers));
    plan.skip.extend(skipped);
}

fn told(plan: &Plan, judged: &BTreeMap<Mac, Judged>, seen: &HashMap<Mac, String>) -> BySip {
    let mut found = BySip::default();
    let in_job: BTreeSet<Mac> = plan.run.iter().map(|phone| phone.mac).collect();
    let mut others = BTreeSet::new();
    for judged in plan.run.iter().filter_map(|phone| judged.get(&phone.mac)) {
        found.first += i64::from(judged.is_first);
        found.second += i64::from(!judged.is_first);
        found.through_pbx += i64::from(judged.profile.way.is_pbx());
        found.shared += i64::from(!judged.others.is_empty());
        others.extend(judged.others.iter().map(|(mac, _)| *mac));
    }
    let others = others.difference(&in_job);
    found.others = others
        .filter_map(|mac| seen.get(mac).cloned())
        .take(NAMES)
        .collect();
    found
}
