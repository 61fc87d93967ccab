//! The product against the bare loop, in turns.
//!
//! Owns the rounds: A B A B, each side in a fresh process, and the medians of both.

use std::path::Path;

use carillon_simulator::Auth;
use tempfile::TempDir;

use crate::bare::BareOrder;
use crate::measure::{Measured, median};
use crate::phones::{self, Phones};
use crate::product::{ProductOrder, ProductRun};
use crate::{Flags, Outcome, Part, child, report};

/// One comparison.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) auth: Auth,
    pub(crate) answer_ms: u64,
    pub(crate) in_flight: usize,
    pub(crate) phones: u32,
    pub(crate) rounds: usize,
    pub(crate) database: Option<String>,
}

/// Both sides of one comparison.
pub(crate) struct Pair {
    pub(crate) bare: Vec<Measured>,
    pub(crate) product: Vec<Measured>,
}

pub(crate) fn compare(flags: &Flags) -> Outcome<()> {
    report::fanout_head()?;
    // The cases on Postgres share its database, and so its key.
    let place = tempfile::tempdir()?;
    for (part, case) in cases(flags) {
        if flags.wants(part) {
            let pair = run_at(&case, place.path())?;
            report::fanout_row(&case, &pair)?;
        }
    }
    Ok(())
}

fn cases(flags: &Flags) -> Vec<(Part, Case)> {
    let case = |name, auth, answer_ms, in_flight| Case {
        name,
        auth,
        answer_ms,
        in_flight,
        phones: flags.phones,
        rounds: flags.rounds,
        database: None,
    };
    let mut cases = vec![
        (Part::Open, case("no password, 0 ms", Auth::None, 0, 256)),
        (Part::Digest, case("Digest, 0 ms", Auth::Digest, 0, 256)),
        (Part::Far, case("Digest, 125 ms", Auth::Digest, 125, 1_024)),
    ];
    if flags.postgres.is_some() {
        // What a harmless command gets where nothing is said, and the most that a job may have.
        for in_flight in [256, 1_024] {
            let mut postgres = case("Digest, 0 ms, Postgres", Auth::Digest, 0, in_flight);
            postgres.database.clone_from(&flags.postgres);
            cases.push((Part::Postgres, postgres));
        }
    }
    cases
}

/// Lets both sides take turns over the same phones.
pub(crate) fn run(case: &Case) -> Outcome<Pair> {
    let place = tempfile::tempdir()?;
    run_at(case, place.path())
}

fn run_at(case: &Case, place: &Path) -> Outcome<Pair> {
    let config = phones::healthy(case.phones, case.auth, case.answer_ms);
    let (_kept, phones) = phones::start(config, place.join("phones.csv"))?;
    let mut pair = Pair {
        bare: Vec::new(),
        product: Vec::new(),
    };
    for _ in 0..case.rounds {
        pair.bare
            .push(whole(bare(case, &phones, place)?, "bare", &phones)?);
        pair.product
            .push(whole(product(case, &phones, place)?, "product", &phones)?);
    }
    Ok(pair)
}

/// A run counts only if every phone took the command.
fn whole(run: Measured, side: &str, phones: &Phones) -> Outcome<Measured> {
    if run.well == phones.all.len() {
        return Ok(run);
    }
    Err(format!(
        "{side}: {} of {} phones took it",
        run.well,
        phones.all.len()
    )
    .into())
}

fn bare(case: &Case, phones: &Phones, place: &Path) -> Outcome<Measured> {
    let file = place.join("addresses.json");
    let addresses: Vec<_> = phones.all.iter().map(|phone| phone.address).collect();
    std::fs::write(&file, serde_json::to_vec(&addresses)?)?;
    let site = phones.sites.first().ok_or("a fleet without sites")?;
    child::run(
        "bare",
        &BareOrder {
            file,
            in_flight: case.in_flight,
            username: site.username.clone(),
            password: site.password.clone(),
        },
    )
}

/// SQLite is new in every round. Postgres is one database for all of them, and so is its key.
fn product(case: &Case, phones: &Phones, place: &Path) -> Outcome<Measured> {
    let folder = tempfile::tempdir()?;
    let keys = case.database.as_ref().map(|_| place.to_owned());
    let order = ProductOrder {
        phones: phones.clone(),
        folder: keys.unwrap_or_else(|| folder.path().to_owned()),
        database: case.database.clone(),
        in_flight: case.in_flight,
        timeout_ms: 8_000,
        targets: false,
        evidence: false,
    };
    let run = run_product(&order, &folder)?;
    Ok(run.measured)
}

/// Runs the product once. The order is a file, because it names every phone.
pub(crate) fn run_product(order: &ProductOrder, folder: &TempDir) -> Outcome<ProductRun> {
    let file = folder.path().join("order.json");
    std::fs::write(&file, serde_json::to_vec(order)?)?;
    child::run_with("product", &file.display().to_string())
}

impl Pair {
    /// How fast the product is, the bare loop being 1.
    pub(crate) fn speed(&self) -> f64 {
        let of = |runs: &[Measured]| median(runs.iter().map(|run| run.seconds));
        of(&self.bare) / of(&self.product)
    }

    /// What a phone costs, the bare loop being 1.
    pub(crate) fn cost(&self) -> f64 {
        cost(&self.product) / cost(&self.bare)
    }
}

/// Processor time for one phone, in microseconds.
pub(crate) fn cost(runs: &[Measured]) -> f64 {
    median(
        runs.iter()
            .map(|run| run.cpu_micros as f64 / run.well.max(1) as f64),
    )
}
