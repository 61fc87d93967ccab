//! What grows with the number of phones, and what must not.
//!
//! Owns the comparison of fleets of several sizes at the full number in flight.

use carillon_simulator::Auth;

use crate::fanout::{self, Case, cost};
use crate::measure::{Measured, median};
use crate::{Flags, Outcome, report};

const SIZES: &[u32] = &[1_000, 10_000];
const LARGE: u32 = 50_000;
/// Phones that answer after a while keep the whole window in flight.
const ANSWER_MS: u64 = 50;
const IN_FLIGHT: usize = 1_024;

pub(crate) fn grow(flags: &Flags) -> Outcome<()> {
    report::line(
        "\n| phones | speed (bare = 1) | CPU µs bare | CPU µs product | CPU ratio | memory above idle, MiB: submission, then dispatch (bare) | descriptors above idle | submit s |",
    )?;
    report::line("|---|---|---|---|---|---|---|---|")?;
    let large = flags.long.then_some(LARGE);
    for phones in SIZES.iter().copied().chain(large) {
        let case = Case {
            name: "",
            auth: Auth::Digest,
            answer_ms: ANSWER_MS,
            in_flight: IN_FLIGHT,
            phones,
            rounds: flags.rounds.min(2),
            database: None,
        };
        let pair = fanout::run(&case)?;
        let memory =
            |runs: &[Measured]| median(runs.iter().map(|run| run.peak_kib as f64)) / 1_024.0;
        report::line(&format!(
            "| {phones} | {:.2} | {:.0} | {:.0} | {:.2} | {:.0}, {:.0} ({:.0}) | {:.0} | {:.2} |",
            pair.speed(),
            cost(&pair.bare),
            cost(&pair.product),
            pair.cost(),
            median(pair.product.iter().map(|run| run.submit_kib as f64)) / 1_024.0,
            memory(&pair.product),
            memory(&pair.bare),
            median(pair.product.iter().map(|run| run.descriptors as f64)),
            median(pair.product.iter().map(|run| run.submit_seconds)),
        ))?;
    }
    Ok(())
}
