//! `/run`, step 1: which phones, what, how fast.

use carillon_contract::form::Choice;
use carillon_contract::run::{
    ActionClass, ActionGroup, ActionView, OptionsForm, PacingChoice, RunView, TargetsSummary,
    TargetsView,
};
use carillon_contract::{FormErrors, FrameView};
use carillon_language::{say, say_many};
use leptos::prelude::*;

use crate::components::{
    Field, badge, checkbox, class_badge, fieldset, hidden, icon, note, param_field, post_named,
    radio_card, select, submit, unsent_summary,
};
use crate::shell::Page;
use crate::words;

/// The form, for buttons that stand outside of it.
const FORM: &str = "run";

/// `/run`.
pub(super) fn run(frame: &FrameView, view: &RunView) -> String {
    Page::new(say("Run a command")).write(frame, |page| {
        page.lede(say("Choose the phones and the command. The next page shows exactly what would happen; nothing is sent before that."));
        let form = post_named(
            FORM,
            "/run",
            "run-form",
            view! {
                {(!view.before.is_empty()).then(|| hidden("before", view.before.clone()))}
                {targets(view)}
                {catalogue(view)}
                {pacing(view)}
                {when(view)}
                <div class="run-end">
                    {Field::text("reason", say("Reason")).value(&view.reason).errors(&view.errors).hint(say("Why, with a ticket if there is one. It goes into the audit log; needed for everything that somebody notices.")).view()}
                    {view.reason.trim().is_empty().then(needed)}
                    <div class="form-end">{submit("primary", "next", say("Review"))}</div>
                </div>
            },
        );
        view! { {reviews_first()}{unsent_summary(&view.errors)}{missing(view)}{moved(view)}{form} }.into_any()
    })
}

/// Shown once a command is chosen that somebody notices; who gave a reason knows it.
fn needed() -> AnyView {
    let text = say("This command needs a reason: somebody notices it.");
    view! { <p class="needed">{icon("info")}<span>{text}</span></p> }.into_any()
}

/// Enter in a field presses the first button of a form, wherever it stands: this one, and not the
/// one that leaves phones out.
fn reviews_first() -> AnyView {
    view! { <button type="submit" form=FORM hidden>{say("Review")}</button> }.into_any()
}

/// Phones of the selection that went meanwhile: told, and left out only when somebody says so.
fn missing(view: &RunView) -> Option<AnyView> {
    let (names, count) = &view.targets.missing;
    let left = view.targets.summary.as_ref().map_or(0, |sum| sum.phones);
    if *count == 0 {
        return None;
    }
    let heading = say!(
        "{count} of the {phones} that you picked left the inventory meanwhile.",
        count = words::number(*count),
        phones = words::phones(left + count)
    );
    let go_on = (left > 0).then(|| {
        let word = say!("Go on with the other {left}", left = words::number(left));
        view! {
            <p><button class="button" type="submit" form=FORM formaction="/run/without-missing" name="gone" value=view.targets.gone.clone() formnovalidate>{icon("next")}<span>{word}</span></button></p>
        }
    });
    // Who comes from a review pressed its button.
    let unsent = (!view.before.is_empty()).then(|| say("Nothing was sent."));
    let body = view! {
        <p class="note-heading">{heading}</p>
        <p>{unsent}" "{words::names(names, *count)}</p>
        {go_on}
    };
    Some(note("warning", "warning", body))
}

/// Phones that came to another site since their review: told also beside others that went.
fn moved(view: &RunView) -> Option<AnyView> {
    if view.moved.is_empty() {
        return None;
    }
    let body = view! { <p>{say("Now at another site:")}" "{view.moved.join(", ")}</p> };
    Some(note("warning", "warning", body))
}

fn targets(view: &RunView) -> AnyView {
    let targets = &view.targets;
    let body = if targets.sel.is_empty() && targets.phones.is_empty() {
        choose(targets, view)
    } else {
        chosen(targets)
    };
    let summary = targets.summary.as_ref().map(summary);
    let too_many = view.too_many.clone();
    let too_many = too_many.map(|text| note("warning", "warning", text));
    fieldset(
        "targets",
        say("1. Phones"),
        None,
        &view.errors,
        view! { {body}{summary}{too_many} },
    )
}

/// The phones came with the address: a selection, or single ones.
fn chosen(targets: &TargetsView) -> AnyView {
    let phones: Vec<AnyView> = targets
        .phones
        .iter()
        .map(|(mac, name)| {
            view! { {hidden("phone", mac.clone())}<span class="tag">{name.clone()}</span> }
                .into_any()
        })
        .collect();
    let sel = (!targets.sel.is_empty()).then(|| hidden("sel", targets.sel.clone()));
    view! {
        {sel}
        <div class="row">{phones}<a href="/run">{say("Choose others")}</a></div>
    }
    .into_any()
}

