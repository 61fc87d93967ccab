//! Postgres goes away in the middle of a job, in every way it can, and comes back: nothing is
//! lost, nothing is sent twice, nothing ends unknown, and sending goes on by itself.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use super::Outcome;
use super::commits::{Cut, Proxy};
use super::http::Api;
use super::options::{Database, Options};
use super::phones::honest;
use super::product::{Product, children, signal};
use super::stand::{Job, Stand, becomes_ready, count, is_over, wait_for};
use crate::postgres::Cluster;

const PHONES: u64 = 600;
const ANSWER_MS: u64 = 40;
const WINDOW: u64 = 16;
/// Sending goes on within this after the database's return.
const GOES_ON_WITHIN: Duration = Duration::from_secs(10);
/// How long the database is away.
const AWAY: Duration = Duration::from_secs(3);
/// Longer than a node's lease.
const LONG_AWAY: Duration = Duration::from_secs(18);

/// A way to lose the database, and to have it back.
#[derive(Clone, Copy, Debug)]
enum Loss {
    /// Every connection of the product is ended by the server, a few times.
    Terminated,
    /// One server process is killed: the server ends all others and recovers.
    BackendKilled,
    /// The whole server stops without a checkpoint, and starts again.
    Crash,
    /// It hangs.
    Frozen(Duration),
    /// It takes no writes.
    ReadOnly,
}

pub(super) fn run(options: &Options) -> Result<Outcome, String> {
    if !options.databases.contains(&Database::Postgres) {
        return Ok(Outcome::Skipped("only SQLite was asked for".to_owned()));
    }
    let (mut losses, mut cuts) = (vec![Loss::Crash, Loss::ReadOnly], vec![Cut::Late]);
    if options.is_long() {
        losses.extend([
            Loss::Terminated,
            Loss::BackendKilled,
            Loss::Frozen(AWAY),
            Loss::Frozen(LONG_AWAY),
        ]);
        cuts.extend([Cut::Before, Cut::After]);
    }
    let mut lines = Vec::new();
    for loss in losses {
        let longest = (0..options.turns).try_fold(Duration::ZERO, |longest, _| {
            lose(options, loss).map(|took| took.max(longest))
        });
        let longest = longest.map_err(|why| format!("{loss:?}: {why}"))?;
        let seconds = longest.as_secs_f64();
        lines.push(format!(
            "{loss:?} × {}: 0 lost, 0 twice, 0 false, 0 unknown; sending again after {seconds:.1} s",
            options.turns
        ));
    }
    for how in cuts {
        let mut count = 0;
        for _ in 0..options.turns {
            count += cut(options, how).map_err(|why| format!("COMMIT cut, {how:?}: {why}"))?;
        }
        lines.push(format!(
            "COMMIT cut, {how:?} × {count}: 0 lost, 0 twice, 0 false, 0 unknown"
        ));
    }
    Ok(Outcome::Passed(lines))
}

/// Loses the database once; says how long it took to send again after its return.
fn lose(options: &Options, loss: Loss) -> Result<Duration, String> {
    let mut cluster = Cluster::start_durable()?;
    let url = cluster.database("carillon")?;
    let stand = Stand::set_up(options, honest(PHONES, ANSWER_MS, 0), Some(url))?;
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let job = under_way(&stand, &api)?;
    go_away(&mut cluster, loss, &api)?;
    let (back, seen) = (Instant::now(), stand.phones.requests());
    let took = goes_on(&stand, &api, &job, back, seen)?;
    finish(stand, product, &api, &job)?;
    Ok(took)
}

/// A job in the middle.
fn under_way(stand: &Stand, api: &Api) -> Result<Job, String> {
    let job = stand.begin(api, "DNDOn", WINDOW)?;
    let enough = |job: &Value| count(job, "acknowledged") > PHONES / 10;
    let state = wait_for(api, &job, "the first answers", enough)?;
    if is_over(&state) {
        return Err("the job was too quick to interfere".to_owned());
    }
    Ok(job)
}

