//! How it went lately, on the overview: four small charts with their numbers.

use carillon_contract::Href;
use carillon_contract::overview::{DayView, FirmwareCount, SiteAnswers, TrendsView};
use carillon_language::{say, say_many};
use leptos::prelude::*;

use crate::components::{
    day_columns, day_key, icon, panel, share_line, share_line_saying, table, target_meaning,
    td_num, th, th_num, th_row, tr,
};
use crate::words;

/// The charts; nothing before there was anything to draw.
pub(super) fn trends(view: &TrendsView) -> Option<AnyView> {
    let days = view.days.iter().any(|day| day.jobs > 0);
    let firmware = view.firmware.iter().any(|one| !one.firmware.is_empty());
    if !days && !firmware {
        return None;
    }
    let days = days.then(|| by_day(&view.days));
    let causes = (!view.causes.is_empty()).then(|| by_cause(view));
    let firmware = firmware.then(|| by_firmware(&view.firmware));
    let answers = (!view.answers.is_empty()).then(|| by_answers(&view.answers));
    Some(view! { <div class="trends">{days}{causes}{firmware}{answers}</div> }.into_any())
}

fn by_day(days: &[DayView]) -> AnyView {
    let (first, last) = (days.first(), days.last());
    let date = |day: Option<&DayView>| day.map(|day| day.date.clone()).unwrap_or_default();
    let worked: Vec<AnyView> = days
        .iter()
        .filter(|day| day.jobs > 0)
        .map(|day| {
            tr(vec![
                th_row(day.date.clone()),
                td_num(say("Jobs"), words::number(day.jobs)),
                td_num(say("Phones"), words::number(day.counts.total())),
                td_num(say("Problems"), words::number(day.counts.problems())),
            ])
        })
        .collect();
    let head = vec![
        th(say("Day")),
        th_num(say("Jobs")),
        th_num(say("Phones")),
        th_num(say("Problems")),
    ];
    panel(
        "by-day",
        say!("Last {days} days", days = days.len()),
        view! {
            {day_key(days)}
            {day_columns(days)}
            <p class="chart-ends muted tnum"><span>{date(first)}</span><span>{date(last)}</span></p>
            <details class="aside"><summary>{icon("open")}<span>{say("Numbers")}</span></summary>{table("by-day", say("Jobs by day"), head, worked)}</details>
        },
    )
}

fn by_cause(view: &TrendsView) -> AnyView {
    let most = view.causes.iter().map(|(_, count)| *count).max();
    let lines: Vec<AnyView> = view
        .causes
        .iter()
        .map(|(cause, count)| {
            let href = Href::new("/phones").add("ready", cause).to_string();
            let name =
                view! { <a class="quiet" href=href>{words::cause_title(*cause)}</a> }.into_any();
            share_line(
                name,
                *count,
                most.unwrap_or(0),
                target_meaning(cause.state()),
            )
        })
        .collect();
    panel(
        "by-cause",
        say!(
            "Why commands went wrong, last {days} days",
            days = view.days.len()
        ),
        view! { <ul class="shares">{lines}</ul>{other_causes(view.other_causes)} },
    )
}

fn other_causes((causes, times): (i64, i64)) -> Option<AnyView> {
    if causes == 0 {
        return None;
    }
    let times = words::number(times);
    let text = say_many!(
        causes,
        "And {count} other cause: {times}.",
        "And {count} other causes: {times} together.",
        times
    );
    Some(view! { <p class="muted">{text}</p> }.into_any())
}

fn by_firmware(counts: &[FirmwareCount]) -> AnyView {
    // Phones that told none would make every other bar a dot: they are said, not drawn.
    let (silent, told): (Vec<_>, Vec<_>) = counts.iter().partition(|one| one.firmware.is_empty());
    let most = told.iter().map(|one| one.phones).max();
    let lines: Vec<AnyView> = told
        .into_iter()
        .map(|one| share_line(firmware_name(one), one.phones, most.unwrap_or(0), "accent"))
        .collect();
    let silent: i64 = silent.iter().map(|one| one.phones).sum();
    let silent = (silent > 0).then(|| {
        let text = say_many!(
            silent,
            "{count} phone has not told its firmware yet.",
            "{count} phones have not told their firmware yet."
        );
        view! { <p class="muted">{text}</p> }
    });
    panel(
        "by-firmware",
        say("Phones by firmware"),
        view! { <ul class="shares">{lines}</ul>{silent} },
    )
}

fn by_answers(sites: &[SiteAnswers]) -> AnyView {
    let most = sites.iter().map(|site| site.mean_ms).max().unwrap_or(0);
    let lines: Vec<AnyView> = sites
        .iter()
        .map(|site| {
            let href = Href::new("/phones").add("site", &site.slug).to_string();
            let name = view! { <a class="quiet" href=href>{site.name.clone()}</a> }.into_any();
            let took = (site.mean_ms, words::milliseconds(site.mean_ms));
            share_line_saying(name, took, most, "accent")
        })
        .collect();
    panel(
        "by-answer",
        say("Time to answer by site"),
        view! {
            <ul class="shares">{lines}</ul>
            <p class="muted">{say("Mean of the answers to the last jobs: the slowest sites, at most six.")}</p>
        },
    )
}

fn firmware_name(one: &FirmwareCount) -> AnyView {
    let word = one.firmware.clone();
    if one.href.is_empty() {
        view! { <span class="muted">{word}</span> }.into_any()
    } else {
        view! { <a class="quiet tnum" href=one.href.clone()>{word}</a> }.into_any()
    }
}
