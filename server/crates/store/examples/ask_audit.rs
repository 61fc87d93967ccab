//! Asks a log that `fill_audit` made, by every filter, and prints how long the answers take.
//!
//!     cargo run --release -p carillon-store --example ask_audit -- sqlite:FILE [FILTER]
//!
//! For each filter the 19th of 20 times of its first and its hundredth (or last) page, of its count,
//! and of the same pages with one line for each job. Then everything as an export reads it. With a
//! filter's name, of that one alone.
#![expect(clippy::print_stdout, reason = "a measurement prints what it found")]

use std::time::{Duration, Instant};

use carillon_domain::Timestamp;
use carillon_domain::event::EventResult;
use carillon_store::{AtLeast, AuditQuery, AuditRow, Page, Seek, Store};

const ROWS: i64 = 50;
const TURNS: usize = 20;
/// As the audit page counts.
const LOOKED_AT: i64 = 20_000;
const HOUR: i64 = 3_600_000_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let url = std::env::args().nth(1).ok_or("an address")?;
    let store = Store::open(&url).await?;
    println!(
        "| filter | records | first page, ms | hundredth page, ms | count, ms | \
         one line per job: first page, ms | hundredth page, ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    let only = std::env::args().nth(2);
    for (name, query) in queries(&store).await? {
        if only.as_ref().is_none_or(|only| only == name) {
            ask(&store, name, &query).await?;
        }
    }
    if only.is_none() {
        export(&store).await?;
    }
    store.close().await;
    Ok(())
}

async fn queries(store: &Store) -> Outcome<Vec<(&'static str, AuditQuery)>> {
    let all = AuditQuery::default;
    let newest = store.audit_page(&all(), &Seek::Start, 1).await?;
    let newest = newest.items.first().ok_or("an empty log")?.event.at;
    let before = |hours: i64| Some(Timestamp::from_micros(newest.micros() - hours * HOUR));
    let some = |text: &str| Some(text.to_owned());
    let named = |name: &str| vec![name.to_owned()];
    let text = |words: &str| AuditQuery {
        text: words.to_owned(),
        ..all()
    };
    let submitted = AuditQuery {
        actions: named("job.submitted"),
        to: before(2000),
        ..all()
    };
    let job = store.audit_page(&submitted, &Seek::Start, 1).await?;
    let job = job.items.first().and_then(|row| row.event.job.clone());
    Ok(vec![
        ("none", all()),
        (
            "the last 30 days",
            AuditQuery {
                from: before(720),
                ..all()
            },
        ),
        (
            "a month, half a year ago",
            AuditQuery {
                from: before(5000),
                to: before(4280),
                ..all()
            },
        ),
        (
            "actor",
            AuditQuery {
                actor: some("c.öztürk"),
                ..all()
            },
        ),
        (
            "action of an event",
            AuditQuery {
                actions: named("job.submitted"),
                ..all()
            },
        ),
        (
            "action that was sent",
            AuditQuery {
                actions: named("Reboot"),
                ..all()
            },
        ),
        (
            "actions by their beginning",
            AuditQuery {
                actions: named("account.*"),
                ..all()
            },
        ),
        (
            "all but one kind",
            AuditQuery {
                not_actions: named("target.*"),
                ..all()
            },
        ),
        (
            "result, frequent",
            AuditQuery {
                results: vec![EventResult::Acknowledged],
                ..all()
            },
        ),
        (
            "result, rare",
            AuditQuery {
                results: vec![EventResult::Denied],
                ..all()
            },
        ),
        (
            "phone",
            AuditQuery {
                phone: Some("80:5e:00:00:12:34".parse()?),
                ..all()
            },
        ),
        (
            "site",
            AuditQuery {
                site: some("site-07"),
                ..all()
            },
        ),
        (
            "group",
            AuditQuery {
                group: some("floor-3"),
                ..all()
            },
        ),
        ("job", AuditQuery { job, ..all() }),
        (
            "address",
            AuditQuery {
                ip: some("10.20.4.7"),
                ..all()
            },
        ),
        (
            "site, action and result",
            AuditQuery {
                site: some("site-07"),
                actions: named("Reboot"),
                results: vec![EventResult::Failed],
                ..all()
            },
        ),
        ("a word of the reason", text("weekend")),
        ("a number of the reason", text("inc-4242")),
        ("a name of a phone", text("ward 4711")),
        ("part of all names", text("ward")),
        ("a word that is nowhere", text("zebra")),
    ])
}

