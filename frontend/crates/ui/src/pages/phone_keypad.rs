//! The keys of a phone, laid out as on the phone, below its screen.
//!
//! One form: each key is a button that sends its own name, and the reason goes with it. Keys that
//! nobody would notice need none. Buttons that take a picture send the same form elsewhere, so that what
//! was typed stays.

use carillon_contract::FormErrors;
use carillon_contract::phone::{KeyView, KeypadView, PhoneView, ScreenView, SecondPerson};
use carillon_language::say;
use leptos::prelude::*;

use crate::components::{
    Field, ago, hidden, icon, panel_with, post_named, said_with, unsent_summary,
};
use crate::shell::flash_line;

/// Rows of keys as they lie on the phone; a blank keeps a place free.
const SOFT: [&str; 4] = ["F1", "F2", "F3", "F4"];
const ARROWS: [&str; 9] = ["", "UP", "", "LEFT", "OK", "RIGHT", "X", "DOWN", "ENTER"];
const DIGITS: [&str; 12] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "POUND",
];
const FEATURES: [&str; 7] = [
    "VOLUME_DOWN",
    "VOLUME_UP",
    "MUTE",
    "HEADSET",
    "SPEAKER",
    "MSG",
    "RD",
];

/// The field of the reason: the page has others of this name.
const REASON: &str = "key-reason";
/// The form of the keys.
const FORM: &str = "keys";

/// Whether what was wrong belongs to the keys: then it is told beside them, and not at the top.
pub(super) fn is_of_keys(errors: &FormErrors) -> bool {
    errors.of("key").or(errors.of(REASON)).is_some()
}

/// The keypad of a phone.
pub(super) fn keypad(view: &PhoneView, pad: &KeypadView) -> AnyView {
    let path = format!("/phones/{}", view.phone.mac);
    let loud = pad.keys.iter().any(|key| !key.harmless && !key.missing);
    let form = post_named(
        FORM,
        // What is refused leads to what is said of it, not to the top of the page.
        format!("{path}/keys#keys-said"),
        "keypad",
        view! {
            {pad.screen.as_ref().map(|screen| hidden("screen", id_of(screen)))}
            {is_older(pad).then(|| hidden("older", "on"))}
            {reason(pad, &view.errors)}
            {loud.then(|| second_person(pad.second_person)).flatten()}
            {lines(pad)}
            {keys("soft", say("Soft keys"), &SOFT, pad)}
            <div class="keypad-middle">
                {keys("arrows", say("Navigation"), &ARROWS, pad)}
                {keys("digits", say("Digits"), &DIGITS, pad)}
            </div>
            {keys("features", say("Feature keys"), &FEATURES, pad)}
        },
    );
    let body = view! {
        <div class="keypad-body"><div class="keypad-parts">{screen(pad.screen.as_ref(), &path)}{look_each_time(pad.look)}{said(view, pad)}{form}</div></div>
    };
    panel_with(
        "keypad",
        say("Keys and screen"),
        Some(beside(pad, &path)),
        body,
    )
}

/// Whether the picture is from before the last key.
fn is_older(pad: &KeypadView) -> bool {
    pad.screen.as_ref().is_some_and(|screen| screen.older)
}

/// The way to a picture; an old one has it beside itself.
fn beside(pad: &KeypadView, path: &str) -> AnyView {
    let word = match &pad.screen {
        Some(_) => say("Look again"),
        None => say("Look at the screen"),
    };
    let look = (!is_older(pad)).then(|| look_button(path, word));
    view! {
        // Enter presses the first button of a form, and must press no key.
        <button type="submit" form=FORM disabled=true hidden>{say("Choose a key")}</button>
        {look}
    }
    .into_any()
}

fn look_button(path: &str, word: &'static str) -> AnyView {
    view! {
        <button class="button small" type="submit" form=FORM formaction=format!("{path}/screen")>
            {icon("eye")}<span>{word}</span>
        </button>
    }
    .into_any()
}

/// What the last key came to, just above the keys.
fn said(view: &PhoneView, pad: &KeypadView) -> AnyView {
    let refused = is_of_keys(&view.errors);
    let wrong = refused.then(|| unsent_summary(&view.errors));
    let said = pad.said.as_ref().map(flash_line);
    // An error is an alert of its own.
    let role = (!refused).then_some("status");
    view! { <div class="flash-region" id="keys-said" role=role tabindex="-1">{wrong}{said}</div> }
        .into_any()
}

/// What a picture is called: the end of its address. It goes along with each key, so that the
/// screen stays in sight.
fn id_of(screen: &ScreenView) -> String {
    let id = screen.href.rsplit('/').next();
    id.unwrap_or_default().to_owned()
}

fn screen(screen: Option<&ScreenView>, path: &str) -> AnyView {
    match screen {
        Some(screen) => view! {
            <figure class="screen">
                <img src=screen.href.clone() width=screen.width.to_string() height=screen.height.to_string() alt=say("The screen of the phone") />
                {caption(screen, path)}
            </figure>
        }
        .into_any(),
        None => view! {
            <p class="screen none muted">{say("The picture may show who is calling whom; that you looked is recorded.")}</p>
        }
        .into_any(),
    }
}

