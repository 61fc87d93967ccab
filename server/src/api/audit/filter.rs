//! What is asked of the log, as pages, API and command line read it.
//!
//! Owns the names of the filters, and what somebody means who does not write as the log does.
//! *Invariant:* what is typed is one thing in all three, and what cannot be one is refused.

use std::net::IpAddr;

use carillon_domain::action;
use carillon_language::say;
use carillon_store::AuditQuery;

use crate::api::paging::{all_parsed, number, parsed, period};
use crate::fields::Fields;
use crate::pages::day::Period;
use crate::problem::Problem;

/// Names of the filters, the same in pages, API and command line.
pub const FILTERS: &[&str] = &[
    "from", "to", "actor", "action", "phone", "site", "group", "job", "result", "ip", "q", "below",
];
/// All that an address may ask of the log but `action` and `result`, of which one of several may fit.
pub const ONCE: &[&str] = &[
    "from", "to", "actor", "phone", "site", "group", "job", "ip", "q", "below", "period", "per",
    "limit", "after", "before", "format",
];
/// How long what a record says in the place of an address is.
const SOURCE: usize = 22;

/// The filters of a query.
///
/// # Errors
/// The parameter that cannot be read, or that comes twice.
pub fn filter(query: &Fields) -> Result<AuditQuery, Problem> {
    let text = |name: &str| query.filled(name).map(str::to_owned);
    query.once(ONCE)?;
    let words: Vec<&str> = query.all("action").collect();
    let (not_actions, actions) = actions(&words.join(","));
    let Period { from, to } = period(query)?;
    let ip = query.filled("ip").map(source).transpose();
    Ok(AuditQuery {
        below: number(query, "below")?,
        from,
        to,
        actor: text("actor"),
        actions,
        not_actions,
        phone: parsed(query, "phone")?,
        site: text("site"),
        group: text("group"),
        job: query.filled("job").map(job),
        results: all_parsed(query, "result")?,
        ip: ip.map_err(|message| Problem::field("ip", "invalid", message))?,
        text: text("q").unwrap_or_default(),
    })
}

/// Words of a list, separated by commas.
pub fn listed(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(',').map(str::trim);
    words.filter(|word| !word.is_empty())
}

/// Actions as the log names them: those that are excluded, and those that are asked for.
fn actions(text: &str) -> (Vec<String>, Vec<String>) {
    let (not, yes): (Vec<&str>, Vec<&str>) = listed(text).partition(|word| word.starts_with('-'));
    let meant = |word: &str| action::meant(word, say).into_owned();
    let not = not
        .into_iter()
        .map(|word| meant(word.trim_start_matches('-')));
    (not.collect(), yes.into_iter().map(meant).collect())
}

/// An address as records have it, or what newer ones say in its place.
///
/// # Errors
/// What would be right.
pub fn source(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_canonical().to_string());
    }
    let is_ours = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    if text.len() == SOURCE && text.bytes().all(is_ours) {
        return Ok(text.to_owned());
    }
    Err(say(
        "Give one address, such as 10.0.5.20, or the source that a record names.",
    ))
}

/// The id of a job, which has small letters.
pub fn job(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<AuditQuery, Problem> {
        filter(&Fields::parse(query.as_bytes()))
    }

    fn refused(query: &str) -> (u16, String) {
        let problem = read(query).expect_err("refused");
        (problem.status().as_u16(), problem.errors[0].field.clone())
    }

    #[test]
    fn filters_may_exclude() {
        let filter = read("action=Reboot&action=-account.*&result=failed,unknown&q=hang");
        let filter = filter.expect("valid");
        assert_eq!(filter.actions, ["Reboot"]);
        assert_eq!(filter.not_actions, ["account.*"]);
        assert_eq!(filter.results.len(), 2);
        assert_eq!(refused("result=odd"), (422, "result".to_owned()));
        assert_eq!(refused("below=abc"), (422, "below".to_owned()));
    }

    #[test]
    fn what_is_meant_is_found() {
        let filter = read("action=reboot,Restart+the+phone,JOB.*,Job.Submitted,-TARGET.*");
        let filter = filter.expect("valid");
        let meant = ["Reboot", "Reboot", "job.*", "job.submitted"];
        assert_eq!(filter.actions, meant);
        assert_eq!(filter.not_actions, ["target.*"]);
        let job = read("job=0199AB00-0000-7000-8000-00000000000F")
            .expect("valid")
            .job;
        assert_eq!(job.as_deref(), Some("0199ab00-0000-7000-8000-00000000000f"));
    }

    #[test]
    fn an_address_is_one_or_what_stands_for_it() {
        for (text, meant) in [
            ("10.0.0.1", "10.0.0.1"),
            ("::FFFF:10.0.0.1", "10.0.0.1"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("Zm9v-mFy_mF6cXV4cXV1eA", "Zm9v-mFy_mF6cXV4cXV1eA"),
        ] {
            assert_eq!(source(text).as_deref(), Ok(meant));
        }
        for text in [
            "foo",
            "10.0.0.0/8",
            "10.0.0",
            "removed",
            "Zm9vYmFyYmF6cXV4cXV1eA==",
        ] {
            assert_eq!(refused(&format!("ip={text}")), (422, "ip".to_owned()));
        }
    }

    #[test]
    fn a_filter_that_comes_twice_is_refused() {
        assert_eq!(refused("actor=a&site=x&actor=b"), (400, "actor".to_owned()));
        assert!(read("actor=a&actor=a&actor=").is_ok());
        assert!(read("action=a.b&action=c.d&result=ok&result=failed").is_ok());
    }
}
