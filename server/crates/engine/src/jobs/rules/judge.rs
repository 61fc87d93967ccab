//! A job held to the rules.
//!
//! *Invariant:* what decides is looked at inside the transaction that makes the job, so that many
//! requests at once come to no more than one after another; what is told before is only told.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::action::{self, CheckedAction, Class};
use carillon_domain::role::Role;
use carillon_store::{Around, AskedAlone, Order, Unit};

use super::let_on::let_on;
use super::{FEWEST_APPROVERS, Rules, RulesInForce, read};
use crate::Engine;
use crate::accounts::Influence;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::jobs::goes_on::Rested;
use crate::jobs::preview::JobPreview;

pub(super) const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);
/// How long a job waits for a second person.
const APPROVAL_WAITS: Duration = Duration::from_mins(30);

/// Refuses what is not for an operator or too much for one, and says until when the job waits for a
/// second person, where it does. The limits are those of the account, whatever its tokens may.
pub(in crate::jobs) async fn judge(
    unit: &mut Unit,
    caller: &Caller,
    preview: &JobPreview,
    (start, now): (Timestamp, Timestamp),
) -> Result<Option<Timestamp>> {
    let rules = read(&unit.order(Order::Rules).await?)?;
    let entry = preview.action.entry();
    let when = (around(start, now), now);
    if let Some(account) = operating(unit, caller).await? {
        started(&rules, &preview.action)?;
        in_one_job(&rules, preview.total())?;
        not_too_many(unit, (account, &rules), now).await?;
        within(unit, (caller, &rules), preview.total(), when).await?;
    }
    let alone = asked_alone(unit, caller, entry.class, when).await?;
    let wanted = rules.wants_second_person(entry.class, preview.plan.run.len(), alone);
    if !wanted {
        return Ok(None);
    }
    if unit.count_approvers().await? >= FEWEST_APPROVERS {
        return Ok(Some(now.plus(APPROVAL_WAITS)));
    }
    refuse_who_took_it(unit, caller, now).await?;
    Ok(None)
}

/// Holds whoever lets a job go on to the rules of now, as if they asked for the phones of it that still
/// wait: also of their own, which they may have asked for long ago. A job that a second person let run was
/// for two.
pub(in crate::jobs) async fn may_go_on(
    unit: &mut Unit,
    caller: &Caller,
    rested: &Rested<'_>,
    now: Timestamp,
) -> Result<()> {
    let rules = read(&unit.order(Order::Rules).await?)?;
    let (class, phones) = (rested.entry.class, rested.phones());
    let besides = Some(rested.job.id.as_str());
    let when = (
        Around {
            besides,
            ..around(now, now)
        },
        now,
    );
    if operating(unit, caller).await?.is_some() {
        if let Some(why) = rules.operators_start.refusal(rested.entry) {
            return Err(EngineError::Conflict(why.to_owned()));
        }
        in_one_job(&rules, phones).map_err(as_conflict)?;
        within(unit, (caller, &rules), phones, when).await?;
    }
    let alone = asked_alone(unit, caller, class, when).await?;
    if rested.approved || !rules.wants_second_person(class, phones, alone) {
        return Ok(());
    }
    if unit.count_approvers().await? >= FEWEST_APPROVERS {
        let message = "nobody lets this go on alone: stop it, then start its rest anew, which waits for a second person";
        return Err(EngineError::Conflict(message.to_owned()));
    }
    refuse_who_took_it(unit, caller, now).await
}

/// The account of a caller who is held to the limits of operators, whatever their token may.
async fn operating<'a>(unit: &mut Unit, caller: &'a Caller) -> Result<Option<&'a str>> {
    let Some(account) = caller.user_id.as_deref() else {
        return Ok(None);
    };
    let user = unit.user(account).await?;
    Ok(user
        .is_some_and(|user| user.role == Role::Operator)
        .then_some(account))
}

/// What else this caller disturbs about then, alone: asked for or let go on.
async fn asked_alone(
    unit: &mut Unit,
    caller: &Caller,
    class: Class,
    when: (Around<'_>, Timestamp),
) -> Result<AskedAlone> {
    if class != Class::Disruptive {
        return Ok(AskedAlone::default());
    }
    let actions = actions_of(class);
    let asked = (account_of(caller), when.0);
    // First: from here on nobody else lets a job go on.
    let mut alone = unit.asked_alone(asked, &actions).await?;
    let let_on = let_on(unit, caller, when, Some(&actions)).await?;
    alone.phones = alone.phones.saturating_add(let_on);
    Ok(alone)
}

/// A field of a form that is not there.
fn as_conflict(error: EngineError) -> EngineError {
    match error {
        EngineError::Invalid(faults) => {
            let all = faults.into_iter().map(|fault| fault.message);
            EngineError::Conflict(all.collect::<Vec<_>>().join("; "))
        }
        other => other,
    }
}

/// Nobody else being there is no excuse for whoever brought that about.
async fn refuse_who_took_it(unit: &mut Unit, caller: &Caller, now: Timestamp) -> Result<()> {
    let influence = Influence::read(unit, now).await?;
    if caller.user_id.is_none() || !influence.took_an_approver(&caller.actor.name) {
        return Ok(());
    }
    let message = "you took the right to approve from somebody within the last day, and this needs a second person: \
         give it back, or wait until a day is over";
    Err(EngineError::Conflict(message.to_owned()))
}

/// Jobs that were asked for within the hour, or start within an hour of this one.
fn around<'a>(start: Timestamp, now: Timestamp) -> Around<'a> {
    Around {
        besides: None,
        asked_after: now.minus(HOUR),
        starts_after: start.minus(HOUR),
        starts_before: start.plus(HOUR),
    }
}

/// Nobody's jobs are those of callers without an account.
fn account_of(caller: &Caller) -> &str {
    caller.user_id.as_deref().unwrap_or_default()
}

fn actions_of(class: Class) -> Vec<&'static str> {
    let all = action::all();
    all.filter(|entry| entry.class == class)
        .map(|entry| entry.name)
        .collect()
}

