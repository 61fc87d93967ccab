//! Who may decide about jobs of others.
//!
//! Owns what is told of them before anybody decides; a decision itself reads all of it again: see `approve`.

use carillon_domain::Timestamp;
use carillon_domain::role::Permission;
use carillon_store::Approver;

use super::rules::{DECIDE, Rules};
use crate::Engine;
use crate::accounts::{Deciders, STRONG};
use crate::caller::Caller;
use crate::error::Result;

/// Who could approve what somebody is about to ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prospect {
    /// Those whose yes counts, now or then.
    pub able: Vec<String>,
    /// Those who lack nothing but a second factor that the rules want.
    pub without_factor: Vec<String>,
    /// From when one of them is somebody else than who asks; nothing where that is now. Before that nobody's
    /// yes counts, whatever they set up.
    pub from: Option<Timestamp>,
}

/// Somebody's name, and until when they may be the same person as who asks.
type Timed = (String, Option<Timestamp>);

impl Prospect {
    /// Who of these could approve what `asker` asks for.
    pub(crate) fn of(
        all: &[Approver],
        (asker, asks_factor): (&str, bool),
        until: impl Fn(&str) -> Option<Timestamp>,
    ) -> Self {
        let others = all.iter().filter(|one| one.name != asker);
        let (lacking, able): (Vec<&Approver>, Vec<&Approver>) =
            others.partition(|one| asks_factor && one.without_factor);
        let timed = |of: Vec<&Approver>| -> Vec<Timed> {
            let of = of.into_iter();
            of.map(|one| (one.name.clone(), until(&one.name))).collect()
        };
        Self::among(&timed(able), &timed(lacking))
    }

    /// Those who can at once; else those who only have to set up a second factor; else the first time of all.
    fn among(able: &[Timed], lacking: &[Timed]) -> Self {
        let (now, soon) = (at_once(able), at_once(lacking));
        if !now.is_empty() || !soon.is_empty() {
            return Self {
                able: now,
                without_factor: soon,
                from: None,
            };
        }
        let without_factor = if able.is_empty() { lacking } else { &[] };
        Self {
            able: names(able),
            without_factor: names(without_factor),
            from: first(able).or_else(|| first(lacking)),
        }
    }
}

fn names(of: &[Timed]) -> Vec<String> {
    of.iter().map(|(name, _)| name.clone()).collect()
}

/// Who is somebody else than who asks already.
fn at_once(of: &[Timed]) -> Vec<String> {
    let others = of.iter().filter(|(_, until)| until.is_none());
    others.map(|(name, _)| name.clone()).collect()
}

/// The first time at which one of them is.
fn first(of: &[Timed]) -> Option<Timestamp> {
    of.iter().filter_map(|(_, until)| *until).min()
}

impl Engine {
    /// Who could approve a job that this caller is about to ask for.
    ///
    /// # Errors
    /// Denied.
    pub async fn job_prospect(&self, caller: &Caller, rules: &Rules) -> Result<Prospect> {
        caller.require(Permission::ViewJobs)?;
        let approvers = self.store.approvers().await?;
        self.prospect(caller, rules, &approvers).await
    }

    /// Who could approve a change that this caller is about to ask for.
    ///
    /// # Errors
    /// Denied to all but who manages the inventory.
    pub async fn change_prospect(&self, caller: &Caller, rules: &Rules) -> Result<Prospect> {
        caller.require(Permission::ManageInventory)?;
        let administrators = self.store.administrators().await?;
        self.prospect(caller, rules, &administrators).await
    }

    async fn prospect(&self, caller: &Caller, rules: &Rules, all: &[Approver]) -> Result<Prospect> {
        let asker = caller.actor.name.as_str();
        let asks = rules.approve_with_factor;
        let others = all.iter().filter(|one| one.name != asker);
        let (lacking, able): (Vec<&Approver>, Vec<&Approver>) =
            others.partition(|one| asks && one.without_factor);
        let deciders = self.who_owes_what(&able, &lacking).await?;
        Ok(Prospect::of(all, (asker, asks), |name| {
            deciders.as_ref()?.until(name, asker)
        }))
    }

    /// What these owe each other. The audit log is asked only where it matters: somebody whose account was not
    /// changed lately is somebody else than who asks.
    async fn who_owes_what(
        &self,
        able: &[&Approver],
        lacking: &[&Approver],
    ) -> Result<Option<Deciders>> {
        let now = self.clock.now();
        let recent = |one: &&Approver| Deciders::may_count(one.changed_at, now);
        if !able.iter().all(recent) || !able.iter().chain(lacking).any(recent) {
            return Ok(None);
        }
        let deciders = Deciders::of(&self.store, Vec::new(), now);
        Ok(Some(deciders.await?))
    }

    /// Those who may decide about jobs of others. No secret to who sees jobs.
    ///
    /// # Errors
    /// Denied.
    pub async fn approvers(&self, caller: &Caller) -> Result<Vec<Approver>> {
        caller.require(Permission::ViewJobs)?;
        Ok(self.store.approvers().await?)
    }

    /// Whether this caller's account may decide about jobs of others.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn may_approve(&self, caller: &Caller) -> Result<bool> {
        let Some(account) = caller.user_id.as_deref().filter(|_| caller.is_person()) else {
            return Ok(false);
        };
        let user = self.store.user(account).await?;
        Ok(caller.require(DECIDE).is_ok() && user.is_some_and(|user| user.approver))
    }

    /// Whether only a second factor is missing to this caller for approving: jobs and changes alike.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn lacks_factor(&self, caller: &Caller, rules: &Rules) -> Result<bool> {
        let account = caller.user_id.as_deref().filter(|_| caller.is_person());
        let asked = rules.approve_with_factor && caller.actor.auth != STRONG;
        let Some(account) = account.filter(|_| asked) else {
            return Ok(false);
        };
        let user = self.store.user(account).await?;
        Ok(user.is_some_and(|user| user.factor.is_none()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Option<Timestamp> = Some(Timestamp::from_micros(2));
    const LAST: Option<Timestamp> = Some(Timestamp::from_micros(3));

    fn among(
        able: &[(&str, Option<Timestamp>)],
        lacking: &[(&str, Option<Timestamp>)],
    ) -> (String, String, Option<Timestamp>) {
        let timed = |of: &[(&str, Option<Timestamp>)]| -> Vec<Timed> {
            let of = of.iter();
            of.map(|(name, until)| ((*name).to_owned(), *until))
                .collect()
        };
        let found = Prospect::among(&timed(able), &timed(lacking));
        let (able, lacking) = (found.able.join(" "), found.without_factor.join(" "));
        (able, lacking, found.from)
    }

    #[test]
    fn whoever_is_the_same_person_for_a_day_is_no_way_out_of_it() {
        let told = |able: &str, lacking: &str, from: Option<Timestamp>| {
            (able.to_owned(), lacking.to_owned(), from)
        };
        assert_eq!(among(&[], &[]), told("", "", None));
        let one_can = among(&[("a", None), ("b", LATER)], &[("c", None), ("d", LATER)]);
        assert_eq!(one_can, told("a", "c", None));
        let a_factor_helps = among(&[("a", LATER)], &[("c", None), ("d", LATER)]);
        assert_eq!(a_factor_helps, told("", "c", None));
        let none = among(&[("a", LAST), ("b", LATER)], &[("c", LATER)]);
        assert_eq!(none, told("a b", "", LATER));
        let both = among(&[], &[("c", LAST), ("d", LATER)]);
        assert_eq!(
            both,
            told("", "c d", LATER),
            "time and a factor are missing"
        );
    }
}
