//! Changes that wait for another administrator: on `/approvals`, and told where they were asked for.

use carillon_contract::FormErrors;
use carillon_contract::changes::{ChangeLine, ChangeNotice, ChangeRow, OnePerson};
use carillon_domain::Timestamp;
use carillon_language::{quoted, say};
use leptos::prelude::*;

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

fn take_back(row: &ChangeRow) -> AnyView {
    let form = post(
        format!("/changes/{}/cancel", row.id),
        "row",
        submit("", "cancelled", say("Take it back")),
    );
    let text = say("You asked for it: another administrator decides.");
    view! { {note("neutral", "info", text)}{form} }.into_any()
}

/// Said in the place of a yes to who would be refused for it, with the way out.
fn needs_factor() -> AnyView {
    let text = say("Your account has no second factor, and a yes needs one.");
    let body = view! { <p>{text}" "<a href="/account/second-factor">{say("Set it up")}</a></p> };
    note("warning", "lock", body)
}

/// Why nobody may say yes yet, where it is so for all who could.
pub(super) fn all_one_person(one: OnePerson) -> Option<AnyView> {
    let text = say(
        "Nobody can approve it before {when}. Each account that could was made, given its rights or its password within the last day by who asked, or the other way round, or both by the same third person, or one of them came by the provider: so long they count as one person. Ask again then. An account with its rights that somebody makes on the server's machine counts at once: for asking where who asked came by the provider, else for deciding.",
    );
    let until = one.all_until?;
    Some(note(
        "warning",
        "lock",
        view! { <p>{said_with(text, vec![("when", instant(until))])}</p> },
    ))
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
