//! Faults on purpose, against the real program, real phones and real databases: it is killed,
//! its disk fills, its database goes away, its clock jumps, its network breaks; and afterwards
//! what it says must be what happened.
//!
//! Owns the list of campaigns. Everything happens on loopback and in temporary folders.

use std::time::Instant;

mod accounts;
mod chance;
mod clock;
mod commits;
mod damage;
mod database;
mod delivery;
mod disk;
mod errors;
mod full;
mod hostile;
mod http;
mod kills;
mod limits;
mod network;
mod options;
mod phones;
mod points;
mod power;
mod product;
mod proxy;
mod stand;
mod stops;

use crate::postgres::Cluster;
use crate::process::step;
use crate::tally::Tally;
use options::Database;
pub(crate) use options::Options;

/// What a campaign came to, if nothing was wrong.
enum Outcome {
    /// What was shown.
    Passed(Vec<String>),
    /// Why it could not be run here.
    Skipped(String),
}

type Campaign = fn(&Options) -> Result<Outcome, String>;

const CAMPAIGNS: &[(&str, Campaign)] = &[
    ("kills", kills::run),
    ("two-jobs", kills::two_jobs),
    ("stops", stops::run),
    ("network", network::run),
    ("database", database::run),
    ("disk", disk::run),
    ("clock", clock::run),
    ("points", points::run),
    ("errors", errors::run),
    ("damage", damage::run),
    ("power", power::run),
    ("hostile", hostile::run),
];

/// Runs the campaigns of these options and says how many passed.
pub(crate) fn run(options: &Options) -> Result<Tally, String> {
    let known = |name: &String| CAMPAIGNS.iter().any(|(known, _)| known == name);
    if let Some(name) = options.campaigns.iter().find(|name| !known(name)) {
        let names: Vec<_> = CAMPAIGNS.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "no campaign is called {name}: {}",
            names.join(", ")
        ));
    }
    if !options.binary.is_file() {
        let binary = options.binary.display();
        return Err(format!("{binary} is missing: cargo build -p carillon"));
    }
    println!("seed {}", options.seed);
    let mut tally = Tally::default();
    let started = Instant::now();
    for (name, campaign) in CAMPAIGNS {
        if options.campaigns.is_empty() || options.campaigns.iter().any(|wanted| wanted == name) {
            tally = tally.plus(one(name, *campaign, options)?);
        }
    }
    let seconds = started.elapsed().as_secs();
    println!(
        "\nfaults: {} shown in {seconds} s, seed {}",
        tally.passed, options.seed
    );
    Ok(tally)
}

fn one(name: &str, campaign: Campaign, options: &Options) -> Result<Tally, String> {
    let mut passed = 0;
    match step(&format!("faults: {name}"), || campaign(options))? {
        Outcome::Passed(lines) => {
            for line in &lines {
                println!("   {line}");
            }
            passed = lines.len() as u64;
        }
        Outcome::Skipped(why) => println!("   skipped: {why}"),
    }
    Ok(Tally { passed, failed: 0 })
}

/// Where the product keeps its data in one campaign.
struct Home(Option<Cluster>);

impl Home {
    fn open(database: Database) -> Result<Self, String> {
        match database {
            Database::Sqlite => Ok(Self(None)),
            Database::Postgres => Cluster::start_durable().map(Some).map(Self),
        }
    }

    /// A new database of this name; `None` means SQLite in the data directory.
    fn database(&self, name: &str) -> Result<Option<String>, String> {
        self.0
            .as_ref()
            .map(|cluster| cluster.database(name))
            .transpose()
    }
}

/// Runs the same on every database of the options.
fn each_database(
    options: &Options,
    work: impl Fn(&Home, Database) -> Result<String, String>,
) -> Result<Outcome, String> {
    let mut lines = Vec::new();
    for database in &options.databases {
        let home = Home::open(*database)?;
        let line = work(&home, *database).map_err(|why| format!("{database:?}: {why}"))?;
        lines.push(format!("{database:?}: {line}"));
    }
    Ok(Outcome::Passed(lines))
}

/// `check-delivery`: the oracle alone, over files of any origin.
pub(crate) fn check_delivery(words: impl Iterator<Item = String>) -> Result<(), String> {
    let verdict = delivery::check(words)?;
    println!("{verdict}");
    if verdict.is_clean() {
        Ok(())
    } else {
        Err("what the product says is not what happened".to_owned())
    }
}
