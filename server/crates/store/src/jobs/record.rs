//! Recording results: their targets, the numbers of their jobs, and what their phones came to.
//!
//! Owns the order of these changes, and what goes in one round trip. *Invariant:* only what really
//! changed a target is counted, told and noted.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use carillon_domain::Mac;
use futures_util::future::join;

use crate::conn::Conn;
use crate::error::Result;
use crate::phones::contact::{PhoneStamp, stamped};
use crate::sql::{Sql, When};
use crate::unit::Unit;

use super::attempts;
use super::count::Deltas;
use super::result::{ChangedTarget, TargetResult};
use super::standing::{Standing, standing};
use super::written::{Together, go_together, write, write_with};

const ROWS: usize = 500;

/// What came of results.
#[derive(Debug)]
pub struct RecordedResults<T> {
    /// The targets that really changed; a result that came too late changes none.
    pub changed: Vec<ChangedTarget>,
    /// What the caller made of them meanwhile.
    pub made: T,
    /// How their job stands now, where that came with it.
    pub standing: Option<Standing>,
}

impl Unit {
    /// Records results of any number of jobs, with the counters and what the phones taught.
    /// Answers the targets that really changed; a result that came too late changes none.
    pub async fn record_results(&mut self, results: &[TargetResult]) -> Result<Vec<ChangedTarget>> {
        let recorded = self.record_results_and(results, |_| ()).await?;
        Ok(recorded.changed)
    }

    /// The same, and what the caller makes of the changed targets while the database writes.
    pub async fn record_results_and<T>(
        &mut self,
        results: &[TargetResult],
        meanwhile: impl Fn(&[ChangedTarget]) -> T,
    ) -> Result<RecordedResults<T>> {
        let trust = self.trust.clone();
        let mut conn = self.jobs_conn().await?;
        let waves = waves(results);
        let mut known = None;
        if let [all] = *waves
            && go_together(conn.dialect(), all)
        {
            let (written, changed, made) = at_once(&mut conn, all, &meanwhile).await?;
            match written {
                Together::All(row) => {
                    let standing = Some(standing(&trust, &row)?);
                    return Ok(RecordedResults {
                        changed,
                        made,
                        standing,
                    });
                }
                Together::Only(written) => known = Some(written),
            }
        }
        let (changed, stamps) = by_waves(&mut conn, waves, known).await?;
        let made = write_rest(&mut conn, &changed, stamps, meanwhile).await?;
        Ok(RecordedResults {
            changed,
            made,
            standing: None,
        })
    }
}

/// Tries to do everything in one round trip.
async fn at_once<'r, T>(
    conn: &mut Conn<'_>,
    results: &'r [TargetResult],
    meanwhile: impl Fn(&[ChangedTarget]) -> T,
) -> Result<(Together<'r>, Vec<ChangedTarget>, T)> {
    let changed: Vec<_> = results.iter().map(change).collect();
    let rest = follow(&changed, stamps(results), When::Whole);
    let made = async { meanwhile(&changed) };
    let (written, made) = join(write_with(conn, results, rest), made).await;
    Ok((written?, changed, made))
}

async fn write_rest<T>(
    conn: &mut Conn<'_>,
    changed: &[ChangedTarget],
    stamps: Stamps,
    meanwhile: impl Fn(&[ChangedTarget]) -> T,
) -> Result<T> {
    let mut changes = follow(changed, stamps, When::Always).into_iter();
    let Some(first) = changes.next() else {
        return Ok(meanwhile(&[]));
    };
    let made = async { meanwhile(changed) };
    let (wrote, made) = join(conn.change_together(first, changes.collect()), made).await;
    wrote?;
    Ok(made)
}

/// Writes the targets, the first wave only if it is not `known` what became of it. Answers those that
/// changed, and what is to be noted on their phones.
async fn by_waves(
    conn: &mut Conn<'_>,
    waves: Vec<&[TargetResult]>,
    mut known: Option<HashSet<Key<'_>>>,
) -> Result<(Vec<ChangedTarget>, Stamps)> {
    let (mut changed, mut stamps) = (Vec::new(), Stamps::new());
    for wave in waves {
        let after = async { wave.iter().map(change).collect::<Vec<_>>() };
        let (written, after) = match known.take() {
            Some(written) => (Ok(written), after.await),
            None => join(write(conn, wave), after).await,
        };
        let written = written?;
        let pairs = wave.iter().zip(after);
        let (really, after): (Vec<_>, Vec<_>) = pairs
            .filter(|(result, _)| written.contains(&key(result)))
            .unzip();
        attempts::keep(conn, &really).await?;
        changed.extend(after);
        for result in really {
            note(&mut stamps, result);
        }
    }
    Ok((changed, stamps))
}

/// What follows from changed targets: the numbers of their jobs, and what is noted on their phones.
fn follow(changed: &[ChangedTarget], stamps: Stamps, when: When) -> Vec<Sql> {
    let stamps: Vec<_> = stamps.into_values().collect();
    let mut changes = counted(changed).changes(when);
    if !changes.is_empty() {
        changes.extend(stamped(&stamps, when));
    }
    changes
}

fn change(result: &TargetResult) -> ChangedTarget {
    ChangedTarget {
        from: result.before.state,
        target: result.after(),
        given_back: result.given_back,
    }
}

pub(super) type Key<'a> = (&'a str, Mac);

pub(super) fn key(result: &TargetResult) -> Key<'_> {
    (&result.before.job, result.before.mac)
}

/// Cuts the results so that no target occurs twice in one statement: what a phone said and what
/// was seen afterwards can come in one batch, and each starts from what the other left.
fn waves(results: &[TargetResult]) -> Vec<&[TargetResult]> {
    let mut waves = Vec::new();
    let (mut start, mut seen) = (0, HashSet::new());
    for (index, result) in results.iter().enumerate() {
        let repeated = !seen.insert(key(result));
        if repeated || index - start == ROWS {
            waves.push(&results[start..index]);
            (start, seen) = (index, HashSet::from([key(result)]));
        }
    }
    if start < results.len() {
        waves.push(&results[start..]);
    }
    waves
}

/// Moves the counters by what changed.
pub(super) async fn count(conn: &mut Conn<'_>, changed: &[ChangedTarget]) -> Result<()> {
    counted(changed).apply(conn).await
}

fn counted(changed: &[ChangedTarget]) -> Deltas {
    let mut deltas = Deltas::default();
    for ChangedTarget { from, target, .. } in changed {
        deltas.moved(&target.job, *from, target.state);
        if let Some(cause) = target.cause.filter(|_| target.state.is_terminal()) {
            deltas.ended_with(&target.job, cause);
        }
    }
    deltas
}

/// What to write on the phones, one for each.
type Stamps = BTreeMap<Mac, PhoneStamp>;

fn stamps<'r>(results: impl IntoIterator<Item = &'r TargetResult>) -> Stamps {
    let mut stamps = Stamps::new();
    for result in results {
        note(&mut stamps, result);
    }
    stamps
}

/// Adds what a result that counted says of its phone to what earlier ones said.
fn note(stamps: &mut Stamps, result: &TargetResult) {
    let ended = result.state.is_terminal();
    let new = PhoneStamp {
        mac: result.mac(),
        at: result.at,
        contact: result.contact.clone(),
        result: ended.then(|| (result.state, result.cause, result.before.job.clone())),
    };
    match stamps.entry(result.mac()) {
        Entry::Vacant(place) => {
            place.insert(new);
        }
        Entry::Occupied(mut place) => place.get_mut().follow(new),
    }
}
