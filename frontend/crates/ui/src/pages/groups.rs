//! `/groups`, one group, and the form of a group.

use carillon_contract::form::VERSION_FIELD;
use carillon_contract::groups::{
    GroupFormView, GroupRow, GroupView, GroupsView, NamedPhone, RuleEffect,
};
use carillon_contract::phones::PhoneColumn;
use carillon_contract::{FrameView, Href};
use carillon_domain::phone::GroupKind;
use leptos::prelude::*;

use crate::components::{
    Field, ago, badge, dash, empty, error_summary, fieldset, hidden, icon, job_table, link_button,
    paging, panel, phone_table, post, primary_link, radio_card, section, select, submit, submit_as,
    table, td, td_num, th, th_num, th_row, tr,
};
use crate::shell::Page;
use crate::words;

/// `/groups`.
pub fn groups(frame: &FrameView, view: &GroupsView) -> String {
    Page::new("Groups").write(frame, |page| {
        let may_edit = frame.user.as_ref().is_some_and(|user| user.may.edit_tags);
        if view.rows.is_empty() {
            let next = if may_edit {
                vec![primary_link("/groups/new", "plus", "Add a group")]
            } else {
                vec![]
            };
            return empty(
                "group",
                "No groups yet",
                "A group is a list of phones that you command together: picked by hand, or by a rule such as site:kiel model:T46S.",
                next,
            );
        }
        if may_edit {
            page.action(primary_link("/groups/new", "plus", "Add a group"));
        }
        let head = vec![
            th("Group"),
            th("Members"),
            th_num("Phones"),
            th_num("Reachable"),
            th("Last job"),
        ];
        table("groups", "Groups", head, view.rows.iter().map(group_row).collect())
    })
}

fn kind_badge(kind: GroupKind) -> AnyView {
    match kind {
        GroupKind::Fixed => badge("waiting", "group", "Picked by hand"),
        GroupKind::Rule => badge("working", "filter", "By a rule"),
    }
}

fn group_row(row: &GroupRow) -> AnyView {
    let href = format!("/groups/{}", row.slug);
    let rule = row
        .filter
        .clone()
        .map(|rule| view! { " "<code class="code clip">{rule}</code> });
    let job = match &row.last_job {
        Some(job) => {
            let href = format!("/jobs/{}", job.id);
            view! { <a class="quiet" href=href>{job.action.clone()}</a>" "<span class="muted">{ago(job.at)}</span> }.into_any()
        }
        None => dash(),
    };
    tr(vec![
        th_row(view! { <a class="row-name" href=href>{row.name.clone()}</a> }),
        td("Members", view! { {kind_badge(row.kind)}{rule} }),
        td_num("Phones", words::number(row.phones)),
        td_num("Reachable", share(row.reachable, row.phones)),
        td("Last job", job),
    ])
}

/// So many of so many, in percent.
pub(super) fn share(part: i64, whole: i64) -> AnyView {
    if whole == 0 {
        return dash();
    }
    format!("{} %", part * 100 / whole).into_any()
}

