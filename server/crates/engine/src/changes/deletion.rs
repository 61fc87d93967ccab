//! That phones leave the inventory: when it is for two, what the second person is shown, and what of it
//! may not have moved since.
//!
//! *Invariant:* none of them leaves once one of them was changed, deleted or taken into a job since
//! somebody asked. How many an account deleted one by one is read from the audit log, which nobody changes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use carillon_domain::action::Class;
use carillon_domain::event::{ActorKind, Event};
use carillon_domain::phone::Phone;
use carillon_domain::{Mac, Timestamp};
use carillon_store::{AskedAlone, AuditQuery, Order, Unit};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::apply::Applied;
use crate::caller::Caller;
use crate::error::Result;
use crate::inventory::phones::{GroupsOf, take_out};
use crate::jobs::read_rules;

/// More phones than this leave at no time at once, whoever agrees.
pub const MOST_DELETED: usize = 50;
/// So many phones one account deletes one by one within an hour; with more it is for two.
pub const DELETED_ALONE: usize = 10;
const HOUR: Duration = Duration::from_hours(1);
/// More records of an hour are not looked through: with so many it is for two.
const RECORDS: usize = 1_000;
/// Phones that are named where it is told what moved.
const NAMED: usize = 10;

/// Phones that leave, and the groups that each is in.
pub(crate) struct Leaving {
    pub(crate) macs: Vec<Mac>,
    pub(crate) groups: GroupsOf,
}

impl Leaving {
    /// Of exactly these phones, in whatever order: two requests about them are about the same thing.
    pub(super) fn subject(&self) -> String {
        let mut macs: Vec<String> = self.macs.iter().map(Mac::to_string).collect();
        macs.sort_unstable();
        hex::encode(Sha256::digest(macs.join("\n")))
    }
}

/// Whether these phones leave only when two agree: by the rule for destructive commands, but for one phone
/// alone, as long as it does not become many.
pub(super) async fn is_for_two(
    unit: &mut Unit,
    caller: &Caller,
    phones: usize,
    now: Timestamp,
) -> Result<bool> {
    let rules = read_rules(&unit.order(Order::Rules).await?)?;
    let alone = AskedAlone::default();
    if !rules.wants_second_person(Class::Destructive, phones, alone) {
        return Ok(false);
    }
    Ok(phones > 1 || deleted_alone(unit, caller, now).await? >= DELETED_ALONE)
}

/// How many phones this account deleted within the hour, itself or by its tokens, with nobody's answer and
/// by no import that was taken back.
async fn deleted_alone(unit: &mut Unit, caller: &Caller, now: Timestamp) -> Result<usize> {
    let query = AuditQuery {
        actor: Some(caller.actor.name.clone()),
        actions: vec!["phone.deleted".to_owned()],
        from: Some(now.minus(HOUR)),
        ..AuditQuery::default()
    };
    let records = unit.audit_end(&query, RECORDS).await?;
    if records.len() >= RECORDS {
        return Ok(RECORDS);
    }
    let alone = |event: &Event| {
        let is_account = matches!(event.actor.kind, ActorKind::User | ActorKind::Token);
        let detail = &event.detail;
        is_account && detail["change"].is_null() && detail["import"].is_null()
    };
    Ok(records.iter().filter(|record| alone(&record.event)).count())
}

/// What stands there: the phones by name for whoever decides, how many of which site and which is where,
/// how many are protected, and by their identities what may not move meanwhile.
pub(super) async fn base(unit: &mut Unit, macs: &[Mac]) -> Result<Value> {
    let rows = unit.phones_by_macs(macs).await?;
    let phones: Vec<&Phone> = rows.iter().map(|row| &row.phone).collect();
    let names: Vec<String> = phones.iter().map(|phone| phone.distinct_name()).collect();
    let by_mac = phones
        .iter()
        .map(|phone| (phone.mac.to_string(), facts(phone)));
    let by_mac: BTreeMap<String, [String; 2]> = by_mac.collect();
    let mut jobs = BTreeMap::<String, Vec<String>>::new();
    for (mac, job) in unit.jobs_with(macs).await? {
        jobs.entry(mac.to_string()).or_default().push(job);
    }
    let sites = names_of_sites(unit, &phones).await?;
    Ok(json!({
        "value": names, "sites": by_site(&phones, &sites), "places": places(&phones, &sites),
        "protected": phones.iter().filter(|phone| phone.protected).count(),
        "phones": by_mac, "jobs": jobs,
    }))
}

/// What a phone is called, and the digest of all that people wrote down about it.
fn facts(phone: &Phone) -> [String; 2] {
    let fields = json!(phone.fields()).to_string();
    [phone.distinct_name(), hex::encode(Sha256::digest(fields))]
}

