//! Stored passwords that a change would send to where they did not go before.
//!
//! Owns the rule: in clear, that is for somebody who showed lately who they are; and a token, which may
//! have left the program that it was made for, chooses nobody at all who is told one, also not by TLS:
//! not by a key that nobody knows yet, not by the word of an authority, and not as a proof by SIP or by Digest in plain HTTP. *Invariant:* it is judged by what phones would get after
//! the change, inside the unit that makes it, so that no way to the same end is forgotten. A password
//! that comes with the change itself is nobody's secret but the sender's, and does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use carillon_domain::Mac;
use carillon_domain::event::Event;
use carillon_domain::job::TransportChoice;
use carillon_domain::phone::Group;
use carillon_domain::sip::{NotifyWay, SipProfile, SipTransport};
use carillon_store::{Exposed, Told, Unit, Ways};

use super::{finish, rule};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// Beyond so many phones of the inventory, also by TLS a person shows first who they are.
const MANY: usize = 25;

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
            && let Some(first) = self
                .newly_told(&mut unit, touched.phones, ways_of(caller))
                .await?
        {
            return Err(refusal(caller, &told_by(&first), touched.page));
        }
        if must_ask(caller, touched.proof) && caller.is_person() {
            self.check_many(&mut unit, touched.phones).await?;
        }
        finish(unit, events).await
    }

    /// Refuses whoever did not show lately who they are to lead the stored passwords of many phones away, also by
    /// TLS, and wherever these were before: nowhere, or without a password, in a step before this one. Phones that
    /// come with the change are no such phones, nor those whose keys are known.
    async fn check_many(&self, unit: &mut Unit, phones: Option<&[Mac]>) -> Result<()> {
        if phones.is_some_and(|phones| phones.len() <= MANY) {
            return Ok(());
        }
        let new = self.led(unit, phones, Ways::Any).await?;
        let new: BTreeSet<Mac> = new.iter().map(|one| one.phone).collect();
        if new.len() <= MANY {
            return Ok(());
        }
        // What comes with this unit is not there for others yet.
        let new: Vec<Mac> = new.into_iter().collect();
        let known = self.store.phones_by_macs(&new).await?;
        if known.len() > MANY {
            return Err(EngineError::ProofNeeded);
        }
        Ok(())
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
        let exposed = self.exposed_in_clear(phones).await?;
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

    async fn exposed_in_clear(&self, phones: &[Mac]) -> Result<BTreeSet<Exposed>> {
        let now = self.clock.now();
        Ok(self.store.exposed(Some(phones), Ways::InClear, now).await?)
    }

    /// Something that this unit sends to where it did not go before; in clear, if there is such.
    async fn newly_told(
        &self,
        unit: &mut Unit,
        phones: Option<&[Mac]>,
        ways: Ways,
    ) -> Result<Option<Exposed>> {
        let new = self.led(unit, phones, ways).await?;
        Ok(new.into_iter().min_by_key(|one| one.told.clone()))
    }

    /// All that this unit sends to where it did not go before.
    async fn led(
        &self,
        unit: &mut Unit,
        phones: Option<&[Mac]>,
        ways: Ways,
    ) -> Result<Vec<Exposed>> {
        let now = self.clock.now();
        let after = unit.exposed(phones, ways, now).await?;
        if after.is_empty() {
            return Ok(Vec::new());
        }
        let before = self.store.exposed(phones, ways, now).await?;
        let known = by_phone(&before);
        let mut new: Vec<Exposed> = after
            .difference(&before)
            .filter(|one| !was_told(one, known.get(&one.phone).map_or(&[], Vec::as_slice)))
            .cloned()
            .collect();
        let names: BTreeSet<&str> = new.iter().map(|one| one.credential.as_str()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let stored = self.store.stored_secrets(&names).await?;
        new.retain(|one| stored.contains(&(one.credential.clone(), one.secret_version)));
        Ok(new)
    }
}

/// Of whom it is asked where passwords go: a person may choose who is told one by TLS.
fn ways_of(caller: &Caller) -> Ways {
    if caller.is_person() {
        Ways::InClear
    } else {
        Ways::Any
    }
}

fn by_phone(exposed: &BTreeSet<Exposed>) -> BTreeMap<Mac, Vec<&Exposed>> {
    let mut phones: BTreeMap<Mac, Vec<&Exposed>> = BTreeMap::new();
    for one in exposed {
        phones.entry(one.phone).or_default().push(one);
    }
    phones
}

/// Whether it went to that place already, and no worse way. What is a phone's alone may go in clear
/// where it went by TLS. Whoever has the key that is known is the same wherever the phone is.
fn was_told(one: &Exposed, before: &[&Exposed]) -> bool {
    let same = before.iter().filter(|old| {
        (&old.credential, old.secret_version) == (&one.credential, one.secret_version)
    });
    let mut same = same.map(|old| {
        let here = (&old.address, old.port) == (&one.address, one.port);
        (here, *old)
    });
    match one.told {
        Told::InClear => same.any(|(here, old)| {
            let other = old.over_tls != one.over_tls && (one.over_tls || one.is_own);
            here && old.told == Told::InClear && other
        }),
        Told::ByKey => {
            let key = |old: &Exposed| old.told == Told::ByKey;
            let proof = |old: &Exposed| old.told == Told::AProof;
            same.any(|(here, old)| key(old) || (here && (to_anybody(old) || proof(old))))
        }
        // By TLS whoever answers is told the password, who had a proof before.
        Told::AProof => same
            .any(|(here, old)| here && old.told == Told::AProof && (old.over_tls || !one.over_tls)),
        Told::ByFirstKey | Told::ByAuthority(_) => {
            same.any(|(here, old)| here && (to_anybody(old) || old.told == one.told))
        }
    }
}

/// Whether whoever answered there was told it.
fn to_anybody(old: &Exposed) -> bool {
    matches!(old.told, Told::InClear | Told::ByFirstKey)
}

/// What would come of it, in words.
fn told_by(one: &Exposed) -> String {
    let (phone, address) = (one.phone, &one.address);
    match one.told {
        Told::InClear => {
            format!("it would send the stored password of the phone {phone} in clear to {address}")
        }
        Told::ByFirstKey => format!(
            "it would tell the stored password of the phone {phone} to whoever answers at {address}, \
             whose key nobody knows yet"
        ),
        Told::ByKey => format!(
            "it would tell a stored password to whoever has the key of the phone {phone} at {address}"
        ),
        Told::ByAuthority(_) => format!(
            "it would tell the stored password of the phone {phone} to whoever the site's authority \
             vouches for at {address}"
        ),
        Told::AProof => format!(
            "it would give whoever answers for the phone {phone} at {address} a proof of a stored password, \
             by which it can be guessed"
        ),
    }
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

/// Refuses a SIP profile by which another than before would be told a stored password, or given a proof
/// of it: it says with its own authority who that is, so TLS proves nothing.
pub(super) fn check_profile(
    caller: &Caller,
    site: &str,
    old: Option<&SipProfile>,
    new: &SipProfile,
) -> Result<()> {
    let told = told_to(new);
    if told.is_none() || told == old.and_then(told_to) || !must_ask(caller, true) {
        return Ok(());
    }
    let what = "it would tell a SIP server or PBX of its own choice a stored password";
    Err(refusal(caller, what, &format!("/sites/{site}/sip")))
}

/// Which stored password, where to, by whose word, and how.
type TellsWhom<'a> = (
    &'a str,
    (Option<IpAddr>, u16, SipTransport),
    (&'a str, Option<&'a str>),
    (NotifyWay, &'a str, bool),
);

/// Whom a stored password is told.
fn told_to(profile: &SipProfile) -> Option<TellsWhom<'_>> {
    let credential = profile.credential.as_deref()?;
    let place = (profile.proxy, profile.port(), profile.transport);
    let who = (profile.tls_name.as_str(), profile.ca_pem.as_deref());
    let how = (profile.way, profile.realm(), profile.password_in_clear);
    Some((credential, place, who, how))
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