/// First and hundredth page, in milliseconds.
async fn pages(store: &Store, query: &AuditQuery, by_job: bool) -> Outcome<(f64, f64)> {
    let (first, mut page) = timed(store, query, &Seek::Start, by_job).await?;
    let mut seek = Seek::Start;
    for _ in 1..100 {
        let Some(next) = page.next.clone() else { break };
        seek = Seek::After(next);
        page = one(store, query, &seek, by_job).await?;
    }
    let (hundredth, _) = timed(store, query, &seek, by_job).await?;
    Ok((milliseconds(first), milliseconds(hundredth)))
}

async fn one(
    store: &Store,
    query: &AuditQuery,
    seek: &Seek,
    by_job: bool,
) -> Outcome<Page<AuditRow>> {
    Ok(if by_job {
        store.audit_page_by_job(query, seek, ROWS).await?
    } else {
        store.audit_page(query, seek, ROWS).await?
    })
}

async fn ask(store: &Store, name: &str, query: &AuditQuery) -> Outcome<()> {
    let (first, hundredth) = pages(store, query, false).await?;
    let (first_by_job, hundredth_by_job) = pages(store, query, true).await?;
    let (took, count) = counted(store, query).await?;
    let mark = if count.exact { "" } else { "at least " };
    println!(
        "| {name} | {mark}{} | {first:.1} | {hundredth:.1} | {:.1} | {first_by_job:.1} | \
         {hundredth_by_job:.1} |",
        count.count,
        milliseconds(took)
    );
    Ok(())
}

/// The 19th of 20 times of the count, and the count.
async fn counted(store: &Store, query: &AuditQuery) -> Outcome<(Duration, AtLeast)> {
    let mut times = Vec::with_capacity(TURNS);
    loop {
        let started = Instant::now();
        let count = store.audit_count(query, LOOKED_AT).await?;
        times.push(started.elapsed());
        if times.len() == TURNS {
            times.sort();
            return Ok((times[TURNS * 95 / 100 - 1], count));
        }
    }
}

/// The 19th of 20 times of one page, and the page.
async fn timed(
    store: &Store,
    query: &AuditQuery,
    seek: &Seek,
    by_job: bool,
) -> Outcome<(Duration, Page<AuditRow>)> {
    let mut times = Vec::with_capacity(TURNS);
    loop {
        let started = Instant::now();
        let page = one(store, query, seek, by_job).await?;
        times.push(started.elapsed());
        if times.len() == TURNS {
            times.sort();
            return Ok((times[TURNS * 95 / 100 - 1], page));
        }
    }
}

/// Reads everything: as it is stored, and as records, as exports of both forms do.
async fn export(store: &Store) -> Outcome<()> {
    for (form, parsed) in [("as stored", false), ("as records", true)] {
        let (mut rows, mut bytes) = (0, 0);
        let idle = memory()?;
        let started = Instant::now();
        let mut export = store.audit_export(&AuditQuery::default()).await?;
        while let Some(lines) = store.audit_export_step(&mut export).await? {
            rows += lines.records;
            bytes += lines.text.len();
            if parsed {
                for record in lines.records() {
                    record?;
                }
            }
        }
        let rate = rows as f64 / started.elapsed().as_secs_f64();
        println!(
            "\nexport {form}: {rows} records, {} MB, {rate:.0} a second; memory {idle} KiB before, \
             {} KiB at most",
            bytes / 1_000_000,
            memory()?
        );
    }
    Ok(())
}

/// The most memory that this process had, in KiB.
fn memory() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(number.ok_or("no memory told")?.parse()?)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