/// How old the picture is; and of one that is from before the last key, how to have another.
fn caption(screen: &ScreenView, path: &str) -> AnyView {
    let when = || vec![("when", ago(screen.at))];
    if !screen.older {
        let text = said_with(say("Taken {when}; it is not kept."), when());
        return view! { <figcaption class="muted">{text}</figcaption> }.into_any();
    }
    let text = said_with(say("Taken {when}, before the last key."), when());
    view! {
        <figcaption class="row center">
            {icon("warning")}<span>{text}</span>
            {look_button(path, say("Take it again"))}
        </figcaption>
    }
    .into_any()
}

/// Whether a picture is to be taken behind each key: goes with the form, and stands where the picture is.
fn look_each_time(chosen: bool) -> AnyView {
    view! {
        <label class="check">
            <input type="checkbox" form=FORM name="look" value="on" checked=chosen />
            <span>{say("Take a picture after each key; each is recorded")}</span>
        </label>
    }
    .into_any()
}

/// Keys in their places. A row of which nothing may be pressed is left out.
fn keys(class: &'static str, label: &'static str, names: &[&str], pad: &KeypadView) -> AnyView {
    let known = |name: &str| pad.keys.iter().find(|key| key.name == name);
    if names
        .iter()
        .all(|name| known(name).is_none_or(|key| key.missing))
    {
        return ().into_any();
    }
    let cells: Vec<AnyView> = names
        .iter()
        .map(|name| match known(name) {
            Some(key) => key_button(key),
            None => view! { <span class="key-gap"></span> }.into_any(),
        })
        .collect();
    let class = format!("keys keys-{class}");
    view! { <div class=class role="group" aria-label=label>{cells}</div> }.into_any()
}

fn lines(pad: &KeypadView) -> AnyView {
    let lines = pad.keys.iter().filter(|key| line_of(&key.name).is_some());
    let cells: Vec<AnyView> = lines.map(key_button).collect();
    if cells.is_empty() {
        return ().into_any();
    }
    view! { <div class="keys keys-lines" role="group" aria-label=say("Line keys")>{cells}</div> }
        .into_any()
}

/// The number of a line key.
fn line_of(name: &str) -> Option<&str> {
    let number = name.strip_prefix('L')?;
    number
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(number)
}

fn key_button(key: &KeyView) -> AnyView {
    let (class, reason) = if key.harmless {
        ("key-cap", "")
    } else {
        ("key-cap loud", say("needs a reason"))
    };
    let title = if reason.is_empty() {
        key.title.clone()
    } else {
        format!("{} ({reason})", key.title)
    };
    let star =
        (!key.harmless).then(|| view! { <span class="key-star" aria-hidden="true">"*"</span> });
    view! {
        <button class=class type="submit" name="key" value=key.name.clone() disabled=key.missing title=title.clone()>
            {face(&key.name)}{star}<span class="visually-hidden">{format!(" {title}")}</span>
        </button>
    }
    .into_any()
}

/// What stands on a key.
fn face(name: &str) -> AnyView {
    let symbol = match name {
        "UP" => "up",
        "DOWN" => "down",
        "LEFT" => "left",
        "RIGHT" => "right",
        _ => "",
    };
    if !symbol.is_empty() {
        return icon(symbol);
    }
    let word = match name {
        "POUND" => "#",
        "VOLUME_UP" => say("Vol +"),
        "VOLUME_DOWN" => say("Vol −"),
        "MUTE" => say("Mute"),
        "HEADSET" => say("Headset"),
        "SPEAKER" => say("Speaker"),
        "MSG" => say("Message"),
        "RD" => say("Redial"),
        "ENTER" => say("Enter"),
        other => other,
    };
    view! { <span>{word.to_owned()}</span> }.into_any()
}

/// What may not be sent at once is told before somebody presses it.
pub(super) fn second_person(waits: SecondPerson) -> Option<AnyView> {
    let text = match waits {
        SecondPerson::Never => return None,
        SecondPerson::AfterMany => say(
            "What disturbs somebody counts together within an hour: after much of it, the next waits for a second person.",
        ),
        SecondPerson::Always => say(
            "What disturbs somebody waits for a second person: nothing is sent before they let it run.",
        ),
    };
    Some(view! { <p class="hint">{text}</p> }.into_any())
}

/// Needed for keys that somebody would notice; the others go without.
fn reason(pad: &KeypadView, errors: &FormErrors) -> AnyView {
    let loud = pad.keys.iter().any(|key| !key.harmless);
    let hint = if loud {
        say("Needed for keys with a star: they may answer, dial or end a call.")
    } else {
        say("These keys need none.")
    };
    Field::text(REASON, say("Reason"))
        .sent_as("reason")
        .value(&pad.reason)
        .hint(hint)
        .errors(errors)
        .view()
}
