//! What the form showed, against what would happen now.
//!
//! Owns the mark that the form carries and what is told of a difference. *Invariant:* a phone that became
//! protected is a difference; one's own tick is none.

use std::collections::BTreeSet;

use carillon_contract::run::SetChange;
use carillon_domain::Mac;
use carillon_domain::job::{Expect, JobRequest, PlannedPhone};
use carillon_domain::phone::distinct_name;
use carillon_domain::role::Role;
use carillon_engine::jobs::JobPreview;
use carillon_engine::{Caller, Engine, EngineError};

use super::{NAMES, Review, Typed};
use crate::pages::phone::gone;
use crate::pages::run;
use crate::pages::run::moved::{Move, in_words};

/// The set as the form carries it: its size, its digest, which of it is protected, and where it is.
pub(super) fn mark(preview: &JobPreview) -> String {
    let (protected, places) = (
        preview.plan.protected_digest(),
        preview.plan.places_digest(),
    );
    format!(
        "{}:{}:{protected}:{places}",
        preview.total(),
        preview.digest
    )
}

pub(super) fn seen(mark: &str) -> Option<Expect> {
    let (count, rest) = mark.split_once(':')?;
    let digest = rest.split(':').next()?;
    Some(Expect {
        count: count.parse().ok()?,
        digest: digest.to_owned(),
    })
}

pub(super) fn seen_protected(mark: &str) -> Option<String> {
    mark.split(':').nth(2).map(str::to_owned)
}

pub(super) fn seen_places(mark: &str) -> Option<String> {
    mark.split(':').nth(3).map(str::to_owned)
}

/// Whether this is what the page showed, or differs from it by one's own tick alone.
pub(super) async fn is_shown(
    engine: &Engine,
    caller: &Caller,
    (request, preview): (&JobRequest, &JobPreview),
    typed: &mut Typed,
) -> Result<bool, EngineError> {
    let protected = preview.plan.protected_digest();
    let Some(expect) = typed.expect.as_mut() else {
        return Ok(false);
    };
    let places = preview.plan.places_digest();
    if typed.protected.as_ref() != Some(&protected) || typed.places.as_ref() != Some(&places) {
        return Ok(false);
    }
    if expect.digest == preview.digest {
        return Ok(true);
    }
    if caller.role != Role::Admin {
        return Ok(false);
    }
    let mut other = request.clone();
    other.options.include_protected = !typed.include_protected;
    if other.reason.is_empty() {
        // Nothing is started of it, and without a reason it is not even planned.
        "-".clone_into(&mut other.reason);
    }
    let shown = engine.preview_job(caller, &other).await?;
    if shown.digest != expect.digest || shown.plan.protected_digest() != protected {
        return Ok(false);
    }
    expect.digest.clone_from(&preview.digest);
    Ok(true)
}

/// What is different from what was shown before.
pub(super) async fn change(
    engine: &Engine,
    caller: &Caller,
    review: &Review<'_>,
    preview: &JobPreview,
) -> Result<Option<SetChange>, EngineError> {
    let plan = &preview.plan;
    let set = |macs: &[Mac]| macs.iter().copied().collect::<BTreeSet<Mac>>();
    let (known, guarded) = (set(&review.draft.seen), set(&review.draft.protected));
    let (still, guards) = (set(&run::macs(preview)), set(&plan.protected()));
    let draft = &review.draft;
    let placed = draft.seen.iter().chain(&draft.protected).copied();
    let places = draft.places.by_phone(placed);
    let elsewhere = |phone: &&PlannedPhone| {
        let before = places.get(&phone.mac);
        before.is_some_and(|before| *before != phone.site.as_ref())
    };
    let moved = || plan.placed().filter(elsewhere);
    let moves = moved().take(NAMES).map(|phone| {
        let from = places.get(&phone.mac).copied().flatten();
        (distinct(phone), from.cloned(), phone.site.clone())
    });
    let moves: Vec<Move> = moves.collect();
    if known == still && guarded == guards && moved().next().is_none() {
        return Ok(None);
    }
    let skipped = plan.skip.iter().map(|(phone, _)| phone);
    let all = plan.run.iter().chain(skipped);
    let became = all.filter(|phone| guards.contains(&phone.mac) && !guarded.contains(&phone.mac));
    let free = || plan.run.iter().filter(|phone| !phone.protected);
    let freed = free().filter(|phone| guarded.contains(&phone.mac));
    let came = free().filter(|p| !known.contains(&p.mac) && !guarded.contains(&p.mac));
    let before: BTreeSet<Mac> = known.union(&guarded).copied().collect();
    let after: BTreeSet<Mac> = still.union(&guards).copied().collect();
    let went: Vec<Mac> = before.difference(&after).copied().take(NAMES).collect();
    let left = called(engine, caller, &went).await?;
    Ok(Some(SetChange {
        before: known.len() as i64,
        after: still.len() as i64,
        protected: names(became),
        unprotected: names(freed),
        joined: names(came),
        moved: in_words(engine, caller, &moves).await?,
        left,
    }))
}

/// What phones are called that are no longer among the chosen ones: by the inventory, or once.
async fn called(
    engine: &Engine,
    caller: &Caller,
    macs: &[Mac],
) -> Result<Vec<String>, EngineError> {
    let rows = engine.phones_by_macs(caller, macs).await?;
    let there = |mac: &Mac| rows.iter().any(|row| row.phone.mac == *mac);
    let gone = macs.iter().filter(|mac| !there(mac)).copied();
    let mut names = gone::names(engine, caller, gone).await?;
    names.extend(rows.iter().map(|row| row.phone.distinct_name()));
    names.sort();
    Ok(names)
}

/// What a phone is called where something is said of this one.
fn distinct(phone: &PlannedPhone) -> String {
    distinct_name(&phone.name, &phone.extension, phone.mac)
}

/// The first of them, by what tells them apart.
pub(super) fn names<'a>(phones: impl Iterator<Item = &'a PlannedPhone>) -> Vec<String> {
    phones.take(NAMES).map(distinct).collect()
}