fn choose(targets: &TargetsView, view: &RunView) -> AnyView {
    let groups = if targets.groups.is_empty() {
        view! { <p class="muted">{say("There are no groups yet.")}</p> }.into_any()
    } else {
        boxes("group", &targets.groups)
    };
    view! {
        {sites(&targets.sites)}
        {Field::text("filter", say("By filter")).value(&targets.filter).errors(&view.errors).placeholder("site:kiel model:T46S").hint(say("The same words as in the search. You can also tick phones in the list and press Run command.")).view()}
        <div class="field"><p class="label">{say("and/or by group")}</p>{groups}</div>
    }
    .into_any()
}

/// Of more sites than that, somebody unfolds the list.
const SITES_SHOWN: usize = 24;

/// Sites to tick; with a filter they narrow it.
fn sites(choices: &[Choice]) -> Option<AnyView> {
    if choices.is_empty() {
        return None;
    }
    let all = boxes("site", choices);
    let all = if choices.len() > SITES_SHOWN {
        let chosen = choices.iter().any(|choice| choice.selected);
        let count = words::number(choices.len() as i64);
        view! { <details class="aside" open=chosen><summary>{icon("open")}<span>{say("Sites")}</span><span class="count">{count}</span></summary>{all}</details> }.into_any()
    } else {
        all
    };
    let label = say("At these sites");
    let hint = say(
        "With a filter as well: only those phones of these sites that match it. A site in the filter is one more of these.",
    );
    Some(view! { <div class="field"><p class="label">{label}</p><p class="hint">{hint}</p>{all}</div> }.into_any())
}

/// Check boxes of one name, each with its number of phones.
fn boxes(name: &'static str, choices: &[Choice]) -> AnyView {
    let one = |choice: &Choice| {
        let count = choice
            .count
            .map(|count| view! { <span class="muted tnum">{words::number(count)}</span> });
        let label =
            view! { <span class="facet-choice"><span>{choice.label.clone()}</span>{count}</span> };
        checkbox(name, choice.value.clone(), label, choice.selected)
    };
    let boxes: Vec<AnyView> = choices.iter().map(one).collect();
    view! { <div class="choice-grid">{boxes}</div> }.into_any()
}

fn summary(summary: &TargetsSummary) -> AnyView {
    let mut parts = vec![
        say_many!(summary.sites, "{count} site", "{count} sites"),
        say_many!(summary.models, "{count} model", "{count} models"),
    ];
    let extras = [
        (summary.offline, say("offline")),
        (summary.protected, say("protected")),
        (summary.no_address, say("without an address")),
    ];
    parts.extend(
        extras
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{} {word}", words::number(*count))),
    );
    let rest = format!(" · {}", parts.join(" · "));
    let phones = view! { <strong>{words::phones(summary.phones)}</strong> };
    let phones = if summary.href.is_empty() {
        phones.into_any()
    } else {
        view! { <a href=summary.href.clone()>{phones}</a> }.into_any()
    };
    view! {
        <p class="targets-summary" role="status">
            {icon("phone")}
            <span>{phones}{rest}</span>
        </p>
    }
    .into_any()
}

fn catalogue(view: &RunView) -> AnyView {
    let groups: Vec<AnyView> = view
        .actions
        .iter()
        .map(|group| action_group(group, view))
        .collect();
    fieldset(
        "action",
        say("2. Command"),
        None,
        &view.errors,
        view! { <div class="catalogue">{groups}</div> },
    )
}

fn action_group(group: &ActionGroup, view: &RunView) -> AnyView {
    let holds_chosen = group
        .actions
        .iter()
        .any(|action| action.name == view.action);
    let one_class = one_class(group);
    let cards: Vec<AnyView> = group
        .actions
        .iter()
        .map(|action| action_card(action, view, one_class))
        .collect();
    let note = (!group.note.is_empty()).then(|| view! { <p class="hint">{group.note.clone()}</p> });
    if group.folded {
        view! {
            <details class="action-group" open=holds_chosen>
                <summary>{icon("open")}<span>{group.title.clone()}</span><span class="count">{group.actions.len().to_string()}</span></summary>
                {note}
                <div class="action-grid">{cards}</div>
            </details>
        }
        .into_any()
    } else {
        view! {
            <div class="action-group">
                <h2>{group.title.clone()}</h2>
                {note}
                <div class="action-grid">{cards}</div>
            </div>
        }
        .into_any()
    }
}

/// Whether a class is that of every command of the group: its heading says it for all.
fn one_class(group: &ActionGroup) -> bool {
    let mut classes = group.actions.iter().map(|action| action.class);
    let first = classes.next();
    classes.all(|class| Some(class) == first)
}

