//! What can be done with one phone, on its page.

use carillon_contract::Href;
use carillon_contract::phone::{PhoneView, QuickAction, SecondPerson};
use carillon_contract::run::ActionClass;
use carillon_language::say;
use leptos::prelude::*;

use super::phone_keypad::second_person;
use crate::components::{class_badge, hidden, icon, panel_with, param_field, post, submit};

/// Commands that are in sight at once.
const FIRST: usize = 5;

/// The commands that this person may send to this model.
pub(super) fn actions(view: &PhoneView, may_run: bool) -> AnyView {
    if !may_run {
        return ().into_any();
    }
    let more = view! { <a href=Href::new("/run").add("phone", view.phone.mac).to_string()>{say("All commands")}</a> }.into_any();
    let body = if view.actions.is_empty() {
        view! { <p class="muted quiet-line">{say("Your role allows no command for this phone.")}</p> }
            .into_any()
    } else {
        listed(view)
    };
    panel_with("actions", say("Do"), Some(more), body)
}

/// The commands: the first in sight, the others folded, so that the keys are not far below.
fn listed(view: &PhoneView) -> AnyView {
    let items = |actions: &[QuickAction]| -> Vec<AnyView> {
        actions.iter().map(|action| quick(action, view)).collect()
    };
    let (first, rest) = view.actions.split_at(view.actions.len().min(FIRST));
    let others = (!rest.is_empty()).then(|| {
        view! {
            <details class="aside quick-rest" open=!view.errors.is_empty()>
                <summary>{icon("open")}<span>{say("More commands")}</span><span class="count">{rest.len().to_string()}</span></summary>
                <ul class="quick">{items(rest)}</ul>
            </details>
        }
    });
    // What only may wait is told beside the keys, once.
    let waits = view.keypad.as_ref().map(|pad| pad.second_person);
    let waits = waits.filter(|waits| *waits == SecondPerson::Always);
    let waits = waits.and_then(second_person);
    view! { {waits}<ul class="quick">{items(first)}</ul>{others} }.into_any()
}

/// A harmless command is one press; any other unfolds and asks why.
fn quick(action: &QuickAction, view: &PhoneView) -> AnyView {
    let path = format!("/phones/{}/do", view.phone.mac);
    if let Some(why) = &action.unavailable {
        return view! {
            <li class="quick-item off">
                <span class="quick-title">{action.title.clone()}</span>
                <span class="muted">{why.clone()}</span>
            </li>
        }
        .into_any();
    }
    let plain = action.class == ActionClass::Harmless && action.params.is_empty();
    let body = if plain {
        let button = view! {
            {hidden("action", action.name.clone())}
            {submit("quick-button", "run", action.title.clone())}
        };
        view! { {post(path, "quick-form", button)}<span class="muted">{action.effect.clone()}</span> }.into_any()
    } else {
        unfolding(action, path, view)
    };
    view! { <li class="quick-item">{body}</li> }.into_any()
}

/// The reason of what was pressed last stands in it: the caller is most often the same.
fn unfolding(action: &QuickAction, path: String, view: &PhoneView) -> AnyView {
    let pad = view.keypad.as_ref();
    let why = pad.map(|pad| pad.reason.clone());
    let params: Vec<AnyView> = action
        .params
        .iter()
        .map(|param| param_field(&action.name, param, &view.errors))
        .collect();
    let needs_reason = action.class != ActionClass::Harmless;
    let reason = needs_reason.then(|| {
        let id = format!("reason-{}", action.name);
        view! {
            <div class="field">
                <label for=id.clone()>{say("Reason")}<span class="required">{say("required")}</span></label>
                <input class="input" id=id.clone() name="reason" value=why required=true autocomplete="off" />
            </div>
        }
    });
    let kind = if action.class == ActionClass::Destructive {
        "danger"
    } else {
        "primary"
    };
    let form = post(
        path,
        "stack",
        view! {
            {hidden("action", action.name.clone())}
            {params}
            {reason}
            <div class="row">{submit(kind, "run", action.title.clone())}</div>
        },
    );
    view! {
        <details class="quick-more">
            <summary>
                <span class="button quick-button">{icon("open")}<span>{action.title.clone()}</span></span>
                {class_badge(action.class)}
                <span class="muted">{action.effect.clone()}</span>
            </summary>
            {form}
        </details>
    }
    .into_any()
}
