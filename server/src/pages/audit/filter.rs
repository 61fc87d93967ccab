//! What is asked of the log.
//!
//! Owns the filters in an address, and the period that holds where none is given.

use std::time::Duration;

use carillon_contract::audit::AuditFilter;
use carillon_contract::list::Link;
use carillon_contract::{FormErrors, Href};
use carillon_domain::event::EventResult;
use carillon_domain::{Timestamp, action};
use carillon_store::AuditQuery;

use crate::api::audit::{job, listed, source};
use crate::fields::Fields;
use crate::pages::actor_words;
use crate::pages::audit_row::codes::meant;
use crate::pages::day::Period;
use carillon_language::say;

mod spoken;
mod words;

pub(super) use spoken::commands;
use spoken::{Spoken, examples, spoken};

/// Names of everything that an address may ask.
pub(super) const KNOWN: &[&str] = &[
    "from", "to", "actor", "action", "phone", "site", "group", "job", "result", "ip", "q",
    "period", "below", "per", "after", "before",
];
/// Parameters that are one word, and the word.
const WORDS: [(&str, &str); 2] = [("period", "all"), ("per", "job")];
const USUAL_DAYS: u64 = 30;
const USUAL: Duration = Duration::from_hours(USUAL_DAYS * 24);

/// What is asked.
pub(super) struct Asked {
    /// As typed.
    pub(super) filter: AuditFilter,
    /// Whether all time was asked for.
    pub(super) all_time: bool,
    /// For the engine.
    pub(super) query: AuditQuery,
    /// Words for actions that mean nothing.
    pub(super) unknown: Vec<String>,
    /// What cannot be read.
    pub(super) errors: FormErrors,
}

impl Asked {
    /// Reads an address.
    pub(super) fn of(query: &Fields, now: Timestamp) -> Self {
        let mut errors = FormErrors::default();
        let filter = filter(query);
        let all_time = query.filled("period") == Some("all");
        let period = Period::of(&filter.from, &filter.to, &mut errors);
        let usual = !all_time && filter.from.is_empty() && filter.to.is_empty();
        let Spoken {
            asked: actions,
            excluded: not_actions,
            unknown,
        } = spoken(&filter.action);
        let asked = AuditQuery {
            below: number("below", &filter.below, &mut errors),
            from: period.from.or_else(|| usual.then(|| now.minus(USUAL))),
            to: period.to,
            actor: some(&filter.actor).as_deref().map(actor_words::meant),
            actions,
            not_actions,
            phone: parsed("phone", &filter.phone, &mut errors),
            site: some(&filter.site),
            group: some(&filter.group),
            job: some(&filter.job).as_deref().map(job),
            results: results(&filter.result, &mut errors),
            ip: from_where(&filter.ip, &mut errors),
            text: filter.q.clone(),
        };
        Self {
            filter,
            all_time,
            query: asked,
            unknown,
            errors,
        }
    }

    /// The same for other words for actions, of which each finds something.
    pub(super) fn examples(&self) -> Vec<Link> {
        let here = self.at("/audit");
        let link = |word: &str| Link::new(word, here.clone().set("action", word));
        examples().map(link).to_vec()
    }

