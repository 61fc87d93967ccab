//! `/groups`, one group, and the form of a group.

use carillon_contract::form::VERSION_FIELD;
use carillon_contract::groups::{
    GroupFormView, GroupRow, GroupView, GroupsView, NamedPhone, RuleEffect,
};
use carillon_contract::phones::PhoneColumn;
use carillon_contract::{FrameView, Href};
use carillon_domain::phone::GroupKind;
use carillon_language::say;
use leptos::prelude::*;

use crate::components::{
    Field, ago, badge, dash, empty, error_summary, fieldset, hidden, icon, job_table, link_button,
    paging, panel, phone_table, post, primary_link, radio_card, section, select, submit, submit_as,
    table, td, td_num, th, th_num, th_row, tr,
};
use crate::shell::Page;
use crate::words;

/// `/groups`.
pub(super) fn groups(frame: &FrameView, view: &GroupsView) -> String {
    Page::new(say("Groups")).write(frame, |page| {
        let may_edit = frame.user.as_ref().is_some_and(|user| user.may.edit_tags);
        if view.rows.is_empty() {
            let next = if may_edit {
                vec![primary_link("/groups/new", "plus", say("Add a group"))]
            } else {
                vec![]
            };
            return empty(
                "group",
                say("No groups yet"),
                say("A group is a list of phones that you command together: picked by hand, or by a rule such as site:kiel model:T46S."),
                next,
            );
        }
        if may_edit {
            page.action(primary_link("/groups/new", "plus", say("Add a group")));
        }
        let head = vec![
            th(say("Group")),
            th(say("Members")),
            th_num(say("Phones")),
            th_num(say("Reachable")),
            th(say("Last job")),
        ];
        table("groups", say("Groups"), head, view.rows.iter().map(group_row).collect())
    })
}

fn kind_badge(kind: GroupKind) -> AnyView {
    match kind {
        GroupKind::Fixed => badge("waiting", "group", say("Picked by hand")),
        GroupKind::Rule => badge("working", "filter", say("By a rule")),
    }
}

fn group_row(row: &GroupRow) -> AnyView {
    let href = format!("/groups/{}", row.slug);
    let rule = row
        .filter
        .clone()
        .map(|rule| view! { " "<code class="code clip">{rule}</code> });
    let broken = row.broken.then(|| {
        let word = say("This rule cannot be worked out: no phones until it is changed");
        view! { " "{badge("failed", "failed", word)} }
    });
    let job = match &row.last_job {
        Some(job) => {
            let href = format!("/jobs/{}", job.id);
            view! { <a class="quiet" href=href>{job.action.clone()}</a>" "<span class="muted">{ago(job.at)}</span> }.into_any()
        }
        None => dash(),
    };
    tr(vec![
        th_row(view! { <a class="row-name" href=href>{row.name.clone()}</a> }),
        td(
            say("Members"),
            view! { {kind_badge(row.kind)}{rule}{broken} },
        ),
        td_num(say("Phones"), words::number(row.phones)),
        td_num(
            say("Reachable"),
            answering(row.reachable, row.contacted, row.phones),
        ),
        td(say("Last job"), job),
    ])
}

/// How many of so many phones answer, in percent. Where none was ever contacted nobody knows, and 0 %
/// would read as an outage.
pub(super) fn answering(reachable: i64, contacted: i64, phones: i64) -> AnyView {
    if contacted == 0 || phones == 0 {
        return dash();
    }
    format!("{} %", reachable * 100 / phones).into_any()
}

