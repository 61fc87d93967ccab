//! The limits that a request would change, in the words of their page.

use carillon_contract::changes::ChangeLine;
use carillon_language::{say, text};
use serde_json::Value;

use super::action_words;
use super::changes::line;

/// The rules by their names in a record, and as the page of limits calls them.
const LABELS: [(&str, &str); 7] = [
    ("phones_per_job", text!("Phones of one job")),
    ("phones_per_hour", text!("Phones within an hour")),
    ("jobs_per_minute", text!("Jobs within a minute")),
    ("approve_destructive", text!("Every destructive command")),
    (
        "approve_disruptive_above",
        text!("Disruptive commands on more phones than"),
    ),
    (
        "approve_disruptive_percent",
        text!("Disruptive commands on more than so many percent of all phones"),
    ),
    (
        "approve_with_factor",
        text!("Only somebody with a second factor lets them run"),
    ),
];

/// Those of them that would be others.
pub(super) fn lines(before: &Value, after: &Value) -> Vec<ChangeLine> {
    let rules = LABELS.iter().map(|(name, label)| {
        let label = say(label).to_owned();
        (label, &before[*name], &after[*name])
    });
    let started = super::settings::CLASSES.iter().map(|(name, class)| {
        let label = say!("Operators start: {class}", class = say(class));
        let of = |rules: &'_ Value| rules["operators_start"][*name].clone();
        (label, of(before), of(after))
    });
    let rules = rules.map(|(label, before, after)| (label, before.clone(), after.clone()));
    rules
        .chain(started)
        .filter(|(_, before, after)| before != after)
        .map(|(label, before, after)| line(label, value(&before), value(&after)))
        .collect()
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => say("never").to_owned(),
        other => action_words::text(other),
    }
}

#[cfg(test)]
mod tests {
    use carillon_engine::jobs::Rules;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_changes_is_said_and_every_rule_has_words() {
        let before = json!(Rules::default());
        let other = Rules {
            phones_per_job: 7,
            approve_disruptive_above: None,
            ..Rules::default()
        };
        let lines = lines(&before, &json!(other));
        let said: Vec<_> = lines
            .iter()
            .map(|line| (line.before.as_str(), line.after.as_str()))
            .collect();
        assert_eq!(said, [("500", "7"), ("50", "never")]);
        for name in before.as_object().expect("rules").keys() {
            let known = LABELS.iter().any(|(label, _)| label == name);
            assert!(known || name == "operators_start", "{name}");
        }
    }
}
