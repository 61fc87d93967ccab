//! `/run/review/{id}`, step 2: exactly what would happen.

use carillon_contract::FrameView;
use carillon_contract::run::{ActionClass, ReviewView, SetChange, SkipView};
use carillon_domain::Cause;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use super::review_time::{length, time};
use crate::components::{
    Field, badge, checkbox, class_badge, fact, facts, hidden, icon, note, panel, post, said_with,
    soon, soon_and_age, table, td, td_num, th, th_num, th_row, tr, unsent_summary,
};
use crate::shell::Page;
use crate::words;

/// `/run/review/{id}`.
pub(super) fn review(frame: &FrameView, view: &ReviewView) -> String {
    let title = say!("Review: {what}", what = done_to(view, view.will_run));
    Page::new(title).write(frame, |page| {
        page.up(&view.back_href, say("Run a command"));
        view! {
            {unsent_summary(&view.errors)}
            {view.changed.as_ref().map(changed)}
            {sentence(view)}
            {warnings(&view.warnings)}
            {view.nobody.as_ref().map(|nobody| super::changes::nobody(frame, nobody, false))}
            <div class="columns sidebar-right">
                <div>
                    {start_form(view)}
                    {who(view)}
                </div>
                <div>{how(view)}</div>
            </div>
        }
        .into_any()
    })
}

fn sentence(view: &ReviewView) -> AnyView {
    let skipped: i64 = view.will_skip.iter().map(|skip| skip.count).sum();
    let places = view.by_site.len();
    let at = match view.by_site.first() {
        Some((site, _)) if places == 1 => format!(" {}", say!("at {site}", site)),
        None => String::new(),
        Some(_) => format!(" {}", say!("at {places} sites", places)),
    };
    let duration = duration_text(view.planned.longest);
    let rest = if skipped == 0 {
        say("Every chosen phone gets it.").to_owned()
    } else {
        say_many!(
            skipped,
            "{count} phone will be left out.",
            "{count} phones will be left out."
        )
    };
    let rest = format!("{at}, {duration}. {rest}");
    let lead = what(view, view.will_run);
    view! {
        <p class="review-sentence">
            <strong>{lead}</strong>{rest}" "{class_badge(view.class)}
        </p>
        <p class="muted">{view.effect.clone()}</p>
    }
    .into_any()
}

fn duration_text(seconds: i64) -> String {
    if seconds <= 5 {
        say("a few seconds").to_owned()
    } else {
        say!("at most {length}", length = length(seconds))
    }
}

fn changed(change: &SetChange) -> AnyView {
    let text = say!(
        "The phones changed while you looked: {before} before, {after} now. Look again before you start.",
        before = words::number(change.before),
        after = words::number(change.after)
    );
    let joined = (!change.joined.is_empty()).then(|| {
        view! { <p><span class="plus">{say("Came:")}" "</span>{change.joined.join(", ")}</p> }
    });
    let left = (!change.left.is_empty()).then(|| {
        view! { <p><span class="minus">{say("Went:")}" "</span>{change.left.join(", ")}</p> }
    });
    let moved = (!change.moved.is_empty()).then(|| {
        view! { <p>{say("Now at another site:")}" "{change.moved.join(", ")}</p> }
    });
    let protected = (!change.protected.is_empty()).then(|| {
        view! { <p>{say("Now protected:")}" "{change.protected.join(", ")}</p> }
    });
    let unprotected = (!change.unprotected.is_empty()).then(|| {
        view! { <p>{say("No longer protected:")}" "{change.unprotected.join(", ")}</p> }
    });
    view! {
        <div class="note is-warning" role="alert">
            {icon("warning")}
            <div><p class="note-heading">{text}</p>{joined}{left}{moved}{protected}{unprotected}</div>
        </div>
    }
    .into_any()
}

fn warnings(texts: &[String]) -> Vec<AnyView> {
    texts
        .iter()
        .map(|text| note("warning", "warning", text.clone()))
        .collect()
}

