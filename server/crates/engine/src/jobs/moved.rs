//! Phones that lead elsewhere than when a second person let their job run.
//!
//! Owns that question for a job that waits for its hour, and takes such phones off it. *Invariants:* what
//! somebody agreed to goes to no other place than it led to then; it is read from the audit log, by the
//! numbers of records and not by the clock. A job that nobody had to agree to follows its phones, and so
//! does one that has begun.

use std::collections::BTreeSet;
use std::time::Duration;

use carillon_domain::event::Event;
use carillon_domain::phone::TransportSecurity;
use carillon_domain::{Mac, Timestamp};
use carillon_store::{AuditQuery, AuditRow, ChangedTarget, Unit, Untried};
use serde_json::Value;

use crate::error::Result;

/// What the record of the start says where phones were taken off.
pub(crate) const MOVED: &str =
    "phones that lead elsewhere than when a second person let it run are left out";

const APPROVED: &str = "job.approved";
const CREATED: &str = "phone.created";
const SITE: &str = "site.changed";
/// The records that may say that a phone leads elsewhere.
const LEADS: [&str; 5] = [
    "phone.changed",
    CREATED,
    SITE,
    "site.sip_changed",
    "site.sip_removed",
];
/// The fields of a phone by which it is found.
const PLACE: [&str; 5] = ["address", "port", "scheme", "sip_uri", "site"];
/// Records that are read at one go.
const AT_ONCE: usize = 1_000;
/// A record that was written after another has no time that is further before it.
const SLACK: Duration = Duration::from_hours(24);

/// Which phones may lead elsewhere: single ones, and all of some sites.
#[derive(Default)]
struct Moved {
    phones: BTreeSet<Mac>,
    sites: BTreeSet<String>,
}

impl Moved {
    async fn note(&mut self, unit: &mut Unit, event: &Event) -> Result<()> {
        let changes = &event.detail["changes"];
        if let Some(mac) = event.phone {
            if event.action == CREATED || PLACE.into_iter().any(has(changes)) {
                self.phones.insert(mac);
            }
        } else if let Some(site) = &event.site
            && (event.action != SITE || is_way(unit, site, changes).await?)
        {
            self.sites.insert(site.clone());
        }
        Ok(())
    }

    /// Those of these phones.
    async fn among(self, unit: &mut Unit, macs: &[Mac]) -> Result<Vec<Mac>> {
        let mut moved = self.phones;
        if !self.sites.is_empty() {
            let rows = unit.phones_by_macs(macs).await?.into_iter();
            let there = rows.filter(|row| {
                let site = row.phone.site.as_ref();
                site.is_some_and(|site| self.sites.contains(site))
            });
            moved.extend(there.map(|row| row.phone.mac));
        }
        Ok(macs
            .iter()
            .copied()
            .filter(|mac| moved.contains(mac))
            .collect())
    }
}

fn has(changes: &Value) -> impl Fn(&'static str) -> bool + '_ {
    move |field| changes.get(field).is_some()
}

/// Whether a change of a site concerns how its phones are reached. That its authority is another one is
/// told by no field: there, any change may be that.
async fn is_way(unit: &mut Unit, site: &str, changes: &Value) -> Result<bool> {
    if ["transport_security", "ca_pem"]
        .into_iter()
        .any(has(changes))
    {
        return Ok(true);
    }
    let site = unit.site(site).await?;
    Ok(site.is_some_and(|row| row.site.transport_security == TransportSecurity::PrivateCa))
}

/// The record of whoever let the job run.
async fn approval(unit: &mut Unit, job: &str) -> Result<Option<AuditRow>> {
    let query = AuditQuery {
        job: Some(job.to_owned()),
        actions: vec![APPROVED.to_owned()],
        ..AuditQuery::default()
    };
    Ok(unit.audit_end(&query, 1).await?.pop())
}

/// What was changed behind that record.
async fn since(unit: &mut Unit, approved: &AuditRow) -> Result<Moved> {
    let mut query = AuditQuery {
        from: Some(approved.event.at.minus(SLACK)),
        actions: LEADS.map(str::to_owned).into(),
        ..AuditQuery::default()
    };
    let mut moved = Moved::default();
    loop {
        let records = unit.audit_end(&query, AT_ONCE).await?;
        for record in records.iter().filter(|record| record.seq > approved.seq) {
            moved.note(unit, &record.event).await?;
        }
        let first = records.first().map(|record| record.seq);
        query.below = first.filter(|first| records.len() == AT_ONCE && *first > approved.seq);
        if query.below.is_none() {
            return Ok(moved);
        }
    }
}

/// Takes the phones off a job that lead elsewhere than when a second person let it run. What is changed from
/// this moment on is as if it were changed behind the start.
///
/// # Errors
/// Only when the storage fails.
pub(crate) async fn leave_out_moved(
    unit: &mut Unit,
    job: &str,
    now: Timestamp,
) -> Result<Vec<ChangedTarget>> {
    let approval_of_row = unit.job_approval(job).await?.unwrap_or_default();
    if approval_of_row.decided_by.is_none() {
        return Ok(Vec::new());
    }
    let Some(approved) = approval(unit, job).await? else {
        return Ok(Vec::new());
    };
    let moved = since(unit, &approved).await?;
    let waiting = unit.waiting_phones(job).await?;
    let moved = moved.among(unit, &waiting).await?;
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    let left_out = unit.end_waiting(job, Some(&moved), Untried::Cancelled, now);
    Ok(left_out.await?)
}
