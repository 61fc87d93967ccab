//! The commands on the page of a phone, and what their forms send.

use std::collections::BTreeMap;

use carillon_contract::form::Choice;
use carillon_contract::phone::QuickAction;
use carillon_contract::run::{ActionClass, ParamKind, ParamView};
use carillon_domain::action::{self, Category, Class, Entry, Param, ParamKind as Kind};
use carillon_domain::role::{Permission, Role};
use serde_json::Value;

use crate::fields::Fields;
use carillon_language::say;

/// What is worth a place on the page of one phone; everything else is behind "All commands".
const CATEGORIES: [Category; 4] = [
    Category::System,
    Category::Query,
    Category::Dnd,
    Category::Forward,
];

/// Asking a phone for its settings means all of them here.
const READ: &str = "phonecfg";
/// A picture has its place beside the keys.
const NOT_HERE: &str = "screenshot";

/// What somebody with this role may do with this model.
pub(super) fn actions(role: Role, model: &str) -> Vec<QuickAction> {
    if !role.may(Permission::RunJobs) {
        return Vec::new();
    }
    let of_category = |category: &Category| {
        let category = *category;
        action::all().filter(move |entry| entry.category == category)
    };
    let mut entries: Vec<&Entry> = CATEGORIES
        .iter()
        .flat_map(of_category)
        .filter(|entry| entry.class != Class::Destructive && entry.name != NOT_HERE)
        .filter(|entry| !entry.call_control || role.may(Permission::CallControl))
        .collect();
    entries.sort_by_key(|entry| entry.class);
    entries
        .into_iter()
        .map(|entry| quick(entry, model))
        .collect()
}

fn quick(entry: &Entry, model: &str) -> QuickAction {
    let params = if entry.name == READ {
        &[][..]
    } else {
        entry.params
    };
    let unavailable = (!entry.supports(model)).then(|| say!("{model} does not have it.", model));
    QuickAction {
        name: entry.name.to_owned(),
        title: say(entry.title).to_owned(),
        effect: say(entry.note).to_owned(),
        category: entry.category.to_string(),
        class: class(entry.class),
        call_control: entry.call_control,
        params: params.iter().map(param).collect(),
        unavailable,
    }
}

const fn class(class: Class) -> ActionClass {
    match class {
        Class::Harmless => ActionClass::Harmless,
        Class::Disruptive => ActionClass::Disruptive,
        Class::Destructive => ActionClass::Destructive,
    }
}

fn param(param: &Param) -> ParamView {
    ParamView {
        name: param.name.to_owned(),
        label: say(param.title).to_owned(),
        hint: say(param.hint).to_owned(),
        required: param.required,
        kind: kind(param.kind),
        value: String::new(),
    }
}

fn kind(kind: Kind) -> ParamKind {
    match kind {
        Kind::Number => ParamKind::Number,
        Kind::Seconds => ParamKind::Integer { min: 6, max: 120 },
        Kind::LineKey => {
            let max = i64::from(carillon_domain::model::MAX_LINE_KEYS);
            ParamKind::Integer { min: 1, max }
        }
        Kind::MemoryKey => ParamKind::Integer { min: 1, max: 10 },
        Kind::CallId | Kind::OutgoingUri => ParamKind::Text,
        Kind::Keys => ParamKind::Lines,
        Kind::Bit => ParamKind::Choice(vec![
            Choice::new("", say("As the phone does"), true),
            Choice::new("1", say("Yes"), false),
            Choice::new("0", say("No"), false),
        ]),
    }
}

/// The field of a parameter.
pub(super) fn field(action: &str, param: &str) -> String {
    format!("p.{action}.{param}")
}

/// What a form gives to an action.
pub(super) fn params(name: &str, fields: &Fields) -> BTreeMap<String, Value> {
    if name == READ {
        let all = ["accounts", "dnd", "fw"].map(|part| (part.to_owned(), Value::from(true)));
        return BTreeMap::from(all);
    }
    let given = |param: &Param| {
        let text = fields.filled(&field(name, param.name))?;
        Some((param.name.to_owned(), Value::from(text)))
    };
    let entry = action::find(name);
    entry.map_or_else(BTreeMap::new, |entry| {
        entry.params.iter().filter_map(given).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_destructive_is_one_press_away() {
        let all = actions(Role::Admin, "T46S");
        assert!(all.iter().any(|action| action.name == "Reboot"));
        assert!(
            all.iter()
                .all(|action| action.class != ActionClass::Destructive)
        );
        assert!(actions(Role::Viewer, "T46S").is_empty());
    }

    #[test]
    fn every_quick_action_without_fields_can_be_sent() {
        use carillon_domain::action::CheckedAction;
        for quick in actions(Role::Admin, "T46S") {
            let given = params(&quick.name, &Fields::default());
            let checked = CheckedAction::parse(&quick.name, &given);
            assert!(
                checked.is_ok() || !quick.params.is_empty(),
                "{}",
                quick.name
            );
        }
    }
}
