//! Pages that ask before something is deleted.

use carillon_contract::changes::LeavingPhone;
use carillon_contract::form::VERSION_FIELD;
use carillon_contract::groups::{ConfirmName, DeleteView};
use carillon_contract::phones::DeletePhonesView;
use carillon_contract::{FrameView, Href};
use carillon_language::{retell, say};
use leptos::prelude::*;

use super::changes;
use crate::components::{Field, error_summary, hidden, note, post, submit};
use crate::shell::Page;
use crate::words;

/// Asks before one thing is deleted.
pub(super) fn delete(frame: &FrameView, view: &DeleteView) -> String {
    Page::new(say!("Delete {what}", what = view.what))
        .narrow()
        .write(frame, |page| {
            page.up(&view.back.href, &view.back.text);
            let consequences: Vec<AnyView> = view
                .consequences
                .iter()
                .map(|text| view! { <li>{text.clone()}</li> }.into_any())
                .collect();
            let consequences = (!consequences.is_empty())
                .then(|| view! { <ul class="plain-list">{consequences}</ul> });
            let back = view.back.href.clone();
            let end = match &view.refused {
                Some(why) => view! {
                    {note("warning", "warning", retell(why).into_owned())}
                    <p><a class="button" href=back>{say("Back")}</a></p>
                }
                .into_any(),
                None => post(
                    view.action.clone(),
                    "stack",
                    view! {
                        {hidden(VERSION_FIELD, view.version.to_string())}
                        {view.confirm.as_ref().map(typed_name)}
                        <div class="form-end">
                            {submit("danger solid", "trash", say!("Delete {what}", what = view.what))}
                            <a class="button" href=back>{say("Keep it")}</a>
                        </div>
                    },
                ),
            };
            let errors = view.confirm.as_ref().map(|asked| error_summary(&asked.errors));
            view! { {errors}{consequences}<p class="muted">{say("The audit log keeps what was.")}</p>{end} }
                .into_any()
        })
}

/// The name, typed: what goes for good is read once more.
fn typed_name(asked: &ConfirmName) -> AnyView {
    Field::text("typed", say!("Type {name} to confirm", name = asked.name))
        .value(&asked.typed)
        .errors(&asked.errors)
        .width("medium")
        .required()
        .view()
}

/// The number of phones, or the name of the only one.
fn typed_number(view: &DeletePhonesView) -> AnyView {
    if let ([phone], 1) = (&view.phones[..], view.count) {
        return typed_name(&ConfirmName {
            name: phone.name.clone(),
            typed: view.typed.clone(),
            errors: view.errors.clone(),
        });
    }
    Field::text("typed", say!("Type {count} to confirm", count = view.count))
        .value(&view.typed)
        .errors(&view.errors)
        .inputmode("numeric")
        .width("short")
        .required()
        .view()
}

/// Each phone by its name and by what tells it from another of that name.
pub(super) fn leaving(phones: &[LeavingPhone]) -> Vec<AnyView> {
    let line = |phone: &LeavingPhone| {
        let href = format!("/phones/{}", phone.mac);
        view! { <li><a href=href><strong>{phone.name.clone()}</strong></a>" "<span class="muted">{phone.beside.clone()}</span></li> }
            .into_any()
    };
    phones.iter().map(line).collect()
}

/// All of them; where they are too many, the first ones with the way to the others.
fn named(view: &DeletePhonesView) -> AnyView {
    let lines = leaving(&view.phones);
    let more = view.count - i64::try_from(lines.len()).unwrap_or(0);
    let more = (more > 0).then(|| {
        let all = Href::new("/selection").add("sel", &view.sel);
        let all = all.add_some("list", &view.list).to_string();
        let text = say!("{count} more", count = words::number(more));
        view! { <li><a href=all>{text}</a></li> }
    });
    view! { <ul class="plain-list">{lines}{more}</ul> }.into_any()
}

/// What the button does: where somebody else decides, it only asks.
fn deed(view: &DeletePhonesView) -> String {
    let phones = words::phones(view.count);
    if view.asks {
        say!("Ask to delete {phones}", phones)
    } else {
        say!("Delete {phones}", phones)
    }
}

/// What is typed for it, why, and the button.
fn agreement(view: &DeletePhonesView) -> AnyView {
    let reason = view
        .for_two
        .then(|| changes::reason(&view.reason, &view.errors));
    post(
        "/phones/delete",
        "stack",
        view! {
            {hidden("sel", view.sel.clone())}
            {hidden("list", view.list.clone())}
            {hidden("count", view.count.to_string())}
            {reason}
            {typed_number(view)}
            <div class="form-end">
                {submit("danger solid", "trash", deed(view))}
                <a class="button" href=view.back_href.clone()>{say("Keep them")}</a>
            </div>
        },
    )
}

/// Asks before phones are deleted.
pub(super) fn delete_phones(frame: &FrameView, view: &DeletePhonesView) -> String {
    let title = say!("Delete {phones}", phones = words::phones(view.count));
    Page::new(title).narrow().write(frame, |page| {
        page.up(&view.back_href, say("Phones"));
        let back = view.back_href.clone();
        let form = match &view.refused {
            Some(why) => view! {
                {note("warning", "warning", why.clone())}
                <p><a class="button" href=back>{say("Back")}</a></p>
            }
            .into_any(),
            None => agreement(view),
        };
        let nobody = view.nobody.as_ref();
        view! {
            {error_summary(&view.errors)}
            {named(view)}
            <p class="muted">{say("They leave every group. Their jobs and audit records stay.")}</p>
            {nobody.map(|nobody| changes::nobody(frame, nobody, true))}
            {view.way_out.clone().map(|text| view! { <p>{text}</p> })}
            {form}
        }
        .into_any()
    })
}
