//! `/approvals` and `/admin/settings`: what one person does not do alone.

use std::time::Duration;

use carillon_contract::FrameView;
use carillon_contract::approvals::{ApprovalRow, ApprovalsView, SettingsView};
use carillon_contract::form::Choice;
use carillon_contract::job::JobApprovalView;
use carillon_contract::run::ActionClass;
use carillon_domain::role::Role;
use carillon_language::{quoted, say, say_many};
use leptos::prelude::*;

use super::changes;
use super::review::counts_list;
use crate::components::{
    Field, ago, checkbox, class_badge, empty, error_summary, fact, facts, hidden, instant_and_age,
    note, panel, post, said_with, submit,
};
use crate::shell::Page;
use crate::words;

/// `/approvals`.
pub(super) fn approvals(frame: &FrameView, view: &ApprovalsView) -> String {
    Page::new(say("Approvals")).write(frame, |page| {
        page.lede(say("Dangerous jobs, and changes that nobody makes alone, wait here for a second person. What is approved is exactly what is shown."));
        let off = view.off.then(|| second_person_off(frame));
        let changes: Vec<AnyView> = view.changes.iter().map(|row| changes::waiting(row, view.lacks_factor)).collect();
        if view.rows.is_empty() && changes.is_empty() {
            let none = empty("check", say("Nothing waits"), say("What takes two people stands here until somebody decides."), vec![]);
            return view! { {off}{none} }.into_any();
        }
        let rows: Vec<AnyView> = view.rows.iter().map(|row| waiting(row, Decider::of(view.may_decide, view.lacks_factor))).collect();
        // Changes wait all the same: what is said of jobs stands below them.
        view! { <div class="stack">{changes}{off}{rows}</div> }.into_any()
    })
}

/// What is true of jobs while fewer than two may approve, with the way to change it.
fn second_person_off(frame: &FrameView) -> AnyView {
    let administers = frame.user.as_ref().is_some_and(|user| user.may.administer);
    let way_out = if administers {
        let accounts = view! { <a href="/admin/users">{say("Accounts")}</a> };
        let text = say("Give two people the right: {accounts}.");
        said_with(text, vec![("accounts", accounts.into_any())])
    } else {
        vec![say("An administrator gives two people the right.").into_any()]
    };
    let body = view! {
        <p>{say("New dangerous jobs run without a second person: fewer than two people may approve.")}" "{way_out}</p>
    };
    note("warning", "warning", body)
}

/// What whoever looks may do about jobs of others.
#[derive(Clone, Copy)]
enum Decider {
    /// Nothing.
    Nobody,
    /// Only say no: a yes needs a second factor.
    WithoutFactor,
    /// Say yes or no.
    Full,
}

impl Decider {
    const fn of(may_decide: bool, lacks_factor: bool) -> Self {
        match (may_decide, lacks_factor) {
            (false, _) => Self::Nobody,
            (true, true) => Self::WithoutFactor,
            (true, false) => Self::Full,
        }
    }
}

fn waiting(row: &ApprovalRow, decider: Decider) -> AnyView {
    let job = &row.job;
    let href = format!("/jobs/{}#phones", job.id);
    let head = say!(
        "{title} · {phones} · asked for by {actor}",
        title = job.title,
        phones = words::phones(job.counts.waiting),
        actor = job.actor
    );
    let reason =
        (!job.reason.is_empty()).then(|| view! { <p class="quote">{quoted(&job.reason)}</p> });
    let forms = answer(row, decider);
    view! {
        <section class="panel">
            <div class="panel-head"><h2>{head}</h2>{class_badge(row.class)}</div>
            {reason}
            {who(row)}
            <p>{job.targets.clone()}" · "<a href=href>{say("All phones of the job")}</a></p>
            <p><code class="code">{row.request_example.clone()}</code></p>
            <p class="muted">{said_with(
                say("Approved is exactly this, with digest {digest}: command, parameters, phones, start, end and pace."),
                vec![("digest", view! { <code class="code">{short(&row.digest)}</code> }.into_any())],
            )}</p>
            <p class="muted">{match row.until {
                Some(at) => said_with(say("Ends without an answer {when}."), vec![("when", ago(at))]),
                None => vec![say("Waits until somebody decides.").into_any()],
            }}</p>
            {forms}
        </section>
    }
    .into_any()
}

