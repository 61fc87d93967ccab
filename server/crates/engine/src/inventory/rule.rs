//! Rules of groups: what they may say about other groups.
//!
//! Owns the guard against rules that lead back to themselves, and what a rule takes by those that it asks
//! for. Pure.

use std::collections::{BTreeMap, BTreeSet};

use carillon_domain::Filter;
use carillon_domain::filter::Term;
use carillon_domain::phone::Group;

/// Which groups each group's rule asks for.
pub(super) type Graph = BTreeMap<String, BTreeSet<String>>;

/// How many groups a chain of rules may have: fewer than the storage follows.
const MAX_DEPTH: usize = 6;

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RuleProblem {
    /// It asks for a group that is not there.
    Unknown(String),
    /// It leads back to itself, over these groups.
    Cycle(Vec<String>),
    /// Groups would ask for groups that ask for groups, too often to be looked up each time.
    TooDeep,
}

impl std::fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(slug) => write!(f, "there is no group {slug}"),
            Self::Cycle(path) => {
                write!(f, "the rule would depend on itself: {}", path.join(" → "))
            }
            Self::TooDeep => write!(
                f,
                "rules may ask for each other over at most {MAX_DEPTH} groups"
            ),
        }
    }
}

/// The groups that a rule asks for.
pub(super) fn asked_for(filter: &Filter) -> BTreeSet<String> {
    filter.groups().map(str::to_owned).collect()
}

/// Checks a group's rule among all other groups.
pub(super) fn check(slug: &str, filter: &Filter, others: &Graph) -> Result<(), RuleProblem> {
    let asked = asked_for(filter);
    let unknown = asked
        .iter()
        .find(|name| *name != slug && !others.contains_key(*name));
    if let Some(name) = unknown {
        return Err(RuleProblem::Unknown(name.clone()));
    }
    let mut path = vec![slug.to_owned()];
    if leads_to(slug, &asked, others, &mut path, &mut BTreeSet::new()) {
        return Err(RuleProblem::Cycle(path));
    }
    let mut all = others.clone();
    all.insert(slug.to_owned(), asked);
    let (mut lengths, mut before) = (BTreeMap::new(), BTreeMap::new());
    // A chain that was too long before is no fault of this rule: it may be how somebody mends it.
    let too_deep = |name: &String| {
        let length_now = length(name, &all, &mut lengths);
        length_now > MAX_DEPTH && length_now > length(name, others, &mut before)
    };
    if all.keys().any(too_deep) {
        return Err(RuleProblem::TooDeep);
    }
    Ok(())
}

/// The rules of all groups.
pub(super) struct Rules {
    asked: Graph,
    /// Those that take other phones without anybody changing anything.
    lively: BTreeSet<String>,
}

impl Rules {
    /// Of these groups. What a rule that cannot be read takes nobody knows.
    pub(super) fn of(groups: &[Group]) -> Self {
        let (mut asked, mut lively) = (Graph::new(), BTreeSet::new());
        for group in groups {
            let Some(text) = &group.filter else { continue };
            let filter = text.parse::<Filter>();
            let quiet = filter
                .as_ref()
                .is_ok_and(|filter| !filter.terms.iter().any(Term::changes_by_itself));
            if !quiet {
                lively.insert(group.slug.clone());
            }
            let groups = filter.as_ref().map(asked_for).unwrap_or_default();
            asked.insert(group.slug.clone(), groups);
        }
        Self { asked, lively }
    }

    /// Whether a group's rule asks for another, over any number of them.
    pub(super) fn leads(&self, from: &str, to: &str) -> bool {
        self.behind(from).contains(to)
    }

    /// Whether phones come into a group by themselves, by its rule or one that it asks for.
    pub(super) fn changes_by_itself(&self, slug: &str) -> bool {
        self.behind(slug)
            .iter()
            .any(|name| self.lively.contains(*name))
    }

    /// A group and all that its rule asks for.
    fn behind<'a>(&'a self, slug: &'a str) -> BTreeSet<&'a str> {
        let (mut found, mut rest) = (BTreeSet::from([slug]), vec![slug]);
        while let Some(next) = rest.pop() {
            let asked = self.asked.get(next).into_iter().flatten();
            rest.extend(asked.map(String::as_str).filter(|name| found.insert(*name)));
        }
        found
    }
}

