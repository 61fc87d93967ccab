//! Where values come from: flags, environment, file.
//!
//! Owns the order of precedence and the refusal of unknown keys. Understands no value.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::table::{SETTINGS, Setting, setting};
use super::{Problem, SettingFlags};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The command line.
    Flag,
    /// An environment variable.
    Environment,
    /// The settings file.
    File(PathBuf),
    /// Nobody set it.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// The value of every setting that somebody set, and who did.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    values: BTreeMap<&'static str, (Vec<String>, Source)>,
    problems: Vec<Problem>,
}

impl Layers {
    /// Reads flags, environment and file. What is wrong with the file is told together with
    /// what is wrong with the values.
    pub fn read(flags: &SettingFlags) -> Self {
        Self::combine(flags, &environment)
    }

    /// The same with a given environment.
    pub fn combine(flags: &SettingFlags, environment: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut layers = Self::default();
        for setting in SETTINGS {
            if let Some(values) = flags.get(setting.key) {
                layers.put(setting, values.to_vec(), Source::Flag);
            } else if let Some(value) = environment(setting.env).filter(|text| !text.is_empty()) {
                layers.put(setting, vec![value], Source::Environment);
            }
        }
        layers.add_file();
        layers
    }

    /// A file that cannot be read, and its keys that do not exist.
    pub(super) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Values and source of a setting; `None` where only the default stands.
    pub(super) fn get(&self, key: &str) -> Option<&(Vec<String>, Source)> {
        self.values.get(key)
    }

    /// Where the value of a setting came from.
    pub fn source(&self, key: &str) -> Source {
        self.get(key)
            .map_or(Source::Default, |(_, source)| source.clone())
    }

    /// One text, where the setting takes one.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)
            .and_then(|(values, _)| values.last())
            .map(String::as_str)
    }

    fn put(&mut self, setting: &Setting, values: Vec<String>, source: Source) {
        if let Some(known) = SETTINGS.iter().find(|known| known.key == setting.key) {
            self.values.entry(known.key).or_insert((values, source));
        }
    }

    fn add_file(&mut self) {
        let named = self.text("config").map(PathBuf::from);
        let data_dir = self.text("data-dir").unwrap_or("./data");
        let path = named
            .clone()
            .unwrap_or_else(|| Path::new(data_dir).join("carillon.toml"));
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
                return;
            }
            Err(error) => return self.problems.push(unreadable(&path, &error.to_string())),
        };
        match text.parse::<toml::Table>() {
            Ok(table) => self.add_table(&path, table),
            Err(error) => self.problems.push(unreadable(&path, error.message())),
        }
    }

    fn add_table(&mut self, path: &Path, table: toml::Table) {
        for (key, value) in table {
            match (
                setting(&key).filter(|row| row.key != "config"),
                texts(value),
            ) {
                (Some(row), Some(values)) => self.put(row, values, Source::File(path.to_owned())),
                (Some(_), None) => self.problems.push(in_file(
                    path,
                    &key,
                    "takes a text, a number, true or false, or a list of texts or numbers",
                )),
                (None, _) => self.problems.push(in_file(path, &key, "no such setting")),
            }
        }
    }
}

fn in_file(path: &Path, key: &str, problem: &str) -> Problem {
    Problem {
        source: Source::File(path.to_owned()),
        name: key.to_owned(),
        problem: problem.to_owned(),
    }
}

fn unreadable(path: &Path, why: &str) -> Problem {
    in_file(
        path,
        "config",
        &format!("cannot be read: {why}; mend the file or name another with --config"),
    )
}

fn texts(value: toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::Array(items) => items.into_iter().map(text).collect(),
        single => text(single).map(|text| vec![text]),
    }
}

fn text(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(switch) => Some(switch.to_string()),
        _ => None,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads settings from the environment"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What `carillon send` needs to know: `CARILLON_URL` and `CARILLON_TOKEN`.
pub fn client_environment() -> (Option<String>, Option<secrecy::SecretString>) {
    (
        environment("CARILLON_URL"),
        environment("CARILLON_TOKEN").map(Into::into),
    )
}

/// The directory in which the service manager hands over credentials.
pub fn credentials_directory() -> Option<PathBuf> {
    environment("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}