/// `/groups/{slug}`.
pub(super) fn group(frame: &FrameView, view: &GroupView) -> String {
    Page::new(view.name.clone()).write(frame, |page| {
        page.up("/groups", say("Groups"));
        let may = frame.user.as_ref().map(|user| user.may).unwrap_or_default();
        page.lede(group_lede(view));
        if view.may_edit {
            let path = format!("/groups/{}", view.slug);
            page.action(link_button(format!("{path}/edit"), "edit", say("Edit")));
            page.action(link_button(
                format!("{path}/delete"),
                "trash",
                say("Delete…"),
            ));
        }
        if may.run_jobs && view.paging.total.count > 0 {
            let href = Href::new("/run").add("group", &view.slug).to_string();
            page.action(primary_link(href, "run", say("Run command…")));
        }
        let members = (view.may_edit && view.kind == GroupKind::Fixed).then(|| members_form(view));
        view! {
            {error_summary(&view.errors)}
            {section("members", say("Phones now"), None, member_list(view))}
            {members}
            {section("jobs", say("Jobs"), None, job_list(view))}
        }
        .into_any()
    })
}

fn group_lede(view: &GroupView) -> AnyView {
    let count = words::phones(view.paging.total.count);
    let rule = view.filter.clone().map(|rule| {
        let href = Href::new("/phones").add("q", &rule).to_string();
        view! { <span>{view.rule_in_words.clone()}</span><a href=href><code class="code">{rule}</code></a> }
    });
    let credential = view
        .credential
        .clone()
        .map(|name| view! { <span class="muted">{say!("Credential {name}", name)}</span> });
    let audit = view.audit_href.clone();
    let changes = format!("/groups/{}/changes", view.slug);
    view! {
        <span class="headline">
            {kind_badge(view.kind)}<span>{count}</span>{rule}{credential}
            <a href=changes>{say("Who joined and left")}</a><a href=audit>{say("What was recorded")}</a>
        </span>
    }
    .into_any()
}

fn member_list(view: &GroupView) -> AnyView {
    if view.phones.is_empty() {
        return view! { <p class="muted quiet-line">{say("No phone is in this group now.")}</p> }
            .into_any();
    }
    let caption = say!("Phones in {name}", name = view.name);
    view! {
        {phone_table(caption, &view.phones, &[], PhoneColumn::USUAL, None)}
        {paging(&view.paging, view.phones.len(), say("Previous"), say("Next"))}
    }
    .into_any()
}

fn job_list(view: &GroupView) -> AnyView {
    if view.jobs.is_empty() {
        return view! { <p class="muted quiet-line">{say("No job has named this group yet.")}</p> }
            .into_any();
    }
    job_table(say!("Jobs of {name}", name = view.name), &view.jobs)
}

fn members_form(view: &GroupView) -> AnyView {
    let hint = say(
        "MAC addresses or extensions, one a line. You can also tick phones in the list and choose Group.",
    );
    let body = view! {
        {hidden(VERSION_FIELD, view.version.to_string())}
        <div class="field-row">
            {Field::lines("add", say("Add"), "4").value(&view.add).hint(hint).errors(&view.errors).view()}
            {Field::lines("remove", say("Take out"), "4").hint(say("The same way.")).errors(&view.errors).view()}
        </div>
        <div class="row">{submit("", "check", say("Change members"))}</div>
    };
    panel(
        "change-members",
        say("Change members"),
        post(format!("/groups/{}/members", view.slug), "stack", body),
    )
}

/// `/groups/new` and `/groups/{slug}/edit`.
pub(super) fn group_form(frame: &FrameView, view: &GroupFormView) -> String {
    let title = match view.slug {
        Some(_) => say!("Edit group {name}", name = view.form.name),
        None => say("Add a group").to_owned(),
    };
    Page::new(title).narrow().write(frame, |page| {
        page.up("/groups", say("Groups"));
        let (action, back) = match &view.slug {
            Some(slug) => (format!("/groups/{slug}/edit"), format!("/groups/{slug}")),
            None => ("/groups/new".to_owned(), "/groups".to_owned()),
        };
        let form = post(
            action,
            "stack form",
            view! {
                {hidden(VERSION_FIELD, view.version.to_string())}
                {names(view)}
                {members(view)}
                {view.may_manage.then(|| select("credential", say("Credential of its phones"), &view.credentials, Some(say("Used by phones that have none of their own, before the site's.")), &view.errors))}
                {view.effect.as_ref().map(|found| view! { {hidden("shown", view.form.filter.clone())}{effect(found)} })}
                <div class="form-end">
                    {submit_as("primary", "check", say("Save group"), "do", "save")}
                    {view.may_manage.then(|| view! { <span class="when-rule">{submit_as("", "eye", say("Show the effect of the rule"), "do", "preview")}</span> })}
                    <a class="button" href=back>{say("Cancel")}</a>
                </div>
            },
        );
        view! { {error_summary(&view.errors)}{form} }.into_any()
    })
}