/// How many groups the longest chain from this one has.
fn length(name: &str, graph: &Graph, known: &mut BTreeMap<String, usize>) -> usize {
    if let Some(length) = known.get(name) {
        return *length;
    }
    // A ring of old counts as short: it is refused where it is asked for.
    known.insert(name.to_owned(), 0);
    let next = graph.get(name).into_iter().flatten();
    let longest = next.map(|next| length(next, graph, known)).max();
    let length = longest.unwrap_or(0) + 1;
    known.insert(name.to_owned(), length);
    length
}

/// Whether one of `asked` leads to `goal`; then `path` tells how.
fn leads_to(
    goal: &str,
    asked: &BTreeSet<String>,
    others: &Graph,
    path: &mut Vec<String>,
    seen: &mut BTreeSet<String>,
) -> bool {
    for name in asked {
        path.push(name.clone());
        if name == goal {
            return true;
        }
        let next = others.get(name).filter(|_| seen.insert(name.clone()));
        if next.is_some_and(|next| leads_to(goal, next, others, path, seen)) {
            return true;
        }
        path.pop();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        edges
            .iter()
            .map(|(name, asked)| ((*name).to_owned(), set(asked)))
            .collect()
    }

    fn rule(text: &str) -> Filter {
        text.parse().expect("a filter")
    }

    #[test]
    fn a_rule_takes_what_those_take_that_it_asks_for() {
        let group = |slug: &str, filter: Option<&str>| Group {
            slug: slug.to_owned(),
            name: slug.to_owned(),
            kind: carillon_domain::phone::GroupKind::Rule,
            filter: filter.map(str::to_owned),
            credential: None,
        };
        let rules = Rules::of(&[
            group("a", Some("tag:x group:b")),
            group("b", Some("-group:c")),
            group("c", Some("state:reachable")),
            group("d", Some("group:e")),
            group("e", None),
            group("ring", Some("group:ring")),
            group("unread", Some("\"")),
        ]);
        for (slug, by_itself) in [
            ("a", true),
            ("b", true),
            ("c", true),
            ("d", false),
            ("ring", false),
            ("unread", true),
            ("absent", false),
        ] {
            assert_eq!(rules.changes_by_itself(slug), by_itself, "{slug}");
        }
        assert!(rules.leads("a", "c") && !rules.leads("c", "a"));
    }

    #[test]
    fn a_rule_may_ask_for_other_groups_but_not_for_itself() {
        let others = graph(&[
            ("a", &["b"]),
            ("b", &["c"]),
            ("c", &[]),
            ("d", &["d2"]),
            ("d2", &["d"]),
        ]);
        assert_eq!(check("new", &rule("group:a -group:c"), &others), Ok(()));
        assert_eq!(
            check("new", &rule("group:d"), &others),
            Ok(()),
            "an old ring is not ours"
        );
        let ring = check("c", &rule("group:a"), &others);
        let path = ["c", "a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(ring, Err(RuleProblem::Cycle(path)));
        assert!(matches!(
            check("c", &rule("-group:c"), &others),
            Err(RuleProblem::Cycle(_))
        ));
        assert_eq!(
            check("new", &rule("group:z"), &others),
            Err(RuleProblem::Unknown("z".into()))
        );
    }

    #[test]
    fn chains_of_rules_stay_short() {
        let others = graph(&[
            ("a", &["b"]),
            ("b", &["c"]),
            ("c", &["d"]),
            ("d", &["e"]),
            ("e", &[]),
            ("f", &[]),
        ]);
        assert_eq!(check("new", &rule("group:a"), &others), Ok(()));
        assert_eq!(check("e", &rule("group:f"), &others), Ok(()));
        let mut longer = others;
        longer.insert("g".to_owned(), ["f".to_owned()].into());
        longer.insert("f".to_owned(), ["h".to_owned()].into());
        longer.insert("h".to_owned(), BTreeSet::new());
        assert_eq!(
            check("e", &rule("group:g"), &longer),
            Err(RuleProblem::TooDeep)
        );
        longer.insert("e".to_owned(), ["g".to_owned()].into());
        assert_eq!(check("new", &rule("group:h"), &longer), Ok(()), "not ours");
        assert_eq!(check("e", &rule("group:h"), &longer), Ok(()), "mended");
    }
}