/// Who gets it and who does not, as the review told whoever asked.
fn who(row: &ApprovalRow) -> AnyView {
    let mut items = vec![
        fact(say("Will get it"), named(row)),
        fact(say("Sites"), counts_list(&row.by_site)),
    ];
    if row.gone > 0 {
        let gone = say_many!(
            row.gone,
            "{count} phone of it: there is nothing to send to",
            "{count} phones of it: there is nothing to send to"
        );
        items.insert(1, fact(say("Deleted meanwhile"), gone));
    }
    if !row.left_out.is_empty() {
        let causes = row.left_out.iter();
        let causes = causes.map(|(cause, count)| (words::cause_title(*cause).to_owned(), *count));
        items.push(fact(
            say("Left out"),
            counts_list(&causes.collect::<Vec<_>>()),
        ));
    }
    items.extend(when_and_how(row));
    facts(items)
}

/// How many phones, and which: a number alone is nothing to say yes to.
fn named(row: &ApprovalRow) -> String {
    let waiting = row.job.counts.waiting;
    let phones = words::phones(waiting);
    if row.names.is_empty() {
        return phones;
    }
    format!("{phones}: {}", words::names(&row.names, waiting))
}

/// The end of a job that nobody gave one: it is as long after its start, whenever that is.
fn after_start(seconds: Option<u64>) -> String {
    let length = words::length(Duration::from_secs(seconds.unwrap_or(0)));
    say!("{length} after its start", length)
}

/// Start, end and pace: they are approved with the rest.
fn when_and_how(row: &ApprovalRow) -> [AnyView; 3] {
    let start = row.start_at.map_or_else(
        || say("as soon as somebody lets it run").into_any(),
        instant_and_age,
    );
    let end = row
        .not_after
        .map_or_else(|| after_start(row.sent_within).into_any(), instant_and_age);
    let pace = row.pacing_in_words.iter();
    let pace: Vec<AnyView> = pace
        .map(|line| view! { <li>{line.clone()}</li> }.into_any())
        .collect();
    [
        fact(say("Starts"), start),
        fact(say("Not sent after"), end),
        fact(say("Pace"), view! { <ul class="plain-list">{pace}</ul> }),
    ]
}

/// The forms for whoever may decide, or why there are none.
fn answer(row: &ApprovalRow, decider: Decider) -> AnyView {
    let all = changes::all_one_person(row.one_person);
    let own = say("You asked for it: somebody else decides. You can stop it on its page.");
    view! { {all}{answer_of(row, decider, own)} }.into_any()
}

fn answer_of(row: &ApprovalRow, decider: Decider, own: &'static str) -> AnyView {
    if row.own {
        note("neutral", "info", own)
    } else {
        match decider {
            Decider::Nobody => note("neutral", "info", say("Your account may not approve.")),
            Decider::WithoutFactor => decide(row, true),
            Decider::Full => decide(row, false),
        }
    }
}

/// The same on the page of the job, which shows its phones and its command itself.
pub(super) fn on_job(frame: &FrameView, waits: &JobApprovalView) -> AnyView {
    let row = &waits.row;
    let may = frame.user.as_ref().map(|user| &user.may);
    let until = row.until.map_or_else(
        || vec![say("Waits until somebody decides.").into_any()],
        |at| {
            said_with(
                say("Ends without an answer {when}."),
                vec![("when", ago(at))],
            )
        },
    );
    let who = if waits.off {
        let accounts = may
            .is_some_and(|may| may.administer)
            .then(|| view! { " "<a href="/admin/users">{say("Accounts")}</a> });
        view! { {say("Held back: fewer than two people may approve.")}{accounts} }.into_any()
    } else {
        let names = waits.approvers.join(", ");
        say!("These people may approve: {names}.", names).into_any()
    };
    // A small job waits too, where those before it within the hour make it a large one.
    let sum = (row.class == ActionClass::Disruptive).then(|| {
        let text = say("The disruptive commands of one person within an hour count together.");
        view! { <p class="muted">{text}</p> }
    });
    let all = may
        .is_some_and(|may| may.approve)
        .then(|| view! { <p><a href="/approvals">{say("Approvals")}</a></p> });
    let one_person = changes::all_one_person(row.one_person);
    let own = say("You asked for it: somebody else decides. You can stop it here.");
    let body = view! {
        <p>{say!("{actor} asked for it. Nothing is sent before somebody else lets it run.", actor = row.job.actor.clone())}</p>
        <p>{until}" "{who}</p>
        {sum}
        {one_person}
        {answer_of(row, Decider::of(waits.may_decide, waits.lacks_factor), own)}
        {all}
    };
    panel("approval", say("Waits for a second person"), body)
}

/// Enough of a digest to compare it with the record.
fn short(digest: &str) -> String {
    digest.chars().take(16).collect()
}