    /// Every filter with its name, as typed; empty ones too.
    fn pairs(&self) -> [(&'static str, &str); 12] {
        let f = &self.filter;
        [
            ("from", f.from.as_str()),
            ("to", f.to.as_str()),
            ("actor", f.actor.as_str()),
            ("action", f.action.as_str()),
            ("phone", f.phone.as_str()),
            ("site", f.site.as_str()),
            ("group", f.group.as_str()),
            ("job", f.job.as_str()),
            ("result", f.result.as_str()),
            ("ip", f.ip.as_str()),
            ("q", f.q.as_str()),
            ("below", f.below.as_str()),
        ]
    }

    /// A path with these filters.
    pub(super) fn at(&self, path: &str) -> Href {
        let pairs = self.pairs().into_iter();
        let href = pairs.fold(Href::new(path), |href, (name, value)| {
            href.add_some(name, value)
        });
        href.add_some("period", if self.all_time { "all" } else { "" })
            .add_some("per", &self.filter.per)
    }

    /// The same with the beginning of the usual days as an instant, which a later click keeps.
    pub(super) fn as_shown(&self, path: &str) -> Href {
        let href = self.at(path).without("per");
        match self.query.from {
            Some(from) if self.filter.from.is_empty() => href.set("from", from),
            _ => href,
        }
    }

    /// Whether there is one line for each job.
    pub(super) fn by_job(&self) -> bool {
        !self.filter.per.is_empty()
    }

    /// Whether a line tells of its whole job: where somebody looks for what one phone did, or for what
    /// failed, it tells of that.
    pub(super) fn tells_of_jobs(&self) -> bool {
        let query = &self.query;
        self.by_job() && query.phone.is_none() && query.results.is_empty()
    }

    /// The records of one job that fit, a line each.
    pub(super) fn records_of(&self, job: &str) -> String {
        let here = self.at("/audit").without("per");
        here.set("job", job).to_string()
    }

    /// The same with no limit of time; `None` when there is none.
    pub(super) fn all_time_href(&self) -> Option<String> {
        let limited = self.query.from.is_some() || self.query.to.is_some();
        let all = self
            .at("/audit")
            .without("from")
            .without("to")
            .set("period", "all");
        limited.then(|| all.to_string())
    }

    /// The same for an export: names and values that the API's export takes.
    pub(super) fn export_fields(&self, format: &str) -> Fields {
        let instant = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let (from, to) = (instant(self.query.from), instant(self.query.to));
        let actions = self.actions();
        let pairs = self.pairs().into_iter().map(|(name, value)| match name {
            "from" => (name, from.as_str()),
            "to" => (name, to.as_str()),
            "action" => (name, actions.as_str()),
            _ => (name, value),
        });
        let set = pairs
            .chain([("format", format)])
            .filter(|(_, value)| !value.is_empty());
        Fields::from_pairs(
            set.map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// The actions as the log has them: an export knows no other words.
    fn actions(&self) -> String {
        let excluded = self.query.not_actions.iter().map(|name| format!("-{name}"));
        let all = self.query.actions.iter().cloned().chain(excluded);
        all.collect::<Vec<_>>().join(",")
    }
}

/// Parameters that are another word than they may be: name, value, and what is known.
pub(super) fn odd(query: &Fields) -> Vec<(&'static str, &str, &'static str)> {
    let value = |(name, known)| Some((name, query.filled(name)?, known));
    let set = WORDS.into_iter().filter_map(value);
    set.filter(|(_, value, known)| value != known).collect()
}

fn filter(query: &Fields) -> AuditFilter {
    let text = |name: &str| query.filled(name).unwrap_or_default().to_owned();
    let joined = |name: &str| {
        let words = query
            .all(name)
            .map(str::trim)
            .filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(",")
    };
    AuditFilter {
        from: text("from"),
        to: text("to"),
        actor: text("actor"),
        action: codes_of(&joined("action")),
        phone: text("phone"),
        site: text("site"),
        group: text("group"),
        job: text("job"),
        result: joined("result"),
        ip: text("ip"),
        q: text("q"),
        below: text("below"),
        per: if query.filled("per") == Some("job") {
            "job".to_owned()
        } else {
            String::new()
        },
    }
}

/// Words of the list in the form, as the codes that they stand for; some have a comma of their own.
fn codes_of(typed: &str) -> String {
    let whole = typed.trim();
    let command = action::meant(whole, say);
    match meant(whole) {
        Some(code) => return code.to_owned(),
        None if whole.contains(',') && action::find(&command).is_some() => {
            return command.into_owned();
        }
        None => {}
    }
    let words = listed(typed).map(|word| meant(word).unwrap_or(word));
    words.collect::<Vec<_>>().join(",")
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn results(text: &str, errors: &mut FormErrors) -> Vec<EventResult> {
    listed(text)
        .filter_map(|word| parsed("result", word, errors))
        .collect()
}

fn parsed<T>(field: &str, text: &str, errors: &mut FormErrors) -> Option<T>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    if text.is_empty() {
        return None;
    }
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            errors.push(field, "invalid", format!("{error}."));
            None
        }
    }
}

/// An address as records have it, or what stands for it there.
fn from_where(text: &str, errors: &mut FormErrors) -> Option<String> {
    let read = Some(text).filter(|text| !text.is_empty()).map(source)?;
    read.map_err(|message| errors.push("ip", "invalid", message))
        .ok()
}

fn number(field: &str, text: &str, errors: &mut FormErrors) -> Option<i64> {
    let number = text.parse().ok();
    if number.is_none() && !text.is_empty() {
        errors.push(field, "invalid", say("Give a whole number."));
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Asked {
        let now = "2026-11-22T12:00:00Z".parse().expect("a time");
        Asked::of(&Fields::parse(query.as_bytes()), now)
    }

    #[test]
    fn the_last_thirty_days_hold_unless_somebody_says_otherwise() {
        let usual = asked("actor=anna");
        assert_eq!(usual.period(), "last 30 days");
        assert_eq!(
            usual.query.from.map(|at| at.to_string()).as_deref(),
            Some("2026-10-23T12:00:00Z")
        );
        assert_eq!(
            usual.all_time_href().as_deref(),
            Some("/audit?actor=anna&period=all")
        );
        let all = asked("period=all");
        assert_eq!((all.query.from, all.all_time_href()), (None, None));
        assert_eq!(asked("to=2026-01-31").query.from, None);
    }

    #[test]
    fn an_address_that_is_none_is_told() {
        assert_eq!(asked("ip=10.0.0.1").query.ip.as_deref(), Some("10.0.0.1"));
        let source = "Zm9v-mFy_mF6cXV4cXV1eA";
        let by_source = asked(&format!("ip={source}"));
        assert_eq!(by_source.query.ip.as_deref(), Some(source));
        let none = asked("ip=10.0.0.0/8");
        assert_eq!(none.query.ip, None);
        assert_eq!(none.errors.0[0].field, "ip");
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        let odd = |query: &str| odd(&Fields::parse(query.as_bytes())).len();
        assert_eq!((odd("period=all&per=job"), odd("period=&per=")), (0, 0));
        assert_eq!((odd("period=zzz&per=zzz"), odd("per=JOB")), (2, 1));
    }

    #[test]
    fn capitals_mean_the_same() {
        let found = asked("action=JOB.*,-Target.Result&job=0199AB");
        assert_eq!(found.query.actions, ["job.*"]);
        assert_eq!(found.query.not_actions, ["target.result"]);
        assert_eq!(found.query.job.as_deref(), Some("0199ab"));
        assert_eq!(found.filter.job, "0199AB");
    }

    #[test]
    fn words_of_the_list_mean_their_code() {
        let found = asked("action=Changed+the+limits+of+one+person,job.ended");
        assert_eq!(found.query.actions, ["rules.changed", "job.ended"]);
        assert_eq!(
            found.chips()[0].text,
            "action: changed the limits of one person or finished a job"
        );
        let one = asked("action=rules.changed");
        assert_eq!(
            one.chips()[0].text,
            "action: changed the limits of one person"
        );
    }

    #[test]
    fn an_export_asks_the_same() {
        let fields = asked("action=Reboot&action=-account.*&from=2026-11-01").export_fields("csv");
        assert_eq!(fields.text("from"), Some("2026-11-01T00:00:00Z"));
        assert_eq!(fields.text("action"), Some("Reboot,-account.*"));
        assert_eq!(fields.text("format"), Some("csv"));
        let by_word = asked("action=restart,job.ended");
        assert_eq!(by_word.chips()[0].text, "action: restart or finished a job");
        let exported = by_word.export_fields("csv");
        let named = "Reboot,CheckSyncRestart,job.ended";
        assert_eq!(exported.text("action"), Some(named));
    }

    #[test]
    fn a_number_that_limits_stays_in_each_address() {
        let limited = asked("below=700&actor=anna");
        assert_eq!(limited.query.below, Some(700));
        let here = limited.at("/audit").to_string();
        assert_eq!(here, "/audit?actor=anna&below=700");
        assert_eq!(limited.export_fields("csv").text("below"), Some("700"));
        assert_eq!(limited.chips()[1].remove_href, "/audit?actor=anna");
    }

    #[test]
    fn a_line_for_each_job_stays_in_each_address_but_an_export() {
        let by_job = asked("per=job&actor=anna");
        assert!(by_job.by_job() && !asked("per=day").by_job());
        assert_eq!(by_job.at("/audit").to_string(), "/audit?actor=anna&per=job");
        assert_eq!(by_job.records_of("7"), "/audit?actor=anna&job=7");
        assert!(
            !by_job
                .as_shown("/audit/export")
                .to_string()
                .contains("per=")
        );
        assert_eq!(by_job.lines()[0].href, "/audit?actor=anna");
    }

    #[test]
    fn every_wrong_filter_is_named() {
        let wrong = asked("phone=xyz&result=odd&from=never&below=abc");
        for field in ["phone", "result", "from", "below"] {
            assert!(wrong.errors.of(field).is_some(), "{field}");
        }
    }
}
