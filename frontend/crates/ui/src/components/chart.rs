//! Small charts as SVG that the server draws; every number also stands there as text.

use carillon_contract::overview::DayView;
use carillon_domain::TargetState;
use carillon_language::{say, say_many};
use leptos::prelude::*;

use super::{BAR_ORDER, percent, share, target_meaning};
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
        <svg class="chart days" role="img" aria-label=label viewBox="0 0 280 100" preserveAspectRatio="none">
            {columns}
        </svg>
    }
    .into_any()
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
    let class = format!("seg seg-{}", target_meaning(state));
    let text = |value: f64| format!("{value:.2}");
    view! { <rect class=class x=text(x) y=text(y) width=text(width) height=text(height)></rect> }
        .into_any()
}

/// All days together, in words.
pub(crate) fn sum_of(days: &[DayView]) -> String {
    let jobs: i64 = days.iter().map(|day| day.jobs).sum();
    let sum = |state: TargetState| days.iter().map(|day| day.counts.get(state)).sum::<i64>();
    let parts: Vec<String> = BAR_ORDER
        .iter()
        .filter(|state| sum(**state) > 0)
        .map(|state| {
            let word = words::target_state_within(*state);
            format!("{} {word}", words::number(sum(*state)))
        })
        .collect();
    let jobs = say_many!(jobs, "{count} job", "{count} jobs");
    format!("{jobs}: {}", parts.join(", "))
}

/// A line with a name, a bar for its share of the largest, and its number.
pub(crate) fn share_line(name: AnyView, count: i64, most: i64, meaning: &str) -> AnyView {
    let width = share(count, most.max(1));
    let class = format!("seg seg-{meaning}");
    view! {
        <li>
            <span class="share-name">{name}</span>
            <svg class="bar thin" aria-hidden="true" focusable="false">
                <rect class=class x="0%" width=percent(width) height="100%"></rect>
            </svg>
            <span class="tnum share-count">{words::number(count)}</span>
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
    }
}