fn decide(row: &ApprovalRow, lacks_factor: bool) -> AnyView {
    let id = &row.job.id;
    let phones = words::phones(row.job.counts.waiting);
    let approve = if let Some(why) = changes::hindered(row.one_person, lacks_factor) {
        why
    } else {
        post(
            format!("/jobs/{id}/approve"),
            "row",
            view! {
                {hidden("digest", row.digest.clone())}
                {submit("primary", "check", say!("Let it run on {phones}", phones))}
            },
        )
    };
    let deny = changes::refuse(format!("/jobs/{id}/deny"), id);
    view! { {approve}{deny} }.into_any()
}

/// `/admin/settings`. Beside boxes stands a hidden value: it says that they were in the form, where
/// none is ticked.
pub(super) fn settings(frame: &FrameView, view: &SettingsView) -> String {
    Page::new(say("Limits")).narrow().write(frame, |page| {
        page.lede(say("How much one person does alone."));
        let off = view.off.then(|| second_person_off(frame));
        let form = post(
            "/admin/settings",
            "stack form",
            view! {
                <h2>{say("What an operator starts")}</h2>
                {limit("phones_per_job", say("Phones of one job"), &view.phones_per_job, view)}
                {limit("phones_per_hour", say("Phones within an hour"), &view.phones_per_hour, view)}
                {limit("jobs_per_minute", say("Jobs within a minute"), &view.jobs_per_minute, view)}
                <p class="muted">{say("What operators do not start, an administrator does.")}</p>
                {hidden("operators_start", "")}
                <div class="stack tight">{started(view)}</div>
                <h2>{say("What waits for a second person")}</h2>
                <p class="muted">{say("The disruptive commands of one person within an hour count together.")}</p>
                {hidden("approve_destructive", "no")}
                {checkbox("approve_destructive", "yes", say("Every destructive command"), view.approve_destructive)}
                {Field::integer("approve_disruptive_above", say("Disruptive commands on more phones than"), 0, 1_000_000)
                    .value(&view.approve_disruptive_above).hint(say("Blank: never.")).errors(&view.errors).view()}
                {Field::integer("approve_disruptive_percent", say("Disruptive commands on more than so many percent of all phones"), 0, 100)
                    .value(&view.approve_disruptive_percent).hint(say("Blank: never. One phone waits only where it is not the first within the hour.")).errors(&view.errors).view()}
                {hidden("approve_with_factor", "no")}
                {checkbox("approve_with_factor", "yes", say("Only somebody with a second factor lets them run"), view.approve_with_factor)}
                <p class="muted">{say_many!(view.approvers, "{count} person may approve.", "{count} people may approve.")}</p>
                {changes::reason(&view.reason, &view.errors)}
                <div class="form-end">{submit("primary", "check", say("Save limits"))}</div>
            },
        );
        let waiting: Vec<AnyView> = view.waiting.iter().map(changes::notice).collect();
        view! { {off}{waiting}{error_summary(&view.errors)}{form}{second_factor(view)} }.into_any()
    })
}

/// Which commands operators start.
fn started(view: &SettingsView) -> Vec<AnyView> {
    let classes = view.operators_start.iter();
    let class = |class: &Choice| {
        checkbox(
            "operators_start",
            class.value.clone(),
            class.label.clone(),
            class.selected,
        )
    };
    classes.map(class).collect()
}

/// For whom a second factor is demanded.
fn second_factor(view: &SettingsView) -> AnyView {
    let roles: Vec<AnyView> = view
        .second_factor
        .iter()
        .map(|role| {
            let name = role
                .value
                .parse()
                .map_or_else(|_| role.label.clone(), |role| words::role(role).into());
            checkbox("role", role.value.clone(), name, role.selected)
        })
        .collect();
    post(
        "/admin/settings/second-factor",
        "stack form",
        view! {
            <h2>{say("Who needs a second factor")}</h2>
            <p class="muted">{say("Whoever has none can do nothing else until it is set up. Tokens go on working.")}</p>
            {hidden("role", "")}
            <div class="stack tight">{roles}</div>
            <div class="field">
                <label for="roles-reason">{say("Reason")}</label>
                <p class="hint" id="roles-reason-hint">{changes::for_two()}</p>
                <input class="input" id="roles-reason" name="reason" type="text" autocomplete="off" aria-describedby="roles-reason-hint" />
            </div>
            <div class="form-end">{submit("primary", "check", say("Save who needs one"))}</div>
        },
    )
}

fn limit(name: &'static str, label: &'static str, value: &str, view: &SettingsView) -> AnyView {
    Field::integer(name, label, 1, 1_000_000)
        .value(value)
        .errors(&view.errors)
        .required()
        .view()
}

/// The word of a role, for whoever tells what changes.
pub fn role_name(role: Role) -> &'static str {
    words::role(role)
}
