//! Changes that wait for another administrator: on `/approvals`, and told where they were asked for.

use carillon_contract::changes::{
    ChangeLine, ChangeNotice, ChangeRow, LeavingPhone, NobodyApproves, OnePerson,
};
use carillon_contract::{FormErrors, FrameView};
use carillon_domain::Timestamp;
use carillon_language::{quoted, say};
use leptos::prelude::*;

use super::delete;
use crate::components::{
    Field, ago, hidden, instant, note, post, said_with, submit, table, td, text_or_dash, th,
    th_row, tr,
};

/// One change with what it would do, and the answer.
pub(super) fn waiting(row: &ChangeRow, lacks_factor: bool) -> AnyView {
    let head = say!(
        "{title} · asked for by {actor}",
        title = row.title,
        actor = row.asked_by
    );
    let reason =
        (!row.reason.is_empty()).then(|| view! { <p class="quote">{quoted(&row.reason)}</p> });
    let forms = if row.own {
        take_back(row)
    } else {
        decide(row, lacks_factor)
    };
    view! {
        <section class="panel">
            <div class="panel-head"><h2>{head}</h2></div>
            {reason}
            {lines(&row.lines)}
            {phones(&row.phones)}
            <p class="muted">{said_with(say("Ends without an answer {when}."), vec![("when", ago(row.until))])}</p>
            {all_one_person(row.one_person)}
            {forms}
        </section>
    }
    .into_any()
}

fn lines(lines: &[ChangeLine]) -> AnyView {
    let rows = lines.iter().map(|line| {
        tr(vec![
            th_row(line.label.clone()),
            td(say("As it is"), text_or_dash(&line.before)),
            td(say("As it would be"), text_or_dash(&line.after)),
        ])
    });
    let rows = rows.collect();
    let head = vec![
        th(say("What changes")),
        th(say("As it is")),
        th(say("As it would be")),
    ];
    table("changes wraps", say("What changes"), head, rows)
}

/// Which phones would be deleted, each with the way to it.
fn phones(phones: &[LeavingPhone]) -> Option<AnyView> {
    let lines = delete::leaving(phones);
    (!lines.is_empty()).then(|| view! { <ul class="plain-list">{lines}</ul> }.into_any())
}

fn take_back(row: &ChangeRow) -> AnyView {
    let form = post(
        format!("/changes/{}/cancel", row.id),
        "row",
        submit("", "cancelled", say("Take it back")),
    );
    view! { {note("neutral", "info", who_decides(row))}{form} }.into_any()
}

/// That somebody else decides, where anybody can.
fn who_decides(row: &ChangeRow) -> String {
    let lacking = nearly(&row.lacking);
    match row.one_person.all_until {
        None if lacking.is_none() => {
            say("You asked for it: another administrator decides.").to_owned()
        }
        Some(until) if until >= row.until => {
            say("You asked for it, and it ends before anybody can approve it.").to_owned()
        }
        _ => {
            let nobody = say("You asked for it, and nobody can approve it yet.");
            lacking.map_or_else(|| nobody.to_owned(), |who| format!("{nobody} {who}"))
        }
    }
}

/// Said in the place of a yes to who would be refused for it, with the way out.
fn needs_factor() -> AnyView {
    let text = say("Your account has no second factor, and a yes needs one.");
    let body = view! { <p>{text}" "<a href="/account/second-factor">{say("Set it up")}</a></p> };
    note("warning", "lock", body)
}

/// Why nobody may say yes yet, where it is so for all who could, and what to do about it.
pub(super) fn all_one_person(one: OnePerson) -> Option<AnyView> {
    one.all_until.map(one_person_until)
}

fn one_person_until(until: Timestamp) -> AnyView {
    let body = view! {
        <p class="note-heading">{said_with(say("Nobody can approve it before {when}."), vec![("when", instant(until))])}</p>
        <p>{say("Everybody who could counts until then as the same person as whoever asks: within the last day one of the two made the account of the other, gave its rights or set its password. Or a third person did that for both. Or one of the two came by the provider.")}</p>
        <p>{say("Ask again after that. Or somebody makes a new account on the server's machine: it counts at once. It approves this; but where whoever asks came by the provider, it has to ask.")}</p>
    };
    note("warning", "lock", body)
}

