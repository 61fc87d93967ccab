//! How long a job takes at most, on its review, and what that is made of.

use std::time::Duration;

use carillon_contract::run::PlannedView;
use carillon_language::say;

use crate::words;

/// A number of seconds.
pub(super) fn length(seconds: i64) -> String {
    words::length(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// Until the last phone has answered, with what each has for it.
fn answers(planned: &PlannedView) -> String {
    let (all, window) = (length(planned.answers), words::number(planned.window));
    match (planned.each, planned.each_by_sip) {
        (Some(each), Some(sip)) => say!(
            "up to {all} until the last phone has answered: {each} for each, by SIP {sip}, {window} at once",
            all,
            each = length(each),
            sip = length(sip),
            window
        ),
        (each, sip) => say!(
            "up to {all} until the last phone has answered: {each} for each, {window} at once",
            all,
            each = length(each.or(sip).unwrap_or_default()),
            window
        ),
    }
}

/// What the longest time is made of. What phones really take nobody knows before.
pub(super) fn time(planned: &PlannedView) -> Vec<String> {
    let mut lines = vec![answers(planned)];
    if planned.restarts > 0 {
        lines.push(say!(
            "up to {all} until all are back: {away} for each, and only so many of a site away at once",
            all = length(planned.restarts),
            away = length(planned.away)
        ));
    }
    lines.push(say("much less where phones answer at once").to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_told_with_its_own_time() {
        let both = PlannedView {
            answers: 40,
            each: Some(8),
            each_by_sip: Some(32),
            window: 10,
            ..PlannedView::default()
        };
        let told = answers(&both);
        assert!(
            told.ends_with("8 s for each, by SIP 32 s, 10 at once"),
            "{told}"
        );
        let by_sip = PlannedView { each: None, ..both };
        let told = answers(&by_sip);
        assert!(told.ends_with("32 s for each, 10 at once"), "{told}");
    }
}
