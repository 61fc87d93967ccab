//! What is printed: tables in Markdown, ready for `docs/performance.md`.
//!
//! Owns standard output and standard error of the benchmark.

use std::io::Write;

use crate::fanout::{Case, Pair, cost};
use crate::measure::{Measured, median};
use crate::{Flags, Outcome, machine};

/// One line of the report.
pub(crate) fn line(text: &str) -> Outcome<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

pub(crate) fn complain(error: &(dyn std::error::Error + Send + Sync)) {
    let _ = writeln!(std::io::stderr(), "carillon-bench: {error}");
}

pub(crate) fn title(flags: &Flags, limit: Option<u64>) -> Outcome<()> {
    let limit = limit.map_or_else(|| "no limit of".to_owned(), |most| most.to_string());
    line(&format!(
        "Machine: {}; {limit} descriptors; {} phones, {} rounds",
        machine::description(),
        flags.phones,
        flags.rounds
    ))
}

pub(crate) fn fanout_head() -> Outcome<()> {
    line(
        "\n| fan-out | in flight | bare s | product s | speed (bare = 1) | all rounds | CPU µs bare | CPU µs product | CPU ratio | durable ms p50 / p99 | skew ms p99 bare, product | ratio |",
    )?;
    line("|---|---|---|---|---|---|---|---|---|---|---|---|")
}

pub(crate) fn fanout_row(case: &Case, pair: &Pair) -> Outcome<()> {
    let seconds = |runs: &[Measured]| median(runs.iter().map(|run| run.seconds));
    let skew = |runs: &[Measured]| median(runs.iter().map(|run| run.skew_ms));
    let rounds = pair.bare.iter().zip(&pair.product);
    let rounds = rounds.map(|(bare, ours)| format!("{:.2}", bare.seconds / ours.seconds));
    line(&format!(
        "| {} | {} | {:.2} | {:.2} | **{:.2}** | {} | {:.0} | {:.0} | {:.2} | {:.1} / {:.1} | {:.0}, {:.0} | {:.2} |",
        case.name,
        case.in_flight,
        seconds(&pair.bare),
        seconds(&pair.product),
        pair.speed(),
        rounds.collect::<Vec<_>>().join(" "),
        cost(&pair.bare),
        cost(&pair.product),
        pair.cost(),
        median(pair.product.iter().map(|run| run.durable_ms.0)),
        median(pair.product.iter().map(|run| run.durable_ms.1)),
        skew(&pair.bare),
        skew(&pair.product),
        skew(&pair.product) / skew(&pair.bare),
    ))
}