/// That nobody could approve what is about to be asked for, and what to do about it. Jobs are let run by whoever
/// has the right, changes by administrators.
pub(super) fn nobody(frame: &FrameView, nobody: &NobodyApproves, is_change: bool) -> AnyView {
    let needs = if is_change {
        say("Nobody can approve this now: it needs a second administrator with a second factor.")
    } else {
        say("Nobody can approve this now: it needs a second person with a second factor.")
    };
    let lacking = &nobody.without_factor;
    let factor = (nobody.until.is_none() || !lacking.is_empty()).then(|| {
        // Whom an administrator gives the right is the same person for a day: no way out of a change.
        let other = (!is_change).then(|| another_person(frame));
        let body = view! {
            <p class="note-heading">{needs}</p>
            <p>{nearly(lacking)}" "{other}</p>
        };
        note("warning", "lock", body)
    });
    view! { {nobody.until.map(one_person_until)}{factor} }.into_any()
}

/// Who would only have to set up a second factor.
fn nearly(names: &[String]) -> Option<String> {
    let text = || {
        say!(
            "No second factor yet: {names}. They set it up on the page of their account.",
            names = names.join(", ")
        )
    };
    (!names.is_empty()).then(text)
}

/// The way to another person, for who may go it.
fn another_person(frame: &FrameView) -> Vec<AnyView> {
    if frame.user.as_ref().is_some_and(|user| user.may.administer) {
        let accounts = view! { <a href="/admin/users">{say("Accounts")}</a> };
        let text = say("You can also give the right to somebody who has one: {accounts}.");
        return said_with(text, vec![("accounts", accounts.into_any())]);
    }
    vec![say("An administrator can also give the right to somebody who has one.").into_any()]
}

/// Said in the place of a yes to whom who asked may be.
fn one_person(until: Timestamp) -> AnyView {
    let text = say(
        "You can approve it from {when} on. Within the last day you made the account of who asked, gave its rights or set its password, or the other way round, or a third person did that for both, or one of these accounts came by the provider: so long you count as one person.",
    );
    note(
        "warning",
        "lock",
        view! { <p>{said_with(text, vec![("when", instant(until))])}</p> },
    )
}

/// What stands in the place of a yes to who would be refused for it; nothing where there is a button. What
/// is said of all is not said again.
pub(super) fn hindered(one: OnePerson, lacks_factor: bool) -> Option<AnyView> {
    let Some(until) = one.own_until else {
        return lacks_factor.then(needs_factor);
    };
    let own = one.all_until.is_none().then(|| one_person(until));
    Some(own.into_any())
}

fn decide(row: &ChangeRow, lacks_factor: bool) -> AnyView {
    let id = &row.id;
    let approve = if let Some(why) = hindered(row.one_person, lacks_factor) {
        why
    } else {
        post(
            format!("/changes/{id}/approve"),
            "row",
            view! {
                {hidden("digest", row.digest.clone())}
                {submit("primary", "check", say("Approve this change"))}
            },
        )
    };
    let deny = refuse(format!("/changes/{id}/deny"), id);
    view! { {approve}{deny} }.into_any()
}

/// The no of a second person, with the reason that it needs, to a change or a job with this id.
pub(super) fn refuse(to: String, id: &str) -> AnyView {
    let field = format!("deny-{id}");
    let labelled = field.clone();
    post(
        to,
        "filter-row",
        view! {
            <div class="field">
                <label for=labelled>{say("Why not")}</label>
                <input class="input medium" id=field name="reason" type="text" required autocomplete="off" />
            </div>
            {submit("danger", "cancelled", say("Refuse"))}
        },
    )
}

/// That a change of what this page shows waits.
pub(super) fn notice(waits: &ChangeNotice) -> AnyView {
    let words = vec![
        ("actor", waits.asked_by.clone().into_any()),
        ("when", ago(waits.until)),
        (
            "approvals",
            view! { <a href="/approvals">{say("Approvals")}</a> }.into_any(),
        ),
    ];
    let text = said_with(
        say(
            "{actor} asked for a change of this. It waits for another administrator and ends without an answer {when}: {approvals}",
        ),
        words,
    );
    note("neutral", "info", view! { <p>{text}</p> })
}

/// Why somebody wants a change that another one may have to approve.
pub(super) fn reason(value: &str, errors: &FormErrors) -> AnyView {
    Field::text("reason", say("Reason"))
        .value(value)
        .hint(for_two())
        .errors(errors)
        .view()
}

/// What stands beside every change that is for two.
pub(super) fn for_two() -> &'static str {
    say("Where there is another administrator, nothing changes before they approve it.")
}
