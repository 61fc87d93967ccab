//! Stored passwords that a change would send in clear to where they did not go before.
//!
//! Owns the rule: that is for somebody who showed lately who they are, and not for a token, which may
//! have left the program that it was made for. *Invariant:* it is judged by what phones would get after
//! the change, inside the unit that makes it, so that no way to the same end is forgotten. A password
//! that comes with the change itself is nobody's secret but the sender's, and does not count.

use std::collections::BTreeSet;

use carillon_domain::Mac;
use carillon_domain::event::Event;
use carillon_domain::job::TransportChoice;
use carillon_domain::phone::Group;
use carillon_domain::sip::{NotifyWay, SipProfile, SipTransport};
use carillon_store::{Exposed, Unit};

use super::{finish, rule};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// What a change is about.
pub(super) struct Touched<'a> {
    /// The phones that may get something else by it; `None` = any.
    pub(super) phones: Option<&'a [Mac]>,
    /// The page on which a person does the same.
    pub(super) page: &'a str,
    /// Whether also a person shows first who they are: where one choice leads many passwords away.
    pub(super) proof: bool,
}

impl Engine {
    /// Writes the records of a unit that may lead passwords elsewhere, and makes it true.
    pub(super) async fn finish_guarded(
        &self,
        caller: &Caller,
        mut unit: Unit,
        events: &[Event],
        touched: &Touched<'_>,
    ) -> Result<()> {
        if must_ask(caller, touched.proof)
            && let Some(first) = self.newly_in_clear(&mut unit, touched.phones).await?
        {
            let what = format!(
                "it would send the stored password of the phone {} in clear to {}",
                first.phone, first.address
            );
            return Err(refusal(caller, &what, touched.page));
        }
        finish(unit, events).await
    }

    /// Refuses a token a job over HTTP for phones that are told a shared password by TLS otherwise.
    pub(crate) async fn check_job_in_clear(
        &self,
        caller: &Caller,
        (transport, phones): (TransportChoice, &[Mac]),
    ) -> Result<()> {
        if caller.is_person() || transport != TransportChoice::Http {
            return Ok(());
        }
        let exposed = self.store.exposed(Some(phones), self.clock.now()).await?;
        let Some(first) = exposed.iter().find(|one| one.over_tls && !one.is_own) else {
            return Ok(());
        };
        let what = format!(
            "over HTTP it would send the stored password of the phone {} in clear to {}; leave \
             options.transport out",
            first.phone, first.address
        );
        Err(refusal(caller, &what, "/run"))
    }

    /// Something that this unit sends in clear to where it did not go before.
    async fn newly_in_clear(
        &self,
        unit: &mut Unit,
        phones: Option<&[Mac]>,
    ) -> Result<Option<Exposed>> {
        let now = self.clock.now();
        let after = unit.exposed(phones, now).await?;
        if after.is_empty() {
            return Ok(None);
        }
        let before = self.store.exposed(phones, now).await?;
        let new: Vec<&Exposed> = after
            .difference(&before)
            .filter(|one| !was_told(one, &before))
            .collect();
        let names: BTreeSet<&str> = new.iter().map(|one| one.credential.as_str()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let stored = self.store.stored_secrets(&names).await?;
        let was_stored =
            |one: &&&Exposed| stored.contains(&(one.credential.clone(), one.secret_version));
        Ok(new.iter().find(was_stored).map(|one| Exposed::clone(one)))
    }
}

/// Whether it went to that place already, and no worse way. What is a phone's alone may go another.
fn was_told(one: &Exposed, before: &BTreeSet<Exposed>) -> bool {
    let other = Exposed {
        over_tls: !one.over_tls,
        ..one.clone()
    };
    (one.over_tls || one.is_own) && before.contains(&other)
}

/// Refuses a token a stored credential on a rule whose phones come and go by themselves: its own rule, or one
/// that it asks for over any number of groups. Judged with the group as this unit has it.
pub(super) async fn check_rule(
    caller: &Caller,
    unit: &mut Unit,
    (group, old): (&Group, Option<&Group>),
) -> Result<()> {
    let same_rule = old.is_some_and(|old| old.filter == group.filter);
    let same_login = old.is_some_and(|old| old.credential == group.credential);
    if caller.is_person() || (same_rule && same_login) {
        return Ok(());
    }
    let groups = unit.every_group().await?;
    let rules = rule::Rules::of(&groups);
    let gives = groups.iter().filter(|other| other.credential.is_some());
    // Who only gets another credential changes nothing for those that ask for it.
    let mut concerned = gives.filter(|other| {
        other.slug == group.slug || (!same_rule && rules.leads(&other.slug, &group.slug))
    });
    let Some(first) = concerned.find(|other| rules.changes_by_itself(&other.slug)) else {
        return Ok(());
    };
    let what = format!(
        "it would send a stored password, perhaps in clear, to phones that come into the group {} by themselves",
        first.slug
    );
    Err(refusal(caller, &what, "/groups"))
}

/// Refuses a SIP profile by which a PBX elsewhere would be told a stored password in clear.
pub(super) fn check_profile(
    caller: &Caller,
    site: &str,
    old: Option<&SipProfile>,
    new: &SipProfile,
) -> Result<()> {
    let told = told_in_clear(new);
    if told.is_none() || told == old.and_then(told_in_clear) || !must_ask(caller, true) {
        return Ok(());
    }
    let what = "it would tell a PBX a stored password in clear";
    Err(refusal(caller, what, &format!("/sites/{site}/sip")))
}

/// Whom a password is told in clear, and which.
fn told_in_clear(profile: &SipProfile) -> Option<(std::net::IpAddr, Option<u16>, &str)> {
    let address = profile.proxy.filter(|address| !address.is_loopback())?;
    let credential = profile.credential.as_deref()?;
    let told = profile.way == NotifyWay::Esl
        || (profile.way == NotifyWay::Ami && profile.password_in_clear);
    let in_clear = told && profile.transport == SipTransport::Tcp;
    in_clear.then_some((address, profile.port, credential))
}

fn must_ask(caller: &Caller, people_too: bool) -> bool {
    !caller.is_person() || (people_too && !caller.proved)
}

fn refusal(caller: &Caller, what: &str, page: &str) -> EngineError {
    if caller.is_person() {
        return EngineError::ProofNeeded;
    }
    EngineError::NotByToken(format!(
        "A token may not do this: {what}, where it did not go before. Sign in and do it on the page \
         {page}, or on the server's machine by its command line."
    ))
}
