//! A plan becomes true: sites, logins, phones and their records in one transaction.

use std::collections::BTreeMap;

use carillon_domain::event::Event;
use carillon_domain::phone::{Phone, Site, TransportSecurity, USUAL_DOWN_PERCENT};
use carillon_domain::{FieldError, Mac, Timestamp};
use carillon_store::{Keeps, Unit};
use serde_json::json;

use super::super::clear::Touched;
use super::super::login::Intent;
use super::super::record;
use super::plan::{Item, Planned};
use super::{ImportResult, NEW_SITE_SECURITY, NewSite};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// What an import is called and how it was decided.
pub(super) struct Applied {
    pub(super) id: String,
    pub(super) file_name: String,
    pub(super) sha256: String,
    pub(super) security: BTreeMap<String, TransportSecurity>,
    /// The file waits as a draft and is taken away with this.
    pub(super) takes_draft: bool,
}

impl Engine {
    /// Writes a plan. What changed in the inventory since it was made is a conflict.
    pub(super) async fn apply(
        &self,
        caller: &Caller,
        mut planned: Planned,
        applied: Applied,
    ) -> Result<ImportResult> {
        check_choices(&planned, &applied)?;
        let told = result(&planned, &applied);
        // Also of what is given the password that it has, and nothing else: were only wrong ones held
        // against the inventory as it is now, a conflict would tell which these are, and write nothing.
        let compared = Compared::of(&planned);
        planned.leave_what_stays();
        let now = self.clock.now();
        let macs = |items: &[Item]| items.iter().map(|item| item.phone.mac).collect::<Vec<_>>();
        let touched = [macs(&planned.creates), macs(&planned.updates)].concat();
        let groups = self.store.groups_of(&compared.stored(), now).await?;
        let written = result(&planned, &applied);
        let mut events = vec![summary(caller, now, &written, &applied)];
        events.extend(
            planned
                .new_sites
                .values()
                .map(|site| site_event(caller, now, site, &applied)),
        );
        for (items, action) in [
            (&planned.creates, "phone.created"),
            (&planned.updates, "phone.changed"),
        ] {
            events.extend(items.iter().map(|item| {
                let mut event = record::of_phone(caller, now, action, &item.phone);
                event.groups = groups.get(&item.phone.mac).cloned().unwrap_or_default();
                event.detail = record::changes(&item.changes);
                event.detail["import"] = applied.id.clone().into();
                event
            }));
        }
        let mut unit = caller.begin_keeping(&self.store, Keeps::Ways).await?;
        compared.check_unchanged(&mut unit).await?;
        if applied.takes_draft {
            self.keep_undo(&mut unit, caller, (&applied.id, &planned))
                .await?;
        }
        let sealed = self.write(&mut unit, planned, &applied, now).await?;
        for event in &mut events {
            let digest = event.phone.and_then(|mac| sealed.get(&mac));
            record::seal(event, digest);
        }
        if applied.takes_draft {
            self.replace_by_result(&mut unit, caller, &told).await?;
        }
        if written.created + written.updated + written.new_sites.len() > 0 || applied.takes_draft {
            let touched = Touched {
                phones: Some(&touched),
                page: "/phones/import",
                proof: true,
            };
            self.finish_guarded(caller, unit, &events, &touched).await?;
        }
        Ok(told)
    }

    async fn write(
        &self,
        unit: &mut Unit,
        planned: Planned,
        applied: &Applied,
        now: Timestamp,
    ) -> Result<BTreeMap<Mac, String>> {
        for site in planned.new_sites.values() {
            unit.insert_site(&new_site(site, applied), now).await?;
        }
        let (mut created, new_logins) = parts(planned.creates);
        // As jobs go through them: phones that answer together then lie beside each other.
        created.sort_by(|a, b| (&a.site, &a.label, a.mac).cmp(&(&b.site, &b.label, b.mac)));
        let (updated, logins) = parts(planned.updates);
        let intents = new_logins.into_iter().chain(logins).collect();
        let sealed = self.write_logins(unit, intents, now).await?;
        unit.insert_phones(&created, now).await?;
        unit.upsert_phones(&updated, now).await?;
        Ok(sealed)
    }
}

