//! Groups whose rules can be worked out, and those whose rules cannot.
//!
//! Owns that question. A rule cannot be worked out that cannot be read, asks for a group that is not there,
//! leads back to itself, leads over too many others, or comes to too many tests; nor can one that asks for
//! such a group. The log names each once.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use super::{DEPTH, Membership, TESTS};

/// Those that the log has named.
static NAMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The same groups, with those marked whose rules cannot be worked out.
pub(super) fn only(mut groups: HashMap<String, Membership>) -> HashMap<String, Membership> {
    let sound: BTreeSet<String> = sizes(&groups).into_keys().map(str::to_owned).collect();
    for (slug, membership) in &mut groups {
        if !sound.contains(slug) {
            *membership = Membership::Broken;
        }
    }
    groups
}

/// How many tests the condition of each group comes to whose rule can be worked out. Each turn finds those
/// that ask only for groups that were found before: a circle never is.
fn sizes(groups: &HashMap<String, Membership>) -> HashMap<&str, usize> {
    let fixed = groups
        .iter()
        .filter(|(_, membership)| matches!(membership, Membership::Fixed));
    let mut found: HashMap<&str, usize> = fixed.map(|(slug, _)| (slug.as_str(), 0)).collect();
    for _ in 0..DEPTH {
        let rest = groups
            .iter()
            .filter(|(slug, _)| !found.contains_key(slug.as_str()));
        let sized = rest.filter_map(|(slug, group)| Some((slug.as_str(), size(group, &found)?)));
        let next: Vec<(&str, usize)> = sized.collect();
        if next.is_empty() {
            break;
        }
        found.extend(next);
    }
    found
}

/// Of a rule that asks only for these groups and does not swell.
fn size(group: &Membership, found: &HashMap<&str, usize>) -> Option<usize> {
    let Membership::Rule(rule) = group else {
        return None;
    };
    let asked = rule.groups().map(|slug| found.get(slug).copied());
    let behind: usize = asked.sum::<Option<usize>>()?;
    Some(rule.tests().count() + behind).filter(|tests| *tests <= TESTS)
}

/// Tells the log of those that became so.
pub(super) fn name(groups: &HashMap<String, Membership>) {
    let broken = groups
        .iter()
        .filter(|(_, membership)| matches!(membership, Membership::Broken));
    let broken: BTreeSet<String> = broken.map(|(slug, _)| slug.clone()).collect();
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    if *named == broken {
        return;
    }
    for group in broken.difference(&named) {
        tracing::warn!(
            %group,
            "the rule of a group cannot be worked out: it counts as without phones until somebody changes it"
        );
    }
    *named = broken;
}
