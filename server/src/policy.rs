//! What browsers report of pages that broke their content policy.
//!
//! Owns the one address that takes such reports, from anybody and without a form. *Invariant:*
//! nothing of a report is kept but numbers; a line of the log holds a few plain characters of it;
//! what comes too often is not read.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use carillon_domain::Timestamp;
use http::StatusCode;
use http::header::RETRY_AFTER;
use serde_json::Value;

use crate::app::App;
use crate::router::table::Table;

/// Where browsers send their reports.
pub const REPORTS: &str = "/csp-report";
/// Bodies that are read within a minute, from all browsers together.
const READ_A_MINUTE: u32 = 60;
/// Of those, reports that become a line of the log.
const LOGGED_A_MINUTE: u32 = 10;
/// Reports of one body that count.
const MOST_AT_ONCE: usize = 10;
/// Most characters of a report in a line of the log.
const LONGEST: usize = 120;

/// The rules that a page can break; all else is counted as `other`.
const RULES: [&str; 14] = [
    "base-uri",
    "connect-src",
    "default-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "object-src",
    "require-trusted-types-for",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
];

/// How often which rule was broken, as browsers say.
#[derive(Default)]
pub struct Violations(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    by_rule: BTreeMap<&'static str, u64>,
    unread: u64,
    minute: i64,
    read: u32,
    logged: u32,
}

impl Violations {
    /// Each rule that was broken, and how often.
    pub fn by_rule(&self) -> Vec<(&'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = counts.by_rule.iter();
        all.map(|(rule, count)| (*rule, *count)).collect()
    }

    /// Bodies that were not read, because too many came.
    pub fn unread(&self) -> u64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.unread
    }

    /// Whether one more body is read in this minute.
    fn admit(&self, now: Timestamp) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.micros() / 60_000_000;
        if counts.minute != minute {
            (counts.minute, counts.read, counts.logged) = (minute, 0, 0);
        }
        let open = counts.read < READ_A_MINUTE;
        if open {
            counts.read += 1;
        } else {
            counts.unread += 1;
        }
        open
    }

    /// Counts a report, and says whether it becomes a line of the log.
    fn count(&self, rule: &'static str) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.by_rule.entry(rule).or_default() += 1;
        counts.logged += 1;
        counts.logged <= LOGGED_A_MINUTE
    }
}

pub(crate) fn routes() -> Table {
    Table::reports().post_report(REPORTS, report)
}

/// `POST /csp-report`.
async fn report(State(app): State<App>, body: Bytes) -> Response {
    let violations = app.violations();
    if !violations.admit(app.engine().clock.now()) {
        return (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "60")]).into_response();
    }
    for Report { rule, page, what } in read(&body) {
        if violations.count(rule) {
            tracing::warn!(
                rule,
                page,
                what,
                "a browser says that a page broke its content policy"
            );
        }
    }
    StatusCode::NO_CONTENT.into_response()
}

/// One broken rule, in plain characters.
#[derive(Debug, PartialEq, Eq)]
struct Report {
    rule: &'static str,
    page: String,
    what: String,
}

/// What `report-uri` sends, one object, and what the Reporting API sends, a list of others.
fn read(body: &[u8]) -> Vec<Report> {
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        return Vec::new();
    };
    let one = json.get("csp-report").map(|told| {
        let rule = told
            .get("effective-directive")
            .or(told.get("violated-directive"));
        of(rule, told.get("document-uri"), told.get("blocked-uri"))
    });
    let list = json.as_array().into_iter().flatten();
    let several = list.take(MOST_AT_ONCE).filter_map(|entry| {
        let told = entry.get("body")?;
        Some(of(
            told.get("effectiveDirective"),
            told.get("documentURL"),
            told.get("blockedURL"),
        ))
    });
    one.into_iter().chain(several).collect()
}

fn of(rule: Option<&Value>, page: Option<&Value>, what: Option<&Value>) -> Report {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let rule = text(rule);
    // An older browser adds what the rule allows.
    let rule = rule.split(' ').next().unwrap_or_default();
    Report {
        rule: RULES
            .into_iter()
            .find(|known| *known == rule)
            .unwrap_or("other"),
        page: plain(&text(page)),
        what: plain(&text(what)),
    }
}

/// A few characters that mean nothing anywhere, without the query, which may hold a code.
fn plain(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let ordinary = |c: char| c.is_ascii_alphanumeric() || "/:.-_".contains(c);
    text.chars()
        .take(LONGEST)
        .map(|c| if ordinary(c) { c } else { '.' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_reports_are_read() {
        let old = br#"{"csp-report":{"violated-directive":"script-src 'self'","document-uri":
            "http://127.0.0.1/reset?code=secret","blocked-uri":"inline"}}"#;
        let new = br#"[{"type":"csp-violation","body":{"effectiveDirective":"img-src",
            "documentURL":"http://127.0.0.1/phones","blockedURL":"http://evil.example/a"}},{"x":1}]"#;
        let seen = |body: &[u8]| {
            let all = read(body).into_iter();
            all.map(|report| (report.rule, report.page, report.what))
                .collect::<Vec<_>>()
        };
        let row = |rule, page: &str, what: &str| vec![(rule, page.to_owned(), what.to_owned())];
        assert_eq!(
            seen(old),
            row("script-src", "http://127.0.0.1/reset", "inline")
        );
        let picture = row(
            "img-src",
            "http://127.0.0.1/phones",
            "http://evil.example/a",
        );
        assert_eq!(seen(new), picture);
    }

    #[test]
    fn hostile_reports_leave_little() {
        for nothing in ["", "{", "[]", "null", "[[[]]]", "{\"csp-report\":", "\u{0}"] {
            assert!(read(nothing.as_bytes()).is_empty(), "{nothing}");
        }
        let text = "\u{1b}[31m<script>\n\u{202e}".repeat(1000);
        let body = serde_json::json!({ "csp-report": {
            "effective-directive": text, "document-uri": text, "blocked-uri": [text],
        }});
        let report = read(body.to_string().as_bytes()).remove(0);
        assert_eq!((report.rule, report.what.as_str()), ("other", ""));
        assert_eq!(report.page.len(), LONGEST);
        assert!(!report.page.contains(['\u{1b}', '<', '\n', '\u{202e}']));
        let many = vec![serde_json::json!({ "body": {} }); 500];
        assert_eq!(
            read(Value::from(many).to_string().as_bytes()).len(),
            MOST_AT_ONCE
        );
    }

    #[test]
    fn what_comes_too_often_is_not_read() {
        let violations = Violations::default();
        let at = |second: i64| Timestamp::from_micros(second * 1_000_000);
        let admitted = |from: i64| (0..1000).filter(|_| violations.admit(at(from))).count();
        assert_eq!(admitted(60), 60);
        assert_eq!(violations.unread(), 940);
        assert_eq!(admitted(120), 60, "the next minute");
        let logged = (0..30).filter(|_| violations.count("other")).count();
        assert_eq!(logged, 10);
        assert_eq!(violations.by_rule(), [("other", 30)]);
    }
}
