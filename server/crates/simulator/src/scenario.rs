//! Fleets from files.
//!
//! Owns the reading of scenario files: the settings of a fleet as TOML, or as JSON where the
//! file's name ends in `.json`.

use std::path::{Path, PathBuf};

use crate::config::{ConfigError, FleetConfig};

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read {0}")]
    Read(PathBuf, #[source] std::io::Error),
    /// It is no TOML of a fleet.
    #[error("the scenario is not valid TOML of a fleet")]
    Toml(#[from] toml::de::Error),
    /// It is no JSON of a fleet.
    #[error("the scenario is not valid JSON of a fleet")]
    Json(#[from] serde_json::Error),
    /// It describes a fleet that cannot be built.
    #[error("the scenario's fleet cannot be built")]
    Config(#[from] ConfigError),
}

impl FleetConfig {
    /// Reads and checks a scenario file.
    ///
    /// # Errors
    /// When it cannot be read, understood or built.
    pub fn read(file: &Path) -> Result<Self, ScenarioError> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| ScenarioError::Read(file.to_owned(), error))?;
        if file.extension().is_some_and(|end| end == "json") {
            Self::from_json(&text)
        } else {
            Self::from_toml(&text)
        }
    }

    /// Reads and checks a scenario in TOML.
    ///
    /// # Errors
    /// When it cannot be understood or built.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let config: Self = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    /// Reads and checks a scenario in JSON.
    ///
    /// # Errors
    /// When it cannot be understood or built.
    pub fn from_json(text: &str) -> Result<Self, ScenarioError> {
        let config: Self = serde_json::from_str(text)?;
        config.check()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Auth, Profile};

    #[test]
    fn a_scenario_is_a_fleet() {
        let config = FleetConfig::from_toml(
            r#"
            seed = 7
            timing = { slow_ms = 100 }
            [[sites]]
            name = "Köln"
            transport_security = "plain_http"
            auth = "digest"
            phones = 10
            wrong_password = 1
            profiles = { slow = 2, "noop-200" = 1 }
            "#,
        )
        .expect("valid");
        assert_eq!(config.sites[0].slug(), "koeln");
        assert_eq!(config.sites[0].auth, Auth::Digest);
        assert_eq!(config.sites[0].profiles[&Profile::Noop200], 1);
        assert_eq!(config.timing.idle_ms, 30_000);
    }

    #[test]
    fn both_forms_say_the_same() {
        let config = FleetConfig::demo(300);
        let json = serde_json::to_string(&config).expect("serialises");
        let toml = toml::to_string(&config).expect("serialises");
        assert_eq!(FleetConfig::from_json(&json).expect("valid"), config);
        assert_eq!(FleetConfig::from_toml(&toml).expect("valid"), config);
    }

    #[test]
    fn the_documented_scenario_is_valid() {
        let page = include_str!("../../../../docs/simulator.md");
        let (_, rest) = page.split_once("```toml\n").expect("an example");
        let (example, _) = rest.split_once("```").expect("its end");
        let config = FleetConfig::from_toml(example).expect("valid");
        assert_eq!(config.total(), 40);
        for profile in Profile::ALL {
            assert!(page.contains(&format!("`{profile}`")), "{profile}");
        }
    }

    #[test]
    fn unknown_words_are_refused() {
        assert!(FleetConfig::from_toml("sed = 7").is_err());
        assert!(FleetConfig::from_toml("[[sites]]\nname='A'\nprofiles={sloth=1}").is_err());
    }
}
