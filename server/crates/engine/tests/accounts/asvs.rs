//! The list of requirements names tests that are there.

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_list_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let list = fs::read_to_string(root.join("docs/asvs.tsv")).unwrap();
    let rows = list.lines().filter(|line| line.starts_with('V'));
    let mut seen = 0;
    for row in rows {
        let fields: Vec<&str> = row.split('\t').collect();
        let [requirement, _, state, told] = fields[..] else {
            panic!("{row}");
        };
        assert!(!told.is_empty(), "{requirement}");
        assert!(["met", "part", "open", "none"].contains(&state), "{row}");
        seen += 1;
        if state != "met" {
            continue;
        }
        for place in told.split(' ') {
            let (file, test) = place.split_once("::").unwrap_or((place, ""));
            let text = fs::read_to_string(root.join(file)).expect(file);
            assert!(
                test.is_empty() || text.contains(&format!("fn {test}(")),
                "{place}"
            );
        }
    }
    assert_eq!(seen, 253);
}
