//! The phones that a request would delete, in words: how many, which, and where they stand.

use carillon_contract::changes::ChangeLine;
use carillon_language::{say, say_many};
use serde_json::Value;

use super::changes::line;

/// Names that are shown of the phones.
const EXAMPLES: usize = 10;

/// The title of the request, and what it says of its phones.
pub(super) fn in_words(base: &Value) -> (String, Vec<ChangeLine>) {
    let names: Vec<String> = list(&base["value"]).filter_map(text).collect();
    let count = i64::try_from(names.len()).unwrap_or(i64::MAX);
    let title = say!("Delete {phones}", phones = phones(count));
    let shown = &names[..names.len().min(EXAMPLES)];
    let mut lines = vec![gone(say("Phones"), carillon_ui::names(shown, count))];
    lines.extend(list(&base["sites"]).map(|site| {
        let name = site[0].as_str().filter(|name| !name.is_empty());
        let label = name.unwrap_or_else(|| say("no site"));
        gone(label, phones(site[1].as_i64().unwrap_or(0)))
    }));
    let in_jobs = base["jobs"].as_object().map_or(0, serde_json::Map::len);
    let warned = [
        (say("Protected"), base["protected"].as_i64().unwrap_or(0)),
        (
            say("In jobs under way"),
            i64::try_from(in_jobs).unwrap_or(i64::MAX),
        ),
    ];
    let warned = warned.into_iter().filter(|(_, count)| *count > 0);
    lines.extend(warned.map(|(label, count)| gone(label, phones(count))));
    (title, lines)
}

/// What is said once they are gone.
pub(super) fn deleted(base: &Value) -> String {
    let count = i64::try_from(list(&base["value"]).count()).unwrap_or(i64::MAX);
    say_many!(
        count,
        "{count} phone was deleted.",
        "{count} phones were deleted."
    )
}

fn gone(label: &str, before: String) -> ChangeLine {
    line(label, before, say("deleted"))
}

fn phones(count: i64) -> String {
    say_many!(count, "{count} phone", "{count} phones")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_ten_are_named_and_the_sites_counted() {
        let names: Vec<String> = (1..=12).map(|number| format!("Desk {number}")).collect();
        let base = json!({
            "value": names, "sites": [["", 2], ["Kiel", 10]], "protected": 1, "jobs": {},
        });
        let (title, lines) = in_words(&base);
        assert_eq!(title, "Delete 12 phones");
        assert_eq!(deleted(&base), "12 phones were deleted.");
        let said: Vec<_> = lines
            .iter()
            .map(|line| {
                (
                    line.label.as_str(),
                    line.before.as_str(),
                    line.after.as_str(),
                )
            })
            .collect();
        let named = "Desk 1, Desk 2, Desk 3, Desk 4, Desk 5, Desk 6, Desk 7, Desk 8, Desk 9, Desk 10 and 2 more";
        assert_eq!(
            said,
            [
                ("Phones", named, "deleted"),
                ("no site", "2 phones", "deleted"),
                ("Kiel", "10 phones", "deleted"),
                ("Protected", "1 phone", "deleted"),
            ]
        );
    }
}
