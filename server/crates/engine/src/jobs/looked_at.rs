//! Sets of phones that somebody looked at in a preview, so that a change can be named.
//!
//! Owns a small memory of this process. Whoever has most in it makes room, the oldest first: nobody
//! pushes out what others looked at. Nothing depends on it: a set that is not remembered is told by
//! its count alone.

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
    /// Whose it is.
    account: String,
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
pub(super) fn remember(account: &str, digest: &str, plan: &Plan) {
    if plan.total() > PHONES {
        return;
    }
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.retain(|set| set.digest != digest);
    seen.push_back(Seen {
        account: account.to_owned(),
        digest: digest.to_owned(),
        phones: fates(plan),
    });
    let phones = |seen: &VecDeque<Seen>| seen.iter().map(|set| set.phones.len()).sum::<usize>();
    while seen.len() > SETS || phones(&seen) > PHONES {
        make_room(&mut seen);
    }
}

/// The oldest set goes of whoever has the most of them.
fn make_room(seen: &mut VecDeque<Seen>) {
    let sets_of = |account: &str| seen.iter().filter(|set| set.account == account).count();
    let most = seen.iter().map(|set| sets_of(&set.account)).max();
    let oldest = seen
        .iter()
        .position(|set| Some(sets_of(&set.account)) == most);
    if let Some(oldest) = oldest {
        seen.remove(oldest);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn set(account: &str, digest: &str) -> Seen {
        Seen {
            account: account.to_owned(),
            digest: digest.to_owned(),
            phones: Fates::new(),
        }
    }

    #[test]
    fn whoever_has_most_makes_room() {
        let mut seen: VecDeque<Seen> = [("a", "1"), ("b", "2"), ("b", "3"), ("a", "4"), ("b", "5")]
            .map(|(account, digest)| set(account, digest))
            .into();
        let mut gone = Vec::new();
        while !seen.is_empty() {
            let before: Vec<String> = seen.iter().map(|set| set.digest.clone()).collect();
            make_room(&mut seen);
            let left: Vec<&str> = seen.iter().map(|set| &*set.digest).collect();
            gone.extend(
                before
                    .into_iter()
                    .filter(|digest| !left.contains(&&**digest)),
            );
        }
        assert_eq!(gone, ["2", "1", "3", "4", "5"]);
    }
}
