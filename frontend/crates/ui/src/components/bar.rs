//! One bar that shows where all targets of a job stand.
//!
//! Drawn as SVG: segments in a fixed order, stripes for unknown, the numbers as text beside it.

use carillon_domain::{Counts, TargetState};
use carillon_language::say;
use leptos::prelude::*;

use super::target_colour;
use crate::words;

/// A whole bar. Shares are counted in hundredths of a percent: the printing of fractions would be
/// a tenth of what a browser loads for an island.
pub(crate) const WHOLE: i64 = 10_000;
/// Narrowest segment that can still be seen.
const NARROWEST: i64 = 80;

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

/// Start and width of each segment as parts of [`WHOLE`], in [`BAR_ORDER`].
pub(crate) fn segments(counts: &Counts) -> [(i64, i64); 10] {
    let widths = BAR_ORDER.map(|state| match counts.get(state) {
        0 => 0,
        count => share(count, counts.total()).max(NARROWEST),
    });
    let sum: i64 = widths.iter().sum();
    let mut before = 0;
    widths.map(|width| {
        let start = share(before, sum);
        before += width;
        (start, share(before, sum) - start)
    })
}

/// A part as its share of [`WHOLE`].
pub(crate) const fn share(part: i64, all: i64) -> i64 {
    if all > 0 { part * WHOLE / all } else { 0 }
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
        .filter(|(_, (_, width))| *width > 0)
        .map(|(state, (start, width))| {
            let class = format!("seg seg-{}", target_colour(*state));
            view! { <rect class=class x=percent(start) width=percent(width) height="100%"></rect> }
                .into_any()
        })
        .collect();
    let class = format!("bar {size}");
    view! { <svg class=class role="img" aria-label=bar_label(counts)>{rects}</svg> }.into_any()
}

/// A share of [`WHOLE`] as SVG wants it.
pub(crate) fn percent(share: i64) -> String {
    format!("{}.{:02}%", share / 100, share % 100)
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
        let sum: i64 = drawn.iter().map(|(_, width)| width).sum();
        assert_eq!(sum, WHOLE);
        assert_eq!(drawn.iter().filter(|(_, width)| *width > 50).count(), 3);
        assert_eq!(percent(drawn[0].1), "98.42%");
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
                .all(|(_, width)| *width == 0)
        );
        assert_eq!(bar_label(&Counts::default()), "No phones");
    }
}