/// `/groups/{slug}`.
pub fn group(frame: &FrameView, view: &GroupView) -> String {
    Page::new(view.name.clone()).write(frame, |page| {
        page.up("/groups", "Groups");
        let may = frame.user.as_ref().map(|user| user.may).unwrap_or_default();
        page.lede(group_lede(view));
        if view.may_edit {
            let path = format!("/groups/{}", view.slug);
            page.action(link_button(format!("{path}/edit"), "edit", "Edit"));
            page.action(link_button(format!("{path}/delete"), "trash", "Delete…"));
        }
        if may.run_jobs && view.paging.total.count > 0 {
            let href = Href::new("/run").add("group", &view.slug).to_string();
            page.action(primary_link(href, "run", "Run command…"));
        }
        let members = (view.may_edit && view.kind == GroupKind::Fixed).then(|| members_form(view));
        view! {
            {error_summary(&view.errors)}
            {section("members", "Phones now", None, member_list(view))}
            {members}
            {section("jobs", "Jobs", None, job_list(view))}
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
        .map(|name| view! { <span class="muted">{format!("Credential {name}")}</span> });
    let audit = view.audit_href.clone();
    view! {
        <span class="headline">
            {kind_badge(view.kind)}<span>{count}</span>{rule}{credential}<a href=audit>"What was recorded"</a>
        </span>
    }
    .into_any()
}

fn member_list(view: &GroupView) -> AnyView {
    if view.phones.is_empty() {
        return view! { <p class="muted quiet-line">"No phone is in this group now."</p> }
            .into_any();
    }
    let caption = format!("Phones in {}", view.name);
    view! {
        {phone_table(caption, &view.phones, &[], PhoneColumn::USUAL, false)}
        {paging(&view.paging, view.phones.len(), "Previous", "Next")}
    }
    .into_any()
}

fn job_list(view: &GroupView) -> AnyView {
    if view.jobs.is_empty() {
        return view! { <p class="muted quiet-line">"No job has named this group yet."</p> }
            .into_any();
    }
    job_table(format!("Jobs of {}", view.name), &view.jobs)
}

fn members_form(view: &GroupView) -> AnyView {
    let hint = "MAC addresses or extensions, one a line. You can also tick phones in the list and choose Group.";
    let body = view! {
        {hidden(VERSION_FIELD, view.version.to_string())}
        <div class="field-row">
            {Field::lines("add", "Add", "4").value(&view.add).hint(hint).errors(&view.errors).view()}
            {Field::lines("remove", "Take out", "4").hint("The same way.").errors(&view.errors).view()}
        </div>
        <div class="row">{submit("", "check", "Change members")}</div>
    };
    panel(
        "change-members",
        "Change members",
        post(format!("/groups/{}/members", view.slug), "stack", body),
    )
}

/// `/groups/new` and `/groups/{slug}/edit`.
pub fn group_form(frame: &FrameView, view: &GroupFormView) -> String {
    let title = match view.slug {
        Some(_) => format!("Edit group {}", view.form.name),
        None => "Add a group".to_owned(),
    };
    Page::new(title).narrow().write(frame, |page| {
        page.up("/groups", "Groups");
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
                {view.may_manage.then(|| select("credential", "Credential of its phones", &view.credentials, Some("Used by phones that have none of their own, before the site's."), &view.errors))}
                {view.effect.as_ref().map(effect)}
                <div class="form-end">
                    {submit_as("primary", "check", "Save group", "do", "save")}
                    {view.may_manage.then(|| submit_as("", "eye", "Show the effect of the rule", "do", "preview"))}
                    <a class="button" href=back>"Cancel"</a>
                </div>
            },
        );
        view! { {error_summary(&view.errors)}{form} }.into_any()
    })
}

fn names(view: &GroupFormView) -> AnyView {
    let slug = Field::text("slug", "Short name")
        .value(&view.form.slug)
        .errors(&view.errors)
        .width("medium");
    let slug = if view.slug.is_some() {
        slug.readonly().hint("For addresses and filters; it stays.")
    } else {
        slug.hint("For addresses and filters, group:berlin. Made from the name when blank.")
    };
    view! {
        {Field::text("name", "Name").value(&view.form.name).errors(&view.errors).required().view()}
        {slug.view()}
    }
    .into_any()
}

fn members(view: &GroupFormView) -> AnyView {
    let (form, errors) = (&view.form, &view.errors);
    let by_rule = form.kind == GroupKind::Rule.as_str();
    let listed = view.slug.is_none().then(|| {
        Field::lines("members", "Phones", "5")
            .value(&form.members)
            .errors(errors)
            .hint("MAC addresses or extensions, one a line. It may stay empty for now.")
            .view()
    });
    if !view.may_manage {
        return view! { {hidden("kind", GroupKind::Fixed.as_str())}{listed} }.into_any();
    }
    let rule = Field::text("filter", "By a rule")
        .value(&form.filter)
        .errors(errors)
        .hint("The same words as in the search: site:berlin model:T46S -tag:vip")
        .placeholder("site:berlin -tag:vip")
        .view();
    fieldset(
        "kind",
        "Who is in it",
        None,
        errors,
        view! {
            <div class="stack tight">
                {radio_card("kind", "fixed", "Picked by hand", "Somebody adds and removes phones.", !by_rule)}
                {radio_card("kind", "rule", "By a rule", "Phones come and go by themselves as they match.", by_rule)}
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
    let same = (effect.joining == 0 && effect.leaving == 0).then_some("Nobody comes or goes.");
    let sum = format!("The group would have {}.", words::phones(effect.after));
    view! {
        <div class="note is-neutral" role="status" id="effect">
            {icon("eye")}
            <div>
                <p class="note-heading">{sum}</p>
                {joining}{leaving}{same}
                <p class="muted">"Not saved yet."</p>
            </div>
        </div>
    }
    .into_any()
}
