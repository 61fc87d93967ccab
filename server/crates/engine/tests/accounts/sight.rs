//! Use cases read what has a place through the caller's sight, never past it.

use std::fs;
use std::path::{Path, PathBuf};

/// Reads that leave out what is out of reach, when they are made through a narrowed store.
const PLACED: [&str; 35] = [
    "phone",
    "phone_page",
    "phones_matching",
    "count_phones",
    "macs",
    "group",
    "groups",
    "fixed_members",
    "site",
    "phone_choices",
    "fleet_health",
    "tags",
    "job_page",
    "job_snapshot",
    "job_with_places",
    "job_actions",
    "target",
    "target_page",
    "target_batch",
    "audit_page",
    "audit_entry",
    "audit_count",
    "audit_page_and_count",
    "audit_page_by_job_and_count",
    "named_phones",
    "phones_to_plan",
    "listed_phones",
    "belongings",
    "phone_beside",
    "newest_jobs",
    "addresses_of_job",
    "jobs_in_reach",
    "jobs_of",
    "names_beside",
    "fleet_health_and_trends",
];

/// They belong to whoever manages the inventory, who reaches everything.
const WHOLE: [&str; 1] = ["phones/delete.rs: phone"];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn what_has_a_place_is_read_through_the_callers_sight() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for folder in [
        "src/inventory",
        "src/jobs",
        "src/audit",
        "../../src/pages",
        "../../src/api",
    ] {
        files(&root.join(folder), &mut sources);
    }
    assert!(sources.len() > 60, "{}", sources.len());
    let mut past = Vec::new();
    for path in &sources {
        let text: String = fs::read_to_string(path)
            .unwrap()
            .split_whitespace()
            .collect();
        for name in PLACED {
            let called = ["self.store", "engine.store", "engine().store"]
                .iter()
                .any(|store| text.contains(&format!("{store}.{name}(")));
            let file = path.to_string_lossy();
            let whole = WHOLE.iter().any(|known| {
                let (end, what) = known.split_once(": ").unwrap();
                file.ends_with(end) && what == name
            });
            if called && !whole {
                past.push(format!("{file}: {name}"));
            }
        }
    }
    assert_eq!(past, Vec::<String>::new());
}
