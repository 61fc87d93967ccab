//! `carillon check-config`: the effective settings, secrets hidden.

use super::{Outcome, output};
use crate::config::{Layers, SettingFlags, Settings, effective};

/// Prints name, value and source of every setting.
pub(super) fn run(flags: &SettingFlags) -> Outcome {
    let layers = Layers::read(flags);
    let settings = Settings::resolve(&layers)?;
    for (name, value, source) in effective(&settings, &layers) {
        output::line(&format!("{name} = {value}  # {source}"));
    }
    Ok(())
}
