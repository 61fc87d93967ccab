//! Models of phones.
//!
//! Owns what a model means for a simulated phone: its platform code, firmware, keys and what it
//! lacks. The facts are the manual's; a phone of an unknown model cannot be made.

/// What is the same for all phones of a model.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    /// Firmware versions in the field, newest first; the first number is the platform code.
    pub(crate) firmware: &'static [&'static str],
    pub(crate) line_keys: u32,
    pub(crate) accounts: u32,
    /// How often it is drawn.
    pub(crate) weight: u32,
    /// Whether it runs `key=A;B`.
    pub(crate) sequences: bool,
    /// Values that its firmware does not know.
    pub(crate) lacks: &'static [&'static str],
}

const fn model(
    name: &'static str,
    firmware: &'static [&'static str],
    line_keys: u32,
    accounts: u32,
    weight: u32,
) -> Model {
    Model {
        name,
        firmware,
        line_keys,
        accounts,
        weight,
        sequences: true,
        lacks: &[],
    }
}

const fn touch(mut model: Model, lacks: &'static [&'static str]) -> Model {
    model.sequences = false;
    model.lacks = lacks;
    model
}

const fn lacking(mut model: Model, lacks: &'static [&'static str]) -> Model {
    model.lacks = lacks;
    model
}

static MODELS: &[Model] = &[
    model("T46S", &["66.86.0.15", "66.85.0.5"], 27, 16, 24),
    model("T42S", &["66.86.0.15", "66.84.0.15"], 15, 12, 12),
    touch(model("T48S", &["66.86.0.15"], 29, 16, 6), &["ENTER"]),
    model("T41S", &["66.86.0.15", "66.83.0.35"], 15, 6, 6),
    model("T46U", &["108.86.0.90", "108.86.0.45"], 27, 16, 10),
    model("T43U", &["108.86.0.90"], 15, 12, 6),
    touch(model("T48U", &["108.86.0.90"], 29, 16, 3), &["ENTER"]),
    model("T53W", &["96.86.0.70", "96.86.0.45"], 21, 12, 8),
    model("T54W", &["96.86.0.70"], 27, 16, 8),
    touch(model("T57W", &["97.86.0.70"], 29, 16, 4), &["OK", "ENTER"]),
    model("T33G", &["124.86.0.75", "124.86.0.40"], 12, 4, 12),
    model("T31P", &["124.86.0.75"], 2, 2, 6),
    model("T40G", &["76.84.0.125"], 3, 3, 3),
    model("T21E2", &["52.84.0.125"], 2, 2, 3),
    model("T46G", &["28.83.0.50"], 27, 16, 3),
    touch(model("T48G", &["35.83.0.50"], 29, 16, 0), &["ENTER"]),
    lacking(
        model("CP920", &["78.86.0.15", "78.85.0.5"], 0, 1, 4),
        &["SPEAKER"],
    ),
    lacking(model("CP925", &["148.86.0.5"], 0, 1, 1), &["OK", "SPEAKER"]),
    model("T28P", &["2.71.14.4"], 6, 6, 0),
    model("T22P", &["7.70.0.140"], 3, 3, 0),
];

/// The model of that name.
pub(crate) fn find(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.name == name)
}

/// The most common model.
pub(crate) fn first() -> &'static Model {
    static FALLBACK: Model = model("T46S", &["66.86.0.15"], 27, 16, 0);
    MODELS.first().unwrap_or(&FALLBACK)
}

/// Every name.
pub(crate) fn names() -> Vec<&'static str> {
    MODELS.iter().map(|model| model.name).collect()
}

/// The models that are drawn when a site names none.
pub(crate) fn usual() -> Vec<&'static Model> {
    MODELS.iter().filter(|model| model.weight > 0).collect()
}

impl Model {
    /// Whether it stands in a meeting room; those have no line keys.
    pub(crate) fn is_conference(&self) -> bool {
        self.name.starts_with("CP")
    }

    /// The text of its password prompt.
    pub(crate) fn realm(&self) -> String {
        format!("Enterprise IP phone SIP-{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_has_firmware_of_four_numbers() {
        for model in MODELS {
            assert!(!model.firmware.is_empty(), "{}", model.name);
            for version in model.firmware {
                assert_eq!(version.split('.').count(), 4, "{}", model.name);
            }
        }
    }
}