fn go_away(cluster: &mut Cluster, loss: Loss, api: &Api) -> Result<(), String> {
    let pause = Duration::from_millis(300);
    match loss {
        Loss::Terminated => {
            for _ in 0..5 {
                cluster.sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE application_name = 'carillon'",
                )?;
                std::thread::sleep(pause);
            }
        }
        Loss::BackendKilled => {
            let busy = "SELECT pid FROM pg_stat_activity WHERE application_name = 'carillon' \
                        ORDER BY state_change DESC LIMIT 1";
            let pid = cluster.sql(busy)?;
            let pid = pid
                .parse()
                .map_err(|_| format!("no server process: {pid}"))?;
            signal(pid, Signal::KILL)?;
            std::thread::sleep(pause);
            cluster.wait_until_ready()?;
        }
        Loss::Crash => {
            cluster.crash()?;
            not_ready(api)?;
            std::thread::sleep(AWAY);
            cluster.start_again()?;
        }
        Loss::Frozen(time) => {
            let mut processes = children(cluster.id());
            processes.push(cluster.id());
            each(&processes, Signal::STOP);
            not_ready(api)?;
            std::thread::sleep(time);
            each(&processes, Signal::CONT);
        }
        Loss::ReadOnly => {
            read_only(cluster, "on")?;
            std::thread::sleep(AWAY);
            not_ready(api)?;
            read_only(cluster, "off")?;
        }
    }
    Ok(())
}

fn each(processes: &[u32], which: Signal) {
    for process in processes {
        // One that ended by itself needs no signal.
        let _gone = signal(*process, which);
    }
}

fn read_only(cluster: &Cluster, how: &str) -> Result<(), String> {
    cluster.sql(&format!(
        "ALTER SYSTEM SET default_transaction_read_only = {how}"
    ))?;
    cluster.sql("SELECT pg_reload_conf()").map(drop)
}

/// While the database is away `/readyz` says so.
fn not_ready(api: &Api) -> Result<(), String> {
    let started = Instant::now();
    let mut said = String::new();
    while started.elapsed() < GOES_ON_WITHIN {
        let answer = api.within(GOES_ON_WITHIN).send("GET", "/readyz", "", "")?;
        if answer.status == 503 && answer.body.contains("storage") {
            return Ok(());
        }
        said = answer.body;
    }
    Err(format!("/readyz said without a database: {said}"))
}

/// Waits until phones are sent to again, or the job is over.
fn goes_on(
    stand: &Stand,
    api: &Api,
    job: &Job,
    back: Instant,
    seen: usize,
) -> Result<Duration, String> {
    // What was in flight while the database was away may still arrive; a window of it.
    let more = seen + 2 * WINDOW as usize;
    while back.elapsed() < GOES_ON_WITHIN {
        let state = api.get(&format!("/jobs/{}", job.id));
        if stand.phones.requests() > more || state.is_ok_and(|state| is_over(&state)) {
            return Ok(back.elapsed());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(format!(
        "nothing was sent within {GOES_ON_WITHIN:?} of the database's return"
    ))
}

fn finish(stand: Stand, product: Product, api: &Api, job: &Job) -> Result<(), String> {
    let state = wait_for(api, job, "the job's end", is_over)?;
    let verdict = stand.judge_clean(api, job)?;
    if count(&state, "unknown") > 0 {
        return Err(format!("the process lived, and yet: {verdict}"));
    }
    becomes_ready(api)?;
    product.stop()?;
    stand.log_is_intact()?;
    stand.clear();
    Ok(())
}

/// A job with every seventh commit cut; says how many were.
fn cut(options: &Options, how: Cut) -> Result<usize, String> {
    let cluster = Cluster::start_durable()?;
    let url = cluster.database("carillon")?;
    let server = SocketAddr::from(([127, 0, 0, 1], cluster.port()));
    let proxy = Proxy::start(server, how)?;
    let port = |port: u16| format!(":{port}/");
    let through = url.replace(&port(cluster.port()), &port(proxy.address.port()));
    let stand = Stand::set_up(options, honest(PHONES, ANSWER_MS, 0), Some(through))?;
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    let job = under_way(&stand, &api)?;
    proxy.cut(true);
    std::thread::sleep(AWAY);
    proxy.cut(false);
    let cuts = proxy.cuts();
    if cuts == 0 {
        return Err("no commit was cut".to_owned());
    }
    goes_on(&stand, &api, &job, Instant::now(), stand.phones.requests())?;
    finish(stand, product, &api, &job)?;
    Ok(cuts)
}