/// The name of each site where one of the phones is, by its slug; of those at none, nothing.
async fn names_of_sites(unit: &mut Unit, phones: &[&Phone]) -> Result<BTreeMap<String, String>> {
    let slugs: BTreeSet<&str> = phones.iter().map(|phone| slug(phone)).collect();
    let mut names = BTreeMap::new();
    for slug in slugs {
        let site = unit.site(slug).await?;
        let name = site.map_or_else(|| slug.to_owned(), |site| site.site.name);
        names.insert(slug.to_owned(), name);
    }
    Ok(names)
}

fn slug(phone: &Phone) -> &str {
    phone.site.as_deref().unwrap_or_default()
}

/// Names of sites, each with how many of the phones are there.
fn by_site(phones: &[&Phone], names: &BTreeMap<String, String>) -> Vec<(String, usize)> {
    let at = |site: &str| phones.iter().filter(|phone| slug(phone) == site).count();
    let named = names.iter().map(|(slug, name)| (name.clone(), at(slug)));
    named.collect()
}

/// Where each phone is, by its identity.
fn places(phones: &[&Phone], names: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let place = |phone: &&Phone| {
        let name = names.get(slug(phone)).cloned().unwrap_or_default();
        (phone.mac.to_string(), name)
    };
    phones.iter().map(place).collect()
}

/// Why a request for this is void; nothing where all of it stands as it did.
pub(super) fn why_void(then: &Value, now: &Value) -> Option<String> {
    let moved = moved(then, now);
    if moved.is_empty() {
        return None;
    }
    let mut phones = moved[..moved.len().min(NAMED)].join(", ");
    if moved.len() > NAMED {
        phones.push_str(", …");
    }
    Some(phones)
}

/// The names of the phones that are others now, are there no more or anew, or that a job has which did not
/// have them.
fn moved(then: &Value, now: &Value) -> Vec<String> {
    let all = |value: &Value| value["phones"].as_object().cloned().unwrap_or_default();
    let (before, after) = (all(then), all(now));
    let name = |facts: &Value| facts[0].as_str().unwrap_or_default().to_owned();
    let came = after.iter().filter(|(mac, _)| !before.contains_key(*mac));
    let others = before.iter().filter(|(mac, facts)| {
        after.get(*mac) != Some(*facts) || has_another_job(&then["jobs"][*mac], &now["jobs"][*mac])
    });
    others.chain(came).map(|(_, facts)| name(facts)).collect()
}

fn has_another_job(then: &Value, now: &Value) -> bool {
    let (none, now) = (Vec::new(), now.as_array());
    let known = then.as_array().unwrap_or(&none);
    now.is_some_and(|jobs| jobs.iter().any(|job| !known.contains(job)))
}

/// Lets the phones go. Of several there is one record that names them all, before that of each.
pub(super) async fn apply(
    unit: &mut Unit,
    leaving: &Leaving,
    base: &Value,
    (by, now): (&Caller, Timestamp),
) -> Result<Applied> {
    let named = (&leaving.macs[..], &leaving.groups);
    let mut events = take_out(unit, named, (by, now)).await?;
    let count = base["value"].as_array().map_or(0, Vec::len);
    let event = if count == 1 && !events.is_empty() {
        events.remove(0)
    } else {
        let mut event = by.event(now, "phones.deleted");
        event.detail = json!({ "count": count, "phones": base["value"] });
        event
    };
    Ok(Applied {
        event,
        besides: events,
        egress: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(phones: &Value, jobs: &Value) -> Value {
        json!({ "phones": phones, "jobs": jobs })
    }

    #[test]
    fn what_moved_is_named() {
        let then = json!({ "1": ["Desk", "a"], "2": ["Lab", "b"] });
        let asked = standing(&then, &json!({ "1": ["j1"] }));
        let same = [
            standing(&then, &json!({ "1": ["j1"] })),
            standing(&then, &json!({})),
        ];
        assert!(same.iter().all(|now| why_void(&asked, now).is_none()));
        for (phones, jobs, told) in [
            (json!({ "1": ["Desk", "a"] }), json!({}), "Lab"),
            (
                json!({ "1": ["Desk", "x"], "2": ["Lab", "b"] }),
                json!({}),
                "Desk",
            ),
            (then.clone(), json!({ "2": ["j1"] }), "Lab"),
            (then.clone(), json!({ "1": ["j1", "j2"] }), "Desk"),
        ] {
            let now = standing(&phones, &jobs);
            assert_eq!(why_void(&asked, &now).as_deref(), Some(told));
        }
    }

    #[test]
    fn one_that_came_back_is_told_and_many_are_cut_short() {
        let none = standing(&json!({}), &json!({}));
        let many: BTreeMap<String, [&str; 2]> = (10..22)
            .map(|mac| (mac.to_string(), ["Desk", "a"]))
            .collect();
        let all = standing(&json!(many), &json!({}));
        for (then, now) in [(&none, &all), (&all, &none)] {
            let told = why_void(then, now).unwrap();
            assert_eq!(told.matches("Desk").count(), NAMED);
            assert!(told.ends_with('…'));
        }
    }
}