fn parts(items: Vec<Item>) -> (Vec<Phone>, Vec<(Mac, Intent)>) {
    items
        .into_iter()
        .map(|item| {
            let login = (item.phone.mac, item.intent);
            (item.phone, login)
        })
        .unzip()
}

/// The phones of a plan with the versions that it was made of; `None` = not in the inventory.
struct Compared(Vec<(Mac, Option<i64>)>);

impl Compared {
    fn of(planned: &Planned) -> Self {
        let items = planned.creates.iter().chain(&planned.updates);
        Self(items.map(|item| (item.phone.mac, item.version)).collect())
    }

    /// Those that were in the inventory.
    fn stored(&self) -> Vec<Mac> {
        let stored = self.0.iter().filter(|(_, version)| version.is_some());
        stored.map(|(mac, _)| *mac).collect()
    }

    /// Between the plan and this transaction somebody may have changed a phone.
    async fn check_unchanged(&self, unit: &mut Unit) -> Result<()> {
        let macs: Vec<Mac> = self.0.iter().map(|(mac, _)| *mac).collect();
        unit.lock_phones(&macs).await?;
        let rows = unit.phones_by_macs(&macs).await?.into_iter();
        let found: BTreeMap<Mac, i64> = rows.map(|row| (row.phone.mac, row.version)).collect();
        let is_as_it_was = |(mac, version): &(Mac, Option<i64>)| found.get(mac) == version.as_ref();
        if self.0.iter().all(is_as_it_was) {
            return Ok(());
        }
        Err(EngineError::Conflict(
            "the inventory changed meanwhile: import the file again".to_owned(),
        ))
    }
}

/// A site with an authority of its own needs that authority's certificate, which no list holds.
fn check_choices(planned: &Planned, applied: &Applied) -> Result<()> {
    let errors: Vec<FieldError> = applied
        .security
        .iter()
        .filter(|(slug, security)| {
            planned.new_sites.contains_key(*slug) && **security == TransportSecurity::PrivateCa
        })
        .map(|(slug, _)| {
            let message = "make this site first, with the certificate of its authority";
            FieldError::new(format!("security.{slug}"), "invalid", message)
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(EngineError::Invalid(errors))
    }
}

fn security_of(site: &NewSite, applied: &Applied) -> TransportSecurity {
    let chosen = applied.security.get(&site.slug).copied();
    chosen.unwrap_or(NEW_SITE_SECURITY)
}

fn new_site(site: &NewSite, applied: &Applied) -> Site {
    Site {
        slug: site.slug.clone(),
        name: site.name.clone(),
        transport_security: security_of(site, applied),
        ca_pem: None,
        credential: None,
        max_down_percent: USUAL_DOWN_PERCENT,
    }
}

fn result(planned: &Planned, applied: &Applied) -> ImportResult {
    let (updated, unchanged) = planned.counts();
    ImportResult {
        id: applied.id.clone(),
        file_name: applied.file_name.clone(),
        created: planned.creates.len(),
        updated,
        unchanged,
        left_out: planned.error_rows(),
        new_sites: planned.new_sites.values().cloned().collect(),
        undone: None,
    }
}

fn summary(caller: &Caller, now: Timestamp, result: &ImportResult, applied: &Applied) -> Event {
    let mut event = caller.event(now, "inventory.imported");
    event.detail = json!({
        "import": result.id, "file": result.file_name, "sha256": applied.sha256,
        "created": result.created, "updated": result.updated, "unchanged": result.unchanged,
        "left_out": result.left_out,
    });
    event
}

fn site_event(caller: &Caller, now: Timestamp, site: &NewSite, applied: &Applied) -> Event {
    let mut event = caller.event(now, "site.created");
    event.site = Some(site.slug.clone());
    event.detail = json!({
        "name": site.name, "transport_security": security_of(site, applied), "import": applied.id,
    });
    event
}
