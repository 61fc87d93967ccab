//! What is never dialled, and how many phones may dial at once.
//!
//! Owns the two rules that keep a console from making an office call the police. Never tells a
//! number in its errors.

use carillon_domain::action::CheckedAction;

use crate::error::{EngineError, FieldError, Result};

/// Emergency numbers of many countries, as the ITU's national lists and national authorities have
/// them. Dialled with an outside line's leading zero they are the same.
const EMERGENCY: &[&str] = &[
    "000", "100", "101", "102", "103", "108", "110", "111", "112", "113", "114", "115", "116",
    "117", "118", "119", "120", "122", "123", "133", "144", "190", "191", "192", "193", "911",
    "997", "998", "999",
];

/// Checks the number of an action, and that one phone at most places a call in one job.
///
/// # Errors
/// The field at fault.
pub(super) fn check(action: &CheckedAction, phones: usize) -> Result<()> {
    let mut errors = Vec::new();
    if action
        .dialled()
        .is_some_and(|number| is_emergency(number.as_str()))
    {
        let message = "emergency numbers are never dialled, nor calls sent there";
        errors.push(FieldError::new("params.number", "refused", message));
    }
    if action.entry().name == "number" && phones > 1 {
        let message = format!("one phone may place a call in one job, these are {phones}");
        errors.push(FieldError::new("targets", "too_many", message));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(EngineError::Invalid(errors))
    }
}

fn is_emergency(number: &str) -> bool {
    let outside = number.strip_prefix('0').unwrap_or(number);
    EMERGENCY.contains(&number) || EMERGENCY.contains(&outside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emergency_numbers_are_known_with_and_without_an_outside_line() {
        for number in ["112", "0112", "911", "000", "0110"] {
            assert!(is_emergency(number), "{number}");
        }
        for number in ["1120", "2041", "+49112", "0", ""] {
            assert!(!is_emergency(number), "{number}");
        }
    }
}
