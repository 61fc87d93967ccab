//! Sets of phones that somebody looked at in a preview, so that a change can be named.
//!
//! Owns a small memory of this process, oldest out first. Nothing depends on it: a set that is
//! not remembered is told by its count alone.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use carillon_domain::job::Plan;
use carillon_domain::{Cause, Mac};

/// How many sets are remembered.
const SETS: usize = 24;
/// How many phones all of them have together.
const PHONES: usize = 400_000;
/// How many phones of each kind are named.
const NAMED: usize = 100;

static SEEN: Mutex<VecDeque<Seen>> = Mutex::new(VecDeque::new());

struct Seen {
    digest: String,
    phones: Fates,
}

/// Each phone, and for what it is left out.
type Fates = BTreeMap<Mac, Option<Cause>>;

/// How a set of phones is another than the one that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Phones that came to it: the first of them.
    pub added: Vec<Mac>,
    /// Phones that are gone from it: the first of them.
    pub removed: Vec<Mac>,
    /// Phones that would be left out now and not before, or the other way round, or for another
    /// cause: the first of them.
    pub otherwise: Vec<Mac>,
}

fn fates(plan: &Plan) -> Fates {
    let run = plan.run.iter().map(|phone| (phone.mac, None));
    let skip = plan.skip.iter();
    run.chain(skip.map(|(phone, cause)| (phone.mac, Some(*cause))))
        .collect()
}

/// Remembers a plan that is shown to somebody.
pub(super) fn remember(digest: &str, plan: &Plan) {
    if plan.total() > PHONES {
        return;
    }
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.retain(|set| set.digest != digest);
    seen.push_back(Seen {
        digest: digest.to_owned(),
        phones: fates(plan),
    });
    while seen.len() > SETS || seen.iter().map(|set| set.phones.len()).sum::<usize>() > PHONES {
        seen.pop_front();
    }
}

/// What is different from the set of this digest; `None` when it is not remembered.
pub(super) fn difference(digest: &str, plan: &Plan) -> Option<Difference> {
    let now = fates(plan);
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = &seen.iter().find(|set| set.digest == digest)?.phones;
    let missing = |from: &Fates, macs: &Fates| -> Vec<Mac> {
        let gone = macs.keys().filter(|mac| !from.contains_key(mac));
        gone.take(NAMED).copied().collect()
    };
    let changed = |(mac, fate): (&Mac, &Option<Cause>)| {
        before
            .get(mac)
            .is_some_and(|earlier| earlier != fate)
            .then_some(*mac)
    };
    Some(Difference {
        added: missing(before, &now),
        removed: missing(&now, before),
        otherwise: now.iter().filter_map(changed).take(NAMED).collect(),
    })
}
