//! What a run of the fault suite is told.

use std::path::PathBuf;

use crate::workspace::target_dir;

/// How much, of what, and where from.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) binary: PathBuf,
    /// Where every random moment comes from.
    pub(crate) seed: u64,
    /// Kills on each database.
    pub(crate) kills: u64,
    /// Phones of the kill loop; the other campaigns have fewer.
    pub(crate) phones: u64,
    /// Requests at once.
    pub(crate) window: u64,
    /// Turns of every other campaign.
    pub(crate) turns: u64,
    pub(crate) databases: Vec<Database>,
    /// Names of the campaigns; all where none is named.
    pub(crate) campaigns: Vec<String>,
    /// Leaves the files of each stand behind.
    pub(crate) keep: bool,
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

pub(crate) const USAGE: &str = "\
cargo xtask faults [CAMPAIGN…] [--kills N] [--phones N] [--window N] [--turns N] [--seed N]
                   [--database sqlite|postgres] [--binary FILE] [--keep]";

impl Options {
    /// The long form: minutes to an hour, by its counts.
    pub(crate) fn long() -> Result<Self, String> {
        Ok(Self {
            binary: target_dir()?.join("debug/carillon"),
            seed: u64::from(std::process::id()),
            kills: 50,
            phones: 10_000,
            window: 64,
            turns: 5,
            databases: vec![Database::Sqlite, Database::Postgres],
            campaigns: Vec::new(),
            keep: false,
        })
    }

    /// The short form, a part of the tests.
    pub(crate) fn short() -> Result<Self, String> {
        Ok(Self {
            kills: 20,
            phones: 1_000,
            turns: 1,
            // A full disk and power cuts need root; hostile phones are waited for.
            campaigns: [
                "kills", "two-jobs", "stops", "network", "database", "clock", "points", "damage",
            ]
            .map(str::to_owned)
            .into(),
            ..Self::long()?
        })
    }

    /// Whether every variant is wanted, and not only one of each kind.
    pub(crate) const fn is_long(&self) -> bool {
        self.turns > 1
    }

    /// Reads a command line.
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::long()?;
        while let Some(word) = words.next() {
            let mut number = || {
                let value = words.next().and_then(|text| text.parse::<u64>().ok());
                value
                    .filter(|n| *n > 0)
                    .ok_or(format!("{word} needs a number\n{USAGE}"))
            };
            match word.as_str() {
                "--short" => {
                    let short = Self::short()?;
                    let named = !options.campaigns.is_empty();
                    options = Self {
                        campaigns: if named {
                            options.campaigns
                        } else {
                            short.campaigns
                        },
                        ..short
                    };
                }
                "--kills" => options.kills = number()?,
                "--phones" => options.phones = number()?,
                "--window" => options.window = number()?,
                "--turns" => options.turns = number()?,
                "--seed" => options.seed = number()?,
                "--keep" => options.keep = true,
                "--binary" => options.binary = words.next().map(PathBuf::from).ok_or(USAGE)?,
                "--database" => options.databases = vec![database(words.next().as_deref())?],
                name if !name.starts_with('-') => options.campaigns.push(name.to_owned()),
                _ => return Err(format!("{word} is unknown\n{USAGE}")),
            }
        }
        Ok(options)
    }
}

fn database(word: Option<&str>) -> Result<Database, String> {
    match word {
        Some("sqlite") => Ok(Database::Sqlite),
        Some("postgres") => Ok(Database::Postgres),
        _ => Err(format!("--database needs sqlite or postgres\n{USAGE}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Database, Options};

    #[test]
    fn words_become_options() {
        let words = "kills --short --kills 7 --database postgres".split(' ');
        let read = Options::read(words.map(str::to_owned));
        let read = read.map(|options| (options.campaigns, options.kills, options.databases));
        let expected = (vec!["kills".to_owned()], 7, vec![Database::Postgres]);
        assert_eq!(read, Ok(expected));
        for wrong in ["--kills 0", "--kills", "--database oracle", "--wrong"] {
            assert!(
                Options::read(wrong.split(' ').map(str::to_owned)).is_err(),
                "{wrong}"
            );
        }
    }
}
