//! A fleet of which almost a third is broken in twenty ways.
//!
//! Owns what each kind of broken phone must end as, and how long the job may take: what the
//! window allows by arithmetic, and a tenth more.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use carillon_domain::{Cause, Mac, TargetState};
use carillon_simulator::{Auth, FleetConfig, Profile, SiteConfig};

use crate::phones::{self, Phones};
use crate::product::{ProductOrder, ProductRun};
use crate::{Flags, Outcome, fanout, report};

const IN_FLIGHT: usize = 1_024;
const TIMEOUT_MS: u32 = 8_000;
const SITES: u32 = 10;

/// A kind of broken phone, how it must end, and how long it may hold its place, in milliseconds.
struct Kind {
    profile: Profile,
    ends: (TargetState, Option<Cause>),
    holds: f64,
}

const fn kind(profile: Profile, state: TargetState, cause: Option<Cause>, holds: f64) -> Kind {
    Kind {
        profile,
        ends: (state, cause),
        holds,
    }
}

const KINDS: &[Kind] = &{
    use Cause as C;
    use TargetState::{Acknowledged, Failed, Unknown};
    [
        kind(Profile::Silent, Unknown, Some(C::TimeoutAnswer), 5_000.0),
        kind(Profile::Slow, Unknown, Some(C::TimeoutAnswer), 5_000.0),
        kind(Profile::Drip, Unknown, Some(C::TimeoutAnswer), 8_000.0),
        kind(Profile::BlackHole, Failed, Some(C::TimeoutConnect), 2_000.0),
        kind(Profile::Refused, Failed, Some(C::Refused), 0.0),
        // Reset as soon as it is made: most often before our first byte.
        kind(Profile::Dark, Failed, Some(C::Refused), 0.0),
        kind(Profile::ResetBefore, Unknown, Some(C::ConnectionReset), 0.0),
        kind(Profile::ResetDuring, Unknown, Some(C::ConnectionReset), 0.0),
        kind(Profile::ResetAfter, Unknown, Some(C::ConnectionReset), 0.0),
        kind(Profile::Garbage, Unknown, Some(C::BadAnswer), 0.0),
        kind(Profile::InterimFlood, Unknown, Some(C::BadAnswer), 0.0),
        kind(Profile::ThousandHeaders, Unknown, Some(C::TooLarge), 0.0),
        kind(Profile::EndlessBody, Acknowledged, None, 0.0),
        kind(Profile::OversizedBody, Acknowledged, None, 0.0),
        kind(Profile::GzipBomb, Acknowledged, None, 0.0),
        kind(Profile::RedirectAway, Failed, Some(C::Redirected), 0.0),
        kind(Profile::NotFound, Failed, Some(C::Unsupported), 0.0),
        kind(Profile::ServerError, Failed, Some(C::ServerError), 0.0),
        kind(Profile::ForbiddenIp, Failed, Some(C::Forbidden), 0.0),
        kind(Profile::PromptOnce, Failed, Some(C::PromptPending), 0.0),
    ]
};

pub(crate) fn measure(flags: &Flags) -> Outcome<()> {
    let (bad, good) = (run(fleet(flags.phones))?, run(healthy(flags.phones))?);
    let rate = good.1.measured.seconds / f64::from(flags.phones);
    let expected = arithmetic(&bad.0, &bad.1, rate);
    report::line(
        "\n| hostile fleet | phones | took s | window arithmetic s | ratio | wrong causes |",
    )?;
    report::line("|---|---|---|---|---|---|")?;
    let took = bad.1.measured.seconds;
    let wrong = wrong(&bad.0, &bad.1);
    report::line(&format!(
        "| 30 % broken in {} ways | {} | {took:.2} | {expected:.2} | **{:.2}** | {} |",
        KINDS.len(),
        flags.phones,
        took / expected,
        wrong.values().sum::<usize>(),
    ))?;
    for (what, count) in wrong {
        report::line(&format!("wrong: {what}: {count}"))?;
    }
    Ok(())
}

fn run(config: FleetConfig) -> Outcome<(Phones, ProductRun)> {
    let folder = tempfile::tempdir()?;
    let (_kept, phones) = phones::start(config, folder.path().join("phones.csv"))?;
    let order = ProductOrder {
        phones: phones.clone(),
        folder: folder.path().to_owned(),
        database: None,
        in_flight: IN_FLIGHT,
        timeout_ms: TIMEOUT_MS,
        targets: true,
        evidence: false,
    };
    Ok((phones, fanout::run_product(&order, &folder)?))
}

fn healthy(phones: u32) -> FleetConfig {
    phones::healthy(phones, Auth::Digest, 0)
}

fn fleet(phones: u32) -> FleetConfig {
    let of_site = phones / SITES;
    let of_kind = of_site * 3 / 10 / KINDS.len() as u32;
    let site = |number| {
        let site = phones::site(number, of_site, Auth::Digest);
        let with = |site: SiteConfig, kind: &Kind| site.with(kind.profile, of_kind);
        KINDS.iter().fold(site, with)
    };
    (0..SITES).fold(FleetConfig::default(), |config, number| {
        config.with_site(site(number))
    })
}

/// How long the job takes if phones start in the job's order, each as soon as a place is free
/// and not faster than healthy phones are done, and each holds its place for its time.
fn arithmetic(phones: &Phones, run: &ProductRun, rate: f64) -> f64 {
    let holds: HashMap<Mac, f64> = phones
        .all
        .iter()
        .map(|phone| {
            let kind = KINDS.iter().find(|kind| kind.profile == phone.profile);
            (phone.mac, kind.map_or(0.0, |kind| kind.holds))
        })
        .collect();
    let mut places = BinaryHeap::new();
    let mut end = 0.0_f64;
    for (number, target) in run.targets.iter().enumerate() {
        let mut start = rate * (number + 1) as f64;
        if places.len() == IN_FLIGHT
            && let Some(Reverse(free)) = places.pop()
        {
            start = start.max(from_micros(free));
        }
        let hold = holds.get(&target.mac).copied().unwrap_or(0.0) / 1_000.0;
        end = end.max(start + hold);
        places.push(Reverse(micros(start + hold)));
    }
    end
}

const fn micros(seconds: f64) -> u64 {
    (seconds * 1_000_000.0) as u64
}

const fn from_micros(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}

/// Phones that ended otherwise than their kind must, by kind and end.
fn wrong(phones: &Phones, run: &ProductRun) -> BTreeMap<String, usize> {
    let profiles: HashMap<Mac, Profile> = phones
        .all
        .iter()
        .map(|phone| (phone.mac, phone.profile))
        .collect();
    let mut wrong = BTreeMap::new();
    for target in &run.targets {
        let profile = profiles
            .get(&target.mac)
            .copied()
            .unwrap_or(Profile::Normal);
        let kind = KINDS.iter().find(|kind| kind.profile == profile);
        let ends = kind.map_or((TargetState::Acknowledged, None), |kind| kind.ends);
        // The first byte was faster than the reset: then nobody can say whether it was heard.
        let late_reset = profile == Profile::Dark
            && (target.state, target.cause) == (TargetState::Unknown, Some(Cause::ConnectionReset));
        if (target.state, target.cause) != ends && !late_reset {
            let cause = target
                .cause
                .map(|cause| cause.to_string())
                .unwrap_or_default();
            let what = format!("{profile}: {} {cause}", target.state);
            *wrong.entry(what).or_default() += 1;
        }
    }
    wrong
}
