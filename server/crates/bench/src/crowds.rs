//! Crowds at the door, and what somebody notices of them who is inside.
//!
//! Owns the looking at pages meanwhile, and the bounds. Both crowds come from addresses of this
//! machine other than 127.0.0.1, from which the server takes any number of connections.

mod sign_ins;
mod slow;

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::measure::percentile;
use crate::server::Server;
use crate::web::Web;
use crate::{Flags, Outcome, Part};

/// The page that is looked at: it shows how all phones and jobs stand.
const STATUS: &str = "/";
/// 99 of 100 of them come within so many milliseconds.
const BOUND_MS: f64 = 500.0;
/// Between two looks of one person.
const PAUSE: Duration = Duration::from_millis(20);
/// How long is looked while nobody else is there.
const ALONE: Duration = Duration::from_secs(5);
const PHONES: usize = 1_000;

pub(crate) async fn measure(flags: &Flags, program: &Path) -> Outcome<()> {
    if flags.wants(Part::Crowds) || flags.wants(Part::SignIns) {
        sign_ins::measure(program).await?;
    }
    if flags.wants(Part::Crowds) || flags.wants(Part::Slow) {
        slow::measure(program).await?;
    }
    Ok(())
}

/// A list of phones that nobody talks to.
fn fill(server: &Server, folder: &Path) -> Outcome<()> {
    let line = |number: usize| {
        let (high, low) = (number / 256, number % 256);
        format!("00156577{high:02x}{low:02x},Phone {number},10.0.{high}.{low}\n")
    };
    let lines: String = (1..=PHONES).map(line).collect();
    let list = folder.join("list.csv");
    std::fs::write(&list, format!("mac,label,address\n{lines}"))?;
    server.import(&list)
}

/// Where the crowd's connection of this number comes from.
fn address(number: usize, addresses: usize) -> Ipv4Addr {
    let [.., high, low] = (256 + number % addresses).to_be_bytes();
    Ipv4Addr::new(127, 0, high, low)
}

/// The answer times of somebody who looks at a page, in milliseconds.
struct Times(Vec<f64>);

impl Times {
    fn half(&self) -> f64 {
        percentile(self.0.iter().copied(), 0.5)
    }

    fn most(&self) -> f64 {
        percentile(self.0.iter().copied(), 0.99)
    }

    fn cells(&self) -> String {
        let slowest = percentile(self.0.iter().copied(), 1.0);
        let (half, most) = (self.half(), self.most());
        format!(
            "{} | {half:.1} | **{most:.1}** | {slowest:.0}",
            self.0.len()
        )
    }

    fn kept(&self) -> &'static str {
        told(self.most() < BOUND_MS)
    }
}

/// Whether a bound is kept.
const fn told(met: bool) -> &'static str {
    if met { "met" } else { "**not met**" }
}

/// Somebody who looks at a page again and again.
struct Looking {
    over: Arc<AtomicBool>,
    task: JoinHandle<Outcome<Vec<f64>>>,
}

impl Looking {
    /// On one connection, or on a new one each time.
    fn begin(mut browser: Web, anew: bool) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let task = tokio::spawn(async move {
            let mut times = Vec::new();
            while !ends.load(Ordering::Relaxed) {
                let started = Instant::now();
                if anew {
                    browser = browser.again().await?;
                }
                browser.page(STATUS).await?;
                times.push(started.elapsed().as_secs_f64() * 1_000.0);
                tokio::time::sleep(PAUSE).await;
            }
            Ok(times)
        });
        Self { over, task }
    }

    async fn end(self) -> Outcome<Times> {
        self.over.store(true, Ordering::Relaxed);
        Ok(Times(self.task.await??))
    }
}

/// The same while nobody else is there.
async fn alone(browser: &Web, anew: bool) -> Outcome<Times> {
    let looking = Looking::begin(browser.again().await?, anew);
    tokio::time::sleep(ALONE).await;
    looking.end().await
}
