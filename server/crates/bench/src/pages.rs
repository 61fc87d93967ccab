//! Pages and streams of the server while it dispatches.
//!
//! Owns the measuring of what people wait for: pages over real HTTP while a job runs, and what
//! many watchers of one job cost.

use std::path::Path;
use std::time::Instant;

use carillon_simulator::Auth;

use crate::measure::percentile;
use crate::phones;
use crate::server::Server;
use crate::web::Web;
use crate::{Flags, Outcome, report};

/// Jobs that are watched, so that there are enough pages.
const JOBS: usize = 3;
const WATCHERS: usize = 50;
const WATCHED_PHONES: u32 = 5_000;
/// Of them so many at once, so that there is something new to show all the time.
const WATCHED_AT_ONCE: u32 = 100;
/// In the other jobs.
const AT_ONCE: u32 = 1_024;
/// One account may hold open 16 streams.
const ACCOUNTS: usize = 4;

pub(crate) async fn measure(flags: &Flags, program: &Path) -> Outcome<()> {
    latencies(flags, program).await?;
    watchers(program).await
}

async fn latencies(flags: &Flags, program: &Path) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let config = phones::healthy(flags.phones, Auth::Digest, 0);
    let (_kept, phones) = phones::start(config, folder.path().join("phones.csv"))?;
    let server = Server::start(program, folder.path(), 1)?;
    server.fill(&phones).await?;
    let mut browser = server.browser(0).await?;
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..JOBS {
        let job = server.job(AT_ONCE).await?;
        let paths = [
            "/jobs".to_owned(),
            format!("/jobs/{job}"),
            "/phones".to_owned(),
        ];
        let ended = server.ended(&job);
        tokio::pin!(ended);
        let mut round = 0;
        loop {
            let path = &paths[round % paths.len()];
            let took = time(&mut browser, path).await?;
            if has_ended(ended.as_mut()).await? {
                break;
            }
            times[round % paths.len()].push(took);
            round += 1;
        }
    }
    report::line(
        "\n| page while a job of all phones runs | pages | p50 ms | p95 ms | slowest ms |",
    )?;
    report::line("|---|---|---|---|---|")?;
    for (name, times) in ["jobs", "the job", "phones"].iter().zip(times) {
        let at = |part| percentile(times.iter().copied(), part);
        let (half, most, slowest) = (at(0.5), at(0.95), at(1.0));
        let count = times.len();
        report::line(&format!(
            "| {name} | {count} | {half:.0} | **{most:.0}** | {slowest:.0} |"
        ))?;
    }
    Ok(())
}

/// Whether it has ended by now.
async fn has_ended<F>(mut future: std::pin::Pin<&mut F>) -> Outcome<bool>
where
    F: Future<Output = Outcome<()>>,
{
    std::future::poll_fn(|cx| {
        std::task::Poll::Ready(match future.as_mut().poll(cx) {
            std::task::Poll::Ready(ended) => ended.map(|()| true),
            std::task::Poll::Pending => Ok(false),
        })
    })
    .await
}

async fn time(browser: &mut Web, path: &str) -> Outcome<f64> {
    let started = Instant::now();
    browser.page(path).await?;
    Ok(started.elapsed().as_secs_f64() * 1_000.0)
}

/// The same job without and with watchers, in turns.
async fn watchers(program: &Path) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    // Phones that take their time, so that there is something to watch for a while.
    let config = phones::healthy(WATCHED_PHONES, Auth::Digest, 500);
    let (_kept, phones) = phones::start(config, folder.path().join("phones.csv"))?;
    let server = Server::start(program, folder.path(), ACCOUNTS)?;
    server.fill(&phones).await?;
    let mut browsers = Vec::new();
    for account in 0..ACCOUNTS {
        browsers.push(server.browser(account).await?);
    }
    let (mut alone, mut watched) = (Vec::new(), Vec::new());
    for _ in 0..JOBS {
        alone.push(one_job(&server, &[]).await?);
        watched.push(one_job(&server, &browsers).await?);
    }
    let median = |of: &[(f64, f64)], part: fn(&(f64, f64)) -> f64| {
        crate::measure::median(of.iter().map(part))
    };
    let (cpu, seconds) = (|run: &(f64, f64)| run.0, |run: &(f64, f64)| run.1);
    report::line("\n| watchers of a job of 5,000 phones | server CPU s | job s |")?;
    report::line("|---|---|---|")?;
    for (name, of) in [("none", &alone), ("50", &watched)] {
        report::line(&format!(
            "| {name} | {:.2} | {:.2} |",
            median(of, cpu),
            median(of, seconds)
        ))?;
    }
    let extra = median(&watched, cpu) - median(&alone, cpu);
    report::line(&format!(
        "\n50 watchers cost {:.1} % of one core.",
        extra / median(&watched, seconds) * 100.0
    ))
}

/// Processor time and duration of one job, in seconds, while it is open on [`WATCHERS`] pages of
/// these browsers.
async fn one_job(server: &Server, browsers: &[Web]) -> Outcome<(f64, f64)> {
    let (cpu, started) = (server.cpu_micros(), Instant::now());
    let job = server.job(WATCHED_AT_ONCE).await?;
    let path = format!("/jobs/{job}/feed");
    let mut listening = tokio::task::JoinSet::new();
    for browser in browsers.iter().cycle().take(WATCHERS) {
        let web = browser.again().await?;
        let path = path.clone();
        listening.spawn(async move { web.listen(&path).await });
    }
    server.ended(&job).await?;
    let took = started.elapsed().as_secs_f64();
    while let Some(heard) = listening.join_next().await {
        if heard?? == 0 {
            return Err("a watcher heard nothing".into());
        }
    }
    let used = server.cpu_micros().saturating_sub(cpu);
    Ok((used as f64 / 1_000_000.0, took))
}
