//! What it costs a broadcast that its records cannot be changed unseen.
//!
//! Owns a second look at the records of one broadcast, in the same process: they are hashed into a
//! tree once more, in batches as they were written, and signed in a copy of the log: at every
//! thousandth record, as slow work is signed, and as the server signs this broadcast, which looks
//! once a second. All of it stands as processor time beside that of the broadcast, which holds the
//! hashing and not the signing.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use carillon_domain::event::Event;
use carillon_engine::audit::{Journal, Notary, NotaryParts, Seal, SigningKey};
use carillon_engine::secrets::KeySource;
use carillon_engine::{Clock, Engine, Random};
use carillon_simulator::Auth;
use carillon_store::{AuditQuery, AuditRow, Frontier, Store, leaf_hash};
use serde::{Deserialize, Serialize};

use crate::measure::median;
use crate::product::{ProductOrder, ProductRun};
use crate::{Flags, Outcome, fanout, machine, phones, report};

/// Records of one transaction of a busy broadcast: results and the next intents.
const BATCH: usize = 120;
/// Records from which on a look at the log signs it.
const SIGNED: usize = 1_000;
/// Hashing is quick; so often it is long enough to be measured.
const TIMES: u64 = 10;

/// Processor time, in microseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Evidence {
    /// Of hashing all records and keeping the tree's frontier.
    pub(crate) hashing: u64,
    /// Of a checkpoint for every 1,000 records: reading hashes, closing tiles, signing, writing.
    pub(crate) signing: u64,
    /// The same of a checkpoint for every second.
    pub(crate) looking: u64,
}

/// Takes the log of a broadcast that has ended, and took so long.
pub(crate) async fn cost(engine: &Engine, folder: &Path, took: Duration) -> Outcome<Evidence> {
    let all = AuditQuery::default();
    let rows = engine.store.audit_batch(&all, -1, i64::MAX).await?;
    let hashing = hashed(&rows);
    let events: Vec<_> = rows.into_iter().map(|row| row.event).collect();
    let looks = usize::try_from(took.as_secs())? + 1;
    let second = events.len().div_ceil(looks).max(SIGNED);
    let (thousand, once) = (tempfile::tempdir_in(folder)?, tempfile::tempdir_in(folder)?);
    Ok(Evidence {
        hashing,
        signing: signed(&events, SIGNED, thousand.path()).await?,
        looking: signed(&events, second, once.path()).await?,
    })
}

fn hashed(rows: &[AuditRow]) -> u64 {
    let before = machine::cpu_micros("self");
    for _ in 0..TIMES {
        let mut frontier = Frontier::default();
        for batch in rows.chunks(BATCH) {
            for row in batch {
                frontier.push(leaf_hash(row.entry.as_bytes()));
            }
            black_box(frontier.to_bytes());
        }
    }
    (machine::cpu_micros("self").saturating_sub(before)) / TIMES
}

async fn signed(events: &[Event], each: usize, folder: &Path) -> Outcome<u64> {
    let source = KeySource::File(folder.join("evidence.key"));
    let key = SigningKey::create(&source, &Random::system())?;
    let file = folder.join("evidence.db");
    let store = Store::open(&format!("sqlite:{}", file.display())).await?;
    store.migrate().await?;
    let notary = Notary::new(NotaryParts {
        store: store.clone(),
        clock: Clock::system(),
        seal: Ok(Seal::Key(Box::new(key))),
        journal: Journal::new(folder.join("evidence.checkpoints")),
        anchors: Vec::new(),
    });
    let mut micros = 0;
    for events in events.chunks(each) {
        let unit = store.begin().await?;
        unit.record(events).await?.commit().await?;
        let before = machine::cpu_micros("self");
        notary.look(true).await?;
        micros += machine::cpu_micros("self").saturating_sub(before);
    }
    store.close().await;
    Ok(micros)
}

/// Broadcasts, and what evidence has of them.
pub(crate) fn measure(flags: &Flags) -> Outcome<()> {
    report::line(
        "\n| broadcast | CPU µs a phone, without signing | hashing | signed each 1,000 records \
         | evidence, of all | signed each second | evidence, of all |",
    )?;
    report::line("|---|---|---|---|---|---|---|")?;
    for (name, auth) in [
        ("no password, 0 ms", Auth::None),
        ("Digest, 0 ms", Auth::Digest),
    ] {
        let runs = (0..flags.rounds).map(|_| broadcast(flags.phones, auth));
        let runs = runs.collect::<Outcome<Vec<_>>>()?;
        let of = |part: fn(&(f64, Evidence)) -> f64| median(runs.iter().map(part));
        let (whole, hashing) = (of(|run| run.0), of(|run| run.1.hashing as f64));
        let signing = of(|run| run.1.signing as f64);
        let looking = of(|run| run.1.looking as f64);
        let share = |signing: f64| 100.0 * (hashing + signing) / (whole + signing);
        let each = |micros: f64| micros / f64::from(flags.phones);
        report::line(&format!(
            "| {name} | {:.1} | {:.1} | {:.1} | **{:.1} %** | {:.1} | **{:.1} %** |",
            each(whole),
            each(hashing),
            each(signing),
            share(signing),
            each(looking),
            share(looking)
        ))?;
    }
    Ok(())
}

/// One run: processor time of the broadcast, and of its evidence.
fn broadcast(count: u32, auth: Auth) -> Outcome<(f64, Evidence)> {
    let folder = tempfile::tempdir()?;
    let config = phones::healthy(count, auth, 0);
    let (_kept, phones) = phones::start(config, folder.path().join("phones.csv"))?;
    let order = ProductOrder {
        phones,
        folder: folder.path().to_owned(),
        database: None,
        in_flight: 256,
        timeout_ms: 8_000,
        targets: false,
        evidence: true,
    };
    let run: ProductRun = fanout::run_product(&order, &folder)?;
    let evidence = run.evidence.ok_or("the evidence was not looked at")?;
    Ok((run.measured.cpu_micros as f64, evidence))
}
