//! The catalogue as the page of choices shows it.

use carillon_contract::run::{ActionGroup, ActionView};
use carillon_domain::action::{self, Category, Class, Entry, Verification};
use carillon_domain::role::Permission;
use carillon_engine::Caller;

use super::form::RunForm;
use crate::pages::action_words;
use carillon_language::{say, text};

/// A heading and the actions below it.
struct Heading {
    title: &'static str,
    note: &'static str,
    folded: bool,
    holds: fn(&Entry) -> bool,
}

/// In order of the page; each action stands below the first that holds it.
const HEADINGS: [Heading; 5] = [
    Heading {
        title: text!("Safe"),
        note: text!("Nobody notices, or only somebody who looks at the phone."),
        folded: false,
        holds: |entry| entry.class == Class::Harmless && entry.category != Category::Navigation,
    },
    Heading {
        title: text!("Disruptive"),
        note: text!("Somebody may notice. Needs a reason."),
        folded: false,
        holds: |entry| {
            let settings = [Category::System, Category::Dnd, Category::Forward];
            entry.class == Class::Disruptive && settings.contains(&entry.category)
        },
    },
    Heading {
        title: text!("Destructive"),
        note: text!("Settings are lost, or nobody can say what happens. Needs a reason."),
        folded: true,
        holds: |entry| entry.class == Class::Destructive,
    },
    Heading {
        title: text!("Calls"),
        note: text!("These act on somebody's call. Needs a reason."),
        folded: true,
        holds: |entry| entry.category == Category::Call,
    },
    Heading {
        title: text!("Keys"),
        note: text!("As if somebody pressed a key: what it does depends on what the screen shows."),
        folded: true,
        holds: |_| true,
    },
];

/// Every action under its heading, with what was typed.
pub fn groups(caller: &Caller, form: &RunForm) -> Vec<ActionGroup> {
    let mut groups: Vec<ActionGroup> = HEADINGS
        .iter()
        .map(|heading| ActionGroup {
            title: say(heading.title).to_owned(),
            note: say(heading.note).to_owned(),
            folded: heading.folded,
            actions: Vec::new(),
        })
        .collect();
    for entry in action::all() {
        let place = HEADINGS.iter().position(|heading| (heading.holds)(entry));
        if let Some(group) = place.and_then(|index| groups.get_mut(index)) {
            group.actions.push(view(caller, form, entry));
        }
    }
    groups
}

fn view(caller: &Caller, form: &RunForm, entry: &'static Entry) -> ActionView {
    let barred = entry.call_control && caller.require(Permission::CallControl).is_err();
    ActionView {
        name: entry.name.to_owned(),
        title: say(entry.title).to_owned(),
        effect: say(entry.note).to_owned(),
        class: action_words::class(entry.class),
        call_control: entry.call_control,
        verifiable: entry.verification != Verification::None,
        params: action_words::params(entry, |param| form.param(entry.name, param)),
        unavailable: barred.then(|| say("Your role does not include calls.").to_owned()),
    }
}
