//! One bar that shows where all targets of a job stand.
//!
//! Drawn as SVG: segments in a fixed order, stripes for unknown, the numbers as text beside it.

use carillon_domain::{Counts, TargetState};
use carillon_language::say;
use leptos::prelude::*;

use super::target_meaning;
use crate::words;

/// Narrowest segment that can still be seen, in percent of the bar.
const NARROWEST: f64 = 0.8;

/// Order of the segments: certain ends first, what waits last.
pub(crate) const BAR_ORDER: [TargetState; 10] = [
    TargetState::Verified,
    TargetState::Acknowledged,
    TargetState::Unknown,
    TargetState::Failed,
    TargetState::Skipped,
    TargetState::Cancelled,
    TargetState::Expired,
    TargetState::Verifying,
    TargetState::Sending,
    TargetState::Waiting,
];

/// Start and width of each segment in percent, in [`BAR_ORDER`].
pub(crate) fn segments(counts: &Counts) -> [(f64, f64); 10] {
    let widths = BAR_ORDER.map(|state| match counts.get(state) {
        0 => 0.0,
        count => (count as f64 * 100.0 / counts.total().max(1) as f64).max(NARROWEST),
    });
    let sum: f64 = widths.iter().sum::<f64>().max(1.0);
    let mut start = 0.0;
    widths.map(|width| {
        let share = width * 100.0 / sum;
        let segment = (start, share);
        start += share;
        segment
    })
}

/// What the bar shows, in words.
pub(crate) fn bar_label(counts: &Counts) -> String {
    let parts: Vec<String> = BAR_ORDER
        .iter()
        .filter(|state| counts.get(**state) != 0)
        .map(|state| {
            format!(
                "{} {}",
                words::target_state(*state),
                words::number(counts.get(*state))
            )
        })
        .collect();
    if parts.is_empty() {
        say("No phones").to_owned()
    } else {
        say!(
            "{parts} of {total}",
            parts = parts.join(", "),
            total = words::number(counts.total())
        )
    }
}

/// The stripes that stand for "nobody can say": once a document, used by every bar in it.
pub(crate) fn stripes() -> AnyView {
    view! {
        <svg class="definitions" aria-hidden="true" focusable="false">
            <pattern id="stripes" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <rect class="stripe-ground" width="8" height="8"></rect>
                <rect class="stripe-line" width="3" height="8"></rect>
            </pattern>
        </svg>
    }
    .into_any()
}

/// The bar of a counts that do not change while one looks.
pub(crate) fn bar(counts: &Counts, size: &'static str) -> AnyView {
    let rects: Vec<AnyView> = BAR_ORDER
        .iter()
        .zip(segments(counts))
        .filter(|(_, (_, width))| *width > 0.0)
        .map(|(state, (start, width))| {
            let class = format!("seg seg-{}", target_meaning(*state));
            view! { <rect class=class x=percent(start) width=percent(width) height="100%"></rect> }
                .into_any()
        })
        .collect();
    let class = format!("bar {size}");
    view! { <svg class=class role="img" aria-label=bar_label(counts)>{rects}</svg> }.into_any()
}

/// A share as SVG wants it.
pub(crate) fn percent(share: f64) -> String {
    format!("{share:.2}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_fill_the_bar_and_none_disappears() {
        let counts = Counts {
            verified: 9_998,
            failed: 1,
            unknown: 1,
            ..Counts::default()
        };
        let drawn = segments(&counts);
        let sum: f64 = drawn.iter().map(|(_, width)| width).sum();
        assert!((sum - 100.0).abs() < 0.001, "{sum}");
        assert_eq!(drawn.iter().filter(|(_, width)| *width > 0.5).count(), 3);
        assert_eq!(
            bar_label(&counts),
            "Verified 9,998, Unknown 1, Failed 1 of 10,000"
        );
    }

    #[test]
    fn nothing_is_an_empty_bar() {
        assert!(
            segments(&Counts::default())
                .iter()
                .all(|(_, width)| *width == 0.0)
        );
        assert_eq!(bar_label(&Counts::default()), "No phones");
    }
}
