//! How long an answer waits until its result is durable.
//!
//! Owns the comparison of three instants that the product writes or tells anyway: when the
//! phone had answered (the target), when its batch began (the audit record), and when the
//! commit of that batch was told (the feed). The recorder is one task, so the first signal after
//! a batch began is that batch's own.

use std::collections::HashMap;

use carillon_domain::{Mac, Timestamp};
use carillon_engine::Engine;
use carillon_store::{AuditQuery, TargetRow};
use tokio::task::JoinHandle;

use crate::measure::percentile;
use crate::{Outcome, product};

/// Notes when each commit of the job was told, until the job has ended.
pub(crate) fn watch(engine: &Engine, job: &str) -> JoinHandle<Vec<Timestamp>> {
    let mut commits = engine.feed.watch_job(job);
    let mut states = engine.feed.watch_jobs();
    let engine = engine.clone();
    tokio::spawn(async move {
        let mut signals = Vec::new();
        loop {
            tokio::select! {
                biased;
                told = commits.changed() => {
                    if told.is_err() { return signals }
                    signals.push(product::now(&engine));
                }
                _ = states.changed() => {
                    signals.push(product::now(&engine));
                    return signals;
                }
            }
        }
    })
}

/// The middle and the 99th of 100, in milliseconds.
pub(crate) async fn delays(
    engine: &Engine,
    job: &str,
    targets: &[TargetRow],
    signals: Vec<Timestamp>,
) -> Outcome<(f64, f64)> {
    let query = AuditQuery {
        job: Some(job.to_owned()),
        actions: vec!["target.result".to_owned()],
        ..AuditQuery::default()
    };
    let mut began: HashMap<Mac, Timestamp> = HashMap::new();
    for row in engine.store.audit_batch(&query, -1, 1_000_000).await? {
        if let Some(phone) = row.event.phone {
            began.insert(phone, row.event.at);
        }
    }
    let delay = |target: &TargetRow| {
        let (answered, began) = (target.finished_at?, began.get(&target.mac)?);
        let place = signals.partition_point(|signal| signal < began);
        let told = signals.get(place)?;
        Some((told.micros() - answered.micros()) as f64 / 1_000.0)
    };
    let delays: Vec<f64> = targets.iter().filter_map(delay).collect();
    Ok((
        percentile(delays.iter().copied(), 0.5),
        percentile(delays, 0.99),
    ))
}
