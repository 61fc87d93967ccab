//! Dependencies point one way (ARCHITECTURE.md has the picture), and the heavy libraries have
//! one home each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A package of ours, and which others of ours it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("carillon-domain", &[]),
    ("carillon-language", &["carillon-domain"]),
    (
        "carillon-contract",
        &["carillon-domain", "carillon-language"],
    ),
    (
        "carillon-ui",
        &["carillon-domain", "carillon-language", "carillon-contract"],
    ),
    ("carillon-frontend", &["carillon-ui"]),
    ("carillon-store", &["carillon-domain"]),
    ("carillon-devices", &["carillon-domain"]),
    ("carillon-receivers", &["carillon-domain"]),
    ("carillon-simulator", &["carillon-domain"]),
    (
        "carillon-engine",
        &[
            "carillon-domain",
            "carillon-store",
            "carillon-devices",
            "carillon-receivers",
        ],
    ),
    (
        "carillon",
        &[
            "carillon-domain",
            "carillon-store",
            "carillon-devices",
            "carillon-receivers",
            "carillon-engine",
            "carillon-simulator",
            "carillon-language",
            "carillon-contract",
            "carillon-ui",
        ],
    ),
    (
        "carillon-bench",
        &[
            "carillon-domain",
            "carillon-store",
            "carillon-devices",
            "carillon-engine",
            "carillon-simulator",
        ],
    ),
    ("xtask", &[]),
];

/// Packages of ours that tests may use everywhere.
const TESTS_MAY_USE: &[&str] = &["carillon-simulator"];

/// A library, and the only packages of ours that may name it.
const ONE_HOME: &[(&str, &[&str])] = &[
    ("sqlx", &["carillon-store"]),
    ("axum", &["carillon"]),
    ("tower-http", &["carillon"]),
    ("reqwest", &["carillon"]),
    ("leptos", &["carillon", "carillon-ui", "carillon-frontend"]),
];

/// A package of ours, and what must not even be reached through its libraries.
const NEVER_REACHES: &[(&str, &[&str])] = &[
    ("carillon-domain", &["tokio", "leptos", "sqlx", "hyper"]),
    ("carillon-language", &["tokio", "leptos", "sqlx", "hyper"]),
    ("carillon-contract", &["tokio", "leptos", "sqlx", "hyper"]),
    ("carillon-ui", &["sqlx", "axum", "reqwest", "hyper"]),
    ("carillon-store", &["axum", "reqwest", "leptos"]),
    ("carillon-devices", &["axum", "sqlx", "reqwest", "leptos"]),
    ("carillon-receivers", &["axum", "sqlx", "reqwest", "leptos"]),
    ("carillon-engine", &["axum", "reqwest", "leptos"]),
    ("carillon-simulator", &["axum", "sqlx", "reqwest", "leptos"]),
];

/// Returns every arrow that points the wrong way.
pub(super) fn violations(metadata: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (package, allowed) in MAY_USE {
        for (used, is_for_tests) in direct(metadata, package) {
            found.extend(judge_own(package, allowed, &used, is_for_tests));
            found.extend(judge_library(package, &used, is_for_tests));
        }
    }
    let graph = Graph::read(metadata);
    for (package, forbidden) in NEVER_REACHES {
        let reached = graph.reached_from(package);
        let broken = forbidden.iter().filter(|name| reached.contains(**name));
        found.extend(broken.map(|name| format!("{package} reaches {name} through a dependency")));
    }
    found
}

fn judge_own(package: &str, allowed: &[&str], used: &str, is_for_tests: bool) -> Option<String> {
    let is_ours = MAY_USE.iter().any(|(name, _)| *name == used);
    let is_allowed = allowed.contains(&used)
        || (is_for_tests && TESTS_MAY_USE.contains(&used))
        || used == package;
    (is_ours && !is_allowed).then(|| format!("{package} must not depend on {used}"))
}

fn judge_library(package: &str, used: &str, is_for_tests: bool) -> Option<String> {
    let (_, homes) = ONE_HOME.iter().find(|(name, _)| *name == used)?;
    (!is_for_tests && !homes.contains(&package)).then(|| {
        format!(
            "{package} must not name {used}: its home is {}",
            homes.join(", ")
        )
    })
}

/// The dependencies that a package names itself, and whether they are for its tests only.
fn direct(metadata: &Value, package: &str) -> Vec<(String, bool)> {
    let Some(found) = list(&metadata["packages"]).find(|entry| entry["name"] == package) else {
        return Vec::new();
    };
    list(&found["dependencies"])
        .filter_map(|entry| Some((entry["name"].as_str()?.to_owned(), entry["kind"] == "dev")))
        .collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The resolved graph without what only tests and build scripts need.
struct Graph<'a> {
    names: BTreeMap<&'a str, &'a str>,
    uses: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Graph<'a> {
    fn read(metadata: &'a Value) -> Self {
        let names = list(&metadata["packages"])
            .filter_map(|entry| Some((entry["id"].as_str()?, entry["name"].as_str()?)))
            .collect();
        let uses = list(&metadata["resolve"]["nodes"])
            .filter_map(|node| Some((node["id"].as_str()?, normal(node))))
            .collect();
        Self { names, uses }
    }

    fn reached_from(&self, package: &str) -> BTreeSet<&'a str> {
        let start = self
            .names
            .iter()
            .find(|(_, name)| **name == package)
            .map(|(id, _)| *id);
        let mut open: Vec<&str> = start.into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(self.uses.get(id).into_iter().flatten());
            }
        }
        seen.into_iter()
            .filter_map(|id| self.names.get(id).copied())
            .collect()
    }
}

fn normal(node: &Value) -> Vec<&str> {
    list(&node["deps"])
        .filter(|dep| list(&dep["dep_kinds"]).any(|kind| kind["kind"].is_null()))
        .filter_map(|dep| dep["pkg"].as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::violations;

    fn world(of_store: &Value, deps: &Value) -> Value {
        json!({
            "packages": [
                {"id": "s", "name": "carillon-store", "dependencies": of_store},
                {"id": "x", "name": "middle", "dependencies": []},
                {"id": "a", "name": "axum", "dependencies": []},
            ],
            "resolve": {"nodes": [
                {"id": "s", "deps": [{"pkg": "x", "dep_kinds": [{"kind": null}]}]},
                {"id": "x", "deps": deps},
            ]},
        })
    }

    #[test]
    fn the_agreed_way_is_accepted() {
        let used =
            json!([{"name": "carillon-domain", "kind": null}, {"name": "sqlx", "kind": null}]);
        assert!(violations(&world(&used, &json!([]))).is_empty());
    }

    #[test]
    fn an_arrow_back_is_named() {
        let used = json!([{"name": "carillon-engine", "kind": null}]);
        assert_eq!(
            violations(&world(&used, &json!([]))),
            ["carillon-store must not depend on carillon-engine"]
        );
    }

    #[test]
    fn tests_may_use_the_simulator_and_nothing_else_may() {
        let in_tests = json!([{"name": "carillon-simulator", "kind": "dev"}]);
        assert!(violations(&world(&in_tests, &json!([]))).is_empty());
        let in_code = json!([{"name": "carillon-simulator", "kind": null}]);
        assert_eq!(violations(&world(&in_code, &json!([]))).len(), 1);
    }

    #[test]
    fn a_library_behind_a_library_is_found() {
        let deps = json!([{"pkg": "a", "dep_kinds": [{"kind": null}]}]);
        assert_eq!(
            violations(&world(&json!([]), &deps)),
            ["carillon-store reaches axum through a dependency"]
        );
    }
}
