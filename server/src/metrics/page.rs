//! The text that Prometheus reads (exposition format 0.0.4).
//!
//! Owns how it is written, and what stands in it of the log and its jobs.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_engine::audit::{AnchorState, NotaryState};
use carillon_engine::readings::{Readings, StreamLag};

use crate::policy::Violations;

/// Numbers of one name.
pub(super) struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
}

impl Family {
    /// One that goes up and down.
    pub(super) const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            kind: "gauge",
            help,
        }
    }

    /// One that only grows while the process lives.
    const fn counter(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            kind: "counter",
            help,
        }
    }
}

/// What was written so far.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn begin(&mut self, family: &Family) {
        let Family { name, kind, help } = family;
        // To write into a text does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One number of a family that has several.
    pub(super) fn with(&mut self, family: &Family, labels: &[(&str, &str)], value: impl Display) {
        let labels = labels
            .iter()
            .map(|(name, text)| format!("{name}=\"{}\"", escaped(text)));
        let labels = labels.collect::<Vec<_>>().join(",");
        let _ = writeln!(self.0, "{}{{{labels}}} {value}", family.name);
    }

    /// A family of one number.
    pub(super) fn one(&mut self, family: &Family, value: impl Display) {
        self.begin(family);
        let _ = writeln!(self.0, "{} {value}", family.name);
    }

    pub(super) fn text(self) -> String {
        self.0
    }

    /// What browsers report; anybody can send such reports.
    pub(super) fn violations(&mut self, violations: &Violations) {
        let broken = Family::counter(
            "carillon_policy_violations_total",
            "Pages that broke their content policy, as browsers report to this node.",
        );
        self.begin(&broken);
        for (rule, count) in violations.by_rule() {
            self.with(&broken, &[("rule", rule)], count);
        }
        let unread = Family::counter(
            "carillon_policy_reports_unread_total",
            "Such reports that were not read, because too many came.",
        );
        self.one(&unread, violations.unread());
    }

    /// The audit log and its signatures.
    pub(super) fn log(&mut self, readings: &Readings, now: Timestamp) {
        let records = Family::counter("carillon_audit_records", "Records of the audit log.");
        self.one(&records, readings.records);
        let Some((size, at)) = readings.signed else {
            return;
        };
        let signed = Family::gauge(
            "carillon_audit_signed_records",
            "Records under the last checkpoint.",
        );
        self.one(&signed, size);
        let age = Family::gauge(
            "carillon_audit_checkpoint_age_seconds",
            "Since the last checkpoint was signed; grows while nothing is recorded.",
        );
        self.one(&age, seconds(now.since(at)));
    }

    /// Receivers of the log.
    pub(super) fn streams(&mut self, lags: &[StreamLag]) {
        let records = Family::gauge(
            "carillon_stream_behind_records",
            "Records that a receiver of the log has not taken.",
        );
        self.begin(&records);
        for lag in lags {
            self.with(&records, &[("stream", &lag.name)], lag.records);
        }
        let age = Family::gauge(
            "carillon_stream_behind_seconds",
            "Age of the oldest record that a receiver has not taken.",
        );
        self.begin(&age);
        for lag in lags {
            self.with(&age, &[("stream", &lag.name)], seconds(lag.age));
        }
        let failing = Family::gauge(
            "carillon_stream_failing",
            "1 while a receiver takes nothing.",
        );
        self.begin(&failing);
        for lag in lags {
            self.with(&failing, &[("stream", &lag.name)], u8::from(lag.failing));
        }
    }

    /// Anchors over the network, numbered as the settings name them: several may be at one host.
    pub(super) fn anchors(&mut self, anchors: &[AnchorState], now: Timestamp) {
        let age = Family::gauge(
            "carillon_anchor_behind_seconds",
            "Since when an anchor lacks a checkpoint that was signed; 0 where it has all.",
        );
        self.each_anchor(&age, anchors, |anchor| {
            let behind = anchor.behind.map(|since| now.since(since));
            seconds(behind.unwrap_or_default())
        });
        let reached = Family::gauge(
            "carillon_anchor_records",
            "Records under the last checkpoint that an anchor has.",
        );
        self.each_anchor(&reached, anchors, |anchor| anchor.reached);
    }

    fn each_anchor<V: Display>(
        &mut self,
        family: &Family,
        anchors: &[AnchorState],
        value: impl Fn(&AnchorState) -> V,
    ) {
        self.begin(family);
        for (anchor, number) in anchors.iter().zip(1..) {
            let number = format!("{number}");
            let labels = [("anchor", anchor.receiver.as_str()), ("number", &number)];
            self.with(family, &labels, value(anchor));
        }
    }

    /// Anchors that are files: the one that is furthest behind.
    pub(super) fn anchor_files(&mut self, state: Option<&NotaryState>, now: Timestamp) {
        let Some(state) = state else { return };
        let problem = Family::gauge(
            "carillon_audit_not_signed",
            "1 while the audit log cannot be signed.",
        );
        self.one(&problem, u8::from(state.problem.is_some()));
        let alarm = Family::gauge(
            "carillon_audit_not_the_one_signed",
            "1 while the audit log is not the one that was signed: an alarm.",
        );
        self.one(&alarm, u8::from(state.alarm));
        let unsigned = Family::gauge(
            "carillon_audit_unsigned_seconds",
            "Age of the oldest record that cannot be signed; 0 while nothing keeps it from that.",
        );
        let since = state.unsigned_since.map(|since| now.since(since));
        self.one(&unsigned, seconds(since.unwrap_or_default()));
        let behind = state.anchor_lacks.map(|since| now.since(since));
        let age = Family::gauge(
            "carillon_anchor_files_behind_seconds",
            "Since when a file that is an anchor lacks a checkpoint; 0 where none does.",
        );
        self.one(&age, seconds(behind.unwrap_or_default()));
    }

    /// Jobs, and what became of their phones.
    pub(super) fn jobs(&mut self, readings: &Readings) {
        let jobs = Family::gauge("carillon_jobs", "Jobs in the database, by state.");
        self.begin(&jobs);
        for (state, count) in &readings.jobs {
            self.with(&jobs, &[("state", state.as_str())], count);
        }
        let results = Family::counter(
            "carillon_target_results_total",
            "What was recorded of phones since the start of this node; waiting: it is tried again.",
        );
        self.begin(&results);
        for ((state, cause), count) in &readings.tally.results {
            self.with(&results, &[("state", state), ("cause", cause)], count);
        }
        let (now, limit) = readings.in_flight;
        let flying = Family::gauge(
            "carillon_in_flight",
            "Requests to phones under way on this node.",
        );
        self.one(&flying, now);
        let most = Family::gauge("carillon_in_flight_limit", "How many may be under way.");
        self.one(&most, limit);
    }

    /// What writing to the database costs.
    pub(super) fn writes(&mut self, readings: &Readings) {
        let tally = &readings.tally;
        let writes = Family::counter(
            "carillon_dispatch_writes_total",
            "Transactions of claims and results that this node committed.",
        );
        self.one(&writes, tally.writes);
        let waited = Family::counter(
            "carillon_dispatch_write_wait_seconds_total",
            "How long they waited for their turn to write.",
        );
        self.one(&waited, seconds(tally.waited));
        let took = Family::counter(
            "carillon_dispatch_write_seconds_total",
            "How long they took, waiting and commit included.",
        );
        self.one(&took, seconds(tally.took));
    }
}

fn seconds(span: Duration) -> f64 {
    span.as_secs_f64()
}

fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    text.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_end_early() {
        let mut page = Page::default();
        let family = Family::gauge("a", "What it is.");
        page.begin(&family);
        page.with(&family, &[("b", "x\"} 1\n\\"), ("c", "y")], 2);
        page.one(
            &Family::counter("d", "D."),
            seconds(Duration::from_millis(1500)),
        );
        let told = "# HELP a What it is.\n# TYPE a gauge\na{b=\"x\\\"} 1\\n\\\\\",c=\"y\"} 2\n\
                    # HELP d D.\n# TYPE d counter\nd 1.5\n";
        assert_eq!(page.text(), told);
    }
}
