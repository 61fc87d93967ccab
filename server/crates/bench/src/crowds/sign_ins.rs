//! A thousand people sign in at the same moment.
//!
//! Owns the crowd: half of them have the right password and half a wrong one, no account or address
//! more than the server lets guess freely. Who is turned away comes again when told to.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{Looking, Times, address, alone, fill, told};
use crate::server::{PASSWORD, Server, add_people};
use crate::web::Web;
use crate::{Outcome, report};

const CROWD: usize = 1_000;
const ADDRESSES: usize = 250;
/// Of one account; so many failures are free.
const OF_ONE: usize = 5;
const ACCOUNTS: usize = CROWD / 2 / OF_ONE;
/// Whoever is not in by then gives up.
const LONGEST: Duration = Duration::from_secs(30);
/// What one hash takes, and what else the way in may take.
const HASH_KIB: u64 = 19_456;
const REST_KIB: u64 = 16 * 1_024;

/// One of them.
struct Person {
    web: Web,
    token: String,
    name: String,
    password: &'static str,
}

/// How it ended for one of them.
struct Ended {
    status: u16,
    turned_away: usize,
}

/// Memory of the server, in KiB.
struct Memory {
    idle: u64,
    connected: u64,
    peak: u64,
}

pub(super) async fn measure(program: &Path) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    for name in ["right", "wrong"] {
        add_people(program, folder.path(), name, ACCOUNTS)?;
    }
    let server = Server::start(program, folder.path(), 1)?;
    fill(&server, folder.path())?;
    let browser = server.browser(0).await?;
    let before = alone(&browser, false).await?;
    let idle = server.memory_kib();
    let crowd = gather(&server.base).await?;
    let connected = server.memory_kib();
    server.forget_peak();
    let looking = Looking::begin(browser.again().await?, false);
    let started = Instant::now();
    let ended = all_at_once(crowd).await?;
    let took = started.elapsed();
    let meanwhile = looking.end().await?;
    let peak = server.peak_kib();
    tell_crowd(&ended, took)?;
    tell_pages(&before, &meanwhile)?;
    tell_memory(&Memory {
        idle,
        connected,
        peak,
    })
}

/// Everybody has the form before them.
async fn gather(base: &str) -> Outcome<Vec<Person>> {
    let mut coming = JoinSet::new();
    for number in 0..CROWD {
        let base = base.to_owned();
        coming.spawn(async move { come(&base, number).await });
    }
    let mut crowd = Vec::new();
    while let Some(person) = coming.join_next().await {
        crowd.push(person??);
    }
    Ok(crowd)
}

async fn come(base: &str, number: usize) -> Outcome<Person> {
    let mut web = Web::connect_from(address(number, ADDRESSES), base, None).await?;
    let token = web.sign_in_form().await?;
    let account = number / 2 % ACCOUNTS;
    let (name, password) = match number % 2 {
        0 => (format!("right{account}"), PASSWORD),
        _ => (format!("wrong{account}"), "not the password of anybody"),
    };
    Ok(Person {
        web,
        token,
        name,
        password,
    })
}

async fn all_at_once(crowd: Vec<Person>) -> Outcome<Vec<Ended>> {
    let start = Arc::new(Barrier::new(crowd.len()));
    let mut trying = JoinSet::new();
    for person in crowd {
        let start = Arc::clone(&start);
        trying.spawn(async move {
            start.wait().await;
            person.sign_in().await
        });
    }
    let mut ended = Vec::new();
    while let Some(one) = trying.join_next().await {
        ended.push(one??);
    }
    Ok(ended)
}

impl Person {
    /// Until there is an answer, or no patience.
    async fn sign_in(mut self) -> Outcome<Ended> {
        let (started, mut turned_away) = (Instant::now(), 0);
        loop {
            let (status, wait) = self.once().await?;
            let Some(wait) = wait.filter(|_| status == 503) else {
                return Ok(Ended {
                    status,
                    turned_away,
                });
            };
            turned_away += 1;
            if started.elapsed() > LONGEST {
                return Ok(Ended {
                    status,
                    turned_away,
                });
            }
            tokio::time::sleep(Duration::from_secs(wait)).await;
        }
    }

    /// One try; the server ends a connection that says nothing for long.
    async fn once(&mut self) -> Outcome<(u16, Option<u64>)> {
        self.web.stay().await?;
        let who = (self.name.as_str(), self.password);
        if let Ok(answer) = self.web.try_sign_in(&self.token, who).await {
            return Ok(answer);
        }
        self.web.stay().await?;
        self.web.try_sign_in(&self.token, who).await
    }
}

fn tell_crowd(ended: &[Ended], took: Duration) -> Outcome<()> {
    let count = |status: u16| ended.iter().filter(|one| one.status == status).count();
    let turned_away: usize = ended.iter().map(|one| one.turned_away).sum();
    let (well, wrong, away) = (count(303), count(422), count(503));
    let other = ended.len() - well - wrong - away;
    report::line(
        "\n| sign-ins at once | signed in | refused | given up after 30 s | answered otherwise | times turned away | took s |",
    )?;
    report::line("|---|---|---|---|---|---|---|")?;
    report::line(&format!(
        "| {} | {well} | {wrong} | {away} | {other} | {turned_away} | {:.1} |",
        ended.len(),
        took.as_secs_f64()
    ))
}

fn tell_pages(before: &Times, meanwhile: &Times) -> Outcome<()> {
    report::line("\n| the overview | pages | p50 ms | p99 ms | slowest ms | p99 below 500 ms |")?;
    report::line("|---|---|---|---|---|---|")?;
    for (when, times) in [("before", before), ("meanwhile", meanwhile)] {
        report::line(&format!(
            "| {when} | {} | {} |",
            times.cells(),
            times.kept()
        ))?;
    }
    let (half, most) = (
        meanwhile.half() / before.half(),
        meanwhile.most() / before.most(),
    );
    report::line(&format!(
        "\nMeanwhile {half:.1} times as long as before at p50, {most:.1} times at p99."
    ))
}

fn tell_memory(memory: &Memory) -> Outcome<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let bound = cores as u64 * HASH_KIB + REST_KIB;
    let taken = memory.peak.saturating_sub(memory.connected);
    let mib = |kib: u64| kib as f64 / 1_024.0;
    report::line(
        "\n| memory MiB: idle | connected, forms open | peak | peak above connected | bound: cores × 19 + 16 | |",
    )?;
    report::line("|---|---|---|---|---|---|")?;
    report::line(&format!(
        "| {:.1} | {:.1} | {:.1} | **{:.1}** | {:.1} | {} |",
        mib(memory.idle),
        mib(memory.connected),
        mib(memory.peak),
        mib(taken),
        mib(bound),
        told(taken <= bound)
    ))
}