fn who(view: &ReviewView) -> AnyView {
    let mut rows = vec![tr(vec![
        th_row(badge("verified", "run", say("Will get it"))),
        td_num(say("Phones"), words::number(view.will_run)),
        td(say("Why"), examples(view)),
    ])];
    rows.extend(view.will_skip.iter().map(|skip| skip_row(view, skip)));
    let sum = view.will_run + view.will_skip.iter().map(|skip| skip.count).sum::<i64>();
    rows.push(
        view! {
            <tr class="sum">
                <th scope="row">{say("Σ chosen")}</th>
                <td class="num" data-label=say("Phones")>{words::number(sum)}</td>
                <td data-label=say("Why")></td>
            </tr>
        }
        .into_any(),
    );
    panel(
        "who",
        say("Who gets it and who does not"),
        table(
            "review wraps",
            say("Who gets it and who does not"),
            vec![th(say("What")), th_num(say("Phones")), th(say("Why"))],
            rows,
        ),
    )
}

fn examples(view: &ReviewView) -> AnyView {
    let names = words::names(&view.examples, view.will_run);
    let all = format!("/run/review/{}/phones", view.id);
    view! { <span class="muted">{names}</span>" "<a href=all>{say("All by name")}</a> }.into_any()
}

/// The one thing to do: whoever may include protected phones is not sent to somebody else.
fn next_step(view: &ReviewView, cause: Cause) -> &'static str {
    if cause == Cause::Protected && view.protected.is_some() {
        say("You can include it: tick the box above.")
    } else {
        words::cause_next_step(cause)
    }
}

fn skip_row(view: &ReviewView, skip: &SkipView) -> AnyView {
    let count = words::number(skip.count);
    let count = match &skip.href {
        Some(href) => view! { <a href=href.clone()>{count}</a> }.into_any(),
        None => count.into_any(),
    };
    tr(vec![
        th_row(badge("idle", "skipped", words::cause_title(skip.cause))),
        td_num(say("Phones"), count),
        td(
            say("Why"),
            view! { {words::cause_sentence(skip.cause)}" "<span class="muted">{next_step(view, skip.cause)}</span> },
        ),
    ])
}

fn how(view: &ReviewView) -> AnyView {
    let mut items: Vec<AnyView> = view
        .params
        .iter()
        .map(|(label, value)| {
            view! { <div class="fact"><dt>{label.clone()}</dt><dd>{value.clone()}</dd></div> }
                .into_any()
        })
        .collect();
    items.push(fact(say("Pace"), lines(&view.pacing_in_words)));
    items.push(fact(say("Time at most"), lines(&time(&view.planned))));
    if let Some(at) = view.start_at {
        items.push(fact(say("Starts"), soon_and_age(at)));
    }
    if let Some(at) = view.not_after {
        items.push(fact(say("Not sent after"), soon_and_age(at)));
    }
    items.push(fact(say("Sites"), counts_list(&view.by_site)));
    items.push(fact(say("Models"), counts_list(&view.by_model)));
    let request = view! {
        <p class="hint">{say("One request as it goes over the wire; secrets are masked.")}</p>
        <pre class="code-block" tabindex="0"><code>{view.request_example.clone()}</code></pre>
    };
    panel("how", say("How"), view! { {facts(items)}{request} })
}

fn lines(texts: &[String]) -> AnyView {
    let items = texts.iter().map(|text| view! { <li>{text.clone()}</li> });
    let items: Vec<AnyView> = items.map(IntoAny::into_any).collect();
    view! { <ul class="plain-list">{items}</ul> }.into_any()
}

/// Names with their numbers.
pub(super) fn counts_list(counts: &[(String, i64)]) -> AnyView {
    let items: Vec<AnyView> = counts
        .iter()
        .map(|(name, count)| {
            view! { <li><span>{name.clone()}</span><span class="tnum muted">{words::number(*count)}</span></li> }.into_any()
        })
        .collect();
    view! { <ul class="count-list">{items}</ul> }.into_any()
}

/// What was started is not started again from its old review.
fn started(job: &str) -> AnyView {
    let body = view! {
        <p>{say("This is a job already: it was started from this review.")}</p>
        <p><a class="button primary" href=job.to_owned()>{icon("next")}<span>{say("Show the job")}</span></a></p>
    };
    panel("start", say("Started"), body)
}

