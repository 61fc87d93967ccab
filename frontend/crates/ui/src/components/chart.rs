//! Small charts as SVG that the server draws; every number also stands there as text.

use carillon_contract::overview::DayView;
use carillon_domain::TargetState;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use super::{BAR_ORDER, percent, share, target_colour};
use crate::words;

/// Height of the columns in the units of their drawing.
const HIGH: f64 = 100.0;
/// Lowest column that can still be seen.
const LOWEST: f64 = 1.5;

/// One column a day, stacked by how the phones of its jobs ended.
pub(crate) fn day_columns(days: &[DayView]) -> AnyView {
    let most = days.iter().map(|day| day.counts.total()).max().unwrap_or(0);
    let columns: Vec<AnyView> = days
        .iter()
        .enumerate()
        .map(|(place, day)| column(day, place, (days.len(), most)))
        .collect();
    let label = say!(
        "Phones that got a command, by day. {sum}",
        sum = sum_of(days)
    );
    view! {
        <div class="chart-frame">
            <p class="chart-axis muted tnum" aria-hidden="true"><span>{words::number(most)}</span><span>"0"</span></p>
            <svg class="chart days" role="img" aria-label=label viewBox="0 0 280 100" preserveAspectRatio="none">
                {columns}
            </svg>
        </div>
    }
    .into_any()
}

/// What the colours of the columns mean, each with its number of all days.
pub(crate) fn day_key(days: &[DayView]) -> AnyView {
    let jobs: i64 = days.iter().map(|day| day.jobs).sum();
    let jobs = say_many!(jobs, "{count} job", "{count} jobs");
    let lines: Vec<AnyView> = BAR_ORDER
        .iter()
        .map(|state| (*state, sum_in(days, *state)))
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| key_line(state, count))
        .collect();
    view! { <div class="chart-key"><p>{jobs}</p><ul class="inline-list">{lines}</ul></div> }
        .into_any()
}

fn key_line(state: TargetState, count: i64) -> AnyView {
    let class = format!("seg seg-{}", target_colour(state));
    view! {
        <li>
            <svg class="swatch" aria-hidden="true" focusable="false"><rect class=class width="100%" height="100%"></rect></svg>
            {word(state)}" "<span class="tnum">{words::number(count)}</span>
        </li>
    }
    .into_any()
}

/// The word of a state. Days count as one what was left out, called off or came too late.
fn word(state: TargetState) -> &'static str {
    if state == TargetState::Skipped {
        return say("Not tried");
    }
    words::target_state(state)
}

fn sum_in(days: &[DayView], state: TargetState) -> i64 {
    days.iter().map(|day| day.counts.get(state)).sum()
}

fn column(day: &DayView, place: usize, (days, most): (usize, i64)) -> AnyView {
    let step = 280.0 / days.max(1) as f64;
    let mut top = HIGH;
    let parts: Vec<AnyView> = BAR_ORDER
        .iter()
        .filter(|state| day.counts.get(**state) > 0)
        .map(|state| {
            let share = day.counts.get(*state) as f64 * HIGH / most.max(1) as f64;
            let height = share.max(LOWEST).min(top);
            top -= height;
            segment(
                *state,
                (place as f64).mul_add(step, step * 0.15),
                top,
                (step * 0.7, height),
            )
        })
        .collect();
    view! { <g>{parts}</g> }.into_any()
}

fn segment(state: TargetState, x: f64, y: f64, (width, height): (f64, f64)) -> AnyView {
    let class = format!("seg seg-{}", target_colour(state));
    let text = |value: f64| format!("{value:.2}");
    view! { <rect class=class x=text(x) y=text(y) width=text(width) height=text(height)></rect> }
        .into_any()
}

/// All days together, in words.
fn sum_of(days: &[DayView]) -> String {
    let jobs: i64 = days.iter().map(|day| day.jobs).sum();
    let sum = |state: TargetState| sum_in(days, state);
    let parts: Vec<String> = BAR_ORDER
        .iter()
        .filter(|state| sum(**state) > 0)
        .map(|state| {
            let word = word(*state).to_lowercase();
            format!("{} {word}", words::number(sum(*state)))
        })
        .collect();
    let jobs = say_many!(jobs, "{count} job", "{count} jobs");
    format!("{jobs}: {}", parts.join(", "))
}

/// A line with a name, a bar for its share of the largest, and its number.
pub(crate) fn share_line(name: AnyView, count: i64, most: i64, meaning: &str) -> AnyView {
    share_line_saying(name, (count, words::number(count)), most, meaning)
}

/// The same with its number in other words.
pub(crate) fn share_line_saying(
    name: AnyView,
    (count, said): (i64, String),
    most: i64,
    meaning: &str,
) -> AnyView {
    let width = share(count, most.max(1));
    let class = format!("seg seg-{meaning}");
    view! {
        <li>
            <span class="share-name">{name}</span>
            <svg class="bar thin" aria-hidden="true" focusable="false">
                <rect class=class x="0%" width=percent(width) height="100%"></rect>
            </svg>
            <span class="tnum share-count">{said}</span>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use carillon_domain::Counts;

    use super::*;

    #[test]
    fn all_days_add_up_in_words() {
        let day = |verified, failed| DayView {
            date: "2026-11-24".to_owned(),
            jobs: 2,
            counts: Counts {
                verified,
                failed,
                ..Counts::default()
            },
        };
        assert_eq!(
            sum_of(&[day(1_000, 0), day(5, 3)]),
            "4 jobs: 1,005 verified, 3 failed"
        );
        let mut stopped = day(1, 0);
        stopped.counts.skipped = 40;
        assert_eq!(sum_of(&[stopped]), "2 jobs: 1 verified, 40 not tried");
    }
}
