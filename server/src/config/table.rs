//! What a row of the table of settings makes: the flag, the variable, the file key and the help.

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

pub use super::rows::SETTINGS;

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Key in `carillon.toml` and name of the flag, with hyphens.
    pub key: &'static str,
    /// Environment variable.
    pub env: &'static str,
    /// Text of the default; empty where there is none.
    pub default: &'static str,
    /// What a value looks like.
    pub value: &'static str,
    /// One line for people.
    pub help: &'static str,
    /// What kind of value it takes.
    pub kind: Kind,
}

/// What kind of value a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One text.
    Text,
    /// Several, separated by commas or given repeatedly.
    List,
    /// On or off; the flag alone means on.
    Switch,
}

/// The row of a key. Hyphens and underscores mean the same.
pub(super) fn setting(key: &str) -> Option<&'static Setting> {
    let key = key.replace('_', "-");
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// What was given as flags, before anything was understood.
#[derive(Clone, Debug, Default)]
pub struct SettingFlags(pub(super) Vec<(&'static str, Vec<String>)>);

impl SettingFlags {
    /// As if these had been given on the command line; the key must be one of the table.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        self.0.retain(|(known, _)| *known != key);
        self.0.push((key, vec![value.to_owned()]));
        self
    }

    /// The values of one key.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.0
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, values)| values.as_slice())
    }
}

impl clap::Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        SETTINGS
            .iter()
            .fold(command, |command, setting| command.arg(flag(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = SETTINGS.iter().filter_map(|setting| {
            let values: Vec<String> = matches.get_many(setting.key)?.cloned().collect();
            Some((setting.key, values))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The environment is not given to clap: it would let a wrong variable hide a wrong flag.
fn flag(setting: &Setting) -> Arg {
    let arg = Arg::new(setting.key)
        .long(setting.key)
        .value_name(setting.value)
        .help(describe(setting))
        .help_heading("Settings")
        .hide_short_help(true)
        .global(true)
        .action(ArgAction::Append);
    match setting.kind {
        Kind::Switch => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        Kind::Text | Kind::List => arg.num_args(1),
    }
}

fn describe(setting: &Setting) -> String {
    let default = match setting.default {
        "" => String::new(),
        default => format!(" [default: {default}]"),
    };
    format!("{} [env: {}]{default}", setting.help, setting.env)
}