fn start_form(view: &ReviewView) -> AnyView {
    if let Some(job) = &view.started {
        return started(job);
    }
    if view.will_run == 0 && view.protected.is_none() {
        let back = view.back_href.clone();
        return panel(
            "start",
            say("Nothing would be sent"),
            view! {
                <p>{say("No chosen phone can get this command; the table says why.")}</p>
                <p><a class="button" href=back>{say("Choose again")}</a></p>
            },
        );
    }
    if let Some(text) = &view.too_many {
        return too_many(view, text);
    }
    // Where all are protected, the button tells of those that the tick takes in.
    let phones = if view.will_run == 0 {
        view.with_protected
    } else {
        view.will_run
    };
    let word = what(view, phones);
    let (kind, symbol, word, heading) = if view.asks {
        let word = say("Ask for approval").into_any();
        ("primary", "check", word, say("Ask a second person"))
    } else {
        let later = view.start_at.is_some();
        let heading = if later {
            say("Start later")
        } else {
            say("Start")
        };
        (kind_of(view.class), "run", word, heading)
    };
    let class = format!("button {kind}");
    let body = view! {
        {hidden("count", view.will_run.to_string())}
        {hidden("digest", view.digest.clone())}
        {hidden("submission", view.submission.clone())}
        {reason(view)}
        {protected(view)}
        {typed(view)}
        <div class="form-end">
            <button class=class type="submit">{icon(symbol)}<span>{word}</span></button>
            <button class="button" type="submit" name="back" value="yes" formnovalidate>{say("Back")}</button>
        </div>
    };
    panel(
        "start",
        heading,
        post(format!("/run/review/{}", view.id), "stack", body),
    )
}

/// What would happen to so many phones: "Restart 5 phones".
fn done_to(view: &ReviewView, phones: i64) -> String {
    view.title.replace("{phones}", &words::phones(phones))
}

/// What would happen to so many phones, and when, where that is not at once.
fn what(view: &ReviewView, phones: i64) -> AnyView {
    let what = done_to(view, phones);
    match view.start_at {
        Some(at) => said_with(
            say("{what} {when}"),
            vec![("what", what.into_any()), ("when", soon(at))],
        )
        .into_any(),
        None => what.into_any(),
    }
}

/// In the colour of the act.
fn kind_of(class: ActionClass) -> &'static str {
    match class {
        ActionClass::Harmless => "primary",
        ActionClass::Disruptive | ActionClass::Destructive => "danger solid",
    }
}

/// No button that would only be refused.
fn too_many(view: &ReviewView, text: &str) -> AnyView {
    let (text, back) = (text.to_owned(), view.back_href.clone());
    panel(
        "start",
        say("Too many phones for one job"),
        view! {
            <p>{text}</p>
            <p><a class="button primary" href=back>{say("Choose again")}</a></p>
        },
    )
}

fn reason(view: &ReviewView) -> AnyView {
    let field = Field::text("reason", say("Reason"))
        .value(&view.reason)
        .errors(&view.errors)
        .hint(say(
            "Why, with a ticket if there is one. The audit log keeps it.",
        ));
    if view.needs_reason {
        field.required().view()
    } else {
        field.view()
    }
}

fn protected(view: &ReviewView) -> Option<AnyView> {
    let count = view.protected?;
    let label = say_many!(
        count,
        "Include {count} phone that is protected",
        "Include {count} phones that are protected"
    );
    let number = words::number(view.with_protected);
    let sum = (!view.include_protected)
        .then(|| view! { <p class="hint">{say!("with the protected ones: {number}", number)}</p> });
    let tick = checkbox("include_protected", "on", label, view.include_protected);
    Some(view! { {tick}{sum} }.into_any())
}

fn typed(view: &ReviewView) -> Option<AnyView> {
    let count = view.type_count?;
    Some(
        Field::text("typed", say!("Type {count} to confirm", count))
            .value(&view.typed)
            .errors(&view.errors)
            .hint(why_typed(view.class))
            .inputmode("numeric")
            .width("short")
            .required()
            .view(),
    )
}

/// Why the number is asked for: what a command does, or to how many phones.
fn why_typed(class: ActionClass) -> &'static str {
    if class == ActionClass::Destructive {
        return say("This cannot be undone: the number makes sure that it is meant.");
    }
    say("So many phones are a lot, in all or of one site: the number makes sure that it is meant.")
}
