//! Who gets the action and who is left out.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::action::CheckedAction;
use crate::{Cause, Mac};

/// One phone as it is when a job is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedPhone {
    /// Identity.
    pub mac: Mac,
    /// What to call it.
    pub name: String,
    /// Its extension.
    pub extension: String,
    /// Its model.
    pub model: String,
    /// Slug of its site.
    pub site: Option<String>,
    /// Slugs of its groups.
    pub groups: Vec<String>,
    /// Where it was last seen.
    pub address: Option<IpAddr>,
    /// Whether it is marked as protected.
    pub protected: bool,
}

/// What a job will do: each phone is in exactly one of the two lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// These get the action, in this order.
    pub run: Vec<PlannedPhone>,
    /// These do not, and why.
    pub skip: Vec<(PlannedPhone, Cause)>,
}

/// Plans an action for some phones. A phone given twice counts once.
///
/// A phone without an address stays in: that it could not be sent to is a result, not an omission.
pub fn plan(action: &CheckedAction, phones: Vec<PlannedPhone>, include_protected: bool) -> Plan {
    let mut plan = Plan::default();
    let mut seen = HashSet::with_capacity(phones.len());
    for phone in phones {
        if !seen.insert(phone.mac) {
            continue;
        }
        if phone.protected && !include_protected {
            plan.skip.push((phone, Cause::Protected));
        } else if !action.supports(&phone.model) {
            plan.skip.push((phone, Cause::Unsupported));
        } else {
            plan.run.push(phone);
        }
    }
    plan
}

impl Plan {
    /// How many phones, run and skipped.
    pub fn total(&self) -> usize {
        self.run.len() + self.skip.len()
    }

    /// Which phones, and which of them are skipped for what: SHA-256 in hexadecimal. Two plans
    /// have one digest exactly when they would do the same, whatever the order.
    pub fn digest(&self) -> String {
        let run = self.run.iter().map(|phone| (phone.mac, None));
        let skip = self
            .skip
            .iter()
            .map(|(phone, cause)| (phone.mac, Some(*cause)));
        list_digest(run.chain(skip).collect())
    }

    /// Those that are marked as protected, whether they run or not.
    pub fn protected(&self) -> Vec<Mac> {
        let skipped = self.skip.iter().map(|(phone, _)| phone);
        let all = self.run.iter().chain(skipped);
        all.filter(|phone| phone.protected)
            .map(|phone| phone.mac)
            .collect()
    }

    /// Which phones are protected. [`Plan::digest`] does not say it where they run all the same.
    pub fn protected_digest(&self) -> String {
        list_digest(
            self.protected()
                .into_iter()
                .map(|mac| (mac, None))
                .collect(),
        )
    }

    /// Those whose site matters: whoever gets the action, and the protected ones that one tick adds. The tick
    /// changes nothing about which these are.
    pub fn placed(&self) -> impl Iterator<Item = &PlannedPhone> {
        let skipped = self.skip.iter().map(|(phone, _)| phone);
        let free = self.run.iter().filter(|phone| !phone.protected);
        let protected = self.run.iter().chain(skipped);
        free.chain(protected.filter(|phone| phone.protected))
    }

    /// At which site each of the [placed](Self::placed) phones is. [`Plan::digest`] does not say it, and it
    /// decides which password a phone gets, and by which way.
    pub fn places_digest(&self) -> String {
        let mut placed: Vec<_> = self.placed().collect();
        placed.sort_unstable_by_key(|phone| phone.mac);
        let mut hash = Sha256::new();
        for phone in placed {
            hash.update(phone.mac.bytes());
            hash.update(phone.site.as_deref().unwrap_or_default());
            hash.update(b"\n");
        }
        hex::encode(hash.finalize())
    }

    /// How many are skipped for each cause, most first.
    pub fn skipped_by_cause(&self) -> Vec<(Cause, usize)> {
        let mut counts = BTreeMap::new();
        for (_, cause) in &self.skip {
            *counts.entry(*cause).or_insert(0) += 1;
        }
        most_first(counts)
    }

    /// How many run at each site, most first; `None` = without a site.
    pub fn by_site(&self) -> Vec<(Option<String>, usize)> {
        self.count(|phone| phone.site.clone())
    }

    /// How many run of each model, most first.
    pub fn by_model(&self) -> Vec<(String, usize)> {
        self.count(|phone| phone.model.clone())
    }

    fn count<K: Ord>(&self, key: impl Fn(&PlannedPhone) -> K) -> Vec<(K, usize)> {
        let mut counts = BTreeMap::new();
        for phone in &self.run {
            *counts.entry(key(phone)).or_insert(0) += 1;
        }
        most_first(counts)
    }
}

/// [`Plan::digest`] of a list of phones, each with the cause for which it is skipped.
pub fn list_digest(mut lines: Vec<(Mac, Option<Cause>)>) -> String {
    lines.sort_unstable();
    let mut hash = Sha256::new();
    for (mac, cause) in lines {
        hash.update(mac.bytes());
        if let Some(cause) = cause {
            hash.update(cause.to_string());
        }
        hash.update(b"\n");
    }
    hex::encode(hash.finalize())
}

fn most_first<K: Ord>(counts: BTreeMap<K, usize>) -> Vec<(K, usize)> {
    let mut list: Vec<_> = counts.into_iter().collect();
    list.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    list
}
