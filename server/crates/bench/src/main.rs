//! The benchmark: what dispatch costs, as ratios to a bare loop over the same phones.
//!
//! Owns the order of the comparisons and what is printed. Only ratios of one run mean anything:
//! both sides take turns on the same machine, against the same phones, under the same limits.

mod bare;
mod child;
mod crowds;
mod durable;
mod evidence;
mod fanout;
mod hostile;
mod machine;
mod measure;
mod pages;
mod phones;
mod product;
mod report;
mod scale;
mod server;
mod web;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

/// Anything that ends the benchmark.
type Failure = Box<dyn std::error::Error + Send + Sync>;
type Outcome<T> = Result<T, Failure>;

/// Measures dispatch in ratios to a bare loop.
#[derive(Parser)]
#[command(name = "carillon-bench")]
struct Flags {
    /// Phones of the comparisons
    #[arg(long, default_value_t = 10_000)]
    phones: u32,
    /// How often the two sides take turns
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// An empty Postgres database to compare with as well
    #[arg(long)]
    postgres: Option<String>,
    /// Also 50,000 phones
    #[arg(long)]
    long: bool,
    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// The server, for the parts that read its pages
    #[arg(long)]
    server: Option<std::path::PathBuf>,
}

/// A part of the benchmark.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Open,
    Digest,
    Far,
    Postgres,
    Scale,
    Hostile,
    Pages,
    Evidence,
    /// Both of the following
    Crowds,
    /// A thousand sign-ins at once
    SignIns,
    /// Two thousand slow connections
    Slow,
}

impl Flags {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// As the server has it. What thousands of exchanges leave behind lies in pieces between what lives longer. The system's
/// allocator keeps such pages; this one gives them back.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::complain(&*error);
            ExitCode::FAILURE
        }
    }
}

fn work() -> Outcome<()> {
    let mut words = std::env::args().skip(1);
    let (role, order) = (words.next().unwrap_or_default(), words.next());
    // Both sides and the phones need a descriptor for each conversation.
    let limit = carillon_simulator::raise_descriptor_limit();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if role == "product" {
        runtime.on_thread_start(carillon_engine::dispatch::give_way);
    }
    let runtime = runtime.enable_all().build()?;
    match (role.as_str(), order) {
        ("phones", Some(order)) => runtime.block_on(phones::serve(serde_json::from_str(&order)?)),
        ("bare", Some(order)) => runtime.block_on(bare::serve(serde_json::from_str(&order)?)),
        ("product", Some(order)) => runtime.block_on(product::serve(serde_json::from_slice(
            &std::fs::read(order)?,
        )?)),
        _ => {
            let flags = Flags::parse();
            report::title(&flags, limit)?;
            measure_all(&flags, &runtime)
        }
    }
}

fn measure_all(flags: &Flags, runtime: &tokio::runtime::Runtime) -> Outcome<()> {
    fanout::compare(flags)?;
    if flags.wants(Part::Scale) {
        scale::grow(flags)?;
    }
    if flags.wants(Part::Hostile) {
        hostile::measure(flags)?;
    }
    if flags.wants(Part::Evidence) {
        evidence::measure(flags)?;
    }
    if let Some(program) = &flags.server {
        if flags.wants(Part::Pages) {
            runtime.block_on(pages::measure(flags, program))?;
        }
        runtime.block_on(crowds::measure(flags, program))?;
    }
    Ok(())
}
