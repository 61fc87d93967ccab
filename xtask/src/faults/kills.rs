//! The kill loop: the product is killed at random moments of a job, started, told to go on, and
//! killed again; at the end its statements are held against the phones' ledger.

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
const ACTIONS: [&str; 2] = ["DNDOn", "DNDOff"];
/// When a kill comes, in milliseconds after the job goes on.
const MOMENTS: (u64, u64) = (20, 700);
/// When a kill comes during a start.
const DURING_START: (u64, u64) = (1, 250);

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
    each_database(options, |home, database| on(options, home, database))
}

fn on(options: &Options, home: &Home, database: Database) -> Result<String, String> {
    let mut options = options.clone();
    if database == Database::Postgres && !options.is_long() {
        options.kills = (options.kills * 2).div_ceil(5);
    }
    let options = &options;
    let scenario = honest(options.phones, 2, 5);
    let stand = Stand::set_up(options, scenario, home.database("kills")?)?;
    let mut chance = Chance::new(options.seed);
    let mut tally = Tally::default();
    let mut job = None;
    while tally.kills < options.kills || job.is_some() {
        job = life(options, &stand, &mut chance, &mut tally, job)?;
    }
    stand.clear();
    Ok(format!(
        "{} kills ({} of them during a start) in {} jobs of {} phones, window {}: 0 lost, 0 \
         executed twice, 0 false statements; {} interrupted, at most {} by one kill; {} of all \
         unknown had run",
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

/// One life of the product; returns the job that it leaves unfinished.
fn life(
    options: &Options,
    stand: &Stand,
    chance: &mut Chance,
    tally: &mut Tally,
    job: Option<(Job, u64)>,
) -> Result<Option<(Job, u64)>, String> {
    if tally.kills < options.kills && chance.one_in(6) {
        kill_during_start(stand, chance)?;
        tally.kills += 1;
        tally.during_start += 1;
    }
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let (job, before) = match job {
        Some((job, before)) => {
            let state = api.get(&format!("/jobs/{}", job.id))?;
            (job, (count_new(options, &state, before, tally)?))
        }
        None if tally.kills < options.kills => {
            let action = ACTIONS[tally.jobs as usize % ACTIONS.len()];
            (stand.begin(&api, action, options.window)?, 0)
        }
        None => return product.stop().map(|()| None),
    };
    go_on(&api, &job)?;
    if tally.kills < options.kills {
        std::thread::sleep(chance.millis(MOMENTS.0, MOMENTS.1));
        let over = is_over(&api.get(&format!("/jobs/{}", job.id))?);
        if !over {
            product.kill()?;
            tally.kills += 1;
            return Ok(Some((job, before)));
        }
    }
    finish(stand, product, &api, &job, tally)
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
    job: &Job,
    tally: &mut Tally,
) -> Result<Option<(Job, u64)>, String> {
    wait_for(api, job, "the job's end", is_over)?;
    // What a dead run had sent may still be on its way into the ledger.
    std::thread::sleep(Duration::from_millis(200));
    let verdict = stand.judge_clean(api, job)?;
    println!("   after {} kills: {verdict}", tally.kills);
    tally.jobs += 1;
    tally.unknown_that_ran += verdict.unknown_that_ran;
    product.stop().map(|()| None)
}
