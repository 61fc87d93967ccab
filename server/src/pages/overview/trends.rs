//! How it went lately: from stored numbers to what is drawn.

use carillon_contract::Href;
use carillon_contract::overview::{DayView, FirmwareCount, SiteAnswers, TrendsView};
use carillon_domain::role::Permission;
use carillon_domain::{Cause, Counts, Timestamp};
use carillon_engine::{Caller, Engine};
use carillon_store::{Answers, DayOfJobs, FleetHealth, Trends};

use crate::problem::Problem;
use carillon_language::{day, say};

const DAYS: i64 = 14;
const MICROS_OF_DAY: i64 = 86_400_000_000;
const CAUSES: usize = 6;
const FIRMWARE: usize = 6;
const SLOWEST: usize = 6;

/// How the fleet is, and the last days; those not for those who may not see jobs.
pub(super) async fn with_health(
    engine: &Engine,
    caller: &Caller,
) -> Result<(FleetHealth, TrendsView), Problem> {
    if caller.require(Permission::ViewJobs).is_err() {
        return Ok((engine.fleet_health(caller).await?, TrendsView::default()));
    }
    let now = engine.clock.now();
    let today = now.micros() / MICROS_OF_DAY;
    let since = Timestamp::from_micros((today - DAYS + 1) * MICROS_OF_DAY);
    let (health, trends) = engine.fleet_health_and_trends(caller, since).await?;
    let Trends {
        days,
        causes,
        firmware,
        answers,
    } = trends;
    let causes = problems(causes);
    let view = TrendsView {
        days: (today - DAYS + 1..=today)
            .map(|day| day_view(day, &days))
            .collect(),
        other_causes: others(&causes),
        causes: causes.into_iter().take(CAUSES).collect(),
        firmware: firmware_view(&firmware),
        answers: slowest(answers, &health),
    };
    Ok((health, view))
}

/// Why commands went wrong. Phones that are left alone on purpose are no problem.
fn problems(mut causes: Vec<(Cause, i64)>) -> Vec<(Cause, i64)> {
    causes.retain(|(cause, _)| cause.needs_a_look());
    causes
}

/// The causes that are not drawn, and their phones.
fn others(causes: &[(Cause, i64)]) -> (i64, i64) {
    let rest = causes.get(CAUSES..).unwrap_or_default();
    let count = i64::try_from(rest.len()).unwrap_or(i64::MAX);
    (count, rest.iter().map(|(_, phones)| phones).sum())
}

/// A day without jobs is a day too.
fn day_view(number: i64, known: &[DayOfJobs]) -> DayView {
    let found = known.iter().find(|one| one.day == number);
    let found = found.copied().unwrap_or_default();
    let start = Timestamp::from_micros(number * MICROS_OF_DAY);
    DayView {
        date: day(start),
        jobs: found.jobs,
        counts: Counts {
            verified: found.verified,
            acknowledged: found.acknowledged,
            failed: found.failed,
            unknown: found.unknown,
            skipped: found.untried,
            ..Counts::default()
        },
    }
}

/// The most frequent ones, and the rest together.
fn firmware_view(counts: &[(String, i64)]) -> Vec<FirmwareCount> {
    let first = counts
        .iter()
        .take(FIRMWARE)
        .map(|(firmware, phones)| FirmwareCount {
            href: list_of(firmware),
            firmware: firmware.clone(),
            phones: *phones,
        });
    let rest: i64 = counts.iter().skip(FIRMWARE).map(|(_, phones)| phones).sum();
    let others = (rest > 0).then(|| FirmwareCount {
        firmware: say!("{count} others", count = counts.len() - FIRMWARE),
        phones: rest,
        href: String::new(),
    });
    first.chain(others).collect()
}

/// The sites whose phones take longest, by name.
fn slowest(answers: Vec<(String, Answers)>, health: &FleetHealth) -> Vec<SiteAnswers> {
    let name = |slug: &str| {
        let site = health.sites.iter().find(|site| site.slug == slug);
        site.map_or_else(|| slug.to_owned(), |site| site.name.clone())
    };
    let first = answers.into_iter().take(SLOWEST);
    first
        .map(|(slug, answers)| SiteAnswers {
            name: name(&slug),
            mean_ms: answers.mean_ms(),
            slug,
        })
        .collect()
}

fn list_of(firmware: &str) -> String {
    if firmware.is_empty() {
        return String::new();
    }
    Href::new("/phones")
        .add("q", format!("fw:{firmware}"))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_there_and_the_rest_is_one_line() {
        let known = [DayOfJobs {
            day: 20_000,
            jobs: 2,
            failed: 3,
            ..DayOfJobs::default()
        }];
        assert_eq!(day_view(20_000, &known).date, "2024-10-04");
        assert_eq!(day_view(20_000, &known).counts.problems(), 3);
        assert_eq!(day_view(20_001, &known).jobs, 0);
        let counts: Vec<_> = (0..9).map(|n| (format!("66.86.0.{n}"), 10 - n)).collect();
        let shown = firmware_view(&counts);
        assert_eq!(shown.len(), FIRMWARE + 1);
        assert_eq!(
            (shown[6].phones, shown[6].firmware.as_str()),
            (9, "3 others")
        );
        assert_eq!(shown[0].href, "/phones?q=fw:66.86.0.0");
    }
}