/// One command; its parameters appear below it once it is chosen.
fn action_card(action: &ActionView, view: &RunView, class_is_said: bool) -> AnyView {
    let off = action.unavailable.is_some();
    let class = if off {
        "action-card off"
    } else {
        "action-card"
    };
    let params: Vec<AnyView> = action
        .params
        .iter()
        .map(|param| param_field(&action.name, param, &view.errors))
        .collect();
    let params =
        (!params.is_empty() && !off).then(|| view! { <div class="action-params">{params}</div> });
    let is_chosen = action.name == view.action;
    let noticed = (action.class != ActionClass::Harmless).then_some("");
    let call = action
        .call_control
        .then(|| badge("working", "call", say("Call")));
    let badge_of_class = (!class_is_said).then(|| class_badge(action.class));
    let sentence = action
        .unavailable
        .clone()
        .unwrap_or_else(|| action.effect.clone());
    view! {
        <div class=class>
            <label class="check card">
                <input type="radio" name="action" value=action.name.clone() checked=is_chosen disabled=off data-noticed=noticed />
                <span>
                    <span class="check-title">
                        {action.title.clone()}" "{badge_of_class}{call}
                    </span>
                    <span class="hint">{sentence}</span>
                </span>
            </label>
            {params}
        </div>
    }
    .into_any()
}

fn pacing(view: &RunView) -> AnyView {
    let cards: Vec<AnyView> = view.pacing.iter().map(pace).collect();
    fieldset(
        "pacing",
        say("3. Pace"),
        None,
        &view.errors,
        view! {
            <div class="choice-grid wide-cards">{cards}</div>
            <div class="when-custom">{options(&view.options, view)}</div>
        },
    )
}

/// Now, or at a time, and until when: in the zone that the page shows, which is UTC without scripts.
fn when(view: &RunView) -> AnyView {
    let options = &view.options;
    fieldset(
        "when",
        say("4. When"),
        None,
        &view.errors,
        view! {
            {Field::moment("start_at", say("Start at")).value(&options.start_at).errors(&view.errors).hint(say("Blank = at once. Date and time in UTC.")).view()}
            {hidden("start_zone", options.start_zone.clone())}
            {Field::moment("not_after", say("Not after")).value(&options.not_after).errors(&view.errors).hint(say("What waits then is not sent any more. Blank = the review says until when. Date and time in UTC.")).view()}
            {hidden("end_zone", options.end_zone.clone())}
        },
    )
}

fn pace(choice: &PacingChoice) -> AnyView {
    radio_card(
        "pacing",
        choice.value.clone(),
        choice.label.clone(),
        choice.note.clone(),
        choice.selected,
    )
}

fn options(form: &OptionsForm, view: &RunView) -> AnyView {
    let errors = &view.errors;
    let transports = [
        Choice::new("", say("As each phone says"), form.transport.is_empty()),
        Choice::new("https", say("HTTPS only"), form.transport == "https"),
        Choice::new("http", say("HTTP only"), form.transport == "http"),
        Choice::new("sip", say("SIP only"), form.transport == "sip"),
    ];
    let verify = [
        Choice::new("", say("Where it can be"), form.verify.is_empty()),
        Choice::new("true", say("Yes"), form.verify == "true"),
        Choice::new("false", say("No"), form.verify == "false"),
    ];
    view! {
        <p class="hint">{say("Blank = the default of the command's class.")}</p>
        <div class="field-grid">
            {own("window", say("Phones at once"), &form.window, errors)}
            {own("site_max_down_percent", say("Percent of a site at once"), &form.site_max_down_percent, errors)}
            {own("canary", say("First so many alone"), &form.canary, errors)}
            {own("max_failed_percent", say("Stop above percent failed"), &form.max_failed_percent, errors)}
            {own("timeout_ms", say("Wait for an answer, ms"), &form.timeout_ms, errors)}
            {own("site_max_down", say("Phones of a site at once"), &form.site_max_down, errors)}
            {own("jitter_ms", say("Random pause before each phone, ms"), &form.jitter_ms, errors)}
            {own("retries", say("Try again by itself, times"), &form.retries, errors)}
            {select("transport", say("Way"), &transports, None, errors)}
            {select("verify", say("Check the effect"), &verify, None, errors)}
        </div>
    }
    .into_any()
}

/// A number of one's own. Of its bounds the server tells, of all fields at once and by their names: a
/// browser tells of one, and not of which.
fn own(name: &'static str, label: &'static str, value: &str, errors: &FormErrors) -> AnyView {
    Field::text(name, label)
        .inputmode("numeric")
        .width("short")
        .value(value)
        .errors(errors)
        .view()
}
