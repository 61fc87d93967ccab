//! In which order mistakes of step 1 are told: that of its page.

use carillon_contract::FormErrors;

/// The fields as they follow each other; `p.` = the parameters of a command.
const PLACES: &[&str] = &[
    "",
    "targets",
    "filter",
    "action",
    "p.",
    "pacing",
    "window",
    "site_max_down_percent",
    "canary",
    "max_failed_percent",
    "timeout_ms",
    "site_max_down",
    "jitter_ms",
    "retries",
    "transport",
    "verify",
    "start_at",
    "not_after",
    "reason",
];

/// Brings mistakes into the order in which somebody meets their fields.
pub(super) fn as_on_page(errors: &mut FormErrors) {
    errors.0.sort_by_key(|error| place(&error.field));
}

fn place(field: &str) -> usize {
    let field = if field.starts_with("p.") { "p." } else { field };
    let place = PLACES.iter().position(|known| *known == field);
    place.unwrap_or(PLACES.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_from_the_top_of_the_page() {
        let mut errors = FormErrors::default();
        let found = ["reason", "not_after", "start_at", "window"];
        for field in found
            .iter()
            .chain(&["p.number.number", "action", "targets"])
        {
            errors.push(*field, "invalid", "It.");
        }
        as_on_page(&mut errors);
        let told: Vec<&str> = errors.0.iter().map(|error| &*error.field).collect();
        let (above, below) = told.split_at(3);
        assert_eq!(above, ["targets", "action", "p.number.number"]);
        assert_eq!(below, ["window", "start_at", "not_after", "reason"]);
    }
}
