//! How many phones of a job may go now.
//!
//! Owns what the options of a job mean for its claims: the first phones alone, no site further
//! down than it may be, no phone spoken to again at once.

use carillon_domain::action::Expectation;
use carillon_domain::job::TransportChoice;
use carillon_domain::{Counts, Timestamp};
use carillon_store::{Claim, SiteLimit, Standing, StoreError, Unit};

use crate::Engine;
use crate::dispatch::facts::JobFacts;

/// The claim that the pace of a job allows, at most for these attempts.
pub(super) async fn claim<'c>(
    engine: &Engine,
    unit: &mut Unit,
    facts: &'c JobFacts,
    (counts, attempts): (&Counts, &'c [String]),
    now: Timestamp,
) -> Result<Claim<'c>, StoreError> {
    let first = after_canary(facts, counts);
    // While the first phones are not through, no other takes the place of one that is tried
    // again.
    let may_wait_again =
        facts.options.retries > 0 || facts.options.transport == TransportChoice::Auto;
    let only_again =
        first < usize::MAX && may_wait_again && unit.waiting_again(&facts.id).await? > 0;
    // More would be looked for in vain.
    let waiting = usize::try_from(counts.waiting).unwrap_or(0);
    let most = attempts.len().min(first).min(waiting);
    Ok(Claim {
        job: &facts.id,
        epoch: engine.dispatch.epoch(),
        now,
        attempts: &attempts[..most],
        site_limit: site_limit(facts),
        not_since: not_since(engine, now),
        only_again,
        list: Some(&facts.list),
        from: facts.reached.look_from(),
    })
}

/// Phones spoken to later than this are left alone for a moment.
fn not_since(engine: &Engine, now: Timestamp) -> Option<Timestamp> {
    let gap = engine.dispatch.patience.between_commands;
    (!gap.is_zero()).then(|| now.minus(gap))
}

/// How much of a site may be away at once. What the site says of itself is about phones that go
/// away, and holds where the job says nothing else.
fn site_limit(facts: &JobFacts) -> SiteLimit {
    let options = &facts.options;
    let goes_away = facts.action.expectation() == Expectation::ComesBack;
    SiteLimit {
        percent: (options.site_max_down_percent < 100)
            .then_some(i64::from(options.site_max_down_percent)),
        phones: (options.site_max_down > 0).then_some(i64::from(options.site_max_down)),
        own_rule: options.site_rule && goes_away,
    }
}

/// How many phones may go now: until the first ones are through, no others.
fn after_canary(facts: &JobFacts, counts: &Counts) -> usize {
    let canary = i64::from(facts.options.canary);
    if canary == 0 || through(counts) >= canary {
        return usize::MAX;
    }
    let free = canary - through(counts) - counts.sending - counts.verifying;
    usize::try_from(free).unwrap_or(0)
}

/// Whether so much has failed that the rest is spared: more than the job's share, not exactly as
/// much, or anything among the first phones. What a PBX took has not failed: more is never told.
pub(super) fn too_many_failed(facts: &JobFacts, standing: &Standing) -> bool {
    let counts = &standing.counts;
    let bad = counts.failed + counts.unknown - standing.handed_over;
    let tried = counts.total() - counts.skipped;
    let limit = i64::from(facts.options.max_failed_percent);
    let canary_failed = through(counts) <= i64::from(facts.options.canary);
    let too_many = canary_failed || (limit < 100 && bad * 100 > limit * tried);
    bad > 0 && counts.waiting > 0 && too_many
}

/// Phones that were tried and are done.
const fn through(counts: &Counts) -> i64 {
    counts.verified + counts.acknowledged + counts.failed + counts.unknown
}