fn started(rules: &Rules, action: &CheckedAction) -> Result<()> {
    match rules.operators_start.refusal(action.entry()) {
        Some(why) => Err(EngineError::invalid("action", "not_permitted", why)),
        None => Ok(()),
    }
}

fn in_one_job(rules: &Rules, phones: usize) -> Result<()> {
    if phones > rules.phones_per_job as usize {
        let message = format!(
            "{phones} phones are too many for one job of an operator: {} at most",
            rules.phones_per_job
        );
        return Err(EngineError::invalid("targets", "over_limit", message));
    }
    Ok(())
}

async fn not_too_many(
    unit: &mut Unit,
    (account, rules): (&str, &Rules),
    now: Timestamp,
) -> Result<()> {
    let jobs = unit.jobs_since(account, now.minus(MINUTE)).await?;
    if jobs >= i64::from(rules.jobs_per_minute) {
        let message = format!("{jobs} jobs within a minute are enough: wait, then start this one");
        return Err(EngineError::Conflict(message));
    }
    Ok(())
}

async fn within(
    unit: &mut Unit,
    (caller, rules): (&Caller, &Rules),
    phones: usize,
    when: (Around<'_>, Timestamp),
) -> Result<()> {
    let asked = unit.phones_around(account_of(caller), when.0).await?;
    let let_on = let_on(unit, caller, when, None).await?;
    let before = asked.saturating_add(let_on);
    let after = before.saturating_add(i64::try_from(phones).unwrap_or(i64::MAX));
    if after > i64::from(rules.phones_per_hour) {
        let message = format!(
            "your jobs of the last hour, those that you let go on in it, and those that start within an hour of this one, have {before} phones: with these it would be {after}, and {} is the most",
            rules.phones_per_hour
        );
        return Err(EngineError::Conflict(message));
    }
    Ok(())
}

/// Whether whoever asked may start such an action still.
pub(in crate::jobs) async fn may_start(unit: &mut Unit, role: Role, action: &str) -> Result<bool> {
    let rules = read(&unit.order(Order::Rules).await?)?;
    let entry = action::find(action);
    let refused = entry.and_then(|entry| rules.operators_start.refusal(entry));
    Ok(role != Role::Operator || refused.is_none())
}

/// Whether only somebody with a second factor may decide.
pub(crate) async fn wants_factor(unit: &mut Unit) -> Result<bool> {
    Ok(read(&unit.order(Order::Rules).await?)?.approve_with_factor)
}

impl Engine {
    /// Refuses before anything is chosen what operators do not start here.
    pub(in crate::jobs) async fn check_started(
        &self,
        caller: &Caller,
        action: &CheckedAction,
    ) -> Result<()> {
        if caller.role != Role::Operator {
            return Ok(());
        }
        let role = match caller.user_id.as_deref().filter(|_| !caller.is_person()) {
            // What a token lacks says nothing of its account, whose limits hold.
            Some(account) => self.store.user(account).await?.map(|user| user.role),
            None => Some(Role::Operator),
        };
        if role != Some(Role::Operator) {
            return Ok(());
        }
        started(&read(&self.store.order(Order::Rules).await?)?, action)
    }

    /// Whether this caller's job would wait for somebody else, as far as is known now.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn needs_approval(
        &self,
        caller: &Caller,
        asked: (&JobPreview, Option<Timestamp>),
        in_force: &RulesInForce,
    ) -> Result<bool> {
        let alone = self.for_two(caller, asked, in_force).await?;
        Ok(alone.is_some())
    }

    /// The same, with what the caller disturbs besides about then: by that it may be too much for one.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn for_two(
        &self,
        caller: &Caller,
        (preview, start_at): (&JobPreview, Option<Timestamp>),
        in_force: &RulesInForce,
    ) -> Result<Option<AskedAlone>> {
        let (class, phones) = (preview.action.entry().class, preview.plan.run.len());
        if !in_force.asks_second_person() {
            return Ok(None);
        }
        let alone = match class {
            Class::Disruptive => {
                let now = self.clock.now();
                let around = around(start_at.unwrap_or(now), now);
                let (asked, actions) = ((account_of(caller), around), actions_of(class));
                let mut alone = self.store.asked_alone(asked, &actions).await?;
                alone.phones += self.let_on(caller, (around, now), &actions).await?;
                alone
            }
            Class::Harmless | Class::Destructive => AskedAlone::default(),
        };
        let rules = &in_force.rules;
        Ok(Some(alone).filter(|alone| rules.wants_second_person(class, phones, *alone)))
    }
}
