//! The kill loop: the product is killed at random moments of a job, or of two at once over the same
//! phones, started, told to go on, and killed again; at the end its statements are held against
//! the phones' ledger.

use std::time::Duration;

use serde_json::{Value, json};

use super::Outcome;
use super::chance::Chance;
use super::http::Api;
use super::options::{Database, Options};
use super::phones::honest;
use super::product::{Product, end};
use super::stand::{Job, Stand, caused, is_over, wait_for};
use super::{Home, each_database};

/// Commands in turn, so that a straggler of one job is not taken for one of the next.
const ACTIONS: [&str; 4] = ["DNDOn", "VOLUME_UP", "DNDOff", "VOLUME_DOWN"];
/// When a kill comes, in milliseconds after the job goes on.
const MOMENTS: (u64, u64) = (20, 700);
/// When a kill comes during a start.
const DURING_START: (u64, u64) = (1, 250);

/// A job that is not over, and how many of its phones earlier kills had interrupted.
struct Unfinished {
    job: Job,
    before: u64,
}

/// What the loop has come to.
#[derive(Default)]
struct Tally {
    kills: u64,
    during_start: u64,
    jobs: u64,
    interrupted: u64,
    most_at_once: u64,
    unknown_that_ran: usize,
}

pub(super) fn run(options: &Options) -> Result<Outcome, String> {
    each_database(options, |home, database| on(options, home, (database, 1)))
}

/// The same with two jobs at once; a tenth of the phones, which each gets two commands.
pub(super) fn two_jobs(options: &Options) -> Result<Outcome, String> {
    let options = Options {
        phones: (options.phones / 10).max(200),
        kills: options
            .kills
            .div_ceil(if options.is_long() { 2 } else { 4 }),
        ..options.clone()
    };
    each_database(&options, |home, database| on(&options, home, (database, 2)))
}

fn on(
    options: &Options,
    home: &Home,
    (database, at_once): (Database, usize),
) -> Result<String, String> {
    let mut options = options.clone();
    if database == Database::Postgres && !options.is_long() {
        options.kills = (options.kills * 2).div_ceil(5);
    }
    let options = &options;
    let scenario = honest(options.phones, 2, 5);
    let stand = Stand::set_up(
        options,
        scenario,
        home.database(&format!("kills_{at_once}"))?,
    )?;
    let mut chance = Chance::new(options.seed);
    let mut tally = Tally::default();
    let mut jobs = Vec::new();
    while tally.kills < options.kills || !jobs.is_empty() {
        jobs = life(options, &stand, (&mut chance, &mut tally), jobs, at_once)?;
    }
    stand.log_is_intact()?;
    stand.clear();
    Ok(format!(
        "{} kills ({} of them during a start) in {} jobs of {} phones, {at_once} at once, window \
         {}: 0 lost, 0 executed twice, 0 false statements, the audit log intact; {} interrupted, at \
         most {} by one kill in one job; {} of all unknown had run",
        tally.kills,
        tally.during_start,
        tally.jobs,
        options.phones,
        options.window,
        tally.interrupted,
        tally.most_at_once,
        tally.unknown_that_ran
    ))
}

/// One life of the product; returns the jobs that it leaves unfinished.
fn life(
    options: &Options,
    stand: &Stand,
    (chance, tally): (&mut Chance, &mut Tally),
    mut jobs: Vec<Unfinished>,
    at_once: usize,
) -> Result<Vec<Unfinished>, String> {
    if tally.kills < options.kills && chance.one_in(6) {
        kill_during_start(stand, chance)?;
        tally.kills += 1;
        tally.during_start += 1;
    }
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    for left in &mut jobs {
        let state = api.get(&format!("/jobs/{}", left.job.id))?;
        left.before = count_new(options, &state, left.before, tally)?;
    }
    if jobs.is_empty() {
        if tally.kills >= options.kills {
            return product.stop().map(|()| Vec::new());
        }
        jobs = begin(options, stand, &api, tally, at_once)?;
    }
    for left in &jobs {
        go_on(&api, &left.job)?;
    }
    if tally.kills < options.kills {
        std::thread::sleep(chance.millis(MOMENTS.0, MOMENTS.1));
        let mut over = true;
        for left in &jobs {
            over &= is_over(&api.get(&format!("/jobs/{}", left.job.id))?);
        }
        if !over {
            product.kill()?;
            tally.kills += 1;
            return Ok(jobs);
        }
    }
    finish(stand, product, &api, &jobs, tally).map(|()| Vec::new())
}

/// Begins so many jobs over the same phones, each with a command of its own.
fn begin(
    options: &Options,
    stand: &Stand,
    api: &Api,
    tally: &Tally,
    at_once: usize,
) -> Result<Vec<Unfinished>, String> {
    let numbers = tally.jobs as usize..tally.jobs as usize + at_once;
    let job = |number: usize| {
        let action = ACTIONS[number % ACTIONS.len()];
        let job = stand.begin(api, action, options.window)?;
        Ok(Unfinished { job, before: 0 })
    };
    numbers.map(job).collect()
}

/// Lets an interrupted job go on.
fn go_on(api: &Api, job: &Job) -> Result<(), String> {
    let state = api.get(&format!("/jobs/{}", job.id))?;
    if state["state"] == "interrupted" {
        api.post(&format!("/jobs/{}/resume", job.id), &json!({}))?;
    }
    Ok(())
}

/// A kill makes at most a window of phones unknown.
fn count_new(
    options: &Options,
    state: &Value,
    before: u64,
    tally: &mut Tally,
) -> Result<u64, String> {
    let now = caused(state, "interrupted");
    let new = now.saturating_sub(before);
    if new > options.window || now < before {
        return Err(format!(
            "{new} interrupted by one kill, window {}: {state}",
            options.window
        ));
    }
    tally.interrupted += new;
    tally.most_at_once = tally.most_at_once.max(new);
    Ok(now)
}

fn kill_during_start(stand: &Stand, chance: &mut Chance) -> Result<(), String> {
    let mut child = stand.setting.spawn()?;
    std::thread::sleep(chance.millis(DURING_START.0, DURING_START.1));
    end(&mut child);
    Ok(())
}

fn finish(
    stand: &Stand,
    product: Product,
    api: &Api,
    jobs: &[Unfinished],
    tally: &mut Tally,
) -> Result<(), String> {
    for Unfinished { job, .. } in jobs {
        wait_for(api, job, "the job's end", is_over)?;
    }
    // What a dead run had sent may still be on its way into the ledger.
    std::thread::sleep(Duration::from_millis(200));
    for Unfinished { job, .. } in jobs {
        let verdict = stand.judge_clean(api, job)?;
        println!("   after {} kills: {verdict}", tally.kills);
        tally.jobs += 1;
        tally.unknown_that_ran += verdict.unknown_that_ran;
    }
    product.stop()
}