fn names(view: &GroupFormView) -> AnyView {
    let slug = Field::text("slug", say("Short name"))
        .value(&view.form.slug)
        .errors(&view.errors)
        .width("medium");
    let slug = if view.slug.is_some() {
        slug.readonly()
            .hint(say("For addresses and filters; it stays."))
    } else {
        slug.hint(say(
            "For addresses and filters, group:berlin. Made from the name when blank.",
        ))
    };
    view! {
        {Field::text("name", say("Name")).value(&view.form.name).errors(&view.errors).required().view()}
        {slug.view()}
    }
    .into_any()
}

fn members(view: &GroupFormView) -> AnyView {
    let (form, errors) = (&view.form, &view.errors);
    let by_rule = form.kind == GroupKind::Rule.as_str();
    let listed = view.slug.is_none().then(|| {
        Field::lines("members", say("Phones"), "5")
            .value(&form.members)
            .errors(errors)
            .hint(say(
                "MAC addresses or extensions, one a line. It may stay empty for now.",
            ))
            .view()
    });
    if !view.may_manage {
        return view! { {hidden("kind", GroupKind::Fixed.as_str())}{listed} }.into_any();
    }
    let rule = Field::text("filter", say("By a rule"))
        .value(&form.filter)
        .errors(errors)
        .hint(say(
            "The same words as in the search: site:berlin model:T46S -tag:vip",
        ))
        .placeholder("site:berlin -tag:vip")
        .view();
    fieldset(
        "kind",
        say("Who is in it"),
        None,
        errors,
        view! {
            <div class="stack tight">
                {radio_card("kind", "fixed", say("Picked by hand"), say("Somebody adds and removes phones."), !by_rule)}
                {radio_card("kind", "rule", say("By a rule"), say("Phones come and go by themselves as they match."), by_rule)}
            </div>
            <div class="when-rule">{rule}</div>
            <div class="when-fixed">{listed}</div>
        },
    )
}

fn effect(effect: &RuleEffect) -> AnyView {
    let names = |phones: &[NamedPhone], all: i64| {
        let shown: Vec<String> = phones.iter().map(|phone| phone.name.clone()).collect();
        words::names(&shown, all)
    };
    let joining = (effect.joining > 0).then(|| {
        view! { <p><span class="plus">{format!("+{}", words::number(effect.joining))}</span>" "{names(&effect.joining_examples, effect.joining)}</p> }
    });
    let leaving = (effect.leaving > 0).then(|| {
        view! { <p><span class="minus">{format!("−{}", words::number(effect.leaving))}</span>" "{names(&effect.leaving_examples, effect.leaving)}</p> }
    });
    let same = (effect.joining == 0 && effect.leaving == 0).then_some(say("Nobody comes or goes."));
    let sum = say!(
        "The group would have {phones}.",
        phones = words::phones(effect.after)
    );
    view! {
        <div class="note is-neutral" role="status" id="effect">
            {icon("eye")}
            <div>
                <p class="note-heading">{sum}</p>
                {joining}{leaving}{same}
                <p class="muted">{say("Not saved yet: “Save group” keeps it.")}</p>
            </div>
        </div>
    }
    .into_any()
}
