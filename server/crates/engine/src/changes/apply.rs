//! What each change finds, and what it does.
//!
//! *Invariant:* what stands there is read in the transaction that changes it.

use std::collections::{BTreeMap, BTreeSet};

use carillon_domain::Mac;
use carillon_domain::event::Event;
use carillon_domain::role::Role;
use carillon_store::{ChangeRequestRow, EgressRow, Order, Ordered, Unit};
use ipnet::IpNet;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Change, deletion};
use crate::Engine;
use crate::accounts::read_roles;
use crate::audit::VERSION;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::jobs::{Rules, read_rules};
use crate::networks::{Effect, look_again, texts};

/// What was made of a change.
pub(super) struct Applied {
    /// The record of it.
    pub(super) event: Event,
    /// Those of what came with it.
    pub(super) besides: Vec<Event>,
    /// What this process has to follow once it is committed.
    pub(super) egress: Option<EgressRow>,
}

impl Applied {
    /// Nothing came with it.
    const fn one(event: Event) -> Self {
        Self {
            event,
            besides: Vec::new(),
            egress: None,
        }
    }

    /// The records that say what was asked for: all but those of jobs.
    pub(super) fn told(&mut self) -> impl Iterator<Item = &mut Event> {
        let besides = self.besides.iter_mut();
        let besides = besides.filter(|event| event.job.is_none());
        std::iter::once(&mut self.event).chain(besides)
    }
}

impl Engine {
    /// What the change finds: a request is good only while that is the same.
    pub(super) async fn base_of(&self, unit: &mut Unit, change: &Change) -> Result<Value> {
        match change {
            Change::SecondFactorReset { id, .. } => {
                let user = unit.user(id).await?.ok_or(EngineError::NotFound)?;
                let version = user.factor.is_some().then_some(user.factor_version);
                Ok(json!({ "factor": version }))
            }
            Change::Rules(_) => {
                let (value, version) = unit.order_to_change(Order::Rules).await?;
                let value = read_rules(&Ordered::As(value))?;
                Ok(json!({ "value": value, "version": version }))
            }
            Change::SecondFactorRoles(_) => {
                let (value, version) = unit.order_to_change(Order::SecondFactor).await?;
                let value = read_roles(&Ordered::As(value))?;
                Ok(json!({ "value": value, "version": version }))
            }
            Change::Networks { effect, .. } => {
                let row = unit.egress().await?;
                let version = row.as_ref().map_or(0, |row| row.version);
                if version != effect.seen.version {
                    return Err(look_again());
                }
                let value = row.map(|row| row.networks);
                Ok(json!({ "value": value, "version": version, "digest": effect.seen.digest }))
            }
            Change::PhonesDeletion(leaving) => deletion::base(unit, &leaving.macs).await,
        }
    }

    /// Makes a change: who lets it come true, and the name of who asked for it.
    pub(super) async fn apply_change(
        &self,
        unit: &mut Unit,
        change: &Change,
        base: &Value,
        (by, asker): (&Caller, &str),
    ) -> Result<Applied> {
        let now = self.clock.now();
        match change {
            Change::SecondFactorReset { id, name } => {
                unit.clear_factor(id, now).await?;
                unit.delete_sessions_of(id, None).await?;
                let mut event = by.event(now, "second_factor.reset");
                event.detail = json!({ "user": name });
                Ok(Applied::one(event))
            }
            Change::Rules(_) => {
                let asked = change.asked();
                let mut event = by.event(now, "rules.changed");
                order(unit, Order::Rules, (base, &asked), &mut event).await?;
                Ok(Applied::one(event))
            }
            Change::SecondFactorRoles(_) => {
                let asked = change.asked();
                let mut event = by.event(now, "second_factor.demanded");
                order(unit, Order::SecondFactor, (base, &asked), &mut event).await?;
                Ok(Applied::one(event))
            }
            Change::Networks { wanted, effect } => {
                let event = by.event(now, "networks.changed");
                self.narrow(unit, (wanted, effect), base, (event, asker))
                    .await
            }
            Change::PhonesDeletion(leaving) => {
                deletion::apply(unit, leaving, base, (by, now)).await
            }
        }
    }

    async fn narrow(
        &self,
        unit: &mut Unit,
        (wanted, effect): (&[IpNet], &Effect),
        base: &Value,
        (mut event, asker): (Event, &str),
    ) -> Result<Applied> {
        let row = EgressRow {
            networks: texts(wanted),
            version: self.next_number(&effect.seen, event.at),
            changed_by: asker.to_owned(),
            changed_at: event.at,
        };
        unit.set_egress(&row, effect.seen.version).await?;
        event.detail = json!({
            "before": base["value"], "after": row.networks, "stored_before": effect.stored,
            VERSION: row.version, "phones_out_of_reach": effect.phones.len(), "sites_out_of_reach": effect.sites,
        });
        Ok(Applied {
            egress: Some(row),
            ..Applied::one(event)
        })
    }

    /// Commits a change with its records, after that of a yes, and follows it.
    pub(super) async fn commit_change(
        &self,
        unit: Unit,
        approved: Option<Event>,
        applied: Applied,
    ) -> Result<()> {
        let mut events: Vec<Event> = approved.into_iter().collect();
        events.push(applied.event);
        events.extend(applied.besides);
        let committed = unit.record(&events).await?.commit().await;
        if committed.is_ok() {
            self.jobs_moved(&events);
        }
        if let Some(row) = applied.egress {
            if committed.is_ok() {
                self.follow(&Ok(Some(row)));
                self.dispatch.wake();
            } else {
                // Nobody knows whether it holds: what stands there now does, here as elsewhere.
                self.follow_or_tell().await;
            }
        }
        Ok(committed.map(drop)?)
    }

    /// What a request asks for, as it would be made now.
    pub(super) async fn change_of(
        &self,
        caller: &Caller,
        row: &ChangeRequestRow,
    ) -> Result<Change> {
        use carillon_domain::ChangeKind as Kind;
        match row.kind {
            Kind::SecondFactorReset => {
                let user = self.store.user(&row.subject).await?;
                let user = user.ok_or(EngineError::NotFound)?;
                Ok(Change::SecondFactorReset {
                    id: user.id,
                    name: user.name,
                })
            }
            Kind::Rules => asked::<Rules>(row).map(Change::Rules),
            Kind::SecondFactorRoles => asked::<BTreeSet<Role>>(row).map(Change::SecondFactorRoles),
            Kind::Networks => {
                let wanted: Vec<IpNet> = asked(row)?;
                let effect = self.networks_effect(caller, &wanted).await?;
                Ok(Change::Networks { wanted, effect })
            }
            Kind::PhonesDeletion => {
                let mut asked: BTreeMap<String, Vec<Mac>> = asked(row)?;
                let macs = asked.remove("delete").unwrap_or_default();
                self.leaving(&macs).await.map(Change::PhonesDeletion)
            }
        }
    }
}

/// Orders what is asked for; the record tells what was there before.
async fn order(
    unit: &mut Unit,
    order: Order,
    (base, asked): (&Value, &Value),
    event: &mut Event,
) -> Result<()> {
    unit.set_order(order, Some(&asked.to_string())).await?;
    event.detail = json!({ "before": base["value"], "after": asked });
    Ok(())
}

fn asked<T: DeserializeOwned>(row: &ChangeRequestRow) -> Result<T> {
    serde_json::from_str(&row.asked)
        .map_err(|_| EngineError::Internal("what a request asks for cannot be read"))
}
